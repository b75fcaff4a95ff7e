"""Takes a model that keeps failing out of service, and lets it try again later: a circuit breaker for each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.inference import metrics
from services.inference.triton import Away, ModelFault, TritonAway
from services.shared.errors import Unavailable

_log = logging.getLogger(__name__)
# Pauses double while a model goes on failing, up to this.
_LONGEST_PAUSE = timedelta(minutes=10)
# An exam that tries a model and comes to no end leaves the trial to the next one after this long.
_LONGEST_TRIAL = timedelta(minutes=2)
_KINDS = {Away.SLOW: "no_answer", Away.NOT_SERVING: "crashed"}


class State(StrEnum):
    """Whether a model is asked."""

    IN_SERVICE = "in_service"
    TAKEN_OUT = "taken_out"
    ON_TRIAL = "on_trial"  # one exam asks it; the answer decides


class TakenOut(ModelFault):
    """The model failed again and again and is not asked for a while."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a model stands, for people."""

    state: State
    reason: str = ""
    taken_out_at: datetime | None = None
    again_at: datetime | None = None


@dataclass(slots=True)
class _Ward:
    """What is known of one model."""

    state: State = State.IN_SERVICE
    failed_exams: list[UUID] = field(default_factory=list)  # in a row, without a good answer between
    reason: str = ""
    pause: timedelta = timedelta(0)
    again: float = 0.0  # on the monotonic clock: when the next exam may try it
    taken_out_at: datetime | None = None
    trying: UUID | None = None  # the exam
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Breaker:
    """Counts a model's failures by exam: one exam, however odd its frames, never takes a model from the others."""

    def __init__(
        self,
        reload: Callable[[str], Awaitable[None]],
        failures: int = 3,
        pause: timedelta = timedelta(seconds=30),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reload, self._failures, self._pause, self._now = reload, failures, pause, now
        self._wards: dict[str, _Ward] = {}

    @asynccontextmanager
    async def attempt(self, model: str, exam: UUID, conclusive: bool = True) -> AsyncIterator[None]:
        """A block that asks the model. Raises TakenOut, or what the block raises.

        After its pause a model is loaded anew and asked by one exam; the others go on without it until that has an answer.
        Not `conclusive`: that the block ends well says nothing yet, as of a clip's frames that are read together later.
        """
        ward = self._wards.setdefault(model, _Ward())
        trial = await self._admit(model, ward, exam)
        try:
            yield
        except (ModelFault, TritonAway) as error:
            self._failed(model, ward, exam, error, trial)
            raise
        if conclusive:
            self._answered(model, ward, trial)

    def condition(self, model: str) -> Condition:
        """How the model stands now."""
        ward = self._wards.get(model)
        if ward is None or ward.state is State.IN_SERVICE:
            return Condition(State.IN_SERVICE)
        again_at = datetime.now(UTC) + timedelta(seconds=max(0.0, ward.again - self._now()))
        return Condition(ward.state, ward.reason, ward.taken_out_at, again_at)

    async def check(self) -> None:
        """Raises Unavailable, naming the models that are taken out and that exams miss."""
        out = [f"{model} ({ward.reason})" for model, ward in sorted(self._wards.items()) if self._missed(ward)]
        if out:
            raise Unavailable(f"taken out after repeated failures: {'; '.join(out)}")

    def _missed(self, ward: _Ward) -> bool:
        """What no exam has asked for long after its pause, as a version that was rolled back, nobody misses."""
        return ward.taken_out_at is not None and self._now() < ward.again + _LONGEST_PAUSE.total_seconds()

    async def _admit(self, model: str, ward: _Ward, exam: UUID) -> bool:
        """Whether this is the trial of a model that was taken out. Raises TakenOut."""
        if ward.state is State.IN_SERVICE:
            return False
        if ward.trying != exam:
            if self._now() < ward.again:
                raise TakenOut(model, f"taken out of service after repeated failures, the last: {ward.reason}")
            ward.state, ward.trying = State.ON_TRIAL, exam
            ward.again = self._now() + _LONGEST_TRIAL.total_seconds()
            async with ward.loading:
                try:
                    await self._reload(model)
                except (ModelFault, TritonAway) as error:
                    self._take_out(model, ward, error.reason)
                    raise TakenOut(model, f"taken out of service; it cannot be loaded anew: {error.reason}") from error
            return True
        async with ward.loading:
            pass  # another call of the same exam loads it
        return True if ward.state is State.ON_TRIAL else await self._admit(model, ward, exam)

    def _failed(self, model: str, ward: _Ward, exam: UUID, error: ModelFault | TritonAway, trial: bool) -> None:
        if isinstance(error, TritonAway) and error.away is Away.UNREACHABLE:
            if trial:  # the server is away, which says nothing of the model: the next exam tries
                ward.state, ward.trying, ward.again = State.TAKEN_OUT, None, self._now()
            return
        kind = _KINDS[error.away] if isinstance(error, TritonAway) else "bad_answer"
        metrics.MODEL_FAULTS.labels(model=model, kind=kind).inc()
        if exam not in ward.failed_exams:
            ward.failed_exams.append(exam)
        if trial or (ward.state is State.IN_SERVICE and len(ward.failed_exams) >= self._failures):
            self._take_out(model, ward, error.reason)

    def _take_out(self, model: str, ward: _Ward, reason: str) -> None:
        ward.state, ward.reason, ward.trying = State.TAKEN_OUT, reason, None
        ward.taken_out_at = ward.taken_out_at or datetime.now(UTC)
        ward.pause = min(2 * ward.pause, _LONGEST_PAUSE) or self._pause
        ward.again = self._now() + ward.pause.total_seconds()
        metrics.MODEL_TAKEN_OUT.labels(model=model).set_function(lambda: self._missed(ward))
        _log.error("the model %s is taken out for %g s: %s", model, ward.pause.total_seconds(), reason)

    def _answered(self, model: str, ward: _Ward, trial: bool) -> None:
        if ward.state is not State.IN_SERVICE:
            if not trial:
                return  # a call from before; the trial decides
            _log.info("the model %s answers again", model)
            ward.state, ward.reason, ward.taken_out_at, ward.trying = State.IN_SERVICE, "", None, None
            ward.pause = timedelta(0)
        ward.failed_exams.clear()

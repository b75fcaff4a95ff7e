"""How long exams wait for Triton, and what is tried meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time

import numpy as np
from numpy.typing import NDArray

from services.inference import metrics
from services.inference.triton import Away, Outputs, Triton, TritonAway

_log = logging.getLogger(__name__)
# A model that was loaded anew this often within one call and still does not answer has a fault that loading does not mend.
_MENDS = 2


class Patience:
    """How long an exam waits for a model: each outage is waited for once, not anew by every exam behind it, and one of the server
    once for all models."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._since: dict[str, tuple[Away, float]] = {}

    def recovered(self, model: str) -> None:
        """The model answered, so the server is there."""
        self._since = {
            one: entry for one, entry in self._since.items() if one != model and entry[0] is not Away.UNREACHABLE
        }

    def spent(self, model: str, away: Away) -> bool:
        """Whether this outage has lasted longer than an exam waits. Another kind of it, as of a server that came back and
        loads, starts a new wait."""
        now = time.monotonic()
        kind, since = self._since.setdefault(model, (away, now))
        if kind is not away:
            self._since[model] = (away, now)
            return False
        if away is Away.UNREACHABLE:
            since = min(begun for kind, begun in self._since.values() if kind is Away.UNREACHABLE)
        return now - since > self.seconds


class PatientTriton:
    """Calls that wait, within bounds, for a server that is away, and mend a model whose process died."""

    def __init__(self, triton: Triton, patience: Patience, pause_seconds: float = 0.5) -> None:
        self._triton = triton
        self._patience = patience
        self._pause_seconds = pause_seconds

    async def infer(self, model: str, frames: NDArray[np.uint8]) -> Outputs:
        """As Triton.infer; raises TritonAway only when the outage outlasted the patience, or two of them in this call, or
        when the model was mended twice in vain: what kills it may be these frames."""
        at_most = time.monotonic() + 2 * self._patience.seconds
        mends = 0
        while True:
            try:
                outputs = await self._triton.infer(model, frames)
            except TritonAway as error:
                metrics.TRITON_RETRIES.labels(model=model).inc()
                away = error.away
                # The channel still holds the last refusal for a moment when the server is already back.
                if away is Away.UNREACHABLE and await self._triton.listens():
                    away = Away.NOT_SERVING
                if self._patience.spent(model, away) or time.monotonic() > at_most or mends == _MENDS:
                    raise
                mends += await self._mend(model, away)
            else:
                self._patience.recovered(model)
                return outputs

    async def _mend(self, model: str, away: Away) -> bool:
        """Load the model anew, or wait a little; whether it was loaded."""
        if away is Away.NOT_SERVING:
            try:
                await self._triton.heal(model)
                return True
            except TritonAway as still:
                _log.warning("the model is not mended yet: %s", still)
        await asyncio.sleep(self._pause_seconds)
        return False

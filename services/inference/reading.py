"""Exam in, result out: every frame through the screening models, then what they call for through the reading models."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from services.inference import routing
from services.inference.breaker import Breaker
from services.inference.copies import LocalCopies
from services.inference.decode import Undecodable, find_sector, read_header
from services.inference.frames import FramesRead, Server, ask, read_clip, see
from services.inference.grouping import groups_of, lasting, silences_of
from services.inference.model import Chosen, Geometry, Plan, Scope, Stage
from services.inference.pictures import Grey, Pictures
from services.inference.registry import InstalledModel, Outputs
from services.inference.result import (
    FAILED,
    FINDINGS,
    NOTHING_FOUND,
    UNREADABLE,
    Contradiction,
    Group,
    Result,
    Run,
    Silence,
    Source,
)
from services.inference.sector import find
from services.inference.suppress import of_ultrasound
from services.inference.triton import ModelFault, TritonAway
from services.inference.views import VIEWS, name_of
from services.inference.workers import WorkerFailed, Workers
from services.shared.errors import NotFound

_CHUNKS_AT_ONCE = 2


def _first(errors: BaseExceptionGroup[Exception]) -> BaseException:
    """The first error of a group, however deep."""
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


class Reader:
    """Runs a plan over an exam's instances."""

    def __init__(
        self,
        copies: LocalCopies,
        workers: Workers,
        server: Server,
        models: Mapping[str, InstalledModel],
        breaker: Breaker,
        instances_at_once: int = 2,
        shadows: Server | None = None,
    ) -> None:
        """`models` by their names in Triton; `shadows` answers for models in the shadow, where that is not the same server."""
        self._copies, self._workers, self._server, self._models = copies, workers, server, models
        self._breaker, self._shadows = breaker, shadows or server
        self._instances_at_once = instances_at_once

    async def read(self, plan: Plan, sources: Sequence[tuple[Source, str]], exam: UUID) -> Result:
        """The result of all models over all sources (each with its digest). Never raises for one bad instance or model:
        a run tells its refusal. A reading model that nothing called has no run."""
        slots = asyncio.Semaphore(self._instances_at_once)
        tallies = {chosen.key: _Tally(exam) for chosen in plan.models}
        unread: list[Silence] = []
        contradictions: list[Contradiction] = []

        async def one(source: Source, digest: str) -> None:
            async with slots:
                try:
                    contradictions.extend(await self._read_instance(plan, source, digest, tallies))
                except* (Undecodable, WorkerFailed, NotFound) as errors:
                    unread.append(_unread(source, _first(errors)))
                    _refuse(plan, tallies, unread[-1])

        async with asyncio.TaskGroup() as tasks:
            for source, digest in sources:
                tasks.create_task(one(source, digest))
        runs = tuple(tallies[chosen.key].run(chosen) for chosen in plan.models if tallies[chosen.key].called)
        groups = [group for chosen in plan.models for group in tallies[chosen.key].groups]
        silences = [*unread, *(silence for chosen in plan.models for silence in tallies[chosen.key].silences)]
        return Result(
            runs,
            tuple(sorted(groups, key=lambda g: (g.model, g.source.sop_instance_uid, g.number))),
            contradictions=tuple(sorted(contradictions, key=lambda one: one.sop_instance_uid)),
            silences=tuple(sorted(silences, key=lambda one: (one.model, one.source.sop_instance_uid))),
        )

    async def _read_instance(
        self, plan: Plan, source: Source, digest: str, tallies: Mapping[str, _Tally]
    ) -> list[Contradiction]:
        """Screen, route, read; what the router says against the exam's own words. Raises what keeps the instance from being read."""
        async with self._copies.of(source.object_key, digest) as path:
            pictures = await self._open(plan, path)
            frames = pictures.header.frames
            every = {chosen.key: list(range(1, frames + 1)) for chosen in plan.screens}
            read = await self._show(plan.screens, every, pictures, tallies)
            views = _steady(read[plan.router.key], frames) if plan.router else {}
            wanted = routing.called(plan, views, frames)
            readers = [chosen for chosen in plan.readers if chosen.key in wanted]
            read |= await self._show(readers, wanted, pictures, tallies)
        for chosen in plan.screens:
            own = read[chosen.key]
            read[chosen.key] = lasting(own, _steady(own, frames)) if chosen.card.views else of_ultrasound(own, views)
        for chosen in (*plan.screens, *readers):
            tally = tallies[chosen.key]
            tally.called, tally.images = True, tally.images + 1
            tally.groups += groups_of(chosen, source, read[chosen.key])
            tally.silences += silences_of(chosen, source, read[chosen.key])
        if not (view := routing.contradicting_view(plan.body_part, views)):
            return []
        return [Contradiction(source.sop_instance_uid, plan.body_part, VIEWS[view].code)]

    async def _open(self, plan: Plan, path: Path) -> Pictures:
        """The instance's header and sector, nothing decoded that is not asked for."""
        header = await self._workers.run(read_header, path)
        step = max(chosen.card.frame_batch for chosen in plan.models)
        pictures = Pictures(self._workers, path, header, step)
        if any(chosen.card.geometry is Geometry.SECTOR for chosen in plan.models):
            small = header.frames <= step
            pictures.sector = (
                find(await pictures.chunk(1)) if small and header.frames else await self._workers.run(find_sector, path)
            )
        return pictures

    async def _show(
        self,
        models: Sequence[Chosen],
        wanted: Mapping[str, Sequence[int]],
        pictures: Pictures,
        tallies: Mapping[str, _Tally],
    ) -> dict[str, FramesRead]:
        """What these models say of the frames that they are to see, a chunk being decoded while another is inferred."""
        slots = asyncio.Semaphore(_CHUNKS_AT_ONCE)
        answers: dict[str, dict[int, Outputs]] = {chosen.key: {} for chosen in models}
        read = {chosen.key: FramesRead() for chosen in models}

        async def chunk(first: int, last: int) -> None:
            async with slots:
                frames = await pictures.chunk(first)
                await asyncio.gather(
                    *(
                        self._ask(
                            chosen,
                            pictures,
                            frames,
                            first,
                            [number for number in wanted[chosen.key] if first <= number <= last],
                            tallies[chosen.key],
                            answers[chosen.key],
                            read[chosen.key],
                        )
                        for chosen in models
                    )
                )

        needed = {number for chosen in models for number in wanted[chosen.key]}
        async with asyncio.TaskGroup() as tasks:
            for first, last in pictures.chunks():
                if needed & set(range(first, last + 1)):
                    tasks.create_task(chunk(first, last))
        for chosen in models:
            if chosen.card.scope is Scope.CLIP and not tallies[chosen.key].fault and answers[chosen.key]:
                await self._read_clip(chosen, pictures, tallies[chosen.key], answers[chosen.key], read)
        return read

    async def _ask(
        self,
        chosen: Chosen,
        pictures: Pictures,
        frames: Grey,
        first: int,
        numbers: Sequence[int],
        tally: _Tally,
        answers: dict[int, Outputs],
        read: FramesRead,
    ) -> None:
        """One model on the frames of a chunk that are its own."""
        name, step = chosen.card.in_triton, chosen.card.frame_batch
        started = time.perf_counter()
        try:
            for offset in range(0, len(numbers), step):
                if tally.fault:
                    return  # a model that is away or answers nonsense is not asked again for this exam
                some = numbers[offset : offset + step]
                batch = pictures.as_seen_by(chosen, frames, first, some)
                model, is_clip = self._model(chosen), chosen.card.scope is Scope.CLIP
                server = self._server if chosen.shown else self._shadows
                async with self._breaker.attempt(name, tally.exam, conclusive=not is_clip):
                    if is_clip:
                        answers |= await ask(server, model, some, batch)
                    else:
                        sector = pictures.sector_of(chosen)
                        found = await see(server, model, pictures.header, some, batch, sector)
                        read.seen += found.seen
                        read.nothing.update(found.nothing)
                tally.frames += len(some)
        except (TritonAway, ModelFault) as error:
            tally.fault = error.reason
        finally:
            tally.seconds += time.perf_counter() - started

    def _model(self, chosen: Chosen) -> InstalledModel:
        """Raises ModelFault when it was removed since the exam began."""
        try:
            return self._models[chosen.card.in_triton]
        except KeyError:
            raise ModelFault(chosen.card.name, f"the version {chosen.card.version} is no longer installed") from None

    async def _read_clip(
        self,
        chosen: Chosen,
        pictures: Pictures,
        tally: _Tally,
        answers: Mapping[int, Outputs],
        read: dict[str, FramesRead],
    ) -> None:
        try:
            model = self._model(chosen)
            async with self._breaker.attempt(chosen.card.in_triton, tally.exam):
                found = read_clip(model, pictures.header, answers, pictures.sector_of(chosen))
        except ModelFault as error:
            tally.fault = error.reason
            return
        read[chosen.key] = found


def _unread(source: Source, error: BaseException) -> Silence:
    reason = f"The image cannot be read: {error}"
    return Silence("", source, "unreadable", reason, "无法读取该图像。", source.number_of_frames)


def _refuse(plan: Plan, tallies: Mapping[str, _Tally], unread: Silence) -> None:
    """An instance that cannot be read, for all models that would have seen it."""
    for chosen in plan.models:
        if chosen.card.stage is Stage.SCREEN or chosen.by_body_part:
            tallies[chosen.key].called = True
            tallies[chosen.key].refusals.append(f"instance {unread.source.sop_instance_uid}: {unread.reason}")


def _steady(read: FramesRead, frames: int) -> dict[int, str]:
    """The steady views of an instance by frame, as a view model is sure of them."""
    named = {
        number: name for seen in read.seen if (name := name_of(seen.reading.observation.view)) for number in seen.frames
    }
    return routing.steady(named, frames)


class _Tally:
    """What one model has done so far."""

    def __init__(self, exam: UUID) -> None:
        self.exam = exam
        self.called = False
        self.frames = 0
        self.seconds = 0.0
        self.fault = ""
        self.images = 0
        self.refusals: list[str] = []  # why instances could not be read
        self.groups: list[Group] = []
        self.silences: list[Silence] = []

    def run(self, chosen: Chosen) -> Run:
        outcome, reason = self._outcome()
        if outcome == FAILED:
            self.groups.clear()
            self.silences.clear()
        return Run(
            model=chosen.card.name,
            version=chosen.card.version,
            digest_sha256=chosen.card.digest_sha256,
            mode=chosen.mode,
            ethics_protocol=chosen.ethics_protocol,
            certificate=chosen.certificate,
            frames=self.frames,
            outcome=outcome,
            seconds=round(self.seconds, 3),
            reason=reason,
            stage=chosen.card.stage,
            scope=chosen.card.scope,
            images=self.images,
        )

    def _outcome(self) -> tuple[str, str]:
        """How the run ended, and why."""
        if self.fault:
            return FAILED, self.fault
        if self.groups:
            return FINDINGS, ""
        refusal = min(self.refusals, default="")
        if refusal and not self.silences:
            return UNREADABLE, refusal
        frames: Counter[str] = Counter()
        for one in self.silences:
            frames[one.reason] += one.frames
        return NOTHING_FOUND, refusal or min(frames, key=lambda reason: (-frames[reason], reason), default="")

"""Exam in, result out: every frame of every instance through the chosen models."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.inference import metrics
from services.inference.copies import LocalCopies
from services.inference.decode import Header, Undecodable, decode_frames, read_header
from services.inference.frames import Server, read_frames
from services.inference.model import Chosen, FrameReading, Plan, representative_frame
from services.inference.registry import InstalledModel
from services.inference.result import FAILED, FINDINGS, NOTHING_FOUND, Group, Result, Run, Source
from services.inference.triton import ModelFault, TritonAway
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
        instances_at_once: int = 2,
    ) -> None:
        self._copies, self._workers, self._server, self._models = copies, workers, server, models
        self._instances_at_once = instances_at_once

    async def read(self, plan: Plan, sources: Sequence[tuple[Source, str]]) -> Result:
        """The result of all models over all sources (each with its digest). Never raises for one bad instance or model:
        a run tells its refusal."""
        slots = asyncio.Semaphore(self._instances_at_once)
        tallies = {chosen.card.name: _Tally() for chosen in plan.models}

        async def one(source: Source, digest: str) -> None:
            async with slots:
                await self._read_instance(plan, source, digest, tallies)

        async with asyncio.TaskGroup() as tasks:
            for source, digest in sources:
                tasks.create_task(one(source, digest))
        runs = tuple(tallies[chosen.card.name].run(chosen) for chosen in plan.models)
        groups = tuple(group for chosen in plan.models for group in tallies[chosen.card.name].groups)
        return Result(runs, tuple(sorted(groups, key=lambda g: (g.model, g.source.sop_instance_uid))))

    async def _read_instance(self, plan: Plan, source: Source, digest: str, tallies: Mapping[str, _Tally]) -> None:
        readings: dict[str, dict[int, FrameReading]] = {chosen.card.name: {} for chosen in plan.models}
        refusal = ""
        try:
            async with self._copies.of(source.object_key, digest) as path:
                header = await self._workers.run(read_header, path)
                await self._read_chunks(plan, path, header, tallies, readings)
        except* (Undecodable, WorkerFailed, NotFound) as errors:
            refusal = str(_first(errors))
        for model, found in readings.items():
            if refusal:
                tallies[model].refusals.append(f"instance {source.sop_instance_uid}: {refusal}")
            elif found:
                frame = representative_frame(found)
                tallies[model].groups.append(Group(model, source, frame, found[frame]))

    async def _read_chunks(
        self,
        plan: Plan,
        path: Path,
        header: Header,
        tallies: Mapping[str, _Tally],
        readings: Mapping[str, dict[int, FrameReading]],
    ) -> None:
        """All frames, a chunk being decoded while another is inferred; never more than a few chunks in memory."""
        slots = asyncio.Semaphore(_CHUNKS_AT_ONCE)
        step = max(chosen.card.frame_batch for chosen in plan.models)

        async def chunk(first: int) -> None:
            async with slots:
                frames = await self._decode(path, first, min(first + step - 1, header.frames))
                await self._infer(plan, header, first, frames, tallies, readings)

        async with asyncio.TaskGroup() as tasks:
            for first in range(1, header.frames + 1, step):
                tasks.create_task(chunk(first))

    async def _decode(self, path: Path, first: int, last: int) -> NDArray[np.uint8]:
        started = time.perf_counter()
        frames = await self._workers.run(decode_frames, path, first, last)
        metrics.DECODE_SECONDS.observe(time.perf_counter() - started)
        return frames

    async def _infer(
        self,
        plan: Plan,
        header: Header,
        first: int,
        frames: NDArray[np.uint8],
        tallies: Mapping[str, _Tally],
        readings: Mapping[str, dict[int, FrameReading]],
    ) -> None:
        for chosen in plan.models:
            name, tally = chosen.card.name, tallies[chosen.card.name]
            if tally.fault:
                continue  # a model that is away or answers nonsense is not asked again for this exam
            started = time.perf_counter()
            try:
                for offset in range(0, len(frames), chosen.card.frame_batch):
                    batch = frames[offset : offset + chosen.card.frame_batch]
                    read = await read_frames(self._server, self._models[name], header, first + offset, batch)
                    readings[name].update(read.readings)
                    tally.nothing.update(read.nothing)
                    tally.frames += len(batch)
            except (TritonAway, ModelFault) as error:
                tally.fault = error.reason
            tally.seconds += time.perf_counter() - started


class _Tally:
    """What one model has done so far."""

    def __init__(self) -> None:
        self.frames = 0
        self.seconds = 0.0
        self.fault = ""
        self.refusals: list[str] = []
        self.nothing: Counter[str] = Counter()  # why frames showed nothing
        self.groups: list[Group] = []

    def run(self, chosen: Chosen) -> Run:
        outcome, reason = self._outcome()
        if outcome == FAILED:
            self.groups.clear()
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
        )

    def _outcome(self) -> tuple[str, str]:
        """How the run ended, and why."""
        refusal = next(iter(self.refusals), "")
        if self.fault or (self.frames == 0 and refusal):
            return FAILED, self.fault or refusal
        if self.groups:
            return FINDINGS, ""
        most = next((reason for reason, _ in self.nothing.most_common(1)), "")
        return NOTHING_FOUND, refusal or most

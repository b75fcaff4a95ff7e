"""The way of one exam through inference: rules, frames, findings, document, outcome. Safe to repeat from any point."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from sonobridge.directory.v1 import directory_pb2
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.inference import metrics, outcome, watching
from services.inference.copies import LocalCopies
from services.inference.document import Document, described, write_documents
from services.inference.drift import tallies
from services.inference.heading import Heading
from services.inference.model import ExamFacts, ModelCard, Permission, Plan, Rule, Skip, choose, gate
from services.inference.pinning import Pinning
from services.inference.reading import Reader
from services.inference.result import FAILED, Result, Run
from services.inference.service import Analyses, Body, Task
from services.inference.shelf import Shelf
from services.inference.versions import Pin, with_shadows
from services.inference.workers import Workers
from services.shared import crash
from services.shared.clock import Clock
from services.shared.errors import Invalid, Malformed, NotFound, TooLarge, Unavailable, UnsupportedMediaType
from services.shared.events import Event
from services.shared.kafka import Poison
from services.shared.telemetry import tracer
from services.shared.tenancy import owner_of_key

_log = logging.getLogger(__name__)
# A crossing may name an agreement that ingest knows already and this service's copy does not yet.
_AGREEMENT_SECONDS = 15.0
_AGREEMENT_PAUSE = 0.2
# What ingest says of a document that it will never take.
_REFUSALS = (Invalid, Malformed, NotFound, TooLarge, UnsupportedMediaType)


class Directory(Protocol):
    """What this asks of the directory's copy."""

    async def agreement(self, agreement_id: UUID, version: int) -> directory_pb2.Agreement | None: ...
    async def organisation(self, organisation_id: UUID) -> directory_pb2.Organisation | None: ...


class StudyArchive(Protocol):
    """Where documents go."""

    async def store(self, organisation_id: UUID, exam_id: UUID, document: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done with an exam: the plan or the rule against one, by which versions, and the runs that cannot be."""

    plan: Plan | Skip
    pins: dict[str, Pin] = field(default_factory=dict)
    absent: tuple[Run, ...] = ()


class DocumentRefused(Exception):
    """The document cannot be written or will not be taken; the exam goes on without AI."""


class Analyst:
    """Analyses exams."""

    def __init__(
        self,
        analyses: Analyses,
        directory: Directory,
        reader: Reader,
        workers: Workers,
        copies: LocalCopies,
        archive: StudyArchive,
        shelf: Shelf,
        pinning: Pinning,
        clock: Clock,
        software_version: str,
    ) -> None:
        self._analyses, self._directory, self._reader = analyses, directory, reader
        self._workers, self._copies, self._archive = workers, copies, archive
        self._shelf, self._pinning = shelf, pinning
        self._clock = clock
        self._software_version = software_version
        self._warned: set[tuple[str, int, str, str]] = set()

    async def analyse(self, event: Event, exam: ingest_pb.Exam) -> None:
        """One event's effect. Raises Poison for an exam of others' objects, Unavailable while a part but Triton is away."""
        self._check_ownership(event, exam)
        metrics.QUEUE_SECONDS.observe(max(0.0, (self._clock.now() - event.time).total_seconds()))
        choice = await self._choose(exam)
        plan = choice.plan
        organisation = await self._directory.organisation(event.organisation_id)
        time_zone, alias = (organisation.time_zone, organisation.alias) if organisation else ("", exam.organisation_id)
        task = await self._analyses.begin(event, exam, plan, time_zone, choice.pins)
        if task is None or isinstance(plan, Skip):
            return
        if task.result is None:
            with tracer.start_as_current_span("inference read"):
                task = await self._analyses.record(task, await self._read(plan, exam, choice.absent, alias))
        assert task.result is not None  # recorded above, or before
        await self._analyses.finish(task, await self._conclude(task, task.result))

    def _check_ownership(self, event: Event, exam: ingest_pb.Exam) -> None:
        """An event of one organisation must not make us read another's pixels."""
        try:
            owners = {owner_of_key(instance.object_key) for instance in exam.instances}
            owners.add(UUID(exam.organisation_id))
            UUID(exam.exam_id)
        except ValueError as error:
            raise Poison(f"the exam's identities cannot be read: {error}") from error
        if owners != {event.organisation_id}:
            raise Poison("the exam names objects of another organisation than the event's")

    async def _choose(self, exam: ingest_pb.Exam) -> Choice:
        if exam.coverage == ingest_pb.COVERAGE_NO_CONSENT:
            return Choice(Skip(Rule.NO_CONSENT))
        if exam.coverage != ingest_pb.COVERAGE_CROSSES or not exam.crossing.agreement_id:
            return Choice(Skip(Rule.NO_AGREEMENT))
        agreement = await self._agreement(UUID(exam.crossing.agreement_id), exam.crossing.agreement_version)
        facts, permissions = outcome.facts(exam, agreement), outcome.permissions(agreement)
        pins = await self._pinning.of_exam(
            UUID(exam.organisation_id), UUID(exam.exam_id), exam.revision, [one.model for one in permissions]
        )
        installed = self._shelf.cards
        cards = {model: installed[model, pin.shown] for model, pin in pins.items() if (model, pin.shown) in installed}
        self._warn(agreement, permissions, cards)
        plan = choose(facts, permissions, cards)
        if isinstance(plan, Plan):
            absent = [_absent(one, pins[one.model], facts) for one in permissions if one.model in pins.keys() - cards]
            return Choice(with_shadows(plan, pins, installed), pins, tuple(run for run in absent if run))
        if plan.rule is Rule.MODEL_NOT_INSTALLED and plan.model in pins:
            plan = Skip(Rule.MODEL_VERSION_NOT_INSTALLED, f"{plan.model} {pins[plan.model].shown}")
        return Choice(plan, pins)

    def _warn(
        self, agreement: directory_pb2.Agreement, permissions: Sequence[Permission], cards: Mapping[str, ModelCard]
    ) -> None:
        """Count what the agreement asks for beyond a model's card, and say it once for each agreement version and model version."""
        for one in permissions:
            card = cards.get(one.model)
            if card is None or not one.mode.beyond(card.most):
                continue
            runs = one.within(card).mode.value
            metrics.BEYOND_CARD.labels(model=one.model, asked=one.mode.value, runs=runs).inc()
            said = (agreement.number, agreement.version, one.model, card.version)
            if said not in self._warned:
                self._warned.add(said)
                _log.warning(
                    "agreement %s version %d asks for %s %s as %s, beyond its card, which says %s: it runs as %s",
                    *said,
                    one.mode.value,
                    card.most.value,
                    runs,
                )

    async def _agreement(self, agreement_id: UUID, version: int) -> directory_pb2.Agreement:
        until = time.monotonic() + _AGREEMENT_SECONDS
        while True:
            if agreement := await self._directory.agreement(agreement_id, version):
                return agreement
            if time.monotonic() > until:
                raise Unavailable("the agreement that the exam crosses by has not reached this service yet")
            await asyncio.sleep(_AGREEMENT_PAUSE)

    async def _read(self, plan: Plan, exam: ingest_pb.Exam, absent: tuple[Run, ...], organisation: str) -> Result:
        modalities = frozenset(modality for chosen in plan.models for modality in chosen.card.modalities)
        result = await self._reader.read(plan, outcome.sources(exam, modalities), UUID(exam.exam_id))
        result = replace(result, runs=(*result.runs, *absent))
        watching.counted(tallies(result), organisation, outcome.scanner(exam))
        for run in result.runs:
            metrics.FRAMES.labels(model=run.model).inc(run.frames)
            metrics.RUNS.labels(model=run.model, mode=run.mode.value, outcome=run.outcome).inc()
        return result

    async def _conclude(self, task: Task, result: Result) -> Body:
        """What the recorded result means for the exam, its document stored."""
        shown = result.shown_runs
        if not shown:
            return outcome.skipped(task.exam, Skip(Rule.SHADOW_ONLY))
        at_fault = next((run for run in shown if run.outcome == FAILED), None)
        if at_fault is not None and all(run.failed for run in shown):
            return outcome.failed(task.exam, at_fault.model, at_fault.reason)
        documents: list[str] = []
        if result.shown_groups:
            try:
                documents = await self._store_documents(task, result)
            except DocumentRefused as error:
                return outcome.failed(task.exam, "", str(error))
        return outcome.completed(task.exam, task.analysis.analysis_id, result, documents, self._clock.now())

    async def _store_documents(self, task: Task, result: Result) -> list[str]:
        heading = Heading(
            task.analysis.analysis_id, task.analysis.exam_revision, task.analysis.content_time, self._software_version
        )
        with tracer.start_as_current_span("inference document"):
            documents = await self._write(task, heading, result)
            try:
                for document in documents:
                    await self._archive.store(task.organisation_id, task.analysis.exam_id, document.data)
            except _REFUSALS as error:
                raise DocumentRefused(f"the study does not take the document: {error}") from error
        crash.point("inference.stored")
        metrics.DOCUMENTS.inc(len(documents))
        return [document.sop_instance_uid for document in documents]

    async def _write(self, task: Task, heading: Heading, result: Result) -> list[Document]:
        study, decoded = task.exam.study_instance_uid, outcome.decoded_text(task.exam)
        try:
            async with AsyncExitStack() as stack:
                images = [
                    (await stack.enter_async_context(self._copies.of(source.object_key)), source)
                    for source in described(result)
                ]
                return await self._workers.run(write_documents, heading, result, images, study, decoded)
        except Unavailable:
            raise
        except (
            Exception
        ) as error:  # whatever a source's attributes make of the writing, other exams must not wait for it
            _log.exception("the document cannot be written")
            raise DocumentRefused(f"the document cannot be written: {type(error).__name__}: {error}") from error


def _absent(permission: Permission, pin: Pin, facts: ExamFacts) -> Run | None:
    """The failed run of a permitted model whose pinned version was removed; None where the gate would not let it run."""
    if gate(permission, facts) is not None:
        return None
    reason = f"the version {pin.shown} of {permission.model}, to which the hospital is pinned, is not installed"
    return Run(
        model=permission.model,
        version=pin.shown,
        digest_sha256="",
        mode=permission.mode,
        ethics_protocol=permission.ethics_protocol,
        certificate=permission.certificate,
        frames=0,
        outcome=FAILED,
        seconds=0.0,
        reason=reason,
    )

"""The use cases: one method, one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from google.protobuf.message import Message
from sonobridge.inference.v1 import events_pb2 as pb
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.inference import metrics, outcome, store, watching
from services.inference.drift import tallies
from services.inference.model import Plan, Skip, State, analysis_id
from services.inference.result import Result
from services.inference.shadow import compare
from services.inference.versions import Pin
from services.shared import crash
from services.shared.clock import Clock
from services.shared.db import Database, Transaction
from services.shared.errors import NotFound
from services.shared.events import Event
from services.shared.kafka import first_time
from services.shared.outbox import Outbox

_log = logging.getLogger(__name__)
CONSUMER = "inference"

Body = pb.AnalysisCompleted | pb.AnalysisSkipped | pb.AnalysisFailed

_STATES: dict[type[Message], tuple[State, str]] = {
    pb.AnalysisCompleted: (State.COMPLETED, "analysis.completed"),
    pb.AnalysisSkipped: (State.SKIPPED, "analysis.skipped"),
    pb.AnalysisFailed: (State.FAILED, "analysis.failed"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """One revision of an exam, under analysis; `result` once it is recorded."""

    event: Event
    exam: ingest_pb.Exam
    analysis: store.Analysis
    result: Result | None = None

    @property
    def organisation_id(self) -> UUID:
        return self.event.organisation_id


class Analyses:
    """The life of analyses, and their outcomes for those who may see them."""

    def __init__(self, db: Database, outbox: Outbox, clock: Clock) -> None:
        self._db, self._outbox, self._clock = db, outbox, clock

    async def begin(
        self,
        event: Event,
        exam: ingest_pb.Exam,
        plan: Plan | Skip,
        time_zone: str,
        pins: Mapping[str, Pin] = MappingProxyType({}),
    ) -> Task | None:
        """Commit that this revision is under analysis, or at once that a rule skips it. None: nothing is left to do.

        Redelivered and concurrent events meet here on the exam's locked row.
        """
        exam_id = UUID(exam.exam_id)
        reader_id = UUID(exam.crossing.reader_id) if exam.crossing.reader_id else None
        versions = (
            [f"{one.card.name}:{one.card.version}:{one.mode}" for one in plan.models] if isinstance(plan, Plan) else []
        )
        async with self._db.work("consumer", event.organisation_id) as tx:
            newest = await store.note_exam(
                tx,
                event.organisation_id,
                exam_id,
                exam.study_instance_uid,
                exam.revision,
                reader_id,
                outcome.scanner(exam),
            )
            done = await store.has_outcome(tx, event.organisation_id, exam_id, exam.revision)
            if done or newest > exam.revision:
                await first_time(tx, CONSUMER, event)
                return None
            now = self._clock.now()
            analysis = await store.start(
                tx,
                event.organisation_id,
                analysis_id(exam_id, exam.revision, versions),
                exam_id,
                exam.revision,
                reader_id,
                now,
                _local(now, time_zone),
                {model: (pin.shown, pin.shadow) for model, pin in pins.items()},
            )
            task = Task(event, exam, analysis)
            if isinstance(plan, Skip):
                await self._end(tx, task, outcome.skipped(exam, plan))
                return None
            if analysis.state is State.INFERRED:
                recorded = await store.recorded_result(tx, event.organisation_id, analysis.analysis_id)
                task = Task(event, exam, analysis, recorded)
        crash.point("inference.started")
        return task

    async def record(self, task: Task, result: Result) -> Task:
        """Commit what the models said; the task with what stands recorded, which another worker may have done first."""
        async with self._db.work("consumer", task.organisation_id) as tx:
            await store.lock_exam(tx, task.organisation_id, task.analysis.exam_id)
            analysis = await store.analysis(tx, task.organisation_id, task.analysis.analysis_id)
            if analysis.state is State.STARTED:
                result = replace(result, predecessor=await self._last_documented(tx, task))
                await store.record_result(tx, task.organisation_id, analysis.analysis_id, result, self._clock.now())
                await store.move(tx, task.organisation_id, analysis, State.INFERRED)
                differences = compare(result)
                await store.note_differences(tx, task.organisation_id, analysis.analysis_id, differences)
                if task.exam.crossing.reader_id:
                    reader_id, day = UUID(task.exam.crossing.reader_id), self._clock.now().date()
                    seen_on = outcome.scanner(task.exam)
                    await store.count(tx, task.organisation_id, reader_id, seen_on, day, tallies(result))
                watching.compared(differences)
                analysis = await store.analysis(tx, task.organisation_id, analysis.analysis_id)
            recorded = await store.recorded_result(tx, task.organisation_id, analysis.analysis_id)
        crash.point("inference.recorded")
        return Task(task.event, task.exam, analysis, recorded)

    async def _last_documented(self, tx: Transaction, task: Task) -> UUID | None:
        """The exam's latest analysis before this one that left a document in the study."""
        for analysis, body in await store.completed_before(tx, task.organisation_id, task.analysis):
            if pb.AnalysisCompleted.FromString(body).sop_instance_uids:
                return analysis
        return None

    async def finish(self, task: Task, body: Body) -> bool:
        """Commit the outcome and its event; False when the revision had its outcome already."""
        async with self._db.work("consumer", task.organisation_id) as tx:
            await store.lock_exam(tx, task.organisation_id, task.analysis.exam_id)
            if await store.has_outcome(tx, task.organisation_id, task.analysis.exam_id, task.analysis.exam_revision):
                await first_time(tx, CONSUMER, task.event)
                return False
            analysis = await store.analysis(tx, task.organisation_id, task.analysis.analysis_id)
            await self._end(tx, Task(task.event, task.exam, analysis, task.result), body)
        crash.point("inference.finished")
        return True

    async def of_exam(self, organisation_id: UUID, exam_id: UUID) -> list[store.Outcome]:
        """The exam's outcomes for its owner or its reader, the latest revision first."""
        async with self._db.tenant(organisation_id) as tx:
            return await store.outcomes(tx, exam_id)

    async def get(self, organisation_id: UUID, analysis: UUID) -> store.Outcome:
        """One outcome for the exam's owner or reader. Raises NotFound."""
        async with self._db.tenant(organisation_id) as tx:
            found = await store.outcome(tx, analysis)
        if found is None:
            raise NotFound("there is no such analysis")
        return found

    async def _end(self, tx: Transaction, task: Task, body: Body) -> None:
        state, type = _STATES[body.__class__]
        now = self._clock.now()
        await store.move(tx, task.organisation_id, task.analysis, state, now, body.SerializeToString())
        await first_time(tx, CONSUMER, task.event)
        await self._outbox.publish(tx, type, task.exam.exam_id, task.organisation_id, body)
        rule = body.rule if isinstance(body, pb.AnalysisSkipped) else ""
        _log.info("exam %s revision %d: %s %s", task.exam.exam_id, task.exam.revision, type, rule)
        metrics.ANALYSES.labels(state=state.value, rule=rule).inc()
        metrics.ANALYSIS_SECONDS.observe(max(0.0, (now - task.analysis.started_at).total_seconds()))


def _local(instant: datetime, time_zone: str) -> datetime:
    """The instant on the requester's clock, whole seconds, naive: DICOM dates and times are local."""
    return instant.astimezone(ZoneInfo(time_zone) if time_zone else UTC).replace(tzinfo=None, microsecond=0)

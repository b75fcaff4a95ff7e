"""Exams: shown to those who may see them, completed, amended, and told of through the outbox."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sonobridge.directory.v1 import directory_pb2
from sonobridge.directory.v1 import events_pb2 as directory_events
from sonobridge.ingest.v1 import events_pb2 as pb

from services.ingest import metrics, store
from services.ingest.model import exam as rules
from services.ingest.model.exam import PRIORITIES, Exam, State, crossed, crossing, settle
from services.ingest.service.directory import Directory
from services.shared import crash, telemetry
from services.shared.clock import Clock
from services.shared.db import Database, Transaction
from services.shared.errors import Invalid, NotFound
from services.shared.events import Event
from services.shared.kafka import Poison, first_time
from services.shared.outbox import Outbox

_REPORT_STATES = {1: "signed"}
_PAGE = 50


@dataclass(frozen=True)
class ExamFilter:
    """Which exams are asked for."""

    study_instance_uid: str | None = None
    state: str | None = None
    first: date | None = None
    last: date | None = None
    before: datetime | None = None
    before_id: UUID | None = None
    limit: int = _PAGE


class Exams:
    """The use cases around an exam as a whole."""

    def __init__(self, db: Database, outbox: Outbox, directory: Directory, clock: Clock) -> None:
        self._db, self._outbox, self._directory, self._clock = db, outbox, directory, clock

    async def read(self, organisation_id: UUID, exam_id: UUID) -> Exam:
        """An exam that the organisation may see. Raises NotFound."""
        async with self._db.tenant(organisation_id) as tx:
            exam = await store.read_exam(tx, exam_id)
        if exam is None:
            raise NotFound("there is no such exam")
        return exam

    async def find(self, organisation_id: UUID, asked: ExamFilter) -> list[Exam]:
        """The exams that the organisation may see, newest first."""
        async with self._db.tenant(organisation_id) as tx:
            return await store.list_exams(
                tx,
                study_instance_uid=asked.study_instance_uid,
                state=asked.state,
                before=asked.before,
                before_id=asked.before_id,
                limit=asked.limit,
                **{"from": asked.first, "to": asked.last},
            )

    async def message(self, organisation_id: UUID, exam_id: UUID) -> pb.Exam:
        """The requester's exam with its references, for another service. Raises NotFound."""
        async with self._db.tenant(organisation_id) as tx:
            exam = await store.read_exam(tx, exam_id)
            if exam is None or exam.organisation_id != organisation_id:
                raise NotFound("there is no such exam")
            return await store.exam_message(tx, exam)

    async def complete(self, organisation_id: UUID, exam_id: UUID, priority: str | None) -> Exam:
        """The clinic says that all is sent. Again: late instances are told at once, else nothing changes. Raises NotFound."""
        if priority is not None and priority not in PRIORITIES:
            raise Invalid(f"priority is one of {', '.join(PRIORITIES)}")
        exam = await self._of(organisation_id, exam_id)
        agreement = await self._agreement(exam)
        async with self._db.tenant(organisation_id) as tx:
            exam = await self._lock(tx, organisation_id, exam_id)
            if priority is not None and exam.priority != priority:
                await tx.run("set_priority", organisation_id=organisation_id, id=exam_id, priority=priority)
                exam = replace(exam, priority=priority)
            settled = await self._settle(tx, exam, agreement)
        crash.point("ingest.settled")
        return settled

    async def record_consent(self, organisation_id: UUID, exam_id: UUID, remote_reading: bool, trial: bool) -> Exam:
        """What the patient agreed to. It may make the exam cross, or stop crossing. Raises NotFound."""
        agreement = await self._agreement(await self._of(organisation_id, exam_id))
        async with self._db.tenant(organisation_id) as tx:
            exam = await self._lock(tx, organisation_id, exam_id)
            await tx.run(
                "set_consent", organisation_id=organisation_id, id=exam_id, remote_reading=remote_reading, trial=trial
            )
            exam = replace(exam, remote_reading_consent=remote_reading, trial_consent=trial)
            if exam.state is not State.RECEIVING:
                return await self._settle(tx, exam, agreement)
            exam = crossed(exam, crossing(agreement, remote_reading), agreement)
            await store.save_settled(tx, exam)
            return exam

    async def settle_due(self, organisation_id: UUID, exam_id: UUID) -> None:
        """Complete or amend an exam whose time has come, unless somebody else is at it."""
        async with self._db.tenant(organisation_id) as tx:
            exam = await store.read_exam(tx, exam_id)
        if exam is None:
            return
        agreement = await self._agreement(exam)
        async with self._db.tenant(organisation_id) as tx:
            exam = await store.lock_due(tx, organisation_id, exam_id, self._clock.now())
            if exam is not None:
                await self._settle(tx, exam, agreement)
        crash.point("ingest.settled")

    async def due(self, limit: int) -> list[tuple[UUID, UUID]]:
        """(organisation, exam) of the exams whose time has come, of all organisations."""
        async with self._db.work("completion") as tx:
            rows = await tx.all("find_due_exams", now=self._clock.now(), limit=limit)
            age = await tx.one("due_age", now=self._clock.now())
        metrics.DUE_AGE.set(age["seconds"] if age else 0)
        return [(row["organisation_id"], row["id"]) for row in rows]

    async def directory_changed(self, event: Event) -> None:
        """A new agreement may bring exams across that had none: the sweep looks at them again."""
        changed = event.decode(directory_events.DirectoryChanged)
        if changed.WhichOneof("entity") == "agreement":
            await self._recheck(changed.agreement)

    async def report_signed(self, event: Event, exam_id: UUID, version: int) -> None:
        """The clinic sees that its report is signed. Raises Poison for an exam that is not there."""
        state = _REPORT_STATES.get(version, "amended")
        async with self._db.work("consumer", event.organisation_id) as tx:
            if not await first_time(tx, "ingest", event):
                return
            exam = await tx.one("exam_exists", organisation_id=event.organisation_id, id=exam_id)
            if exam is None:
                raise Poison(f"the report is of an exam {exam_id} that is not there")
            await tx.run(
                "report_signed",
                organisation_id=event.organisation_id,
                id=exam_id,
                report_state=state,
                version=version,
            )

    async def _recheck(self, agreement: directory_pb2.Agreement) -> None:
        requester = UUID(agreement.requester_id)
        async with self._db.work("consumer", requester) as tx:
            await tx.run(
                "recheck_exams",
                organisation_id=requester,
                now=self._clock.now(),
                **{"from": agreement.valid_from, "until": agreement.valid_until or None},
            )

    async def _of(self, organisation_id: UUID, exam_id: UUID) -> Exam:
        exam = await self.read(organisation_id, exam_id)
        if exam.organisation_id != organisation_id:
            raise NotFound("there is no such exam of your own")
        return exam

    async def _agreement(self, exam: Exam) -> rules.Agreement | None:
        return await self._directory.agreement(exam.organisation_id, exam.modality, exam.body_part, exam.service_date)

    async def _lock(self, tx: Transaction, organisation_id: UUID, exam_id: UUID) -> Exam:
        exam = await store.lock_exam(tx, organisation_id, exam_id)
        if exam is None:
            raise NotFound("there is no such exam")
        telemetry.link_trace(exam.trace_id)
        return exam

    async def _settle(self, tx: Transaction, exam: Exam, agreement: rules.Agreement | None) -> Exam:
        """Settle a locked exam and write the event that tells of it."""
        owner = {"organisation_id": exam.organisation_id}
        late = await tx.one("has_late_instances", **owner, exam_id=exam.id)
        found = crossing(agreement, exam.remote_reading_consent)
        settled = settle(exam, found, agreement, bool(late and late["late"]))
        if settled is None:
            await tx.run("nothing_due", **owner, id=exam.id)
            return exam
        added = await tx.all("announce_instances", **owner, exam_id=exam.id, revision=settled.revision)
        await store.save_settled(tx, settled)
        message = await store.exam_message(tx, settled)
        kind = "exam.completed" if settled.state is State.COMPLETED else "exam.amended"
        body: pb.ExamCompleted | pb.ExamAmended
        if settled.state is State.COMPLETED:
            body = pb.ExamCompleted(exam=message)
            waited = self._clock.now() - exam.first_instance_at
            metrics.COMPLETION_SECONDS.observe(waited.total_seconds())
        else:
            body = pb.ExamAmended(
                exam=message, added_sop_instance_uids=sorted(row["sop_instance_uid"] for row in added)
            )
        with telemetry.span_in_trace(kind, exam.trace_id):
            await self._outbox.publish(tx, kind, str(exam.id), exam.organisation_id, body)
        metrics.SETTLED.labels(kind).inc()
        return settled

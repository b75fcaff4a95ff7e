"""What other services' events do to a task and its draft, in whatever order they come."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sonobridge.directory.v1 import directory_pb2
from sonobridge.inference.v1 import events_pb2 as inference_pb
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting import codec, store
from services.reporting.model import due, sentences
from services.reporting.model.findings import Failure, Hints, adopt
from services.reporting.model.states import FINAL, Act, State, after
from services.reporting.store import Exam, KeyImage, Offer, Report, Task
from services.shared.db import Database, Transaction
from services.shared.directory_copy import DirectoryCopy
from services.shared.errors import Unavailable
from services.shared.events import Event
from services.shared.kafka import Poison, first_time

CONSUMER = "reporting"


class Intake:
    def __init__(self, db: Database, directory: DirectoryCopy, ids: Callable[[], UUID]) -> None:
        self._db = db
        self._directory = directory
        self._ids = ids

    async def exam(self, event: Event, message: ingest_pb.Exam, added: bool) -> None:
        """An exam was completed, or amended (`added`: by instances). Only its newest revision counts.

        Raises Unavailable while the agreement it names is not in the copy of the directory, Poison for what another organisation owns.
        """
        if message.organisation_id != str(event.organisation_id):
            raise Poison("the exam is not of the organisation that the event names")
        agreement = await self._agreement(message)
        reader_id = UUID(message.crossing.reader_id) if agreement else None
        async with self._db.work("consumer", event.organisation_id) as tx:
            if not await first_time(tx, CONSUMER, event):
                return
            exam = await self._locked(tx, UUID(message.exam_id), event.organisation_id)
            first = exam.first_completed_at
            if reader_id is not None:
                noted = await tx.one("note_first_completion", exam_id=exam.id, at=event.time)
                first = noted["first_completed_at"] if noted else event.time
            newer = message.revision > exam.revision
            if newer:
                await store.save_exam(tx, exam.id, reader_id, message)
            else:
                message, agreement = exam.message, await self._agreement(exam.message)
            exam = replace(exam, reader_id=reader_id, message=message, first_completed_at=first)
            task = await store.task_of_exam(tx, exam)
            if task is None:
                if newer and agreement is not None:
                    await self._open(tx, exam, agreement)
                return
            await self._amend(tx, task, exam, agreement, newer, added)

    async def analysis(
        self,
        event: Event,
        exam_id: UUID,
        revision: int,
        outcome: str,
        body: inference_pb.AnalysisCompleted | inference_pb.AnalysisFailed | None = None,
    ) -> None:
        """An analysis ended (completed, skipped, failed). Findings go into an untouched draft, and are offered to any other; that it
        failed, and why, stands beside what an earlier one said."""
        async with self._db.work("consumer", event.organisation_id) as tx:
            if not await first_time(tx, CONSUMER, event):
                return
            exam = await self._locked(tx, exam_id, event.organisation_id)
            noted = await tx.run(
                "upsert_analysis",
                exam_id=exam_id,
                organisation_id=event.organisation_id,
                exam_revision=revision,
                outcome=outcome,
                body=body.SerializeToString() if body else b"",
            )
            task = await store.task_of_exam(tx, exam)
            if noted and task is not None:
                await self._apply_analysis(tx, task, exam)

    async def _agreement(self, message: ingest_pb.Exam) -> directory_pb2.Agreement | None:
        if message.coverage != ingest_pb.COVERAGE_CROSSES:
            return None
        crossing = message.crossing
        found = await self._directory.agreement(UUID(crossing.agreement_id), crossing.agreement_version)
        if found is None:
            raise Unavailable(
                f"the agreement {crossing.agreement_id} version {crossing.agreement_version} has not come from the directory yet"
            )
        if found.requester_id != message.organisation_id:
            raise Poison("the agreement is not of the organisation that the exam names")
        return found

    async def _locked(self, tx: Transaction, exam_id: UUID, organisation_id: UUID) -> Exam:
        await tx.run("ensure_exam", exam_id=exam_id, organisation_id=organisation_id)
        exam = await store.lock_exam(tx, organisation_id, exam_id)
        assert exam is not None, "the row was ensured in this transaction"
        return exam

    async def _open(self, tx: Transaction, exam: Exam, agreement: directory_pb2.Agreement) -> None:
        task_id, report_id = self._ids(), self._ids()
        await tx.run(
            "insert_report",
            id=report_id,
            organisation_id=exam.organisation_id,
            reader_id=exam.reader_id,
            exam_id=exam.id,
        )
        await tx.run(
            "insert_task",
            id=task_id,
            organisation_id=exam.organisation_id,
            reader_id=exam.reader_id,
            exam_id=exam.id,
            report_id=report_id,
            priority=exam.message.priority or due.ROUTINE,
            due_at=_due(exam, agreement),
            double_reading=agreement.reading == directory_pb2.READING_DOUBLE,
        )
        task = await store.task_of_exam(tx, exam)
        if task is not None:
            await self._apply_analysis(tx, task, exam)

    async def _amend(
        self,
        tx: Transaction,
        task: Task,
        exam: Exam,
        agreement: directory_pb2.Agreement | None,
        newer: bool,
        added: bool,
    ) -> None:
        if task.state in FINAL:
            # The signed report stays with whom it was signed by; new images ask for an addendum.
            if newer:
                await store.save_task(tx, replace(task, new_images=task.new_images or added, ai="pending"))
                await self._refresh_ai(tx, exam)
            return
        if task.reader_id != exam.reader_id:
            task = replace(task, state=after(task.state, Act.WITHDRAW), lease=None, reader_id=exam.reader_id)
            await tx.run("update_report_reader", exam_id=exam.id, reader_id=exam.reader_id)
        if agreement is not None:
            task = replace(
                task,
                priority=exam.message.priority or due.ROUTINE,
                due_at=_due(exam, agreement),
                double_reading=agreement.reading == directory_pb2.READING_DOUBLE,
            )
        await store.save_task(tx, replace(task, ai="pending") if newer else task)
        if newer:
            await self._refresh_ai(tx, exam)

    async def _refresh_ai(self, tx: Transaction, exam: Exam) -> None:
        """An analysis of this revision may have come before the event that told of the revision."""
        row = await tx.one("select_analysis", exam_id=exam.id)
        if row and row["exam_revision"] >= exam.message.revision:
            task = await store.task_of_exam(tx, exam)
            if task is not None:
                await store.save_task(tx, replace(task, ai=row["outcome"]))

    async def _apply_analysis(self, tx: Transaction, task: Task, exam: Exam) -> None:
        row = await tx.one("select_analysis", exam_id=exam.id)
        if row is None:
            return
        if row["exam_revision"] >= exam.message.revision:
            await store.save_task(tx, replace(task, ai=row["outcome"]))
        report = await store.report(tx, task.report_id)
        if report is None:
            return
        if row["outcome"] == "skipped":
            hints = replace(report.hints, failures=())
            if hints != report.hints:
                await store.save_report(tx, replace(report, hints=hints), task.reader_id)
            return
        if row["outcome"] == "failed":
            failed = inference_pb.AnalysisFailed.FromString(bytes(row["body"]))
            hints = replace(report.hints, failures=(Failure(failed.model, "", failed.reason),))
            await store.save_report(tx, replace(report, hints=hints), task.reader_id)
            return
        body = inference_pb.AnalysisCompleted.FromString(bytes(row["body"]))
        findings = tuple(codec.finding_from_wire(one) for one in body.findings)
        key = KeyImage(body.key_sop_instance_uid, max(body.key_frame, 1)) if body.key_sop_instance_uid else None
        after = _with_analysis(report, task.state, Offer(findings, key), codec.hints_from_wire(body))
        await store.save_report(tx, after, task.reader_id)


def _with_analysis(report: Report, state: State, offer: Offer, hints: Hints) -> Report:
    """Nobody decides hints, so they follow the analysis; words of ours in an untouched draft do too."""
    if state != State.UNASSIGNED:
        return replace(report, hints=hints, offer=offer)
    first_words = sentences.of_hints(report.hints.findings, report.findings)
    findings = adopt(report.findings, offer.findings, hints.findings)
    if report.text.description in ("", first_words):
        report = replace(report, text=replace(report.text, description=sentences.of_hints(hints.findings, findings)))
    return replace(report, hints=hints, findings=findings, key_image=offer.key_image, offer=None)


def _due(exam: Exam, agreement: directory_pb2.Agreement) -> datetime:
    if exam.first_completed_at is None:
        raise Poison("the exam crosses to a reader without ever having been complete")
    return due.due_at(exam.first_completed_at, exam.message.priority or due.ROUTINE, codec.turnarounds(agreement))

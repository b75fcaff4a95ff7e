"""The rows of reporting's own schema as values; all SQL is in queries.sql."""

import base64
import binascii
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sonobridge.ingest.v1 import events_pb2 as ingest_pb

from services.reporting import codec
from services.reporting.model.content import Content, FirstReading, Signature, Text
from services.reporting.model.findings import Finding, Hints, ReviewedFinding
from services.reporting.model.lease import Lease
from services.reporting.model.states import State
from services.shared.db import Transaction
from services.shared.errors import Malformed


@dataclass(frozen=True)
class KeyImage:
    sop_instance_uid: str
    frame: int


@dataclass(frozen=True)
class Exam:
    """What events have told of an exam. `message` is empty (revision 0) while only an analysis has spoken of it."""

    id: UUID
    organisation_id: UUID
    reader_id: UUID | None
    revision: int
    message: ingest_pb.Exam
    first_completed_at: datetime | None


@dataclass(frozen=True)
class Task:
    id: UUID
    organisation_id: UUID
    reader_id: UUID | None
    exam_id: UUID
    report_id: UUID
    state: State
    priority: str
    due_at: datetime
    double_reading: bool
    ai: str
    new_images: bool
    lease: Lease | None


@dataclass(frozen=True)
class Offer:
    """An analysis that came after the expert began."""

    findings: tuple[Finding, ...]
    key_image: KeyImage | None


@dataclass(frozen=True)
class Report:
    """The working copy."""

    id: UUID
    version: int
    edition: int
    findings: tuple[ReviewedFinding, ...]
    offer: Offer | None
    key_image: KeyImage | None
    text: Text
    first_reading: FirstReading | None
    hints: Hints = field(default_factory=Hints)

    @property
    def first_signed(self) -> Signature | None:
        """Who signed first, of two."""
        return self.first_reading.signature if self.first_reading else None


@dataclass(frozen=True)
class Listed:
    """A task as lists show it."""

    task: Task
    exam: ingest_pb.Exam
    version: int
    first_signed: Signature | None


@dataclass(frozen=True)
class Version:
    """A signed version, and where its documents are."""

    content: Content
    organisation_id: UUID
    reader_id: UUID
    document_key: str
    document_digest_sha256: str
    sr_key: str


async def lock_exam(tx: Transaction, organisation_id: UUID, exam_id: UUID) -> Exam | None:
    """The exam's row, locked: every writer begins here."""
    row = await tx.one("lock_exam", organisation_id=organisation_id, exam_id=exam_id)
    if row is None:
        return None
    return Exam(
        row["id"],
        row["organisation_id"],
        row["reader_id"],
        row["revision"],
        _exam_message(row["header"], row["instances"]),
        row["first_completed_at"],
    )


async def save_exam(tx: Transaction, exam_id: UUID, reader_id: UUID | None, message: ingest_pb.Exam) -> None:
    header = ingest_pb.Exam()
    header.CopyFrom(message)
    header.ClearField("instances")
    await tx.run(
        "update_exam",
        exam_id=exam_id,
        reader_id=reader_id,
        revision=message.revision,
        header=header.SerializeToString(),
        instances=ingest_pb.Exam(instances=message.instances).SerializeToString(),
    )


async def exam_message(tx: Transaction, exam_id: UUID) -> ingest_pb.Exam | None:
    """The exam with its instances, if the caller owns or reads it."""
    row = await tx.one("select_exam_instances", exam_id=exam_id)
    return _exam_message(row["header"], row["instances"]) if row else None


async def task_of_exam(tx: Transaction, exam: Exam) -> Task | None:
    row = await tx.one("select_task_of_exam", organisation_id=exam.organisation_id, exam_id=exam.id)
    return _task(row) if row else None


async def save_task(tx: Transaction, task: Task) -> None:
    await tx.run(
        "update_task",
        organisation_id=task.organisation_id,
        id=task.id,
        reader_id=task.reader_id,
        state=task.state,
        priority=task.priority,
        due_at=task.due_at,
        double_reading=task.double_reading,
        ai=task.ai,
        new_images=task.new_images,
        claimed_by=task.lease.subject if task.lease else None,
        claimed_by_name=task.lease.display_name if task.lease else None,
        lease_until=task.lease.until if task.lease else None,
    )


async def report(tx: Transaction, report_id: UUID) -> Report | None:
    row = await tx.one("select_report", report_id=report_id)
    if row is None:
        return None
    return Report(
        id=row["id"],
        version=row["version"],
        edition=row["edition"],
        findings=codec.reviewed_from_json(row["findings"]),
        offer=_offer(row["offered"]),
        key_image=KeyImage(**row["key_image"]) if row["key_image"] else None,
        text=Text(row["description"], row["impression"], row["recommendation"], row["critical"]),
        first_reading=_first_reading(row["first_reading"]),
        hints=codec.hints_from_json(row["hints"]),
    )


async def save_report(tx: Transaction, report: Report, reader_id: UUID | None) -> Report:
    """Write the working copy; its edition grows."""
    offer = report.offer
    row = await tx.one(
        "update_report",
        id=report.id,
        reader_id=reader_id,
        version=report.version,
        findings=Jsonb(codec.reviewed_to_json(report.findings)),
        offered=Jsonb({"findings": codec.findings_to_json(offer.findings), "key_image": _key_json(offer.key_image)})
        if offer
        else None,
        hints=Jsonb(codec.hints_to_json(report.hints)),
        key_image=Jsonb(_key_json(report.key_image)) if report.key_image else None,
        description=report.text.description,
        impression=report.text.impression,
        recommendation=report.text.recommendation,
        critical=report.text.critical,
        first_reading=Jsonb(codec.first_reading_to_json(report.first_reading)) if report.first_reading else None,
    )
    assert row is not None, "the working copy was read in this transaction"
    return replace(report, edition=row["edition"])


async def worklist(
    tx: Transaction,
    states: list[State],
    with_new_images: bool,
    subject: str | None,
    now: datetime,
    cursor: str | None,
    limit: int,
) -> tuple[list[Listed], str | None]:
    """A page of the reader's tasks and the cursor of the next one. Raises Malformed for a cursor that is none of ours."""
    after_due, after_id = _cursor(cursor) if cursor else (None, None)
    rows = await tx.all(
        "worklist",
        states=[str(state) for state in states],
        with_new_images=with_new_images,
        subject=subject,
        now=now,
        after_due=after_due,
        after_id=after_id,
        limit=limit + 1,
    )
    found = [_listed(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    last = found[-1].task
    return found, base64.urlsafe_b64encode(f"{last.due_at.isoformat()} {last.id}".encode()).decode()


async def listed(
    tx: Transaction, *, task_id: UUID | None = None, exam_id: UUID | None = None, report_id: UUID | None = None
) -> Listed | None:
    """One task that the caller owns or reads."""
    row = await tx.one("select_task", task_id=task_id, exam_id=exam_id, report_id=report_id)
    return _listed(row) if row else None


async def versions(tx: Transaction, report_id: UUID) -> list[Version]:
    """The signed versions of a report, oldest first."""
    return [_version(row) for row in await tx.all("select_versions", report_id=report_id)]


async def latest_versions(
    tx: Transaction,
    *,
    exam_id: UUID | None = None,
    study_instance_uid: str | None = None,
    report_id: UUID | None = None,
) -> list[Version]:
    """The latest signed version of each report that matches any of these."""
    rows = await tx.all(
        "select_latest_versions", exam_id=exam_id, study_instance_uid=study_instance_uid, report_id=report_id
    )
    return [_version(row) for row in rows]


async def insert_version(tx: Transaction, version: Version, next_attempt_at: datetime, encapsulated_key: str) -> None:
    """Write a signed version for good, and note that its documents are to go into the study."""
    content = version.content
    ids = {
        "report_id": UUID(content.report_id),
        "version": content.version,
        "organisation_id": version.organisation_id,
        "reader_id": version.reader_id,
        "exam_id": UUID(content.exam.exam_id),
    }
    await tx.run(
        "insert_version",
        **ids,
        study_instance_uid=content.exam.study_instance_uid,
        signed_at=content.signed.at,
        signed_by=content.signed.subject,
        content=Jsonb(codec.content_to_json(content)),
        document_key=version.document_key,
        document_digest_sha256=version.document_digest_sha256,
        sr_key=version.sr_key,
    )
    for kind, key in (("pdf", encapsulated_key), ("sr", version.sr_key)):
        await tx.run(
            "insert_delivery",
            **ids,
            kind=kind,
            object_key=key,
            trace_id=content.exam.trace_id,
            next_attempt_at=next_attempt_at,
        )


@dataclass(frozen=True)
class Delivery:
    """A document that ingest is to take into the study."""

    report_id: UUID
    version: int
    kind: str
    organisation_id: UUID
    exam_id: UUID
    object_key: str
    trace_id: str
    attempts: int


async def take_delivery(tx: Transaction, now: datetime, patience: timedelta) -> Delivery | None:
    row = await tx.one("take_delivery", now=now, patience=patience)
    return Delivery(**row) if row else None


async def finish_delivery(tx: Transaction, delivery: Delivery, now: datetime) -> None:
    await tx.run(
        "finish_delivery",
        organisation_id=delivery.organisation_id,
        report_id=delivery.report_id,
        version=delivery.version,
        kind=delivery.kind,
        now=now,
    )


async def postpone_delivery(tx: Transaction, delivery: Delivery, until: datetime, error: str) -> None:
    await tx.run(
        "postpone_delivery",
        organisation_id=delivery.organisation_id,
        report_id=delivery.report_id,
        version=delivery.version,
        kind=delivery.kind,
        next_attempt_at=until,
        error=error,
    )


def _exam_message(header: bytes, instances: bytes) -> ingest_pb.Exam:
    message = ingest_pb.Exam()
    message.ParseFromString(bytes(header))
    message.MergeFromString(bytes(instances))
    return message


def _listed(row: dict[str, Any]) -> Listed:
    first = _first_reading(row["first_reading"])
    return Listed(
        _task(row), _exam_message(row["header"], b""), row["version"] or 0, first.signature if first else None
    )


def _task(row: dict[str, Any]) -> Task:
    lease = Lease(row["claimed_by"], row["claimed_by_name"], row["lease_until"]) if row["claimed_by"] else None
    return Task(
        row["id"],
        row["organisation_id"],
        row["reader_id"],
        row["exam_id"],
        row["report_id"],
        State(row["state"]),
        row["priority"],
        row["due_at"],
        row["double_reading"],
        row["ai"],
        row["new_images"],
        lease,
    )


def _version(row: dict[str, Any]) -> Version:
    return Version(
        codec.content_from_json(row["content"]),
        row["organisation_id"],
        row["reader_id"],
        row["document_key"],
        row["document_digest_sha256"],
        row["sr_key"],
    )


def _offer(value: Any) -> Offer | None:
    if value is None:
        return None
    key = value["key_image"]
    return Offer(codec.findings_from_json(value["findings"]), KeyImage(**key) if key else None)


def _key_json(key: KeyImage | None) -> dict[str, Any] | None:
    return {"sop_instance_uid": key.sop_instance_uid, "frame": key.frame} if key else None


def _first_reading(value: Any) -> FirstReading | None:
    return codec.first_reading_from_json(value) if value else None


def _cursor(text: str) -> tuple[datetime, UUID]:
    try:
        due, identity = base64.urlsafe_b64decode(text.encode()).decode().split(" ")
        return datetime.fromisoformat(due), UUID(identity)
    except (ValueError, binascii.Error) as error:
        raise Malformed("the cursor is none that a worklist has given") from error

"""Rows to values and back. All statements are in queries.sql."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from psycopg.types.json import Jsonb
from sonobridge.ingest.v1 import events_pb2 as pb

from services.ingest.dicom.inspection import Inspection
from services.ingest.model import attributes
from services.ingest.model import exam as rules
from services.ingest.model.exam import Agreement, Coverage, Crossing, Exam, State
from services.ingest.model.refusals import Refused
from services.shared.db import Transaction

_COVERAGE = {
    Coverage.CROSSES: pb.COVERAGE_CROSSES,
    Coverage.NO_AGREEMENT: pb.COVERAGE_NO_AGREEMENT,
    Coverage.NO_CONSENT: pb.COVERAGE_NO_CONSENT,
}


@dataclass(frozen=True)
class NewInstance:
    """An instance whose object is in the store."""

    inspection: Inspection
    digest_sha256: str
    object_key: str
    frames_key: str
    derived: bool
    received_at: datetime


@dataclass(frozen=True)
class Beginning:
    """Where a new exam stands: its service date, and whether it crosses by the agreement in force."""

    service_date: date
    crossing: Crossing
    agreement: Agreement | None


def _exam(row: dict[str, Any] | None) -> Exam | None:
    if row is None:
        return None
    return Exam(**(row | {"state": State(row["state"]), "coverage": Coverage(row["coverage"])}))


async def lock_study(tx: Transaction, organisation_id: UUID, study_instance_uid: str) -> Exam | None:
    """The organisation's exam of a study, its row locked."""
    return _exam(
        await tx.one("lock_exam_of_study", organisation_id=organisation_id, study_instance_uid=study_instance_uid)
    )


async def lock_exam(tx: Transaction, organisation_id: UUID, exam_id: UUID) -> Exam | None:
    """The organisation's own exam, its row locked."""
    return _exam(await tx.one("lock_exam", organisation_id=organisation_id, id=exam_id))


async def lock_due(tx: Transaction, organisation_id: UUID, exam_id: UUID, now: datetime) -> Exam | None:
    """The exam if it is still due and free, its row locked."""
    return _exam(await tx.one("lock_due_exam", organisation_id=organisation_id, id=exam_id, now=now))


async def read_exam(tx: Transaction, exam_id: UUID) -> Exam | None:
    """An exam that the transaction's organisation may see."""
    return _exam(await tx.one("read_exam", id=exam_id))


async def list_exams(tx: Transaction, **filters: Any) -> list[Exam]:
    """The exams that the transaction's organisation may see, newest first."""
    return [found for row in await tx.all("list_exams", **filters) if (found := _exam(row))]


async def add_exam(
    tx: Transaction, organisation_id: UUID, exam_id: UUID, new: NewInstance, beginning: Beginning, trace_id: str
) -> None:
    """The exam that an instance begins; nothing when it is there by now."""
    inspection, agreement = new.inspection, beginning.agreement
    study = attributes.pick(inspection.metadata, attributes.STUDY)
    modality = rules.text(inspection.metadata, "00080060")
    await tx.run(
        "insert_exam",
        organisation_id=organisation_id,
        id=exam_id,
        study_instance_uid=inspection.study_instance_uid,
        service_date=beginning.service_date,
        now=new.received_at,
        attributes=Jsonb(study),
        patient_name=rules.person_name(study, "00100010"),
        patient_id=rules.text(study, "00100020"),
        birth_date=rules.iso_date(rules.text(study, "00100030")) or None,
        patient_sex=rules.text(study, "00100040"),
        accession_number=rules.text(study, "00080050"),
        study_id=rules.text(study, "00200010"),
        study_description=rules.text(study, "00081030"),
        referring_physician=rules.person_name(study, "00080090"),
        study_date=rules.iso_date(rules.text(study, "00080020")) or None,
        study_time=rules.sortable_time(rules.text(study, "00080030")),
        modality=modality,
        body_part=rules.text(inspection.metadata, "00180015").upper(),
        coverage=beginning.crossing.coverage,
        agreement_id=agreement.id if agreement and beginning.crossing.reader_id else None,
        agreement_version=agreement.version if agreement and beginning.crossing.reader_id else None,
        reader_id=beginning.crossing.reader_id,
        consent_recorded=agreement is not None and agreement.consent_attested,
        trial_consent_recorded=agreement is not None and agreement.trial_consent_attested,
        trace_id=trace_id,
        character_set_declared=inspection.character_set.declared,
        character_set_detected=inspection.character_set.detected,
    )


async def add_instance(tx: Transaction, exam: Exam, new: NewInstance, due_at: datetime) -> bool:
    """The instance with all that belongs to it, counted in its locked exam; False when its UID is taken by now."""
    inspection, metadata = new.inspection, new.inspection.metadata
    modality = rules.text(metadata, "00080060")
    leads = not new.derived and rules.names_exam(modality) and not rules.names_exam(exam.modality)
    body_part = "" if new.derived else rules.text(metadata, "00180015").upper()
    row = await tx.one(
        "add_instance",
        organisation_id=exam.organisation_id,
        exam_id=exam.id,
        exam_modality=modality if leads else exam.modality,
        exam_body_part=exam.body_part or body_part,
        due_at=due_at,
        series_instance_uid=inspection.series_instance_uid,
        series_number=_whole(metadata, "00200011"),
        series_attributes=Jsonb(attributes.pick(metadata, attributes.SERIES)),
        sop_instance_uid=inspection.sop_instance_uid,
        sop_class_uid=inspection.sop_class_uid,
        transfer_syntax_uid=inspection.transfer_syntax_uid,
        modality=modality,
        instance_number=_whole(metadata, "00200013"),
        rows=_whole(metadata, "00280010") or 0,
        columns=_whole(metadata, "00280011") or 0,
        number_of_frames=inspection.number_of_frames,
        size_bytes=inspection.size_bytes,
        digest_sha256=new.digest_sha256,
        dataset_digest=inspection.dataset_digest,
        object_key=new.object_key,
        frames_key=new.frames_key,
        derived=new.derived,
        now=new.received_at,
        attributes=Jsonb(attributes.pick(metadata, attributes.INSTANCE)),
        metadata=inspection.metadata_text,
        frame_spans=inspection.frame_spans,
        frame_fault=inspection.frame_fault,
        bulk=Jsonb({tag: list(span) for tag, span in inspection.bulk.items()}),
        character_set_declared=inspection.character_set.declared,
        character_set_detected=inspection.character_set.detected,
    )
    return bool(row and row["added"])


async def save_settled(tx: Transaction, exam: Exam) -> None:
    """The exam's state and crossing."""
    await tx.run(
        "exam_settled",
        organisation_id=exam.organisation_id,
        id=exam.id,
        state=exam.state,
        revision=exam.revision,
        coverage=exam.coverage,
        agreement_id=exam.agreement_id,
        agreement_version=exam.agreement_version,
        reader_id=exam.reader_id,
        consent_recorded=exam.consent_recorded,
        trial_consent_recorded=exam.trial_consent_recorded,
    )


async def add_refusal(
    tx: Transaction,
    organisation_id: UUID,
    refusal_id: UUID,
    refused: Refused,
    protocol: str,
    sender: str,
    now: datetime,
) -> None:
    """What was refused, and why."""
    await tx.run(
        "insert_refusal",
        organisation_id=organisation_id,
        id=refusal_id,
        now=now,
        protocol=protocol,
        sender=sender,
        reason=refused.reason.code,
        detail=refused.detail,
        advice=refused.reason.advice,
        study_instance_uid=refused.study_instance_uid,
        sop_instance_uid=refused.sop_instance_uid,
        sop_class_uid=refused.sop_class_uid,
    )


def reference(row: dict[str, Any]) -> pb.InstanceReference:
    """The claim check of a stored instance."""
    return pb.InstanceReference(**(row | {"instance_number": row["instance_number"] or 0}))


async def exam_message(tx: Transaction, exam: Exam) -> pb.Exam:
    """The exam as events and calls carry it, with references to the requester's own instances."""
    rows = await tx.all("list_references", organisation_id=exam.organisation_id, exam_id=exam.id)
    message = pb.Exam(
        exam_id=str(exam.id),
        organisation_id=str(exam.organisation_id),
        study_instance_uid=exam.study_instance_uid,
        accession_number=rules.text(exam.attributes, "00080050"),
        patient=pb.Patient(**rules.patient_of(exam.attributes)),
        modality=exam.modality,
        body_part=exam.body_part,
        study_description=rules.text(exam.attributes, "00081030"),
        study_time=rules.study_time(exam.attributes),
        priority=exam.priority,
        service_date=exam.service_date.isoformat(),
        first_instance_at=_timestamp(exam.first_instance_at),
        revision=exam.revision,
        coverage=_COVERAGE[exam.coverage],
        instances=[reference(row) for row in rows],
        consent_recorded=exam.consent_recorded,
        trial_consent=exam.trial_consent_recorded,
        trace_id=exam.trace_id,
        referring_physician=rules.person_name(exam.attributes, "00080090"),
    )
    if exam.coverage is Coverage.CROSSES:
        message.crossing.agreement_id = str(exam.agreement_id)
        message.crossing.agreement_version = exam.agreement_version or 0
        message.crossing.reader_id = str(exam.reader_id)
    return message


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _whole(metadata: dict[str, Any], tag: str) -> int | None:
    """An IS or US that fits the column; None when there is none."""
    try:
        value = int(rules.text(metadata, tag))
    except ValueError:
        return None
    return value if -(1 << 31) <= value < 1 << 31 else None

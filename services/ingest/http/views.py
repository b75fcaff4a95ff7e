"""What the exams' own routes give. The console's types are made from these."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from services.ingest.model.exam import Coverage, Exam, State, missing, patient_of, text


class PatientView(BaseModel):
    name: str
    name_ideographic: str
    id: str
    birth_date: str
    sex: str


class CharacterSetView(BaseModel):
    declared: str
    detected: str


class ExamView(BaseModel):
    """An exam, and what still keeps it from being read."""

    id: UUID
    study_instance_uid: str
    organisation_id: UUID
    state: State
    report_state: Literal["none", "signed", "amended"]
    patient: PatientView
    modality: str
    body_part: str
    accession_number: str
    study_description: str
    priority: Literal["ROUTINE", "URGENT", "STAT"]
    service_date: date
    first_instance_at: datetime
    instances: int
    frames: int
    coverage: Coverage
    reader_id: UUID | None
    consent_recorded: bool
    trial_consent_recorded: bool
    trace_id: str
    revision: int
    missing: list[str]
    character_set: CharacterSetView

    @classmethod
    def of(cls, exam: Exam) -> "ExamView":
        return cls.model_validate(
            {
                "id": exam.id,
                "study_instance_uid": exam.study_instance_uid,
                "organisation_id": exam.organisation_id,
                "state": exam.state,
                "report_state": exam.report_state,
                "patient": patient_of(exam.attributes),
                "modality": exam.modality,
                "body_part": exam.body_part,
                "accession_number": text(exam.attributes, "00080050"),
                "study_description": text(exam.attributes, "00081030"),
                "priority": exam.priority,
                "service_date": exam.service_date,
                "first_instance_at": exam.first_instance_at,
                "instances": exam.instances,
                "frames": exam.frames,
                "coverage": exam.coverage,
                "reader_id": exam.reader_id,
                "consent_recorded": exam.consent_recorded,
                "trial_consent_recorded": exam.trial_consent_recorded,
                "trace_id": exam.trace_id,
                "revision": exam.revision,
                "missing": missing(exam),
                "character_set": {"declared": exam.character_set_declared, "detected": exam.character_set_detected},
            }
        )


class ExamPage(BaseModel):
    items: list[ExamView]
    next: str | None


class RefusalView(BaseModel):
    """What was refused; `reason` is stable, `detail` says what was found, `advice` what the sender can do."""

    id: UUID
    refused_at: datetime
    protocol: str
    sender: str
    reason: str
    detail: str
    advice: str
    study_instance_uid: str | None
    sop_instance_uid: str | None
    sop_class_uid: str | None


class RefusalPage(BaseModel):
    items: list[RefusalView]
    next: str | None

    @classmethod
    def of(cls, rows: list[dict[str, Any]], limit: int) -> "RefusalPage":
        following = str(rows[-1]["id"]) if len(rows) == limit else None
        return cls(items=[RefusalView(**row) for row in rows], next=following)

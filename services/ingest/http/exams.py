"""The exams' own routes: state, completion, consent, refusals."""

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.ingest.model.exam import Exam, missing, patient_of, text
from services.ingest.service.exams import ExamFilter, Exams
from services.ingest.service.refusals import Refusals
from services.shared import http
from services.shared.errors import Malformed
from services.shared.tenancy import Principal

_LIMIT = Annotated[int, Query(ge=1, le=200)]
VIEWERS = ("clinic_staff", "expert", "quality_manager", "billing_admin")


class Completion(BaseModel):
    """What the clinic says when all is sent."""

    priority: Literal["ROUTINE", "URGENT", "STAT"] | None = None


class Consent(BaseModel):
    """The patient's consent."""

    remote_reading: bool = Field(description="to have the exam read at another hospital")
    trial: bool = Field(False, description="to take part in the trial of a model")


def routes(exams: Exams, refusals: Refusals) -> APIRouter:
    """Routes below /api/ingest/v1."""
    router = APIRouter(prefix="/api/ingest/v1", tags=["exams"])
    viewer = Annotated[Principal, http.role(*VIEWERS)]
    clinic = Annotated[Principal, http.role("clinic_staff")]

    @router.get("/exams", summary="Exams of one's own, and those that cross to oneself")
    async def list_exams(
        caller: viewer,
        study_instance_uid: str | None = None,
        state: Literal["receiving", "completed", "amended"] | None = None,
        first: Annotated[date | None, Query(alias="from")] = None,
        last: Annotated[date | None, Query(alias="to")] = None,
        cursor: str | None = None,
        limit: _LIMIT = 50,
    ) -> dict[str, Any]:
        before, before_id = _place(cursor) if cursor else (None, None)
        asked = ExamFilter(study_instance_uid, state, first, last, before, before_id, limit)
        found = await exams.find(caller.organisation_id, asked)
        following = _cursor(found[-1]) if len(found) == limit else None
        return {"items": [_item(exam) for exam in found], "next": following}

    @router.get("/exams/{exam_id}", summary="One exam")
    async def get_exam(caller: viewer, exam_id: UUID) -> dict[str, Any]:
        return _item(await exams.read(caller.organisation_id, exam_id))

    @router.post("/exams/{exam_id}/complete", summary="All is sent: the exam may be read")
    async def complete(caller: clinic, exam_id: UUID, body: Completion | None = None) -> dict[str, Any]:
        return _item(await exams.complete(caller.organisation_id, exam_id, body.priority if body else None))

    @router.put("/exams/{exam_id}/consent", summary="Record what the patient agreed to")
    async def consent(caller: clinic, exam_id: UUID, body: Consent) -> dict[str, Any]:
        return _item(await exams.record_consent(caller.organisation_id, exam_id, body.remote_reading, body.trial))

    @router.get("/refusals", summary="What was refused, and why")
    async def list_refusals(caller: clinic, cursor: UUID | None = None, limit: _LIMIT = 50) -> dict[str, Any]:
        found = await refusals.list(caller.organisation_id, cursor, limit)
        return {"items": found, "next": str(found[-1]["id"]) if len(found) == limit else None}

    return router


def _item(exam: Exam) -> dict[str, Any]:
    return {
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


def _cursor(exam: Exam) -> str:
    return base64.urlsafe_b64encode(f"{exam.first_instance_at.isoformat()} {exam.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, UUID]:
    try:
        instant, _, exam_id = base64.urlsafe_b64decode(cursor.encode()).decode().rpartition(" ")
        return datetime.fromisoformat(instant), UUID(exam_id)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise Malformed("the cursor is not one that was given here") from error

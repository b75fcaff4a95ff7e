"""The exams' own routes: state, completion, consent, refusals."""

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.ingest.http.views import ExamPage, ExamView, RefusalPage
from services.ingest.model.exam import Exam
from services.ingest.service.exams import ExamFilter, Exams
from services.ingest.service.refusals import Refusals
from services.shared import http
from services.shared.errors import Malformed
from services.shared.tenancy import Principal

_LIMIT = Annotated[int, Query(ge=1, le=200)]
VIEWERS = ("clinic_staff", "expert", "quality_manager", "billing_admin")


class Completion(BaseModel):
    """What the clinic says when all is sent."""

    model_config = ConfigDict(extra="forbid")

    priority: Literal["ROUTINE", "URGENT", "STAT"] | None = None


class Consent(BaseModel):
    """The patient's consent."""

    model_config = ConfigDict(extra="forbid")

    remote_reading: bool = Field(description="to have the exam read at another hospital")
    trial: bool = Field(False, description="to take part in the trial of a model")


def routes(exams: Exams, refusals: Refusals) -> APIRouter:
    """Routes below /api/ingest/v1."""
    router = APIRouter(prefix="/api/ingest/v1", tags=["exams"])
    viewer = Annotated[Principal, http.role(*VIEWERS)]
    clinic = Annotated[Principal, http.role("clinic_staff")]
    sender = Annotated[Principal, http.role("clinic_staff", "quality_manager")]

    @router.get("/exams", summary="Exams of one's own, and those that cross to oneself")
    async def list_exams(
        caller: viewer,
        study_instance_uid: str | None = None,
        state: Literal["receiving", "completed", "amended"] | None = None,
        first: Annotated[date | None, Query(alias="from")] = None,
        last: Annotated[date | None, Query(alias="to")] = None,
        cursor: str | None = None,
        limit: _LIMIT = 50,
    ) -> ExamPage:
        before, before_id = _place(cursor) if cursor else (None, None)
        asked = ExamFilter(study_instance_uid, state, first, last, before, before_id, limit)
        found = await exams.find(caller.organisation_id, asked)
        following = _cursor(found[-1]) if len(found) == limit else None
        return ExamPage(items=[ExamView.of(exam) for exam in found], next=following)

    @router.get("/exams/{exam_id}", summary="One exam")
    async def get_exam(caller: viewer, exam_id: UUID) -> ExamView:
        return ExamView.of(await exams.read(caller.organisation_id, exam_id))

    @router.post("/exams/{exam_id}/complete", summary="All is sent: the exam may be read")
    async def complete(caller: clinic, exam_id: UUID, body: Completion | None = None) -> ExamView:
        return ExamView.of(await exams.complete(caller.organisation_id, exam_id, body.priority if body else None))

    @router.put("/exams/{exam_id}/consent", summary="Record what the patient agreed to")
    async def consent(caller: clinic, exam_id: UUID, body: Consent) -> ExamView:
        return ExamView.of(await exams.record_consent(caller.organisation_id, exam_id, body.remote_reading, body.trial))

    @router.get("/refusals", summary="What was refused, and why")
    async def list_refusals(caller: sender, cursor: UUID | None = None, limit: _LIMIT = 50) -> RefusalPage:
        return RefusalPage.of(await refusals.list(caller.organisation_id, cursor, limit), limit)

    return router


def _cursor(exam: Exam) -> str:
    return base64.urlsafe_b64encode(f"{exam.first_instance_at.isoformat()} {exam.id}".encode()).decode()


def _place(cursor: str) -> tuple[datetime, UUID]:
    try:
        instant, _, exam_id = base64.urlsafe_b64decode(cursor.encode()).decode().rpartition(" ")
        return datetime.fromisoformat(instant), UUID(exam_id)
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise Malformed("the cursor is not one that was given here") from error

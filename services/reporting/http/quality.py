"""The quality manager's figures."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.reporting.model.findings import Code, labels
from services.reporting.service import Archive
from services.reporting.service.quality import Quality
from services.shared.http import role
from services.shared.tenancy import Principal


class TurnaroundView(BaseModel):
    """Reports of one partner and priority; times run from the exam's first completion to the first signature."""

    side: Literal["read", "requested"]
    partner_id: UUID
    partner_name_zh: str
    partner_name_en: str
    priority: Literal["ROUTINE", "URGENT", "STAT"]
    signed: int
    in_time: int
    median_minutes: float | None
    p90_minutes: float | None
    open: int
    overdue: int


class ReviewView(BaseModel):
    """What experts made of one model's findings of one kind; `mean_correction` is the mean of the absolute differences."""

    model: str
    version: str
    code: str
    label_zh: str
    label_en: str
    unit: str
    accepted: int
    corrected: int
    rejected: int
    mean_correction: float | None


class QualityView(BaseModel):
    since: datetime
    until: datetime
    turnaround: list[TurnaroundView]
    findings: list[ReviewView]


def router(quality: Quality, archive: Archive) -> APIRouter:
    """The one route."""
    api = APIRouter(prefix="/api/reporting/v1")

    @api.get("/quality")
    async def figures(
        caller: Annotated[Principal, role("quality_manager")], days: Annotated[int, Query(ge=1, le=366)] = 30
    ) -> QualityView:
        """Turnaround and reviewed findings of what the caller's hospital reads and asked for, in the last days."""
        found = await quality.figures(caller, days)
        names = await archive.names({row["partner_id"] for row in found.turnaround})
        turnaround = []
        for row in found.turnaround:
            zh, en = names[row["partner_id"]]
            turnaround.append(TurnaroundView(**row, partner_name_zh=zh, partner_name_en=en))
        findings = []
        for row in found.findings:
            zh, en = labels(Code(row["code"], row.pop("scheme"), row.pop("meaning")))
            findings.append(ReviewView(**row, label_zh=zh, label_en=en))
        return QualityView(since=found.since, until=found.until, turnaround=turnaround, findings=findings)

    return api

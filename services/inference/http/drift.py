"""How the models' answers change: the quality manager's own hospital's, the operator's all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sonobridge.directory.v1 import directory_pb2

from services.inference.drift import DRIFT_FROM, LEAST, WATCH_FROM, Measure, Shift, Verdict
from services.inference.http.analyses import PREFIX
from services.inference.quality import Quality, Slice
from services.shared.http import role
from services.shared.tenancy import Principal


class Directory(Protocol):
    """What this asks of the directory's copy."""

    async def organisation(self, organisation_id: UUID) -> directory_pb2.Organisation | None: ...


class ShiftView(BaseModel):
    """Counts by bin before and now. The index is null where either window holds too few."""

    reference: list[int]
    recent: list[int]
    psi: float | None
    verdict: Verdict


class SliceView(BaseModel):
    """A model's answers, of one hospital and scanner or of several together. `outcome`: findings, nothing found, failed; `certainty`
    and `probability`: tenths of the scale; `review`: accepted, corrected, rejected."""

    model: str
    version: str
    shown: bool
    organisation: str | None
    name_zh: str | None
    name_en: str | None
    scanner: str | None
    outcome: ShiftView | None
    certainty: ShiftView | None
    probability: ShiftView | None
    review: ShiftView | None


class DriftView(BaseModel):
    """Days in UTC; the recent window goes up to `until`, which is not in it."""

    reference_from: date
    recent_from: date
    until: date
    watch_from: float
    drift_from: float
    least: int
    items: list[SliceView]


def router(directory: Directory, quality: Quality) -> APIRouter:
    """The one route."""
    api = APIRouter(prefix=PREFIX)

    @api.get("/drift")
    async def drift(
        caller: Annotated[Principal, role("quality_manager", "operator")],
        days: Annotated[int, Query(ge=1, le=90)] = 14,
        reference_days: Annotated[int, Query(ge=1, le=366)] = 90,
        by_organisation: bool = False,
        by_scanner: bool = False,
    ) -> DriftView:
        """The last days held to those before them, by model and version, and where asked by hospital and scanner model."""
        found = await quality.figures(
            caller, timedelta(days=days), timedelta(days=reference_days), by_organisation, by_scanner
        )
        return DriftView(
            reference_from=found.reference_from,
            recent_from=found.recent_from,
            until=found.until,
            watch_from=WATCH_FROM,
            drift_from=DRIFT_FROM,
            least=LEAST,
            items=[await view(one, shifts) for one, shifts in found.slices.items()],
        )

    async def view(one: Slice, shifts: dict[Measure, Shift]) -> SliceView:
        organisation = await directory.organisation(one.organisation_id) if one.organisation_id else None
        return SliceView(
            model=one.model,
            version=one.version,
            shown=one.shown,
            organisation=organisation.alias if organisation else None,
            name_zh=organisation.name_zh if organisation else None,
            name_en=organisation.name_en if organisation else None,
            scanner=one.scanner,
            **{measure.value: _shift(shifts.get(measure)) for measure in Measure},
        )

    return api


def _shift(found: Shift | None) -> ShiftView | None:
    if found is None:
        return None
    return ShiftView(reference=list(found.reference), recent=list(found.recent), psi=found.psi, verdict=found.verdict)

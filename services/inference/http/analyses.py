"""Finished analyses, for who owns or reads the exam."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sonobridge.inference.v1 import events_pb2 as pb

from services.inference.model import State
from services.inference.service import Analyses
from services.inference.store import Outcome
from services.shared.http import role
from services.shared.tenancy import Principal

PREFIX = "/api/inference/v1"
Viewer = Annotated[Principal, role("clinic_staff", "expert", "quality_manager", "operator")]

_BODIES: dict[State, type[Message]] = {
    State.COMPLETED: pb.AnalysisCompleted,
    State.SKIPPED: pb.AnalysisSkipped,
    State.FAILED: pb.AnalysisFailed,
}


def router(analyses: Analyses) -> APIRouter:
    """The routes of analyses."""
    api = APIRouter(prefix=PREFIX)

    @api.get("/analyses")
    async def list_analyses(exam_id: UUID, caller: Viewer) -> dict[str, Any]:
        """The exam's finished analyses, the latest revision first; empty for who neither owns nor reads the exam."""
        found = await analyses.of_exam(caller.organisation_id, exam_id)
        return {"items": [_analysis(one) for one in found], "next": None}

    @api.get("/analyses/{analysis_id}")
    async def get_analysis(analysis_id: UUID, caller: Viewer) -> dict[str, Any]:
        """One analysis with its findings, runs and models."""
        return _analysis(await analyses.get(caller.organisation_id, analysis_id))

    return api


def _analysis(found: Outcome) -> dict[str, Any]:
    body = MessageToDict(
        _BODIES[found.state].FromString(found.body),
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
    return body | {
        "id": str(found.analysis_id),
        "state": found.state.value,
        "started_at": found.started_at.isoformat(),
        "finished_at": found.finished_at.isoformat(),
    }

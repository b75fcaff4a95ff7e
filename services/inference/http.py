"""Inference over HTTP: analyses for those who own or read the exam, and the installed models' cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol
from uuid import UUID

from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from pydantic import BaseModel
from sonobridge.directory.v1 import directory_pb2
from sonobridge.inference.v1 import events_pb2 as pb

from services.inference import outcome
from services.inference.model import State
from services.inference.registry import InstalledModel
from services.inference.service import Analyses
from services.inference.store import Outcome
from services.shared.http import role
from services.shared.tenancy import Principal

PREFIX = "/api/inference/v1"
_VIEWER = role("clinic_staff", "expert", "quality_manager", "operator")

_BODIES: dict[State, type[Message]] = {
    State.COMPLETED: pb.AnalysisCompleted,
    State.SKIPPED: pb.AnalysisSkipped,
    State.FAILED: pb.AnalysisFailed,
}


class Directory(Protocol):
    """What the list of models asks of the directory's copy."""

    async def agreements_of(self, requester_id: UUID) -> list[directory_pb2.Agreement]: ...


class PermissionView(BaseModel):
    """How an agreement permits a model."""

    agreement_number: str
    agreement_version: int
    valid_from: str
    valid_until: str
    mode: Literal["approved", "trial", "shadow"]
    certificate: str
    ethics_protocol: str


class ModelView(BaseModel):
    name: str
    version: str
    digest_sha256: str
    card: dict[str, Any]
    permitted: list[PermissionView]


class ModelPage(BaseModel):
    items: list[ModelView]
    next: None = None


def build(app: FastAPI, analyses: Analyses, directory: Directory, models: Mapping[str, InstalledModel]) -> None:
    """Add the routes."""

    @app.get(f"{PREFIX}/analyses")
    async def list_analyses(exam_id: UUID, caller: Principal = _VIEWER) -> dict[str, Any]:
        """The exam's finished analyses, the latest revision first; empty for who neither owns nor reads the exam."""
        found = await analyses.of_exam(caller.organisation_id, exam_id)
        return {"items": [_analysis(one) for one in found], "next": None}

    @app.get(f"{PREFIX}/analyses/{{analysis_id}}")
    async def get_analysis(analysis_id: UUID, caller: Principal = _VIEWER) -> dict[str, Any]:
        """One analysis with its findings, runs and models."""
        return _analysis(await analyses.get(caller.organisation_id, analysis_id))

    @app.get(f"{PREFIX}/models")
    async def list_models(caller: Principal = _VIEWER) -> ModelPage:
        """The installed models' cards, and how the caller's own agreements permit each."""
        agreements = await directory.agreements_of(caller.organisation_id)
        return ModelPage(items=[_model(model, agreements) for model in models.values()])


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


def _model(model: InstalledModel, agreements: list[directory_pb2.Agreement]) -> ModelView:
    return ModelView(
        name=model.card.name,
        version=model.card.version,
        digest_sha256=model.card.digest_sha256,
        card=dict(model.document),
        permitted=[
            PermissionView(
                agreement_number=agreement.number,
                agreement_version=agreement.version,
                valid_from=agreement.valid_from,
                valid_until=agreement.valid_until,
                mode=permission.mode.value,
                certificate=permission.certificate,
                ethics_protocol=permission.ethics_protocol,
            )
            for agreement in agreements
            for permission in outcome.permissions(agreement)
            if permission.model == model.card.name
        ],
    )

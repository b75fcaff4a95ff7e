"""Inference over HTTP: analyses for those who own or read the exam, and the installed models' cards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from fastapi import FastAPI
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from pydantic import BaseModel
from sonobridge.directory.v1 import directory_pb2
from sonobridge.inference.v1 import events_pb2 as pb

from services.inference import outcome
from services.inference.breaker import Breaker, Condition, State
from services.inference.model import State as AnalysisState
from services.inference.pinning import Pinning
from services.inference.registry import InstalledModel
from services.inference.service import Analyses
from services.inference.shelf import Shelf
from services.inference.store import Outcome
from services.inference.versions import Pin
from services.shared.http import role
from services.shared.tenancy import Principal

PREFIX = "/api/inference/v1"
_VIEWER = role("clinic_staff", "expert", "quality_manager", "operator")

_BODIES: dict[AnalysisState, type[Message]] = {
    AnalysisState.COMPLETED: pb.AnalysisCompleted,
    AnalysisState.SKIPPED: pb.AnalysisSkipped,
    AnalysisState.FAILED: pb.AnalysisFailed,
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


class VersionView(BaseModel):
    """One installed version of a model, and how it stands."""

    version: str
    digest_sha256: str
    served_as: str
    state: State
    reason: str
    taken_out_at: datetime | None
    again_at: datetime | None


class ModelView(BaseModel):
    """A model as the caller's hospital is shown it; `installed` is false where the version that it is pinned to was removed."""

    name: str
    version: str
    shadow_version: str
    installed: bool
    digest_sha256: str
    card: dict[str, Any]
    permitted: list[PermissionView]
    versions: list[VersionView]


class ModelPage(BaseModel):
    items: list[ModelView]
    next: None = None


def build(
    app: FastAPI, analyses: Analyses, directory: Directory, shelf: Shelf, pinning: Pinning, breaker: Breaker
) -> None:
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
        """The installed models: the version that the caller's hospital is shown with its card, the versions that there are and
        how they stand, and how the hospital's own agreements permit each."""
        agreements = await directory.agreements_of(caller.organisation_id)
        pins = await pinning.own(caller.organisation_id)
        return ModelPage(
            items=[_model(name, pins[name], shelf.versions(name), breaker, agreements) for name in shelf.names]
        )


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


def _version(model: InstalledModel, condition: Condition) -> VersionView:
    return VersionView(
        version=model.card.version,
        digest_sha256=model.card.digest_sha256,
        served_as=model.card.in_triton,
        state=condition.state,
        reason=condition.reason,
        taken_out_at=condition.taken_out_at,
        again_at=condition.again_at,
    )


def _model(
    name: str,
    pin: Pin,
    versions: Mapping[str, InstalledModel],
    breaker: Breaker,
    agreements: list[directory_pb2.Agreement],
) -> ModelView:
    shown = versions.get(pin.shown)
    return ModelView(
        name=name,
        version=pin.shown,
        shadow_version=pin.shadow,
        installed=shown is not None,
        digest_sha256=shown.card.digest_sha256 if shown else "",
        card=dict(shown.document) if shown else {},
        versions=[_version(one, breaker.condition(one.card.in_triton)) for one in versions.values()],
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
            if permission.model == name
        ],
    )

"""The installed models: cards, versions and how they stand, and how the caller's agreements permit them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sonobridge.directory.v1 import directory_pb2

from services.inference import outcome
from services.inference.breaker import Breaker, Condition, State
from services.inference.http.analyses import PREFIX, Viewer
from services.inference.pinning import Pinning
from services.inference.registry import InstalledModel
from services.inference.shelf import Shelf
from services.inference.versions import Pin


class Directory(Protocol):
    """What the list of models asks of the directory's copy."""

    async def agreements_of(self, requester_id: UUID) -> list[directory_pb2.Agreement]: ...


GateMode = Literal["approved", "trial", "shadow"]


class PermissionView(BaseModel):
    """How an agreement permits a model, and how it runs: in the shadow where its card says so."""

    agreement_number: str
    agreement_version: int
    valid_from: str
    valid_until: str
    mode: GateMode
    runs_as: GateMode
    certificate: str
    ethics_protocol: str


class VersionView(BaseModel):
    """One installed version of a model, and how it stands."""

    version: str
    most: GateMode
    digest_sha256: str
    served_as: str
    loaded: bool  # whether the inference server can be asked for it
    state: State
    reason: str
    taken_out_at: datetime | None
    again_at: datetime | None


class ModelView(BaseModel):
    """A model as the caller's hospital is shown it; `installed` is false where the version that it is pinned to was removed. `most` is
    how far its card lets it go, whatever an agreement says."""

    name: str
    version: str
    shadow_version: str
    installed: bool
    most: GateMode | None  # none where the version is not installed
    digest_sha256: str
    card: dict[str, Any]
    permitted: list[PermissionView]
    versions: list[VersionView]


class ModelPage(BaseModel):
    items: list[ModelView]
    faults: dict[str, str]
    next: None = None


class Server(Protocol):
    """What this asks of the inference server."""

    @property
    def loaded(self) -> frozenset[str]: ...


def router(directory: Directory, shelf: Shelf, pinning: Pinning, breaker: Breaker, server: Server) -> APIRouter:
    """The one route."""
    api = APIRouter(prefix=PREFIX)

    @api.get("/models")
    async def list_models(caller: Viewer) -> ModelPage:
        """The installed models: the version that the caller's hospital is shown with its card, the versions that there are and
        how they stand, how the hospital's own agreements permit each; and folders that are not used as they are, with the fault."""
        agreements = await directory.agreements_of(caller.organisation_id)
        pins = await pinning.own(caller.organisation_id)
        items = []
        for name in shelf.names:
            versions = [
                _version(one, breaker.condition(one.card.in_triton), one.card.in_triton in server.loaded)
                for one in shelf.versions(name).values()
            ]
            items.append(_model(name, pins[name], shelf.versions(name).get(pins[name].shown), versions, agreements))
        return ModelPage(items=items, faults=shelf.faults)

    return api


def _model(
    name: str,
    pin: Pin,
    shown: InstalledModel | None,
    versions: list[VersionView],
    agreements: list[directory_pb2.Agreement],
) -> ModelView:
    return ModelView(
        name=name,
        version=pin.shown,
        shadow_version=pin.shadow,
        installed=shown is not None,
        most=shown.card.most.value if shown else None,
        digest_sha256=shown.card.digest_sha256 if shown else "",
        card=dict(shown.document) if shown else {},
        versions=versions,
        permitted=[
            PermissionView(
                agreement_number=agreement.number,
                agreement_version=agreement.version,
                valid_from=agreement.valid_from,
                valid_until=agreement.valid_until,
                mode=permission.mode.value,
                runs_as=(permission.within(shown.card) if shown else permission).mode.value,
                certificate=permission.certificate,
                ethics_protocol=permission.ethics_protocol,
            )
            for agreement in agreements
            for permission in outcome.permissions(agreement)
            if permission.model == name
        ],
    )


def _version(model: InstalledModel, condition: Condition, loaded: bool) -> VersionView:
    return VersionView(
        version=model.card.version,
        most=model.card.most.value,
        digest_sha256=model.card.digest_sha256,
        served_as=model.card.in_triton,
        loaded=loaded,
        state=condition.state,
        reason=condition.reason,
        taken_out_at=condition.taken_out_at,
        again_at=condition.again_at,
    )

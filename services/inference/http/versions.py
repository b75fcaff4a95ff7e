"""The operator's decisions: which version of a model each hospital is shown, and which runs in the shadow beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sonobridge.directory.v1 import directory_pb2

from services.inference.http.analyses import PREFIX
from services.inference.model import ModelCard
from services.inference.pinning import Answers, Comparison, Pinning, Standing
from services.inference.versions import Act
from services.shared.http import role
from services.shared.tenancy import PLATFORM_ORGANISATION, Principal

Operator = Annotated[Principal, role("operator")]


class Directory(Protocol):
    """What this asks of the directory's copy."""

    async def organisations(self) -> list[directory_pb2.Organisation]: ...


class ComparisonView(BaseModel):
    """How often a version that is or was in the shadow said something else than the shown one of that time, of one code. `against` is
    empty in counts from before it was noted."""

    version: str
    against: str
    code: str
    meaning: str
    exams: int
    compared: int
    disagreed: int


class AnswersView(BaseModel):
    """Of how many images a version said something or nothing, shown or in the shadow, and on how many it failed: an exam's run fails
    on all of its images."""

    version: str
    shown: bool
    answered: int
    failed: int


class StandingView(BaseModel):
    """A hospital's versions of a model. The platform's own row is what a hospital begins with."""

    organisation: str
    name_zh: str
    name_en: str
    platform: bool
    model: str
    shown_version: str
    shadow_version: str
    previous_version: str
    shown_installed: bool
    shadow_installed: bool
    comparisons: list[ComparisonView] = Field(description="what disagrees most first")
    answers: list[AnswersView] = Field(description="what fails most first; in the platform's own row of all hospitals")
    changed: bool


class StandingPage(BaseModel):
    items: list[StandingView]
    next: None = None


class ChangeView(BaseModel):
    """A decision: what, by whom, why, and what held from then on."""

    organisation: str
    act: Act
    shown_version: str
    shadow_version: str
    changed_at: datetime
    changed_by: str
    reason: str


class ChangePage(BaseModel):
    items: list[ChangeView]
    next: None = None


class Decision(BaseModel):
    """About one hospital, or without one about all of them and what new ones begin with."""

    version: str = Field("", max_length=64)
    organisation: str | None = None
    reason: str = Field("", max_length=500)
    shown: str = Field("", max_length=64, description="refused where the hospital is shown another version than this")


def router(directory: Directory, pinning: Pinning) -> APIRouter:
    """The routes, for operators alone."""
    api = APIRouter(prefix=PREFIX)

    @api.get("/model-versions")
    async def list_versions(caller: Operator) -> StandingPage:
        """Every hospital's versions, and what was counted of those that are or were in the shadow."""
        return await views(await pinning.all())

    @api.get("/models/{model}/changes")
    async def list_changes(model: str, caller: Operator) -> ChangePage:
        """The decisions about a model's versions, the latest first."""
        aliases = {UUID(one.id): one.alias for one in await directory.organisations()}
        changes = await pinning.changes(model)
        return ChangePage(
            items=[
                ChangeView(
                    organisation=aliases.get(one.organisation_id, str(one.organisation_id)),
                    act=one.act,
                    shown_version=one.shown_version,
                    shadow_version=one.shadow_version,
                    changed_at=one.changed_at,
                    changed_by=one.changed_by_name,
                    reason=one.reason,
                )
                for one in changes
            ]
        )

    @api.post("/models/{model}/shadow")
    async def shadow(model: str, given: Decision, caller: Operator) -> StandingPage:
        """Let a version run in the shadow beside the shown one; without a version, end the shadow."""
        return await decide(caller, model, Act.SHADOW, given)

    @api.post("/models/{model}/promote")
    async def promote(model: str, given: Decision, caller: Operator) -> StandingPage:
        """Show a version from now on; without one, that in the shadow. Exams under way keep theirs."""
        return await decide(caller, model, Act.PROMOTE, given)

    @api.post("/models/{model}/rollback")
    async def rollback(model: str, given: Decision, caller: Operator) -> StandingPage:
        """Show again what was shown before the last promotion."""
        return await decide(caller, model, Act.ROLLBACK, given)

    async def decide(caller: Principal, model: str, act: Act, given: Decision) -> StandingPage:
        return await views(
            await pinning.decide(caller, model, act, given.version, given.organisation, given.reason, given.shown)
        )

    async def views(standing: Iterable[Standing]) -> StandingPage:
        named = {UUID(one.id): one for one in await directory.organisations()}
        counted, answered = await pinning.comparisons(), await pinning.answers()
        cards = pinning.cards
        return StandingPage(
            items=[_view(one, named.get(one.organisation_id), counted, answered, cards) for one in standing]
        )

    return api


def _view(
    one: Standing,
    organisation: directory_pb2.Organisation | None,
    counted: Iterable[Comparison],
    answered: Iterable[Answers],
    cards: dict[tuple[str, str], ModelCard],
) -> StandingView:
    pin = one.pin
    return StandingView(
        organisation=organisation.alias if organisation else str(one.organisation_id),
        name_zh=organisation.name_zh if organisation else "",
        name_en=organisation.name_en if organisation else "",
        platform=one.organisation_id == PLATFORM_ORGANISATION,
        model=one.model,
        shown_version=pin.shown,
        shadow_version=pin.shadow,
        previous_version=pin.previous,
        shown_installed=(one.model, pin.shown) in cards,
        shadow_installed=not pin.shadow or (one.model, pin.shadow) in cards,
        comparisons=[
            ComparisonView(
                version=each.version,
                against=each.against,
                code=each.code,
                meaning=each.meaning,
                exams=each.exams,
                compared=each.compared,
                disagreed=each.disagreed,
            )
            for each in counted
            if (each.organisation_id, each.model) == (one.organisation_id, one.model)
        ],
        answers=[
            AnswersView(version=each.version, shown=each.shown, answered=each.answered, failed=each.failed)
            for each in answered
            if (each.organisation_id, each.model) == (one.organisation_id, one.model)
        ],
        changed=one.changed,
    )

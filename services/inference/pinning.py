"""Which version of a model is whose: pins at a hospital's first exam, and what operators decide about them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sonobridge.directory.v1 import directory_pb2

from services.inference.model import ModelCard
from services.inference.shelf import Shelf
from services.inference.versions import Act, NothingToDecide, Pin, VersionChanged, decide
from services.shared.clock import Clock
from services.shared.db import Database, Transaction
from services.shared.errors import NotFound
from services.shared.tenancy import PLATFORM_ORGANISATION, Principal

_log = logging.getLogger(__name__)


class Directory(Protocol):
    """What this asks of the directory's copy."""

    async def organisations(self) -> list[directory_pb2.Organisation]: ...
    async def organisation_by_alias(self, alias: str) -> directory_pb2.Organisation | None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """One hospital's pin of one model; the platform's own is what a hospital begins with."""

    organisation_id: UUID
    model: str
    pin: Pin
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """How often a version in the shadow said something else than the shown one, of one code; counts stay when it leaves the shadow."""

    organisation_id: UUID
    model: str
    version: str
    against: str  # the version that was shown; empty where that was not noted yet
    code: str
    meaning: str
    exams: int
    compared: int
    disagreed: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Of how many images a version said something or nothing, and on how many it failed: an exam's run fails on all of its images."""

    organisation_id: UUID
    model: str
    version: str
    shown: bool
    answered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Change:
    """A decision about a pin."""

    organisation_id: UUID
    revision: int
    act: Act
    shown_version: str
    shadow_version: str
    changed_at: datetime
    changed_by_name: str
    reason: str


class Pinning:
    """Pins of all hospitals: consumers read their own exam's, operators (work role `operator`) decide about all."""

    def __init__(self, db: Database, directory: Directory, shelf: Shelf, clock: Clock) -> None:
        self._db, self._directory, self._shelf, self._clock = db, directory, shelf, clock

    async def of_exam(
        self, organisation_id: UUID, exam_id: UUID, revision: int, models: Sequence[str]
    ) -> dict[str, Pin]:
        """The versions for an exam: those that its analysis began with, else the hospital's pins; what has none yet is pinned
        to what the platform begins with. A model that is not installed and was never pinned is not among them."""
        async with self._db.work("consumer", organisation_id) as tx:
            began = await tx.one(
                "select_versions_under_way", organisation_id=organisation_id, exam_id=exam_id, exam_revision=revision
            )
            if began:
                return {model: Pin(shown, shadow) for model, (shown, shadow) in began["versions"].items()}
            return await self._pins(tx, organisation_id, models)

    async def _pins(self, tx: Transaction, organisation_id: UUID, models: Sequence[str]) -> dict[str, Pin]:
        rows = await tx.all("select_model_versions", models=list(models))
        own = {row["model"]: _pin(row) for row in rows if row["organisation_id"] == organisation_id}
        platforms = {row["model"]: _pin(row) for row in rows if row["organisation_id"] == PLATFORM_ORGANISATION}
        for model in models:
            if model in own:
                continue
            begin = platforms.get(model, Pin(self._shelf.first_version(model)))
            if begin.shown:
                own[model] = Pin(begin.shown, begin.shadow, revision=1)
                if await tx.run("insert_model_version", **_row(organisation_id, model, own[model])):
                    await self._note(tx, organisation_id, model, own[model], Act.FIRST_USE, None, "")
        return own

    async def own(self, organisation_id: UUID) -> dict[str, Pin]:
        """The hospital's versions of every installed model, as its next exam would have them."""
        async with self._db.tenant(organisation_id) as tx:
            rows = await tx.all("select_model_versions", models=self._shelf.names)
        own = {row["model"]: _pin(row) for row in rows if row["organisation_id"] == organisation_id}
        platforms = {row["model"]: _pin(row) for row in rows if row["organisation_id"] == PLATFORM_ORGANISATION}
        first = {name: Pin(self._shelf.first_version(name)) for name in self._shelf.names}
        return first | platforms | own

    @property
    def cards(self) -> dict[tuple[str, str], ModelCard]:
        """Every installed version."""
        return self._shelf.cards

    async def all(self) -> list[Standing]:
        """Every hospital's pins, for operators."""
        async with self._db.work("operator") as tx:
            rows = await tx.all("list_all_model_versions")
        return [Standing(row["organisation_id"], row["model"], _pin(row)) for row in rows]

    async def comparisons(self) -> list[Comparison]:
        """What was counted of versions that are or were in the shadow, for operators; what disagrees most first."""
        async with self._db.work("operator") as tx:
            rows = await tx.all("count_shadow_differences")
        found = [Comparison(**row) for row in rows]
        return sorted(found, key=lambda one: (-one.disagreed / one.compared, -one.compared, one.code))

    async def answers(self) -> list[Answers]:
        """How often each version answered and failed, for operators, what fails most first; the platform's are those of all hospitals."""
        async with self._db.work("operator") as tx:
            rows = await tx.all("count_answers")
        found = [Answers(**row) for row in rows]
        return sorted(
            [*found, *_of_all(found)], key=lambda one: (-one.failed / (one.answered + one.failed), one.version)
        )

    async def changes(self, model: str) -> list[Change]:
        """The decisions about a model's versions, the latest first, for operators. Raises NotFound."""
        self._require_known(model)
        async with self._db.work("operator") as tx:
            rows = await tx.all("list_model_version_changes", model=model)
        return [Change(**(row | {"act": Act(row["act"])})) for row in rows]

    async def decide(
        self, operator: Principal, model: str, act: Act, version: str, alias: str | None, reason: str, shown: str = ""
    ) -> list[Standing]:
        """Decide about one hospital's versions, or about all hospitals' (no alias) with what new ones begin with.

        Exams under way keep the versions that they began with. For all, a hospital for which the act means nothing stays as
        it is. Raises NotFound, VersionNotInstalled, NothingToDecide, and VersionChanged where another version than `shown`,
        which the operator saw, is shown by now.
        """
        self._require_known(model)
        installed = self._shelf.versions(model).keys()
        only = None if alias is None else await self._organisation(alias)
        async with self._db.work("operator") as tx:
            begin = await self._begin(tx, model)
            await tx.run("insert_model_version", **_row(only or PLATFORM_ORGANISATION, model, begin))
            standing = []
            reasons = []
            for row in await tx.all("list_model_versions", model=model):
                if only not in (None, row["organisation_id"]):
                    continue
                before = _pin(row)
                if shown and before.shown != shown:
                    raise VersionChanged(f"the version {before.shown} is shown by now, not {shown}: look again")
                try:
                    after = decide(before, act, version, installed)
                except NothingToDecide as nothing:
                    reasons.append(nothing)
                    after = before
                if after != before:
                    await tx.run("update_model_version", **_row(row["organisation_id"], model, after))
                    await self._note(tx, row["organisation_id"], model, after, act, operator, reason)
                standing.append(Standing(row["organisation_id"], model, after, after != before))
            if len(reasons) == len(standing):
                raise reasons[0]
        for one in standing:
            if one.changed:
                _log.info(
                    "%s: %s of %s: shown %s, shadow %s", act, model, one.organisation_id, one.pin.shown, one.pin.shadow
                )
        return standing

    async def _begin(self, tx: Transaction, model: str) -> Pin:
        """What a hospital without a pin begins with."""
        rows = await tx.all("select_model_versions", models=[model])
        platforms = [_pin(row) for row in rows if row["organisation_id"] == PLATFORM_ORGANISATION]
        return replace(platforms[0], previous="", revision=0) if platforms else Pin(self._shelf.first_version(model))

    async def _organisation(self, alias: str) -> UUID:
        found = await self._directory.organisation_by_alias(alias)
        if found is None:
            raise NotFound(f"there is no organisation {alias}")
        return UUID(found.id)

    def _require_known(self, model: str) -> None:
        if model not in self._shelf.names:
            raise NotFound(f"the model {model} is not installed; installed: {', '.join(self._shelf.names)}")

    async def _note(
        self, tx: Transaction, organisation_id: UUID, model: str, pin: Pin, act: Act, by: Principal | None, reason: str
    ) -> None:
        await tx.run(
            "insert_model_version_change",
            organisation_id=organisation_id,
            model=model,
            revision=pin.revision,
            act=act.value,
            shown_version=pin.shown,
            shadow_version=pin.shadow,
            changed_at=self._clock.now(),
            changed_by=by.subject if by else "",
            changed_by_name=(by.display_name or by.username) if by else "",
            reason=reason,
        )


def _of_all(found: Iterable[Answers]) -> list[Answers]:
    """Those of all hospitals together, as the platform's."""
    answered, failed = Counter[tuple[str, str, bool]](), Counter[tuple[str, str, bool]]()
    for one in found:
        answered[one.model, one.version, one.shown] += one.answered
        failed[one.model, one.version, one.shown] += one.failed
    return [Answers(PLATFORM_ORGANISATION, *which, answered[which], failed[which]) for which in answered]


def _pin(row: dict[str, Any]) -> Pin:
    return Pin(row["shown_version"], row["shadow_version"], row["previous_version"], row["revision"])


def _row(organisation_id: UUID, model: str, pin: Pin) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "model": model,
        "shown_version": pin.shown,
        "shadow_version": pin.shadow,
        "previous_version": pin.previous,
        "revision": pin.revision,
    }

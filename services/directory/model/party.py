"""Organisations, their devices and their members. Each is valid once constructed; constructors raise Invalid."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from services.directory.model import codes
from services.shared.errors import Invalid

_LONGEST_QUIET_PERIOD = timedelta(hours=24)


class Role(StrEnum):
    """What a member may do in one organisation."""

    CLINIC_STAFF = "clinic_staff"
    EXPERT = "expert"
    QUALITY_MANAGER = "quality_manager"
    BILLING_ADMIN = "billing_admin"
    OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """A hospital, or the platform itself."""

    id: UUID
    alias: str
    name_zh: str
    name_en: str
    time_zone: str
    unified_social_credit_code: str | None
    platform: bool
    quiet_period: timedelta
    active: bool = True
    revision: int = 1

    def __post_init__(self) -> None:
        codes.alias(self.alias)
        codes.time_zone(self.time_zone)
        _named(self.name_zh, "name_zh")
        _named(self.name_en, "name_en")
        if self.unified_social_credit_code is not None:
            codes.social_credit_code(self.unified_social_credit_code)
        elif not self.platform:
            raise Invalid(f"{self.alias}: a hospital has a unified social credit code (GB 32100-2015)")
        if not timedelta() < self.quiet_period <= _LONGEST_QUIET_PERIOD:
            raise Invalid(f"{self.alias}: quiet_period lies above zero and within {_LONGEST_QUIET_PERIOD}")


@dataclass(frozen=True, kw_only=True)
class Device:
    """A DICOM node that may call; the calling AE title decides whose exam it sends."""

    id: UUID
    organisation_id: UUID
    ae_title: str
    host: str | None = None
    port: int | None = None
    description: str = ""
    active: bool = True
    revision: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "ae_title", codes.ae_title(self.ae_title))
        if self.host is not None:
            codes.host(self.host)
        if self.port is not None and not 1 <= self.port <= 65535:
            raise Invalid(f"{self.ae_title}: a port lies between 1 and 65535, {self.port} does not")


@dataclass(frozen=True, kw_only=True)
class Membership:
    """A person or machine in one organisation. `subject` is the token's `sub`; a machine's `username` is its client id."""

    id: UUID
    organisation_id: UUID
    subject: str
    username: str
    display_name: str
    roles: frozenset[Role]
    machine: bool = False
    active: bool = True
    revision: int = 1

    def __post_init__(self) -> None:
        codes.username(self.username)
        _named(self.display_name, "display_name")
        if not self.roles:
            raise Invalid(f"{self.username} needs a role: {', '.join(Role)}")


def check_roles(organisation: Organisation, roles: frozenset[Role]) -> None:
    """Raises Invalid where a role does not fit the organisation: operators run the platform, so they belong to it."""
    if Role.OPERATOR in roles and not organisation.platform:
        raise Invalid(f"operators belong to the platform's own organisation, not to {organisation.alias}")
    if organisation.platform and (clinical := roles & {Role.CLINIC_STAFF, Role.EXPERT, Role.QUALITY_MANAGER}):
        raise Invalid(
            f"the platform's own organisation scans and reads nothing: {', '.join(sorted(clinical))} do not fit it"
        )


def _named(text: str, field: str) -> None:
    if not text.strip() or text != text.strip() or len(text) > 200:
        raise Invalid(f"{field} is a text of 1 to 200 characters without spaces around it, {text!r} is not")


class Outcome(StrEnum):
    """What putting something did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


Entity = TypeVar("Entity", Organisation, Device, Membership)


def settle(existing: Entity | None, proposed: Entity) -> tuple[Outcome, Entity]:
    """What becomes of an entity when `proposed` is put: its identity stays, its revision grows with every change."""
    if existing is None:
        return Outcome.CREATED, replace(proposed, revision=1)
    if replace(proposed, id=existing.id, revision=existing.revision) == existing:
        return Outcome.UNCHANGED, existing
    return Outcome.CHANGED, replace(proposed, id=existing.id, revision=existing.revision + 1)

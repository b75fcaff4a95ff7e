"""What goes over HTTP: organisations are named by alias, durations are ISO 8601 (`PT24H`), days ISO 8601 dates."""

from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.directory.model import Agreement, Change, Device, Done, Membership, Organisation, Outcome, Role, Terms

_UNSET = UUID(int=0)  # the service gives identities


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OrganisationBody(_Body):
    name_zh: str
    name_en: str
    time_zone: str = "Asia/Shanghai"
    unified_social_credit_code: str | None = None
    platform: bool = False
    quiet_period: timedelta = Field(
        timedelta(minutes=2), description="An exam is complete after so long without a new instance"
    )
    active: bool = True

    def organisation(self, alias: str) -> Organisation:
        return Organisation(id=_UNSET, alias=alias, **self.model_dump())


class DeviceBody(_Body):
    organisation: str | None = Field(None, description="Alias; one's own organisation when left out")
    host: str | None = None
    port: int | None = None
    description: str = ""
    active: bool = True

    def device(self, ae_title: str) -> Device:
        content = self.model_dump(exclude={"organisation"})
        return Device(id=_UNSET, organisation_id=_UNSET, ae_title=ae_title, **content)


class MemberBody(_Body):
    organisation: str | None = Field(None, description="Alias; one's own organisation when left out")
    display_name: str
    roles: list[Role]
    active: bool = True

    def membership(self, username: str, machine: bool) -> Membership:
        return Membership(
            id=_UNSET,
            organisation_id=_UNSET,
            subject="",
            username=username,
            display_name=self.display_name,
            roles=frozenset(self.roles),
            machine=machine,
            active=self.active,
        )


@dataclass(frozen=True, kw_only=True)
class AgreementBody(Terms):
    """The parties and all terms of a version."""

    requester: Annotated[str, Field(description="Alias of the hospital that asks for reads")]
    reader: Annotated[str, Field(description="Alias of the hospital that reads")]

    def terms(self) -> Terms:
        return Terms(**{field.name: getattr(self, field.name) for field in fields(Terms)})


class OrganisationView(BaseModel):
    id: UUID
    alias: str
    name_zh: str
    name_en: str
    time_zone: str
    unified_social_credit_code: str | None
    platform: bool
    quiet_period: timedelta
    active: bool
    revision: int

    @classmethod
    def of(cls, one: Organisation) -> "OrganisationView":
        return cls(**asdict(one))


class DeviceView(BaseModel):
    id: UUID
    organisation_id: UUID
    organisation: str
    ae_title: str
    host: str | None
    port: int | None
    description: str
    active: bool
    revision: int

    @classmethod
    def of(cls, one: Device, owner: Organisation) -> "DeviceView":
        return cls(**asdict(one), organisation=owner.alias)


class MembershipView(BaseModel):
    id: UUID
    organisation_id: UUID
    organisation: str
    subject: str
    username: str
    display_name: str
    roles: list[Role]
    machine: bool
    active: bool
    revision: int

    @classmethod
    def of(cls, one: Membership, owner: Organisation) -> "MembershipView":
        return cls(**asdict(one) | {"roles": sorted(one.roles)}, organisation=owner.alias)


@dataclass(frozen=True, kw_only=True)
class AgreementView(Terms):
    """One version, with the names of its parties."""

    id: UUID
    number: str
    version: int
    requester: str
    requester_id: UUID
    requester_name_zh: str
    requester_name_en: str
    reader: str
    reader_id: UUID
    reader_name_zh: str
    reader_name_en: str

    @classmethod
    def of(cls, one: Agreement, requester: Organisation, reader: Organisation) -> "AgreementView":
        return cls(**_view(one, requester, reader))


@dataclass(frozen=True)
class VersionView:
    version: int
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class AgreementHistory(AgreementView):
    """One version, and which others there are."""

    versions: tuple[VersionView, ...]

    @classmethod
    def with_versions(
        cls, one: Agreement, requester: Organisation, reader: Organisation, versions: list[Agreement]
    ) -> "AgreementHistory":
        views = (VersionView(each.version, each.terms.valid_from, each.terms.valid_until) for each in versions)
        return cls(**_view(one, requester, reader), versions=tuple(views))


def _view(one: Agreement, requester: Organisation, reader: Organisation) -> dict[str, Any]:
    terms = {field.name: getattr(one.terms, field.name) for field in fields(Terms)}
    return terms | {
        "id": one.id,
        "number": one.number,
        "version": one.version,
        "requester": requester.alias,
        "requester_id": requester.id,
        "requester_name_zh": requester.name_zh,
        "requester_name_en": requester.name_en,
        "reader": reader.alias,
        "reader_id": reader.id,
        "reader_name_zh": reader.name_zh,
        "reader_name_en": reader.name_en,
    }


class OrganisationPut(BaseModel):
    outcome: Outcome
    organisation: OrganisationView


class DevicePut(BaseModel):
    outcome: Outcome
    device: DeviceView


class MembershipPut(BaseModel):
    outcome: Outcome
    membership: MembershipView
    password: str | None = Field(None, description="Drawn for an account that had none; it is told this once")


class MachinePut(BaseModel):
    outcome: Outcome
    membership: MembershipView
    client_secret: str | None = Field(None, description="Of a machine that is new; it is told this once")


class AgreementPut(BaseModel):
    outcome: Outcome
    agreement: AgreementView


class Password(BaseModel):
    password: str


class ClientSecret(BaseModel):
    client_secret: str


class Page(BaseModel):
    next: str | None = Field(None, description="Give it as `cursor` to go on; null at the end")


class OrganisationPage(Page):
    items: list[OrganisationView]


class DevicePage(Page):
    items: list[DeviceView]


class MembershipPage(Page):
    items: list[MembershipView]


class AgreementPage(Page):
    items: list[AgreementView]


class ChangeView(BaseModel):
    id: UUID
    at: datetime
    subject: str = Field(description="Of the token by which it was done")
    username: str
    organisation_id: UUID
    organisation: str = Field(description="Alias of whose entity it is; an agreement's requester")
    kind: str = Field(description="organisation, device, membership or agreement")
    name: str = Field(description="Alias, AE title, user name or client id, number")
    outcome: Done
    content: dict[str, Any] = Field(description="The entity as it then was")

    @classmethod
    def of(cls, one: Change, owner: Organisation) -> "ChangeView":
        return cls(**asdict(one), organisation=owner.alias)


class ChangePage(Page):
    items: list[ChangeView]


class OwnOrganisation(BaseModel):
    id: UUID
    alias: str
    name_zh: str
    name_en: str
    time_zone: str
    platform: bool


class Me(BaseModel):
    subject: str
    username: str
    display_name: str
    organisation: OwnOrganisation
    roles: list[Role]


class Republished(BaseModel):
    organisation: int
    device: int
    membership: int
    agreement: int

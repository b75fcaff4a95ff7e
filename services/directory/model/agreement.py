"""What a requester and a reader agreed on. Each piece is valid once constructed; constructors raise Invalid."""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from services.directory.model import codes
from services.shared.errors import Invalid

ANY_BODY_PART = "*"

# Unknown fields are refused where these are read from JSON.
_CLOSED = {"extra": "forbid"}


class Party(StrEnum):
    REQUESTER = "requester"
    READER = "reader"
    PLATFORM = "platform"


class BillableEvent(StrEnum):
    """What has to happen before a price item is charged."""

    REPORT_SIGNED = "report_signed"
    ANALYSIS_COMPLETED = "analysis_completed"


class GateMode(StrEnum):
    """How a model may be used: under a certificate, in a trial, or unseen beside the read."""

    APPROVED = "approved"
    TRIAL = "trial"
    SHADOW = "shadow"


class Reading(StrEnum):
    SINGLE = "single"
    DOUBLE = "double"


class Priority(StrEnum):
    """PS3.3, C.4.11: Requested Procedure Priority, those that the platform knows."""

    ROUTINE = "ROUTINE"
    URGENT = "URGENT"
    STAT = "STAT"


@dataclass(frozen=True)
class Service:
    """What may be read: a DICOM Modality, and a Body Part Examined or "*" for any."""

    modality: str
    body_part: str = ANY_BODY_PART

    __pydantic_config__ = _CLOSED

    def __post_init__(self) -> None:
        codes.code_string(self.modality, "a modality")
        if self.body_part != ANY_BODY_PART:
            codes.code_string(self.body_part, "a body part")

    def overlaps(self, other: "Service") -> bool:
        """Whether some exam falls under both."""
        any_part = ANY_BODY_PART in (self.body_part, other.body_part)
        return self.modality == other.modality and (any_part or self.body_part == other.body_part)

    def covers(self, modality: str, body_part: str) -> bool:
        return self.modality == modality and self.body_part in (ANY_BODY_PART, body_part)

    def __str__(self) -> str:
        return f"{self.modality}/{self.body_part}"


@dataclass(frozen=True)
class Turnaround:
    """How long after completion the report is due."""

    priority: Priority
    duration: timedelta

    __pydantic_config__ = _CLOSED

    def __post_init__(self) -> None:
        if self.duration <= timedelta():
            raise Invalid(f"the turnaround for {self.priority} is longer than nothing")


@dataclass(frozen=True)
class Tier:
    """The units of the period up to the ordinal `up_to` (None: without end) cost `unit_amount_minor` each."""

    unit_amount_minor: int
    up_to: int | None = None

    __pydantic_config__ = _CLOSED

    def __post_init__(self) -> None:
        if self.unit_amount_minor < 0:
            raise Invalid("a price is zero or more; who is paid is said by payer and payee")
        if self.up_to is not None and self.up_to < 1:
            raise Invalid("a tier goes up to the first unit at least")


@dataclass(frozen=True)
class PriceItem:
    """What one party owes another for an event. Tiers are graduated: each unit costs what the tier of its own ordinal says."""

    code: str
    description_zh: str
    description_en: str
    billable_event: BillableEvent
    payer: Party
    payee: Party
    tiers: tuple[Tier, ...]
    model: str | None = None

    __pydantic_config__ = _CLOSED

    def __post_init__(self) -> None:
        if not self.code or not self.description_zh or not self.description_en:
            raise Invalid("a price item has a code and a description in both languages")
        if self.payer == self.payee:
            raise Invalid(f"price item {self.code}: {self.payer} cannot pay itself")
        if self.model is not None and self.billable_event != BillableEvent.ANALYSIS_COMPLETED:
            raise Invalid(f"price item {self.code}: only {BillableEvent.ANALYSIS_COMPLETED} speaks of a model")
        if not self.tiers or self.tiers[-1].up_to is not None:
            raise Invalid(f"price item {self.code}: the last tier has no end (leave up_to out)")
        ends = [tier.up_to for tier in self.tiers[:-1]]
        bounds = [end for end in ends if end is not None]
        if len(bounds) != len(ends) or any(a >= b for a, b in itertools.pairwise(bounds)):
            raise Invalid(f"price item {self.code}: the tiers' up_to rise, and only the last has none")


@dataclass(frozen=True)
class ModelPermission:
    """That a model may run on the requester's exams, and on what ground."""

    model: str
    mode: GateMode
    certificate: str | None = None
    ethics_protocol: str | None = None

    __pydantic_config__ = _CLOSED

    def __post_init__(self) -> None:
        if not self.model:
            raise Invalid("a model's permission names the model")
        if (self.mode == GateMode.APPROVED) != bool(self.certificate):
            raise Invalid(f"model {self.model}: {GateMode.APPROVED} names its certificate, and no other mode has one")
        if (self.mode == GateMode.TRIAL) != bool(self.ethics_protocol):
            raise Invalid(f"model {self.model}: {GateMode.TRIAL} names its ethics protocol, and no other mode has one")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What one version of an agreement says, from its first day (the requester's local date) until the day it is no longer in force."""

    valid_from: date
    valid_until: date | None = None
    services: tuple[Service, ...]
    turnarounds: tuple[Turnaround, ...]
    price_items: tuple[PriceItem, ...]
    models: tuple[ModelPermission, ...] = ()
    reading: Reading = Reading.SINGLE
    consent_attested: bool = False
    trial_consent_attested: bool = False
    currency: str = "CNY"

    __pydantic_config__ = _CLOSED

    def __post_init__(self) -> None:
        codes.currency(self.currency)
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise Invalid(f"valid_until ({self.valid_until}) comes after valid_from ({self.valid_from})")
        if not self.services:
            raise Invalid("an agreement covers a service at least")
        for place, service in enumerate(self.services):
            if other := next((one for one in self.services[:place] if one.overlaps(service)), None):
                raise Invalid(f"the agreement names a service twice: {service} overlaps {other}")
        if {one.priority for one in self.turnarounds} != set(Priority) or len(self.turnarounds) != len(Priority):
            raise Invalid(f"an agreement gives one turnaround for each of {', '.join(Priority)}")
        _unique((item.code for item in self.price_items), "price item")
        _unique((one.model for one in self.models), "model")
        permitted = {one.model for one in self.models if one.mode != GateMode.SHADOW}
        for item in self.price_items:
            if item.model is not None and item.model not in permitted:
                raise Invalid(
                    f"price item {item.code} charges for {item.model}, which the agreement does not let anybody see"
                )


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """One version of an agreement. It is never changed: a later version replaces it from its own first day on."""

    id: UUID
    number: str
    version: int
    requester_id: UUID
    reader_id: UUID
    terms: Terms
    revision: int = 1

    def __post_init__(self) -> None:
        codes.agreement_number(self.number)
        if self.requester_id == self.reader_id:
            raise Invalid(f"agreement {self.number}: a hospital needs no agreement to read for itself")


def _unique(names: Iterable[str], what: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Invalid(f"the agreement has the {what} {twice[0]} more than once")

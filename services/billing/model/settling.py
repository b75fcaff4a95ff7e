"""What a close works with."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.billing.model.usage import RatedUsage
from services.billing.rating import Tier


@dataclass(frozen=True, slots=True)
class Unit:
    """An open record with its price and place; for a reversal no ordinal, but what the line it reverses took."""

    organisation_id: UUID
    usage_id: UUID
    agreement_id: UUID
    agreement_version: int
    item_code: str
    payer_id: UUID
    payee_id: UUID
    currency: str
    tier_period: date
    service_date: date
    quantity: int
    ordinal: int | None
    tiers: tuple[Tier, ...]
    reverses_minor: int | None
    trace_id: str


@dataclass(frozen=True, slots=True)
class Line:
    """One settled record on its invoice."""

    id: UUID
    invoice_id: UUID
    unit: Unit
    rated: RatedUsage


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice that has its lines but no number yet."""

    id: UUID
    payer_id: UUID
    payee_id: UUID
    currency: str


@dataclass(frozen=True, slots=True)
class SettlementSums:
    """What an organisation owes and earns in a period, minor units."""

    organisation_id: UUID
    currency: str
    owes_minor: int
    earns_minor: int

"""Usage records and what they are charged."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.billing.model.agreement import PricedItem
from services.billing.model.identifiers import reversal_id, usage_id
from services.billing.rating import Tier, price_model


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """That an exam used a service item once (quantity 1), or that this is taken back (quantity -1). Never changed."""

    organisation_id: UUID
    id: UUID
    exam_id: UUID
    agreement_id: UUID
    agreement_version: int
    item_code: str
    payer_id: UUID
    payee_id: UUID
    currency: str
    service_date: date
    quantity: int
    corrects_usage_id: UUID | None
    reason: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class RatedUsage:
    """A record with its amount in minor units; `ordinal` is its place in the tier period, None for a reversal."""

    usage_id: UUID
    ordinal: int | None
    unit_amount_minor: int
    amount_minor: int


def record(item: PricedItem, exam_id: UUID, service_date: date, trace_id: str) -> UsageRecord:
    """The one record of an exam and a service item."""
    return UsageRecord(
        organisation_id=item.organisation_id,
        id=usage_id(item.organisation_id, exam_id, item.item_code),
        exam_id=exam_id,
        agreement_id=item.agreement_id,
        agreement_version=item.agreement_version,
        item_code=item.item_code,
        payer_id=item.payer_id,
        payee_id=item.payee_id,
        currency=item.currency,
        service_date=service_date,
        quantity=1,
        corrects_usage_id=None,
        reason="",
        trace_id=trace_id,
    )


def reversal(original: UsageRecord, reason: str) -> UsageRecord:
    """The record that takes `original` back, on the same service date."""
    return UsageRecord(
        organisation_id=original.organisation_id,
        id=reversal_id(original.id),
        exam_id=original.exam_id,
        agreement_id=original.agreement_id,
        agreement_version=original.agreement_version,
        item_code=original.item_code,
        payer_id=original.payer_id,
        payee_id=original.payee_id,
        currency=original.currency,
        service_date=original.service_date,
        quantity=-original.quantity,
        corrects_usage_id=original.id,
        reason=reason,
        trace_id=original.trace_id,
    )


def rate(usage: UUID, ordinal: int | None, tiers: tuple[Tier, ...], reverses_minor: int | None) -> RatedUsage:
    """What a record is charged: the price of its ordinal; a reversal gives back exactly what the line it reverses took."""
    if ordinal is None:
        if reverses_minor is None:
            raise ValueError(f"the reversal {usage} has no line that it reverses")
        return RatedUsage(usage, None, reverses_minor, -reverses_minor)
    unit = price_model(tiers).unit_amount(ordinal)
    return RatedUsage(usage, ordinal, unit, unit)

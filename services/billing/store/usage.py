"""Exams, what was said of them, and their usage records."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.billing.model.agreement import PricedItem
from services.billing.model.fact import Fact
from services.billing.model.period import tier_period
from services.billing.model.usage import UsageRecord
from services.billing.rating import Tier
from services.shared.db import Transaction


def tiers_from_json(steps: list[list[int | None]]) -> tuple[Tier, ...]:
    """Tiers as `priced_items` keeps them."""
    return tuple(Tier(up_to, amount or 0) for up_to, amount in steps)


async def keep_exam(tx: Transaction, fact: Fact) -> None:
    """Note the exam, and lock it, so that its events come out in order."""
    await tx.run(
        "keep_exam",
        organisation_id=fact.organisation_id,
        exam_id=fact.exam_id,
        study_instance_uid=fact.study_instance_uid,
        service_date=fact.service_date,
        trace_id=fact.trace_id,
    )


async def keep_event(tx: Transaction, fact: Fact) -> None:
    """Note which event said what."""
    await tx.run(
        "keep_exam_event",
        organisation_id=fact.organisation_id,
        event_id=fact.event_id,
        exam_id=fact.exam_id,
        type=fact.type,
        occurred_at=fact.occurred_at,
        trace_id=fact.trace_id,
        detail=Jsonb(fact.detail),
    )


async def record_usage(tx: Transaction, item: PricedItem, usage: UsageRecord, now: datetime) -> bool:
    """Pin the price, record the usage and open it for the next close; False when the exam was charged for the item before."""
    await tx.run(
        "pin_priced_item",
        organisation_id=item.organisation_id,
        agreement_id=item.agreement_id,
        agreement_version=item.agreement_version,
        item_code=item.item_code,
        agreement_number=item.agreement_number,
        valid_from=item.valid_from,
        reader_id=item.reader_id,
        description_zh=item.description_zh,
        description_en=item.description_en,
        payer_id=item.payer_id,
        payee_id=item.payee_id,
        currency=item.currency,
        tiers=Jsonb([[tier.up_to, tier.unit_amount_minor] for tier in item.tiers]),
    )
    if not await insert_usage(tx, usage, now):
        return False
    await open_usage(tx, usage)
    for party_id in (usage.payer_id, usage.payee_id):
        await tx.run("add_exam_party", organisation_id=usage.organisation_id, exam_id=usage.exam_id, party_id=party_id)
    return True


async def insert_usage(tx: Transaction, usage: UsageRecord, now: datetime) -> bool:
    """Record usage; False when it is there already."""
    return await tx.run("insert_usage", **_columns(usage), recorded_at=now) == 1


async def open_usage(tx: Transaction, usage: UsageRecord) -> None:
    """Leave the record to the next close."""
    await tx.run("insert_open_usage", **_columns(usage), tier_period=tier_period(usage.service_date))


async def cancel_open(tx: Transaction, usage: UsageRecord) -> bool:
    """Keep the record from every close; False when one has settled it already."""
    return await tx.run("cancel_open_usage", organisation_id=usage.organisation_id, usage_id=usage.id) == 1


async def usage(tx: Transaction, usage_id: UUID) -> UsageRecord | None:
    """One record, if the caller may see it."""
    row = await tx.one("select_usage", id=usage_id)
    return UsageRecord(**row) if row else None


async def lock_requester(tx: Transaction, organisation_id: UUID) -> None:
    """Settle or correct this requester's usage alone until the transaction ends."""
    await tx.one("lock_requester", organisation_id=organisation_id)


async def open_summary(tx: Transaction) -> tuple[int, date | None]:
    """How many records no close has settled, and the earliest service date among them."""
    row: dict[str, Any] = await tx.one("select_open_summary") or {"records": 0, "earliest": None}
    return row["records"], row["earliest"]


def _columns(usage: UsageRecord) -> dict[str, Any]:
    return {name: getattr(usage, name) for name in UsageRecord.__slots__}

"""Small valid things to vary."""

from datetime import date, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from services.directory.model import (
    Agreement,
    BillableEvent,
    Party,
    PriceItem,
    Priority,
    Service,
    Terms,
    Tier,
    Turnaround,
)


def named(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(NAMESPACE_URL, name)


def price_item(**more: Any) -> PriceItem:
    content: dict[str, Any] = {
        "code": "reading",
        "description_zh": "诊断",
        "description_en": "Reading",
        "billable_event": BillableEvent.REPORT_SIGNED,
        "payer": Party.REQUESTER,
        "payee": Party.READER,
        "tiers": (Tier(unit_amount_minor=8000),),
    }
    return PriceItem(**content | more)


def terms(**more: Any) -> Terms:
    content: dict[str, Any] = {
        "valid_from": date(2024, 1, 1),
        "services": (Service("US"),),
        "turnarounds": tuple(Turnaround(priority, timedelta(hours=1)) for priority in Priority),
        "price_items": (price_item(),),
    }
    return Terms(**content | more)


def agreement(
    number: str = "A", version: int = 1, requester: str = "county", reader: str = "region", **more: Any
) -> Agreement:
    return Agreement(
        id=named(number),
        number=number,
        version=version,
        requester_id=named(requester),
        reader_id=named(reader),
        terms=terms(**more),
    )

"""What people look at. Every function answers what the transaction's organisation may see, as rows."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.billing.store.usage import tiers_from_json
from services.shared.db import Transaction

Row = dict[str, Any]


async def usage_page(
    tx: Transaction,
    begin: date | None,
    end: date | None,
    agreement: str | None,
    exam_id: UUID | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[Row]:
    """Usage records with what became of them, latest service date first; `after` is the last of the page before."""
    after_date, after_id = after or (None, None)
    return await tx.all(
        "select_usage_page",
        begin=begin,
        end=end,
        agreement=agreement,
        exam_id=exam_id,
        after_date=after_date,
        after_id=after_id,
        limit=limit,
    )


async def open_units(tx: Transaction, ids: list[UUID]) -> list[Row]:
    """Ordinal and tiers of these open records, for reversals what they give back."""
    return _with_tiers(await tx.all("select_open_units_of", ids=ids))


async def open_runs(tx: Transaction, begin: date | None, end: date | None) -> list[Row]:
    """Open units as unbroken runs of ordinals by item and service date."""
    return _with_tiers(await tx.all("select_open_runs", begin=begin, end=end))


async def open_reversals(tx: Transaction, begin: date | None, end: date | None) -> list[Row]:
    """What open reversals give back, by item and service date."""
    return await tx.all("select_open_reversals", begin=begin, end=end)


async def settled_by_day(tx: Transaction, begin: date | None, end: date | None) -> list[Row]:
    """What lines took, by service date and parties."""
    return await tx.all("select_settled_by_day", begin=begin, end=end)


async def periods(tx: Transaction) -> list[Row]:
    """Closed periods, latest first."""
    return await tx.all("select_periods")


async def invoices(
    tx: Transaction, period_id: UUID | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Row]:
    """Issued invoices, latest first."""
    after_time, after_id = after or (None, None)
    return await tx.all("select_invoices", period_id=period_id, after_time=after_time, after_id=after_id, limit=limit)


async def invoice(tx: Transaction, invoice_id: UUID) -> Row | None:
    """One issued invoice."""
    return await tx.one("select_invoice", id=invoice_id)


async def invoice_lines(tx: Transaction, invoice_id: UUID) -> list[Row]:
    """An invoice's lines in the order of rating."""
    return await tx.all("select_invoice_lines", invoice_id=invoice_id)


async def settlements(tx: Transaction, settlement_id: UUID | None = None) -> list[Row]:
    """Settlement statements, latest first; or the one."""
    return await tx.all("select_settlements", id=settlement_id)


async def line(tx: Transaction, line_id: UUID) -> Row | None:
    """One line with the usage, agreement and invoice that it rests on."""
    return await tx.one("select_line", id=line_id)


async def exam(tx: Transaction, organisation_id: UUID, exam_id: UUID) -> Row | None:
    """What billing knows of an exam."""
    return await tx.one("select_exam", organisation_id=organisation_id, exam_id=exam_id)


async def exam_events(tx: Transaction, organisation_id: UUID, exam_id: UUID) -> list[Row]:
    """The events that spoke of an exam."""
    return await tx.all("select_exam_events", organisation_id=organisation_id, exam_id=exam_id)


async def postings(tx: Transaction, invoice_id: UUID, item_code: str) -> list[Row]:
    """An invoice's postings for one item and for the totals."""
    return await tx.all("select_postings", invoice_id=invoice_id, item_code=item_code)


async def accounts(tx: Transaction) -> list[Row]:
    """Accounts with their balances."""
    return await tx.all("select_accounts")


def _with_tiers(rows: list[Row]) -> list[Row]:
    return [row | {"tiers": tiers_from_json(row["tiers"])} for row in rows]

"""What a close reads and writes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.billing.model.identifiers import invoice_id
from services.billing.model.ledger import ItemAmount, Posting
from services.billing.model.period import NEXT_STATE, Period, PeriodState
from services.billing.model.settling import Draft, Line, SettlementSums, Unit
from services.billing.store.usage import tiers_from_json
from services.shared.db import Transaction


async def lock_periods(tx: Transaction) -> None:
    """Begin periods alone until the transaction ends."""
    await tx.one("lock_periods")


async def last_period(tx: Transaction) -> Period | None:
    """The period through the latest instant."""
    return _period(await tx.one("select_last_period"))


async def open_period(tx: Transaction) -> Period | None:
    """The close that is under way."""
    return _period(await tx.one("select_open_period"))


async def period(tx: Transaction, period_id: UUID) -> Period | None:
    """One period."""
    return _period(await tx.one("select_period", id=period_id))


async def begin_period(tx: Transaction, platform_id: UUID, begun: Period) -> Period:
    """Begin a close; belongs to the platform's own organisation."""
    await tx.run(
        "insert_period",
        organisation_id=platform_id,
        id=begun.id,
        through=begun.through,
        after=begun.after,
        begun_at=begun.begun_at,
        trace_id=begun.trace_id,
    )
    return begun


async def hold_period(tx: Transaction, period_id: UUID) -> PeriodState:
    """The period's state, which stays so until the transaction ends."""
    row = await tx.one("hold_period", id=period_id)
    return PeriodState(row["state"]) if row else PeriodState.CLOSED


async def advance_period(tx: Transaction, period_id: UUID, state: PeriodState, now: datetime) -> bool:
    """Take the period from `state` to the next one; False when it has left `state` already."""
    following = NEXT_STATE[state].value
    return await tx.run("advance_period", id=period_id, state=state.value, next=following, now=now) == 1


async def next_requester(tx: Transaction, after: UUID) -> UUID | None:
    """The next organisation with open usage."""
    row = await tx.one("select_next_requester", after=after)
    return row["organisation_id"] if row else None


async def units_to_settle(tx: Transaction, requester_id: UUID, last: date) -> list[Unit]:
    """A requester's open records with service dates up to `last`, by service date and id."""
    rows = await tx.all("select_units_to_settle", organisation_id=requester_id, last=last)
    return [Unit(**(row | {"tiers": tiers_from_json(row["tiers"])})) for row in rows]


async def draft_invoices(tx: Transaction, period_id: UUID, units: list[Unit]) -> None:
    """Open the drafts that these records need, always in the same order, so that no two closers wait for each other."""
    for payer_id, payee_id, currency in sorted({(unit.payer_id, unit.payee_id, unit.currency) for unit in units}):
        await tx.run(
            "insert_draft_invoice",
            id=invoice_id(period_id, payer_id, payee_id, currency),
            period_id=period_id,
            payer_id=payer_id,
            payee_id=payee_id,
            currency=currency,
        )


async def settle_units(tx: Transaction, period_id: UUID, requester_id: UUID, lines: list[Line]) -> None:
    """Write the lines and take their records from the open ones."""
    await tx.run(
        "insert_lines",
        organisation_id=requester_id,
        period_id=period_id,
        ids=[line.id for line in lines],
        usage_ids=[line.unit.usage_id for line in lines],
        invoice_ids=[line.invoice_id for line in lines],
        ordinals=[line.rated.ordinal for line in lines],
        unit_amounts_minor=[line.rated.unit_amount_minor for line in lines],
        amounts_minor=[line.rated.amount_minor for line in lines],
    )
    await tx.run("settle_open_usage", organisation_id=requester_id, ids=[line.unit.usage_id for line in lines])


async def take_draft(tx: Transaction, period_id: UUID) -> Draft | None:
    """The next draft, kept for this transaction."""
    row = await tx.one("take_draft_invoice", period_id=period_id)
    return Draft(**row) if row else None


async def invoice_items(tx: Transaction, invoice: UUID) -> list[ItemAmount]:
    """What an invoice takes for each item."""
    return [ItemAmount(**row) for row in await tx.all("sum_invoice_items", invoice_id=invoice)]


async def next_sequence(tx: Transaction, payee_id: UUID) -> int:
    """The payee's next number; taken back with the transaction."""
    row = await tx.one("next_sequence", payee_id=payee_id)
    return int(row["last_sequence"]) if row else 1


async def issue_invoice(
    tx: Transaction,
    draft: Draft,
    sequence: int,
    number: str,
    total_minor: int,
    now: datetime,
    payer: dict[str, str],
    payee: dict[str, str],
) -> None:
    """Give the draft its number, its total and the parties' names as they stand."""
    await tx.run(
        "issue_invoice",
        id=draft.id,
        sequence=sequence,
        number=number,
        total_minor=total_minor,
        issued_at=now,
        payer=Jsonb(payer),
        payee=Jsonb(payee),
    )


async def post_invoice(tx: Transaction, period_id: UUID, draft: Draft, postings: list[Posting], now: datetime) -> None:
    """Write the invoice's transaction into the books of both sides."""
    await tx.run(
        "insert_transaction",
        id=draft.id,
        period_id=period_id,
        payer_id=draft.payer_id,
        payee_id=draft.payee_id,
        posted_at=now,
    )
    for posting in sorted(postings, key=lambda one: one.account.id):
        account = posting.account
        await tx.run(
            "insert_account",
            organisation_id=account.organisation_id,
            id=account.id,
            counterparty_id=account.counterparty_id,
            kind=account.kind.value,
            item_code=account.item_code,
            currency=account.currency,
        )
        await tx.run(
            "insert_posting",
            organisation_id=account.organisation_id,
            transaction_id=draft.id,
            account_id=account.id,
            period_id=period_id,
            currency=account.currency,
            amount_minor=posting.amount_minor,
        )


async def settlement_sums(tx: Transaction, period_id: UUID) -> list[SettlementSums]:
    """What each organisation owes and earns in a period."""
    return [SettlementSums(**row) for row in await tx.all("sum_settlements", period_id=period_id)]


async def insert_settlement(
    tx: Transaction, settlement: UUID, period_id: UUID, sums: SettlementSums, organisation: dict[str, str]
) -> None:
    """Write an organisation's statement."""
    await tx.run(
        "insert_settlement",
        id=settlement,
        period_id=period_id,
        organisation_id=sums.organisation_id,
        currency=sums.currency,
        owes_minor=sums.owes_minor,
        earns_minor=sums.earns_minor,
        organisation=Jsonb(organisation),
    )


def _period(row: dict[str, Any] | None) -> Period | None:
    return Period(**(row | {"state": PeriodState(row["state"])})) if row else None

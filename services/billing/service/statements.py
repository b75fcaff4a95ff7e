"""What the parties look at: usage and what it will cost, invoices, settlements, the books, and a line's way back."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.billing.model.period import last_service_date
from services.billing.model.usage import rate
from services.billing.rating import price_model
from services.billing.store import looking as store
from services.shared.clock import Clock
from services.shared.db import Database
from services.shared.directory_copy import DirectoryCopy
from services.shared.errors import NotFound
from services.shared.tenancy import Principal

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which usage to list; `end` is included, `agreement` is its number or id."""

    begin: date | None = None
    end: date | None = None
    agreement: str | None = None
    exam_id: UUID | None = None


class Statements:
    """Reads under the caller's tenancy: requester, payer and payee see what concerns them."""

    def __init__(self, db: Database, directory: DirectoryCopy, clock: Clock) -> None:
        self._db, self._directory, self._clock = db, directory, clock

    async def usage(
        self, organisation_id: UUID, wanted: Wanted, after: tuple[date, UUID] | None, limit: int
    ) -> list[Row]:
        """Usage records with state and amount: final where a line has it, else what the next close would make of it."""
        async with self._db.tenant(organisation_id) as tx:
            rows = await store.usage_page(tx, wanted.begin, wanted.end, wanted.agreement, wanted.exam_id, after, limit)
            units = await store.open_units(tx, [row["id"] for row in rows if row["open"]])
        provisional = {
            unit["usage_id"]: rate(
                unit["usage_id"], unit["ordinal"], unit["tiers"], unit["reverses_minor"]
            ).amount_minor
            for unit in units
        }
        return [
            row | {"state": _state(row), "amount_minor": _amount(row, provisional)} for row in await self._named(rows)
        ]

    async def by_day(self, organisation_id: UUID, begin: date | None, end: date | None) -> list[Row]:
        """What the caller owes and earns by service date and currency, provisional amounts included."""
        async with self._db.tenant(organisation_id) as tx:
            settled = [row | {"open": False} for row in await store.settled_by_day(tx, begin, end)]
            rows = settled + [row | {"open": True} for row in await self._open(tx, begin, end)]
        days: dict[tuple[date, str], Row] = defaultdict(
            lambda: {"quantity": 0, "owes_minor": 0, "earns_minor": 0, "provisional_minor": 0}
        )
        for row in rows:
            if organisation_id not in (row["payer_id"], row["payee_id"]):
                continue
            day = days[row["service_date"], row["currency"]]
            day["quantity"] += row["quantity"]
            day["owes_minor" if row["payer_id"] == organisation_id else "earns_minor"] += row["amount_minor"]
            day["provisional_minor"] += row["amount_minor"] if row["open"] else 0
        return [{"date": key[0], "currency": key[1]} | day for key, day in sorted(days.items())]

    async def statement(self, organisation_id: UUID, through: datetime | None) -> list[Row]:
        """What a close through an instant (now, when None) would invoice, by payer, payee, agreement and item."""
        instant = through or self._clock.now()
        async with self._db.tenant(organisation_id) as tx:
            rows = await self._open(tx, None, None)
        last = {one: await self._last_day(one, instant) for one in {row["organisation_id"] for row in rows}}
        sums: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            if row["service_date"] > last[row["organisation_id"]]:
                continue
            key = tuple(row[name] for name in ("payer_id", "payee_id", "currency", "agreement_id", "item_code"))
            sums.setdefault(key, row | {"quantity": 0, "amount_minor": 0})
            sums[key]["quantity"] += row["quantity"]
            sums[key]["amount_minor"] += row["amount_minor"]
        return await self._named([sums[key] for key in sorted(sums, key=str)])

    async def periods(self, organisation_id: UUID) -> list[Row]:
        """Closed periods, latest first."""
        async with self._db.tenant(organisation_id) as tx:
            return await store.periods(tx)

    async def invoices(
        self, organisation_id: UUID, period_id: UUID | None, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[Row]:
        """Issued invoices that the caller pays or earns, latest first."""
        async with self._db.tenant(organisation_id) as tx:
            return await store.invoices(tx, period_id, after, limit)

    async def invoice(self, organisation_id: UUID, invoice_id: UUID) -> tuple[Row, list[Row]]:
        """An invoice and its lines. Raises NotFound."""
        async with self._db.tenant(organisation_id) as tx:
            found = await store.invoice(tx, invoice_id)
            if found is None:
                raise NotFound(f"there is no invoice {invoice_id}")
            return found, await store.invoice_lines(tx, invoice_id)

    async def settlements(self, organisation_id: UUID) -> list[Row]:
        """The caller's settlement statements, latest first."""
        async with self._db.tenant(organisation_id) as tx:
            return await store.settlements(tx)

    async def settlement(self, organisation_id: UUID, settlement_id: UUID) -> tuple[Row, list[Row]]:
        """A settlement statement and the invoices that it sums up. Raises NotFound."""
        async with self._db.tenant(organisation_id) as tx:
            found = await store.settlements(tx, settlement_id)
            if not found:
                raise NotFound(f"there is no settlement statement {settlement_id}")
            rows = await store.invoices(tx, found[0]["period_id"], None, 10_000)
        return found[0], [row for row in rows if row["currency"] == found[0]["currency"]]

    async def accounts(self, caller: Principal) -> list[Row]:
        """Balances of the caller's own book; the platform's operators see every book, to prove that they balance."""
        operator = "operator" in caller.roles
        async with self._db.work("close") if operator else self._db.tenant(caller.organisation_id) as tx:
            rows = await store.accounts(tx)
        return await self._named(rows, ("organisation", "counterparty"))

    async def trace(self, organisation_id: UUID, line_id: UUID) -> Row:
        """From a line back to usage, exam, events, report, analysis, agreement version and postings. Raises NotFound."""
        async with self._db.tenant(organisation_id) as tx:
            line = await store.line(tx, line_id)
            if line is None:
                raise NotFound(f"there is no line {line_id}")
            exam = await store.exam(tx, line["organisation_id"], line["exam_id"])
            events = await store.exam_events(tx, line["organisation_id"], line["exam_id"])
            postings = await store.postings(tx, line["invoice_id"], line["item_code"])
        (named,) = await self._named([line])
        return {
            "line": named,
            "exam": exam,
            "events": events,
            "report": _first(events, "report.signed", "version"),
            "analysis": _first(events, "analysis.completed", "exam_revision"),
            "postings": postings,
        }

    async def _open(self, tx: Any, begin: date | None, end: date | None) -> list[Row]:
        runs = [
            row | {"amount_minor": price_model(row["tiers"]).total(row["first_ordinal"], row["quantity"])}
            for row in await store.open_runs(tx, begin, end)
        ]
        return runs + await store.open_reversals(tx, begin, end)

    async def _last_day(self, requester_id: UUID, through: datetime) -> date:
        requester = await self._directory.organisation(requester_id)
        return last_service_date(through, requester.time_zone if requester else "UTC")

    async def _named(self, rows: list[Row], sides: tuple[str, ...] = ("payer", "payee")) -> list[Row]:
        found = {}
        for one in {row[f"{side}_id"] for row in rows for side in sides}:
            organisation = await self._directory.organisation(one)
            found[one] = (organisation.name_zh, organisation.name_en) if organisation else ("", "")
        return [
            row
            | {
                f"{side}_name_{language}": found[row[f"{side}_id"]][place]
                for side in sides
                for place, language in enumerate(("zh", "en"))
            }
            for row in rows
        ]


def _state(row: Row) -> str:
    if row["reversed_by"] or not (row["open"] or row["settled"]):
        return "reversed"
    return "invoiced" if row["closed"] else "provisional"


def _amount(row: Row, provisional: dict[UUID, int]) -> int:
    """A record that was taken back before any close is charged nothing."""
    settled: int | None = row["amount_minor"]
    return settled if settled is not None else provisional.get(row["id"], 0)


def _first(events: list[Row], type: str, order: str) -> Row | None:
    """What the earliest version of this kind of event said."""
    found = [event["detail"] for event in events if event["type"] == type]
    return min(found, key=lambda detail: detail[order], default=None)

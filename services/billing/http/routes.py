"""The routes. Every answer is what row level security shows the caller's organisation."""

from collections import defaultdict
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Response
from pydantic import AwareDatetime

from services.billing.documents.archive import Archive
from services.billing.documents.pages import Language
from services.billing.documents.sheets import invoice_csv, settlement_csv
from services.billing.http import cursor as cursors
from services.billing.http.trace import TraceView
from services.billing.http.views import (
    AccountsView,
    AccountView,
    CloseBody,
    CorrectionBody,
    CorrectionView,
    DayView,
    InvoiceView,
    InvoiceWithLines,
    LineView,
    Page,
    PeriodView,
    SettlementView,
    SettlementWithInvoices,
    StatementView,
    UsageView,
    invoice_fields,
    money,
    settlement_fields,
)
from services.billing.service.closing import Closer
from services.billing.service.correcting import Corrector
from services.billing.service.statements import Statements, Wanted
from services.shared.errors import Invalid
from services.shared.http import role
from services.shared.tenancy import Principal

PREFIX = "/api/billing/v1"
_VIEWER = role("billing_admin", "operator")
_ADMIN = role("billing_admin")
_OPERATOR = role("operator")

From = Annotated[date | None, Query(alias="from", description="First service date")]
To = Annotated[date | None, Query(alias="to", description="Last service date")]
Cursor = Annotated[str | None, Query(description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]


def build(app: FastAPI, statements: Statements, closer: Closer, corrector: Corrector, archive: Archive) -> None:
    """Add the routes."""
    _usage(app, statements, corrector)
    _periods(app, statements, closer)
    _invoices(app, statements, archive)
    _settlements(app, statements, archive)

    @app.get(f"{PREFIX}/lines/{{line_id}}/trace")
    async def trace(line_id: UUID, caller: Principal = _VIEWER) -> TraceView:
        """From an invoice line back to exam, events, report, analysis, agreement version and postings."""
        return TraceView.of(await statements.trace(caller.organisation_id, line_id))

    @app.get(f"{PREFIX}/ledger/accounts")
    async def accounts(caller: Principal = _VIEWER) -> AccountsView:
        """Balances of one's own book; operators see every book. They sum to zero in each currency."""
        rows = await statements.accounts(caller)
        sums: dict[str, int] = defaultdict(int)
        for row in rows:
            sums[row["currency"]] += row["balance_minor"]
        return AccountsView(
            items=[AccountView.of(row) for row in rows],
            sums=[money(minor, currency) for currency, minor in sorted(sums.items())],
        )


def _usage(app: FastAPI, statements: Statements, corrector: Corrector) -> None:
    @app.get(f"{PREFIX}/usage")
    async def usage(
        begin: From = None,
        end: To = None,
        agreement: str | None = None,
        exam_id: UUID | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
        caller: Principal = _VIEWER,
    ) -> Page[UsageView]:
        """Usage records that the caller requested, pays or earns, latest service date first; `agreement` is a number or id."""
        _in_order(begin, end)
        wanted = Wanted(begin, end, agreement, exam_id)
        rows = await statements.usage(caller.organisation_id, wanted, cursors.read(cursor, date), limit)
        following = cursors.write(rows[-1]["service_date"], rows[-1]["id"]) if len(rows) == limit else None
        return Page(items=[UsageView.of(row) for row in rows], next=following)

    @app.get(f"{PREFIX}/usage/by-day")
    async def by_day(begin: From = None, end: To = None, caller: Principal = _VIEWER) -> Page[DayView]:
        """What the caller owes and earns by service date."""
        _in_order(begin, end)
        return Page(items=[DayView.of(row) for row in await statements.by_day(caller.organisation_id, begin, end)])

    @app.get(f"{PREFIX}/statement")
    async def statement(through: AwareDatetime | None = None, caller: Principal = _VIEWER) -> Page[StatementView]:
        """What a close through an instant (now, when left out) would invoice: provisional until it happens."""
        rows = await statements.statement(caller.organisation_id, through)
        return Page(items=[StatementView.of(row) for row in rows])

    @app.post(f"{PREFIX}/usage/{{usage_id}}/corrections", status_code=201)
    async def correct(usage_id: UUID, body: CorrectionBody, caller: Principal = _ADMIN) -> CorrectionView:
        """Take a record back, as the organisation that earns it; the same again answers the same reversal."""
        made = await corrector.reverse(caller, usage_id, body.reason)
        return CorrectionView(
            id=made.id,
            corrects_usage_id=usage_id,
            exam_id=made.exam_id,
            item_code=made.item_code,
            service_date=made.service_date,
            quantity=made.quantity,
            reason=made.reason,
        )


def _periods(app: FastAPI, statements: Statements, closer: Closer) -> None:
    @app.post(f"{PREFIX}/periods/close")
    async def close(body: CloseBody, caller: Principal = _OPERATOR) -> PeriodView:
        """Close everything through an instant; the same again changes nothing and answers the same."""
        return PeriodView.of(await closer.close(body.through))

    @app.get(f"{PREFIX}/periods")
    async def periods(caller: Principal = _VIEWER) -> Page[PeriodView]:
        """Closed periods, latest first."""
        return Page(items=[PeriodView(**row) for row in await statements.periods(caller.organisation_id)])


def _invoices(app: FastAPI, statements: Statements, archive: Archive) -> None:
    @app.get(f"{PREFIX}/invoices")
    async def invoices(
        period_id: UUID | None = None, cursor: Cursor = None, limit: Limit = 100, caller: Principal = _VIEWER
    ) -> Page[InvoiceView]:
        """Invoices that the caller pays or earns, latest first."""
        after = cursors.read(cursor, datetime)
        rows = await statements.invoices(caller.organisation_id, period_id, after, limit)
        following = cursors.write(rows[-1]["issued_at"], rows[-1]["id"]) if len(rows) == limit else None
        return Page(items=[InvoiceView.of(row) for row in rows], next=following)

    @app.get(f"{PREFIX}/invoices/{{invoice_id}}.csv", response_class=Response)
    async def as_csv(invoice_id: UUID, caller: Principal = _VIEWER) -> Response:
        """The invoice's lines for a spreadsheet."""
        invoice, lines = await statements.invoice(caller.organisation_id, invoice_id)
        return _file(invoice_csv(invoice, lines), "text/csv; charset=utf-8", f"{invoice['number']}.csv")

    @app.get(f"{PREFIX}/invoices/{{invoice_id}}.pdf", response_class=Response)
    async def as_pdf(invoice_id: UUID, language: Language = Language.CHINESE, caller: Principal = _VIEWER) -> Response:
        """The invoice for people."""
        invoice, lines = await statements.invoice(caller.organisation_id, invoice_id)
        pdf = await archive.invoice(invoice, lines, language)
        return _file(pdf, "application/pdf", f"{invoice['number']}.{language.value}.pdf")

    @app.get(f"{PREFIX}/invoices/{{invoice_id}}")
    async def invoice(invoice_id: UUID, caller: Principal = _VIEWER) -> InvoiceWithLines:
        """One invoice with its lines."""
        found, lines = await statements.invoice(caller.organisation_id, invoice_id)
        return InvoiceWithLines(**invoice_fields(found), lines=[LineView.of(line) for line in lines])


def _settlements(app: FastAPI, statements: Statements, archive: Archive) -> None:
    @app.get(f"{PREFIX}/settlements")
    async def settlements(caller: Principal = _VIEWER) -> Page[SettlementView]:
        """The caller's settlement statements, latest first."""
        return Page(items=[SettlementView.of(row) for row in await statements.settlements(caller.organisation_id)])

    @app.get(f"{PREFIX}/settlements/{{settlement_id}}.csv", response_class=Response)
    async def as_csv(settlement_id: UUID, caller: Principal = _VIEWER) -> Response:
        """The statement's invoices for a spreadsheet."""
        found, invoices = await statements.settlement(caller.organisation_id, settlement_id)
        return _file(settlement_csv(found, invoices), "text/csv; charset=utf-8", f"{_name(found)}.csv")

    @app.get(f"{PREFIX}/settlements/{{settlement_id}}.pdf", response_class=Response)
    async def as_pdf(
        settlement_id: UUID, language: Language = Language.CHINESE, caller: Principal = _VIEWER
    ) -> Response:
        """The statement for people."""
        found, invoices = await statements.settlement(caller.organisation_id, settlement_id)
        pdf = await archive.settlement(found, invoices, language)
        return _file(pdf, "application/pdf", f"{_name(found)}.{language.value}.pdf")

    @app.get(f"{PREFIX}/settlements/{{settlement_id}}")
    async def settlement(settlement_id: UUID, caller: Principal = _VIEWER) -> SettlementWithInvoices:
        """One statement with the invoices that it sums up."""
        found, invoices = await statements.settlement(caller.organisation_id, settlement_id)
        return SettlementWithInvoices(
            **settlement_fields(found), invoices=[InvoiceView.of(invoice) for invoice in invoices]
        )


def _in_order(begin: date | None, end: date | None) -> None:
    if begin is not None and end is not None and end < begin:
        raise Invalid("`to` lies before `from`")


def _name(settlement: dict[str, object]) -> str:
    through = settlement["through"]
    day = through.date().isoformat() if isinstance(through, datetime) else "settlement"
    return f"settlement-{day}-{settlement['currency']}"


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})

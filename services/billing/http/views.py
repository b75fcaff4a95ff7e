"""What goes over HTTP."""

from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.billing.model.period import Period

Row = dict[str, Any]
Item = TypeVar("Item")


class Money(BaseModel):
    """Integer minor units of an ISO 4217 currency."""

    amount_minor: int
    currency: str


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next: str | None = None


class _Parties(BaseModel):
    payer_id: UUID
    payer_name_zh: str
    payer_name_en: str
    payee_id: UUID
    payee_name_zh: str
    payee_name_en: str


class UsageView(_Parties):
    id: UUID
    organisation_id: UUID
    exam_id: UUID
    study_instance_uid: str | None
    service_date: date
    agreement_id: UUID
    agreement_number: str
    agreement_version: int
    item_code: str
    description_zh: str
    description_en: str
    quantity: int
    amount: Money
    state: Literal["provisional", "invoiced", "reversed"]
    corrects_usage_id: UUID | None
    reason: str
    recorded_at: datetime
    invoice_id: UUID | None
    invoice_number: str | None
    line_id: UUID | None
    trace_id: str

    @classmethod
    def of(cls, row: Row) -> "UsageView":
        return cls(**row, amount=money(row["amount_minor"], row["currency"]))


class DayView(BaseModel):
    date: date
    quantity: int
    owes: Money
    earns: Money
    provisional: Money = Field(description="The part of what moves that no close has settled yet")

    @classmethod
    def of(cls, row: Row) -> "DayView":
        sums = {name: money(row[f"{name}_minor"], row["currency"]) for name in ("owes", "earns", "provisional")}
        return cls(date=row["date"], quantity=row["quantity"], **sums)


class StatementView(_Parties):
    agreement_id: UUID
    agreement_number: str
    item_code: str
    description_zh: str
    description_en: str
    quantity: int
    amount: Money

    @classmethod
    def of(cls, row: Row) -> "StatementView":
        return cls(**row, amount=money(row["amount_minor"], row["currency"]))


class CloseBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    through: AwareDatetime = Field(description="Close everything up to this instant, e.g. 2026-11-01T00:00:00+08:00")


class PeriodView(BaseModel):
    id: UUID
    after: datetime | None = Field(description="The instant through which the period before was closed")
    through: datetime
    state: Literal["rating", "invoicing", "closed"]
    begun_at: datetime
    closed_at: datetime | None
    trace_id: str

    @classmethod
    def of(cls, period: Period) -> "PeriodView":
        return cls(
            id=period.id,
            after=period.after,
            through=period.through,
            state=period.state.value,
            begun_at=period.begun_at,
            closed_at=period.closed_at,
            trace_id=period.trace_id,
        )


class PartyView(BaseModel):
    """A party as it stood when the document was issued."""

    id: UUID
    alias: str
    name_zh: str
    name_en: str
    unified_social_credit_code: str


class InvoiceView(BaseModel):
    id: UUID
    number: str
    period_id: UUID
    after: datetime | None
    through: datetime
    issued_at: datetime
    payer: PartyView
    payee: PartyView
    total: Money

    @classmethod
    def of(cls, row: Row) -> "InvoiceView":
        return cls(**invoice_fields(row))


class LineView(BaseModel):
    id: UUID
    usage_id: UUID
    organisation_id: UUID
    exam_id: UUID
    study_instance_uid: str | None
    service_date: date
    agreement_id: UUID
    agreement_number: str
    agreement_version: int
    item_code: str
    description_zh: str
    description_en: str
    ordinal: int | None = Field(description="Number within the calendar month; none for a credit")
    quantity: int
    unit_amount: Money
    amount: Money
    corrects_usage_id: UUID | None
    reason: str
    trace_id: str

    @classmethod
    def of(cls, row: Row) -> "LineView":
        return cls(**row, **line_amounts(row))


class InvoiceWithLines(InvoiceView):
    lines: list[LineView]


class SettlementView(BaseModel):
    id: UUID
    period_id: UUID
    after: datetime | None
    through: datetime
    closed_at: datetime
    organisation: PartyView
    owes: Money
    earns: Money
    net: Money

    @classmethod
    def of(cls, row: Row) -> "SettlementView":
        return cls(**settlement_fields(row))


class SettlementWithInvoices(SettlementView):
    invoices: list[InvoiceView]


class CorrectionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class CorrectionView(BaseModel):
    id: UUID
    corrects_usage_id: UUID
    exam_id: UUID
    item_code: str
    service_date: date
    quantity: int
    reason: str


class AccountView(BaseModel):
    id: UUID
    organisation_id: UUID
    organisation_name_zh: str
    organisation_name_en: str
    counterparty_id: UUID
    counterparty_name_zh: str
    counterparty_name_en: str
    kind: Literal["receivable", "revenue", "payable", "expense"]
    item_code: str
    balance: Money = Field(description="Debit positive, credit negative")

    @classmethod
    def of(cls, row: Row) -> "AccountView":
        return cls(**row, balance=money(row["balance_minor"], row["currency"]))


class AccountsView(BaseModel):
    items: list[AccountView]
    sums: list[Money] = Field(description="Sum of all balances by currency: zero, or the books do not balance")
    next: None = None


def money(minor: int, currency: str) -> Money:
    return Money(amount_minor=minor, currency=currency)


def line_amounts(row: Row) -> dict[str, Money]:
    return {name: money(row[f"{name}_minor"], row["currency"]) for name in ("unit_amount", "amount")}


def invoice_fields(row: Row) -> Row:
    """The fields of an invoice's views."""
    return row | {
        "payer": PartyView(id=row["payer_id"], **row["payer"]),
        "payee": PartyView(id=row["payee_id"], **row["payee"]),
        "total": money(row["total_minor"], row["currency"]),
    }


def settlement_fields(row: Row) -> Row:
    """The fields of a settlement statement's views."""
    sums = {name: money(row[f"{name}_minor"], row["currency"]) for name in ("owes", "earns", "net")}
    return row | sums | {"organisation": PartyView(id=row["organisation_id"], **row["organisation"])}

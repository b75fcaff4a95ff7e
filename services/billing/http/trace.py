"""A line's way back, as JSON."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.billing.http.views import Money, line_amounts, money

Row = dict[str, Any]


class TracedLine(BaseModel):
    id: UUID
    invoice_id: UUID
    invoice_number: str
    issued_at: datetime
    payer_id: UUID
    payer_name_zh: str
    payer_name_en: str
    payee_id: UUID
    payee_name_zh: str
    payee_name_en: str
    item_code: str
    description_zh: str
    description_en: str
    tier_period: date
    ordinal: int | None
    quantity: int
    unit_amount: Money
    amount: Money


class TracedUsage(BaseModel):
    id: UUID
    service_date: date
    recorded_at: datetime
    corrects_usage_id: UUID | None
    reason: str


class TracedExam(BaseModel):
    id: UUID
    organisation_id: UUID
    study_instance_uid: str | None
    service_date: date


class TracedEvent(BaseModel):
    id: UUID
    type: str
    time: datetime
    trace_id: str


class TracedReport(BaseModel):
    id: UUID
    version: int
    signed_at: datetime
    reader_id: UUID
    document_digest_sha256: str


class TracedAnalysis(BaseModel):
    model_config = ConfigDict(protected_namespaces=())

    id: UUID
    exam_revision: int
    completed_at: datetime | None
    investigational: bool
    runs: list[dict[str, str]]


class TracedTier(BaseModel):
    up_to: int | None
    unit_amount: Money


class TracedAgreement(BaseModel):
    id: UUID
    number: str
    version: int
    valid_from: date
    tiers: list[TracedTier]


class TracedPosting(BaseModel):
    transaction_id: UUID
    account_id: UUID
    organisation_id: UUID
    counterparty_id: UUID
    kind: Literal["receivable", "revenue", "payable", "expense"]
    item_code: str
    amount: Money
    posted_at: datetime


class TraceView(BaseModel):
    line: TracedLine
    usage: TracedUsage
    exam: TracedExam
    events: list[TracedEvent]
    report: TracedReport | None
    analysis: TracedAnalysis | None
    agreement: TracedAgreement
    postings: list[TracedPosting]
    trace_id: str

    @classmethod
    def of(cls, found: Row) -> "TraceView":
        line: Row = found["line"]
        exam, report, analysis = found["exam"], found["report"], found["analysis"]
        return cls(
            line=TracedLine(**line, **line_amounts(line)),
            usage=TracedUsage(**line | {"id": line["usage_id"]}),
            exam=TracedExam(**exam, id=exam["exam_id"]),
            events=[
                TracedEvent(
                    id=event["event_id"], type=event["type"], time=event["occurred_at"], trace_id=event["trace_id"]
                )
                for event in found["events"]
            ],
            report=TracedReport(**report, id=report["report_id"]) if report else None,
            analysis=TracedAnalysis(**analysis, id=analysis["analysis_id"]) if analysis else None,
            agreement=TracedAgreement(
                id=line["agreement_id"],
                number=line["agreement_number"],
                version=line["agreement_version"],
                valid_from=line["valid_from"],
                tiers=[
                    TracedTier(up_to=up_to, unit_amount=money(minor, line["currency"]))
                    for up_to, minor in line["tiers"]
                ],
            ),
            postings=[
                TracedPosting(**posting, amount=money(posting["amount_minor"], posting["currency"]))
                for posting in found["postings"]
            ],
            trace_id=line["trace_id"],
        )

"""Invoices and settlement statements as tables."""

from typing import Any

from services.billing.documents.table import Amount, csv_bytes
from services.billing.model.money import decimal_text

Row = dict[str, Any]

_INVOICE = (
    "invoice_number", "issued_at", "payer_zh", "payer_en", "payee_zh", "payee_en", "line_id", "service_date", "exam_id",
    "study_instance_uid", "agreement_number", "agreement_version", "item_code", "description_zh", "description_en",
    "ordinal", "quantity", "unit_amount", "amount", "currency", "corrects_usage_id", "reason", "trace_id",
)  # fmt: skip
_SETTLEMENT = (
    "period_through", "organisation_zh", "organisation_en", "side", "invoice_number", "issued_at", "counterparty_zh",
    "counterparty_en", "amount", "currency",
)  # fmt: skip


def invoice_csv(invoice: Row, lines: list[Row]) -> bytes:
    """One row a line, amounts in major units."""
    payer, payee = invoice["payer"], invoice["payee"]
    return csv_bytes(
        _INVOICE,
        (
            (
                invoice["number"], invoice["issued_at"], payer["name_zh"], payer["name_en"], payee["name_zh"],
                payee["name_en"], line["id"], line["service_date"], line["exam_id"], line["study_instance_uid"],
                line["agreement_number"], line["agreement_version"], line["item_code"], line["description_zh"],
                line["description_en"], line["ordinal"], line["quantity"],
                _amount(line["unit_amount_minor"], line["currency"]), _amount(line["amount_minor"], line["currency"]),
                line["currency"], line["corrects_usage_id"], line["reason"], line["trace_id"],
            )
            for line in lines
        ),
    )  # fmt: skip


def settlement_csv(settlement: Row, invoices: list[Row]) -> bytes:
    """One row an invoice, from the organisation's side: what it owes is negative."""
    own, through, currency = settlement["organisation"], settlement["through"], settlement["currency"]
    rows: list[tuple[Any, ...]] = []
    for invoice in invoices:
        earns = invoice["payee_id"] == settlement["organisation_id"]
        other = invoice["payer"] if earns else invoice["payee"]
        rows.append(
            (
                through, own["name_zh"], own["name_en"], "earns" if earns else "owes", invoice["number"],
                invoice["issued_at"], other["name_zh"], other["name_en"],
                _amount(invoice["total_minor"] if earns else -invoice["total_minor"], currency), currency,
            )
        )  # fmt: skip
    rows.append(
        (
            through,
            own["name_zh"],
            own["name_en"],
            "net",
            "",
            None,
            "",
            "",
            _amount(settlement["net_minor"], currency),
            currency,
        )
    )
    return csv_bytes(_SETTLEMENT, rows)


def _amount(minor: int, currency: str) -> Amount:
    return Amount(decimal_text(minor, currency))

"""Invoices and settlement statements as PDF, set by Typst. Data goes in as JSON, so no name can be markup."""

import asyncio
import json
from collections import defaultdict
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import typst

from services.billing.model.money import decimal_text
from services.shared.errors import Unavailable

Row = dict[str, Any]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_FAMILY: Final = "Noto Sans CJK SC"


class Language(Enum):
    """The language of a document's own words; names stand in it where an organisation has one."""

    CHINESE = "zh"
    ENGLISH = "en"


class Typesetter:
    """Typst with the fonts of one folder."""

    def __init__(self, fonts_dir: Path) -> None:
        self._folder = fonts_dir
        self._fonts: typst.Fonts | None = None

    async def pdf(self, template: str, data: Row) -> bytes:
        """Set `data` by a template. Off the event loop: Typst works for tenths of a second, and lets other threads run.

        Raises Unavailable while the folder has no font with Chinese: a document with holes is none.
        """
        return await asyncio.to_thread(self._set, _TEMPLATES / template, json.dumps(data, ensure_ascii=False))

    def _set(self, template: Path, data: str) -> bytes:
        if self._fonts is None:
            fonts = typst.Fonts(include_system_fonts=False, font_paths=[self._folder])
            if _FAMILY not in fonts.families():
                raise Unavailable(
                    f"no {_FAMILY} below {self._folder}: install fonts-noto-cjk, or set SONOBRIDGE_FONTS_DIR"
                )
            self._fonts = fonts
        made = typst.compile(
            template, root=_TEMPLATES, font_paths=self._fonts, ignore_system_fonts=True, sys_inputs={"data": data}
        )
        if not isinstance(made, bytes):
            raise TypeError(f"{template.name} gave no single PDF")
        return made


async def invoice_pdf(
    typesetter: Typesetter, invoice: Row, lines: list[Row], language: Language, time_zone: str
) -> bytes:
    """The invoice with a sum by item and all its lines; instants in the payee's time zone."""
    currency = invoice["currency"]
    items: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        item = items[line["item_code"], line[f"description_{language.value}"]]
        item[0] += line["quantity"]
        item[1] += line["amount_minor"]
    return await typesetter.pdf(
        "invoice.typ",
        {
            "language": language.value,
            "number": invoice["number"],
            "issued_at": _local(invoice["issued_at"], time_zone),
            "after": _local(invoice["after"], time_zone),
            "through": _local(invoice["through"], time_zone),
            "payer": _party(invoice["payer"], language),
            "payee": _party(invoice["payee"], language),
            "currency": currency,
            "total": _grouped(invoice["total_minor"], currency),
            "items": [
                {"code": code, "description": text, "quantity": quantity, "amount": _grouped(amount, currency)}
                for (code, text), (quantity, amount) in sorted(items.items())
            ],
            "lines": [
                {
                    "service_date": line["service_date"].isoformat(),
                    "description": line[f"description_{language.value}"],
                    "exam": str(line["exam_id"]),
                    "agreement": f"{line['agreement_number']} / {line['agreement_version']}",
                    "ordinal": "" if line["ordinal"] is None else str(line["ordinal"]),
                    "credit": line["quantity"] < 0,
                    "reason": line["reason"],
                    "unit": _grouped(line["unit_amount_minor"], currency),
                    "amount": _grouped(line["amount_minor"], currency),
                }
                for line in lines
            ],
        },
    )


async def settlement_pdf(
    typesetter: Typesetter, settlement: Row, invoices: list[Row], language: Language, time_zone: str
) -> bytes:
    """The statement with its invoices on both sides; instants in the organisation's time zone."""
    currency = settlement["currency"]

    def side(own: str, other: str) -> list[Row]:
        return [
            {
                "number": invoice["number"],
                "issued_at": _local(invoice["issued_at"], time_zone),
                "counterparty": _party(invoice[other], language)["name"],
                "amount": _grouped(invoice["total_minor"], currency),
            }
            for invoice in invoices
            if invoice[f"{own}_id"] == settlement["organisation_id"]
        ]

    return await typesetter.pdf(
        "settlement.typ",
        {
            "language": language.value,
            "organisation": _party(settlement["organisation"], language),
            "after": _local(settlement["after"], time_zone),
            "through": _local(settlement["through"], time_zone),
            "closed_at": _local(settlement["closed_at"], time_zone),
            "currency": currency,
            "owes": _grouped(settlement["owes_minor"], currency),
            "earns": _grouped(settlement["earns_minor"], currency),
            "net": _grouped(settlement["net_minor"], currency),
            "owed": side("payer", "payee"),
            "earned": side("payee", "payer"),
        },
    )


def _party(snapshot: Row, language: Language) -> Row:
    other = "en" if language is Language.CHINESE else "zh"
    name = snapshot[f"name_{language.value}"] or snapshot[f"name_{other}"]
    return {
        "name": name,
        "other_name": snapshot[f"name_{other}"] if snapshot[f"name_{other}"] != name else "",
        "code": snapshot["unified_social_credit_code"],
    }


def _local(moment: datetime | None, time_zone: str) -> str:
    return "" if moment is None else moment.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M:%S %z")


def _grouped(minor: int, currency: str) -> str:
    """With thousands separated, and a true minus sign."""
    text = decimal_text(abs(minor), currency)
    whole, point, fraction = text.partition(".")
    return ("\N{MINUS SIGN}" if minor < 0 else "") + f"{int(whole):,}" + point + fraction

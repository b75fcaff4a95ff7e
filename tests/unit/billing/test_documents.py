"""Documents: a spreadsheet reads the CSV rightly and runs nothing, the PDF says what the invoice says in both languages."""

import csv
import io
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.billing.documents.pages import Language, Typesetter, invoice_pdf, settlement_pdf
from services.billing.documents.sheets import invoice_csv, settlement_csv
from services.billing.documents.table import Amount, csv_bytes
from services.shared.errors import Unavailable

CLINIC = {
    "name_zh": "清河县人民医院",
    "name_en": "Qinghe County People's Hospital",
    "unified_social_credit_code": "12130534MB0000000X",
}
CENTRE = {"name_zh": "省立中心医院", "name_en": "Provincial Central Hospital", "unified_social_credit_code": ""}
TYPESETTER = Typesetter(Path("/usr/share/fonts"))
INVOICE: dict[str, Any] = {
    "id": UUID(int=1),
    "number": "CENTRE-000007",
    "issued_at": datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
    "after": datetime(2026, 10, 31, 16, 0, tzinfo=UTC),
    "through": datetime(2026, 11, 22, 8, 0, tzinfo=UTC),
    "payer": CLINIC,
    "payee": CENTRE,
    "payer_id": UUID(int=11),
    "payee_id": UUID(int=12),
    "currency": "CNY",
    "total_minor": 1_234_000,
}


def line(number: int, amount: int, quantity: int = 1, reason: str = "") -> dict[str, Any]:
    return {
        "id": UUID(int=100 + number),
        "service_date": date(2026, 11, 1 + number % 28),
        "exam_id": UUID(int=200 + number),
        "study_instance_uid": f"2.25.{number}",
        "agreement_number": "2026-QH-01",
        "agreement_version": 2,
        "item_code": "reading",
        "description_zh": "超声远程诊断",
        "description_en": "Remote ultrasound reading",
        "ordinal": number if quantity > 0 else None,
        "quantity": quantity,
        "unit_amount_minor": abs(amount),
        "amount_minor": amount,
        "currency": "CNY",
        "corrects_usage_id": None if quantity > 0 else UUID(int=5),
        "reason": reason,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }


LINES = [*(line(number, 8000) for number in range(1, 41)), line(41, -8000, -1, "=HYPERLINK(1)")]


def parsed(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def words(pdf: bytes, folder: Path) -> str:
    (folder / "document.pdf").write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", str(folder / "document.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode()


def test_csv_begins_with_the_mark_by_which_excel_knows_utf8() -> None:
    assert invoice_csv(INVOICE, LINES).startswith(b"\xef\xbb\xbfinvoice_number,")


def test_csv_carries_chinese_names_amounts_and_every_line() -> None:
    rows = parsed(invoice_csv(INVOICE, LINES))
    assert len(rows) == len(LINES)
    assert rows[0]["payer_zh"] == "清河县人民医院"
    assert rows[0]["amount"] == "80.00"
    assert rows[-1]["amount"] == "-80.00"


def test_no_cell_can_become_a_formula() -> None:
    assert parsed(invoice_csv(INVOICE, LINES))[-1]["reason"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x"])
def test_text_that_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_bytes(["a"], [[text]]).decode("utf-8-sig"), newline=""))
    assert row["a"] == f"'{text}"


def test_our_own_negative_amounts_stay_numbers() -> None:
    assert csv_bytes(["a"], [[Amount("-8.00")]]).endswith(b"\r\n-8.00\r\n")


def test_a_settlement_sheet_sums_to_its_net_amount() -> None:
    settlement = {
        "organisation_id": UUID(int=12),
        "organisation": CENTRE,
        "through": INVOICE["through"],
        "currency": "CNY",
        "net_minor": 1_234_000,
    }
    *invoices, net = parsed(settlement_csv(settlement, [INVOICE]))
    assert [(row["side"], row["amount"]) for row in invoices] == [("earns", "12340.00")]
    assert net["side"] == "net" and net["amount"] == "12340.00"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (Language.CHINESE, ["账单", "清河县人民医院", "超声远程诊断", "12,340.00", "2026-11-22 16:00:00"]),
        (Language.ENGLISH, ["Invoice", "Provincial Central Hospital", "Remote ultrasound reading", "CENTRE-000007"]),
    ],
)
async def test_the_pdf_says_what_the_invoice_says(language: Language, expected: list[str], tmp_path: Path) -> None:
    text = words(await invoice_pdf(TYPESETTER, INVOICE, LINES, language, "Asia/Shanghai"), tmp_path)
    assert [word for word in expected if word not in text] == []
    assert text.count("2026-QH-01 / 2") == len(LINES)


async def test_a_long_agreement_number_leaves_room_for_item_and_exam(tmp_path: Path) -> None:
    lines = [one | {"agreement_number": "2026-QINGHE-" * 5 + "1"} for one in LINES[:1]]
    text = words(await invoice_pdf(TYPESETTER, INVOICE, lines, Language.ENGLISH, "Asia/Shanghai"), tmp_path)
    assert "Remote ultrasound reading" in text.partition("Lines")[2], "in one line"


async def test_the_same_invoice_gives_the_same_bytes() -> None:
    one = await invoice_pdf(TYPESETTER, INVOICE, LINES, Language.CHINESE, "Asia/Shanghai")
    assert await invoice_pdf(TYPESETTER, INVOICE, LINES, Language.CHINESE, "Asia/Shanghai") == one


async def test_a_name_is_never_markup(tmp_path: Path) -> None:
    hostile = INVOICE | {"payer": CLINIC | {"name_zh": '#panic("x") $a$ *b* <c> // d'}}
    text = words(await invoice_pdf(TYPESETTER, hostile, LINES[:1], Language.CHINESE, "Asia/Shanghai"), tmp_path)
    assert '#panic("x") $a$ *b* <c> // d' in text


async def test_the_settlement_names_both_sides(tmp_path: Path) -> None:
    settlement = {
        "organisation_id": UUID(int=12),
        "organisation": CENTRE,
        "after": None,
        "through": INVOICE["through"],
        "closed_at": INVOICE["issued_at"],
        "currency": "CNY",
        "owes_minor": 0,
        "earns_minor": 1_234_000,
        "net_minor": 1_234_000,
    }
    text = words(await settlement_pdf(TYPESETTER, settlement, [INVOICE], Language.CHINESE, "Asia/Shanghai"), tmp_path)
    for expected in ("结算单", "省立中心医院", "清河县人民医院", "CENTRE-000007", "12,340.00"):
        assert expected in text


async def test_without_a_font_that_has_chinese_no_document_with_holes_is_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="fonts-noto-cjk"):
        await invoice_pdf(Typesetter(tmp_path), INVOICE, LINES, Language.CHINESE, "Asia/Shanghai")

"""CSV that Excel opens as UTF-8 and that runs no formula of somebody else's."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

Cell = str | int | date | datetime | UUID | None

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


class Amount(str):
    """A number written out by us: its sign is a sign, not the beginning of a formula."""

    __slots__ = ()


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180 with a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, int | Amount):
        return cell
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text

"""Plain tables for a terminal; Chinese characters take two columns."""

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns that `text` takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows under their head, each column as wide as its widest cell."""
    widths = [max(width(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * one for one in widths], *rows]
    return "\n".join(
        "  ".join(cell + " " * (columns - width(cell)) for cell, columns in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )

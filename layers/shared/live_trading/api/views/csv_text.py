"""Tables as CSV: RFC 4180, and safe to open with a program that takes text for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum

# What a spreadsheet takes for a formula, or skips to find one behind it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A header line and a line a row, each ended by CRLF; a cell is empty for None.

    Text that begins like a formula gets an apostrophe before it, which spreadsheets take for the mark of text. Numbers,
    and text that is nothing but an exact decimal number, stay as they are.
    """
    return csv_lines([columns]) + csv_lines(rows)


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """The rows alone, without a header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value.value) if isinstance(value, Enum) else str(value)
    is_formula = text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text

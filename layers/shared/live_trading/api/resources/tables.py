"""Lists as tables: which of the two forms a caller wants, and a page as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

from live_trading.api.described import CSV
from live_trading.api.fields import named
from live_trading.api.once import TextAnswer
from live_trading.api.views.csv_text import csv_of


class ListFormat(StrEnum):
    """The form of a list; without one the header Accept decides."""

    JSON = "json"
    CSV = "csv"


FormatName = Annotated[ListFormat, *named(*ListFormat)]
NEXT_CURSOR_HEADER = "x-next-cursor"


def wants_table(accepts: str, form: ListFormat | None) -> bool:
    """Whether the list is wanted as CSV; what is asked for in the query goes before the header."""
    return form is ListFormat.CSV if form is not None else accepts == CSV


def table_answer(columns: Sequence[str], rows: Iterable[Sequence[object]], next_cursor: str | None) -> TextAnswer:
    """A page as CSV; what the next is asked for with stands in a header."""
    headers = {} if next_cursor is None else {NEXT_CURSOR_HEADER: next_cursor}
    return TextAnswer(text=csv_of(columns, rows), media_type=CSV, headers=headers)

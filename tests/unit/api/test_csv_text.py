"""CSV that every reader reads back, and that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.api.views.csv_text import csv_of
from live_trading.nouns.money import Usd
from live_trading.nouns.trades import Side


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_lines_end_as_the_standard_says_and_cells_with_commas_quotes_and_breaks_are_quoted() -> None:
    assert csv_of(["a", "b"], [["x,y", 'he said "no"\n']]) == 'a,b\r\n"x,y","he said ""no""\n"\r\n'


def test_what_is_not_there_is_an_empty_cell_and_every_type_has_its_plain_text() -> None:
    row = [None, True, 3, Decimal("-1.50"), Usd("-2"), Side.BUY, datetime(2026, 11, 27, tzinfo=UTC)]

    assert read(csv_of(["c"] * 7, [row]))[1] == [
        "", "true", "3", "-1.50", "-2.000000", "BUY", "2026-11-27T00:00:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_that_begins_like_a_formula_is_marked_as_text(start: str) -> None:
    assert read(csv_of(["c"], [[f"{start}HYPERLINK(1)"]]))[1] == [f"'{start}HYPERLINK(1)"]


@pytest.mark.parametrize("number", ["-0.000001", "-12", "0.5", Decimal("-3"), -7, Usd("-0.01")])
def test_numbers_are_never_marked(number: object) -> None:
    assert read(csv_of(["c"], [[number]]))[1] == [str(number)]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), min_size=1, max_size=4))
def test_what_is_written_is_read_back(cells: list[str]) -> None:
    found = read(csv_of(["c"] * len(cells), [cells]))

    assert len(found) == 2
    assert [got.removeprefix("'") for got in found[1]] == [cell.removeprefix("'") for cell in cells]

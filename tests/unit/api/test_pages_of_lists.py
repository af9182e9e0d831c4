"""Pages: a cursor is opaque, belongs to one list under its filters, and moves nothing when rows are added."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.api.paging import Page, paging_of
from live_trading.api.problems import Problem, ProblemCode
from live_trading.nouns.pages import PageAsked, Place

LIST = "/api/lt/things"
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    at: datetime
    number: int


def read(things: list[Thing], page: PageAsked) -> list[Thing]:
    """What a store does."""
    ordered = sorted(things, key=lambda each: (each.at, each.number), reverse=True)
    if page.after is not None:
        assert page.after_at is not None
        ordered = [each for each in ordered if (each.at, each.number) < (page.after_at, page.after_number)]
    return ordered[: page.rows_to_read]


def turned(things: list[Thing], query: Mapping[str, str], size: int, cursor: str | None) -> Page[Thing]:
    paging = paging_of(LIST, query, size=size, cursor=cursor)
    return paging.cut(read(things, paging.asked), lambda each: Place(at=each.at, row=str(each.number)))


@given(
    seconds=st.lists(st.integers(0, 5), max_size=40),
    added=st.lists(st.integers(6, 9), max_size=10),
    size=st.integers(1, 7),
)
def test_pages_show_each_row_once_whatever_is_added_in_between(seconds: list[int], added: list[int], size: int) -> None:
    things = [Thing(NOW + timedelta(seconds=each), number) for number, each in enumerate(seconds)]
    newer = [Thing(NOW + timedelta(seconds=each), 1000 + number) for number, each in enumerate(added)]
    shown: list[Thing] = []
    cursor: str | None = None
    while True:
        page = turned(things + (newer if shown else []), {}, size, cursor)
        shown += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break

    assert shown == sorted(things, key=lambda each: (each.at, each.number), reverse=True)


def test_a_cursor_of_another_filter_is_refused() -> None:
    things = [Thing(NOW, number) for number in range(3)]
    cursor = turned(things, {"state": "OPEN"}, 1, None).next_cursor

    with pytest.raises(Problem) as refused:
        turned(things, {"state": "CLOSED"}, 1, cursor)

    assert refused.value.code is ProblemCode.INVALID
    assert [each.field for each in refused.value.fields] == ["cursor"]


def test_another_size_of_page_goes_on_with_the_same_cursor() -> None:
    things = [Thing(NOW, number) for number in range(9)]
    cursor = turned(things, {"limit": "1"}, 1, None).next_cursor

    assert [each.number for each in turned(things, {"limit": "5"}, 5, cursor).rows] == [7, 6, 5, 4, 3]


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


SEAL = paging_of(LIST, {}, size=1, cursor=None).seal


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "a",
        "AAAA",
        encoded(None),
        encoded([]),
        encoded([SEAL, None]),
        encoded([SEAL, "yesterday", "1"]),
        encoded([SEAL, "2026-11-27T00:00:00", "1"]),
        encoded([SEAL, None, 1]),
        encoded([1, None, "1"]),
        encoded({"seal": SEAL}),
    ],
)
def test_what_is_no_cursor_is_refused_by_its_name(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        paging_of(LIST, {}, size=1, cursor=cursor)

    assert [each.field for each in refused.value.fields] == ["cursor"]

"""Data API parameters and cursors."""

from __future__ import annotations

import pytest

from local.chain import STANDARD_EXCHANGE
from local.exchange.feeds.feed_query import BadQuery, Cursor, Query, decode_cursor, encode_cursor
from tests.unit.exchange.exchange_builders import ACCOUNT, CONDITION

CURSOR = Cursor(anchor=[1_790_000_000, 7], page_size=50, settled={"sort_direction": "DESC"})


def test_a_cursor_comes_back_as_it_was_for_the_same_filters() -> None:
    filters = {"user": ACCOUNT, "taker_only": "false"}

    token = encode_cursor("trades", filters, CURSOR)

    assert decode_cursor("trades", dict(reversed(filters.items())), token) == CURSOR


@pytest.mark.parametrize(
    ("endpoint", "filters"),
    [("trades", {}), ("trades", {"user": ACCOUNT, "side": "BUY"}), ("activity", {"user": ACCOUNT})],
)
def test_a_cursor_is_refused_for_other_filters_or_another_endpoint(endpoint: str, filters: dict[str, str]) -> None:
    token = encode_cursor("trades", {"user": ACCOUNT}, CURSOR)

    with pytest.raises(BadQuery, match="repeat"):
        decode_cursor(endpoint, filters, token)


@pytest.mark.parametrize("token", ["", "x", "AAAA", "bm90IGEgY3Vyc29yIGF0IGFsbA", "Ä"])
def test_a_made_up_cursor_is_malformed(token: str) -> None:
    with pytest.raises(BadQuery, match="malformed"):
        decode_cursor("trades", {}, token)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("offset", "0"),
        ("limit", "1001"),
        ("limit", "-1"),
        ("user", "0x12"),
        ("user", STANDARD_EXCHANGE),
        ("condition", CONDITION + ",0x1"),
        ("condition", ",".join(f"0x{number:064x}" for number in range(21))),
        ("event_id", "a"),
        ("start", "yesterday"),
        ("filter_amount", "-1"),
        ("filter_amount", "NaN"),
        ("taker_only", "no"),
    ],
)
def test_a_bad_parameter_is_named(parameter: str, value: str) -> None:
    with pytest.raises(BadQuery) as caught:
        _read_everything(Query([(parameter, value)]))

    assert caught.value.parameter == parameter


def _read_everything(query: Query) -> None:
    query.page_size()
    query.user()
    query.conditions()
    query.event_ids()
    query.whole("start")
    query.amount("filter_amount")
    query.flag("taker_only", default=True)


@pytest.mark.parametrize("alias", ["condition", "condition_id", "conditionId"])
def test_condition_has_three_names(alias: str) -> None:
    assert Query([(alias, CONDITION.upper().replace("0X", "0x"))]).conditions() == frozenset({CONDITION})


def test_limit_zero_is_a_page_of_nothing() -> None:
    assert Query([("limit", "0")]).page_size() == 0

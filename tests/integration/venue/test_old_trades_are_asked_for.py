"""What is older than the list that a pass reads is asked for by itself, and no question costs another its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from live_trading.nouns.orders import SignedOrder
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.services.reconciling.old_asking import MOST_QUESTIONS, HeardOfOld, ask_about_old
from live_trading.store.orders.lt_orders import StoredOrder
from live_trading.store.orders.unsettled_trades import OpenTrade
from live_trading.wiring.chance import SYSTEM
from tests.builders import NOON
from tests.settlement.parts.loopback_fixtures import QuietHandler, serving
from tests.unit.orders.test_order_updates import an_order
from tests.unit.venue.polymarket_builders import ENDPOINTS, OTHER_ORDER, account, maker_row, trade_row

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

SINCE = NOON + timedelta(hours=2)


@contextmanager
def venue(rows: list[Any], *, away: str = "") -> Iterator[tuple[VenueAccount, list[dict[str, str]]]]:
    """An account at a venue that has these trades and does not answer for one market or id."""
    asked: list[dict[str, str]] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            asked.append(query)
            if away and away in query.values():
                self.answers(503, b"{}")
                return
            self.answers(200, json.dumps({"data": rows, "next_cursor": "LTE="}).encode())

    with serving(Handler) as url:
        yield account(endpoints=replace(ENDPOINTS, clob_url=url)), asked


def order(number: int) -> StoredOrder:
    return an_order(signed=SignedOrder(order_hash=f"0x{number:064x}", payload={}), condition_id=f"0x{number:064x}")


def heard_of(found: VenueAccount, orders: list[StoredOrder], trades: list[OpenTrade] | None = None) -> HeardOfOld:
    return ask_about_old(found, orders, trades or [], since=SINCE, chance=SYSTEM)


def test_trades_of_an_old_order_are_heard_and_those_of_others_in_its_market_are_not() -> None:
    ours = order(1).signed.order_hash
    rows = [
        trade_row(id="taken", taker_order_id=ours),
        trade_row(id="met", taker_order_id=OTHER_ORDER, maker_orders=[maker_row(order_id=ours)]),
        trade_row(id="another's", taker_order_id=OTHER_ORDER),
    ]
    with venue(rows) as (found, asked):
        heard = heard_of(found, [order(1)])

    assert [trade.venue_trade_id for answer in heard.answers for trade in answer.trades] == ["taken", "met"]
    assert [query["market"] for query in asked] == [order(1).condition_id]
    assert heard.unheard == frozenset()


def test_a_question_that_is_not_answered_stops_no_other_and_leaves_its_order_undecided() -> None:
    with venue([], away=order(2).condition_id) as (found, _):
        heard = heard_of(found, [order(1), order(2), order(3)], [OpenTrade(venue_trade_id="t1", match_time=NOON)])

    assert len(heard.answers) == 3
    assert heard.unheard == {order(2).signed.order_hash}
    assert [failure.part for failure in heard.failures] == [f"trades of old orders in market {order(2).condition_id}"]


def test_a_young_order_is_in_the_list_that_was_read() -> None:
    with venue([]) as (found, asked):
        heard_of(found, [replace(order(1), intent_at=SINCE)])

    assert asked == []


def test_however_much_is_old_a_pass_asks_so_many_questions_and_says_what_it_left() -> None:
    orders = [order(number) for number in range(1, MOST_QUESTIONS + 6)]
    with venue([]) as (found, asked):
        heard = heard_of(found, orders)

    assert len(asked) == MOST_QUESTIONS
    assert len(heard.unheard) == 5

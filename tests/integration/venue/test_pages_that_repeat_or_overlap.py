"""Lists of the venue whose pages repeat or overlap: nothing counts twice, and a walk that goes nowhere is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from live_trading.nouns.errors import MalformedAnswer
from live_trading.polymarket.data.data_api import DataApi
from live_trading.polymarket.data.payments import OwnPayments
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.wiring.chance import SYSTEM
from tests.integration.scripted_venue import ScriptedVenue, gamma_row, serving, trade_row
from tests.integration.source_builders import ALICE, CONDITION, NOON, a_trade

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

Query = dict[str, list[str]]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def venue() -> ScriptedVenue:
    return ScriptedVenue()


@pytest.fixture
def endpoints(venue: ScriptedVenue) -> Iterator[VenueEndpoints]:
    with serving(venue) as endpoints:
        yield endpoints


@pytest.fixture
def feed(endpoints: VenueEndpoints) -> Iterator[DataApi]:
    feed = DataApi(endpoints, SYSTEM)
    yield feed
    feed.close()


def feed_pages(*pages: list[Any]) -> Callable[[Query], Any]:
    """Pages of the Data API, each with a cursor of its own."""

    def answer(query: Query) -> Any:
        place = int(query.get("cursor", ["0"])[0])
        has_more = place + 1 < len(pages)
        cursor = str(place + 1) if has_more else None
        return {"data": pages[place], "pagination": {"has_more": has_more, "next_cursor": cursor}}

    return answer


def a_row(number: int) -> dict[str, Any]:
    return trade_row(a_trade(number))


def a_rebate(number: int) -> dict[str, Any]:
    return {
        "type": "TAKER_REBATE",
        "usdc_size": "1.25",
        "timestamp": int(NOON.timestamp()),
        "transaction_hash": f"0x{number:064x}",
    }


def test_one_row_on_thirty_pages_with_new_cursors_is_no_trade_at_all(venue: ScriptedVenue, feed: DataApi) -> None:
    venue.instead["/v2/trades"] = feed_pages(*[[a_row(1)]] * 30)

    with pytest.raises(MalformedAnswer, match="repeats"):
        feed.trades(ALICE, LONG_AGO)


def test_an_overlap_of_two_pages_makes_no_second_trade_and_is_told(venue: ScriptedVenue, feed: DataApi) -> None:
    venue.instead["/v2/trades"] = feed_pages([a_row(1), a_row(2), a_row(3)], [a_row(2), a_row(3), a_row(4)])

    page = feed.trades(ALICE, LONG_AGO)

    assert [(trade.transaction_hash, trade.occurrence) for trade in page.trades] == [
        (a_trade(number).transaction_hash, 0) for number in (1, 2, 3, 4)
    ]
    assert [row.reason for row in page.quarantined] == ["listed on two pages: counted once"] * 2


def test_pages_that_come_back_later_in_the_walk_make_no_second_trade(venue: ScriptedVenue, feed: DataApi) -> None:
    first, second = [a_row(1), a_row(2)], [a_row(3)]
    venue.instead["/v2/trades"] = feed_pages(first, second, first, second)

    assert [trade.occurrence for trade in feed.trades(ALICE, LONG_AGO).trades] == [0, 0, 0]


def test_equal_fills_on_one_page_are_two_trades(venue: ScriptedVenue, feed: DataApi) -> None:
    venue.instead["/v2/trades"] = feed_pages([a_row(1), a_row(1)], [a_row(2)])

    page = feed.trades(ALICE, LONG_AGO)

    assert [trade.occurrence for trade in page.trades] == [0, 1, 0]
    assert page.quarantined == []


def test_a_payment_on_two_pages_is_one_payment(venue: ScriptedVenue, endpoints: VenueEndpoints) -> None:
    venue.instead["/v2/activity"] = feed_pages([a_rebate(1), a_rebate(1), a_rebate(2)], [a_rebate(2), a_rebate(3)])
    payments = OwnPayments(endpoints, SYSTEM)

    found = payments.since(ALICE, LONG_AGO)
    payments.close()

    assert len(found) == len({each.key for each in found}) == 4
    assert sorted(each.occurrence for each in found) == [0, 0, 0, 1]


def test_a_repeated_page_of_payments_is_a_broken_walk(venue: ScriptedVenue, endpoints: VenueEndpoints) -> None:
    venue.instead["/v2/activity"] = feed_pages(*[[a_rebate(1)]] * 3)
    payments = OwnPayments(endpoints, SYSTEM)

    with pytest.raises(MalformedAnswer, match="repeats"):
        payments.since(ALICE, LONG_AGO)
    payments.close()


def test_a_repeated_page_of_the_catalogue_is_a_broken_walk(venue: ScriptedVenue, endpoints: VenueEndpoints) -> None:
    def answer(query: Query) -> Any:
        place = int(query.get("after_cursor", ["0"])[0])
        return {"markets": [gamma_row()], "next_cursor": str(place + 1)}

    venue.instead["/markets/keyset"] = answer
    gamma = Gamma(endpoints, SYSTEM)

    with pytest.raises(MalformedAnswer, match="repeats"):
        gamma.markets([CONDITION])
    gamma.close()

"""Catalogue, feed, books and eligibility of a running exchange."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.nouns.markets import FeeSchedule, ProtocolVersion, ResolutionState
from live_trading.nouns.trades import SourceTrade
from live_trading.polymarket.clob.geoblock import Eligibility, Geoblock
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.polymarket.data import data_api as data_api_module
from live_trading.polymarket.data.data_api import DataApi
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.polymarket.wire.http_questions import NotFound
from live_trading.wiring.chance import SYSTEM
from tests.integration.exchange_fixtures import RunningExchange, running_exchange
from tests.integration.polymarket_accounts import endpoints_of
from tests.integration.whole_histories import all_positions, all_sizes

pytestmark = pytest.mark.integration

CRYPTO_FEES = FeeSchedule(rate=Decimal("0.07"), exponent=Decimal(1))
UNKNOWN_CONDITION = "0x" + "12" * 32
EXTRA = [
    {"slug": "new-protocol", "question": "A market of the position manager", "version": "v2"},
    {"slug": "no-version", "question": "A market without a version", "version": None},
]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExchange]:
    """The first market is resolved, the second in its last minute; traders have traded."""
    directory: Path = tmp_path_factory.mktemp("exchange")
    with running_exchange(directory, markets=2, traders=8, extra_markets=EXTRA) as exchange:
        exchange.advance_to(exchange.replay()["markets"][1]["end_ms"] - 60_000)
        yield exchange


@pytest.fixture
def gamma(exchange: RunningExchange) -> Iterator[Gamma]:
    gamma = Gamma(endpoints_of(exchange), SYSTEM)
    yield gamma
    gamma.close()


@pytest.fixture
def feed(exchange: RunningExchange) -> Iterator[DataApi]:
    feed = DataApi(endpoints_of(exchange), SYSTEM)
    yield feed
    feed.close()
    exchange.clear_faults()


@pytest.fixture
def market_data(exchange: RunningExchange) -> Iterator[MarketData]:
    market_data = MarketData(endpoints_of(exchange), SYSTEM)
    yield market_data
    market_data.close()


@pytest.fixture
def conditions(exchange: RunningExchange) -> list[str]:
    return [market["condition_id"] for market in exchange.replay()["markets"]]


def now(exchange: RunningExchange) -> datetime:
    return datetime.fromtimestamp(exchange.now_ms() // 1000, UTC)


def traders_of(exchange: RunningExchange) -> list[str]:
    return [trader["address"] for trader in exchange.replay()["traders"]]


def test_open_and_closed_markets_are_found_in_one_question(gamma: Gamma, conditions: list[str]) -> None:
    answer = gamma.markets([*conditions, UNKNOWN_CONDITION])

    closed, is_open = (answer.markets[condition_id] for condition_id in conditions)
    assert answer.malformed == []
    assert UNKNOWN_CONDITION not in answer.markets
    assert closed.resolution_hint is ResolutionState.RESOLVED
    assert not closed.market.is_open
    assert is_open.resolution_hint is ResolutionState.OPEN
    assert is_open.market.accepting_orders
    assert is_open.market.fees == CRYPTO_FEES
    assert is_open.market.version is ProtocolVersion.V1
    assert is_open.market.category == "Crypto"
    assert "Bitcoin" in is_open.market.tags


def test_nothing_asked_is_nothing_answered(gamma: Gamma) -> None:
    assert gamma.markets([]).markets == {}


def test_more_ids_than_fit_one_question_are_asked_in_parts(gamma: Gamma, conditions: list[str]) -> None:
    unknown = [f"0x{number:064x}" for number in range(1, 120)]

    assert set(gamma.markets([*unknown, *conditions]).markets) == set(conditions)


def test_protocols_are_told_apart(exchange: RunningExchange, gamma: Gamma) -> None:
    listed = exchange.http.get(f"{exchange.gamma_url}/markets/keyset", params={"limit": 100}).json()["markets"]
    ids = {row["slug"]: row["conditionId"] for row in listed}

    answer = gamma.markets([ids["new-protocol"], ids["no-version"]])

    second = answer.markets[ids["new-protocol"]].market
    assert second.version is ProtocolVersion.V2
    assert all(int(token_id) & (((1 << 64) - 1) << 40) == 0 for token_id in second.token_ids)
    assert answer.markets[ids["no-version"]].market.version is ProtocolVersion.UNKNOWN


def test_a_traders_fills_are_read_over_all_pages(
    exchange: RunningExchange, feed: DataApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = now(exchange) - timedelta(hours=2)
    whole = {trader: feed.trades(trader, since) for trader in traders_of(exchange)}

    monkeypatch.setattr(data_api_module, "_ROWS_A_PAGE", 2)
    in_pages = {trader: feed.trades(trader, since) for trader in whole}

    for trader, page in whole.items():
        # Equal fills on both sides of a border could be one fill that two pages show: the second is told, not believed.
        found = in_pages[trader]
        assert {trade.key for trade in found.trades} <= {trade.key for trade in page.trades}
        assert {trade.transaction_hash for trade in found.trades} == {trade.transaction_hash for trade in page.trades}
        assert len(found.trades) + len(found.quarantined) == len(page.trades)
    assert sum(len(page.trades) for page in whole.values()) > 10
    assert all(page.quarantined == [] for page in whole.values())
    for trader, page in whole.items():
        assert {trade.trader for trade in page.trades} <= {trader}
        assert len({trade.key for trade in page.trades}) == len(page.trades)
        assert all(trade.trade_time >= since for trade in page.trades)


def test_the_window_starts_where_it_is_asked_to(exchange: RunningExchange, feed: DataApi) -> None:
    trader = max(traders_of(exchange), key=lambda address: len(_all_of(feed, exchange, address)))
    trades = _all_of(feed, exchange, trader)
    middle = trades[len(trades) // 2].trade_time

    assert feed.trades(trader, middle).trades == [trade for trade in trades if trade.trade_time >= middle]


def _all_of(feed: DataApi, exchange: RunningExchange, trader: str) -> list[SourceTrade]:
    return feed.trades(trader, now(exchange) - timedelta(hours=2)).trades


def test_a_traders_history_is_dated_before_now(exchange: RunningExchange, feed: DataApi) -> None:
    for trader in traders_of(exchange):
        page, sizes = all_positions(feed, trader), all_sizes(feed, trader, now(exchange))
        positions = page.positions

        assert positions
        assert page.quarantined == []
        assert len({each.token_id for each in positions}) == len(positions)
        assert all(each.closed_at is not None and each.closed_at <= now(exchange) for each in positions)
        assert any(each.pnl is not None and each.pnl.is_positive for each in positions)
        assert any(each.pnl is not None and each.pnl.is_negative for each in positions)
        assert all(each.usd is not None and each.usd.is_positive for each in sizes)
        recent = all_sizes(feed, trader, now(exchange), after=now(exchange) - timedelta(hours=2))
        assert len(recent) < len(sizes)


@pytest.mark.money_faults
def test_a_history_in_small_steps_is_the_whole_history(
    exchange: RunningExchange, feed: DataApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader = max(traders_of(exchange), key=lambda address: len(_all_of(feed, exchange, address)))
    positions, sizes = all_positions(feed, trader), all_sizes(feed, trader, now(exchange))

    monkeypatch.setattr(data_api_module, "_ROWS_A_PAGE", 3)
    monkeypatch.setattr(data_api_module, "_POSITIONS_A_PAGE", 2)

    assert sorted(map(repr, all_positions(feed, trader).positions)) == sorted(map(repr, positions.positions))
    assert sorted(map(repr, all_sizes(feed, trader, now(exchange)))) == sorted(map(repr, sizes))
    assert len(sizes) > 10


@pytest.mark.venue_facts
def test_what_the_feed_has_no_value_for_costs_no_trade_and_no_position(
    exchange: RunningExchange, feed: DataApi
) -> None:
    numbers, times = set(), set()
    for trader in traders_of(exchange):
        asked = {"user": trader, "taker_only": "false", "start": 1, "limit": 1000}
        trades = exchange.http.get(f"{exchange.data_url}/v2/trades", params=asked).json()["data"]
        asked = {"user": trader, "status": "REDEEMABLE_LOST", "limit": 1000}
        lost = exchange.http.get(f"{exchange.data_url}/v2/positions", params=asked).json()["data"]
        numbers |= {row["outcome_index"] for row in trades}
        times |= {row["last_event_at"] for row in lost}
        found = {each.token_id: each for each in all_positions(feed, trader).positions}

        assert feed.trades(trader, datetime.fromtimestamp(1, UTC)).quarantined == []
        assert all(found[row["token_id"]].closed_at is not None for row in lost)

    assert numbers == {0, 1, 999}
    assert 0 in times


def test_the_feed_says_how_late_it_is(exchange: RunningExchange, feed: DataApi) -> None:
    exchange.arm("feed_delay", seconds=90)

    status = feed.status()

    assert status.lag_seconds == 90
    assert status.computed_at == now(exchange)
    assert status.slowest_part


def test_a_feed_that_is_away_is_for_later(exchange: RunningExchange, feed: DataApi) -> None:
    exchange.arm("server_error", endpoint="/v2", count=1)

    with pytest.raises(RetryLater):
        feed.trades(traders_of(exchange)[0], now(exchange))


def test_a_question_that_the_feed_refuses_is_final(feed: DataApi, exchange: RunningExchange) -> None:
    with pytest.raises(GiveUp):
        feed.trades("0xnobody", now(exchange))


def test_books_come_sorted_and_closed_markets_have_none(
    exchange: RunningExchange, market_data: MarketData, conditions: list[str]
) -> None:
    closed, is_open = exchange.replay()["markets"]

    books = market_data.books([*is_open["token_ids"], *closed["token_ids"], "123456789"])

    assert set(books) == set(is_open["token_ids"])
    for book in books.values():
        assert book.condition_id == conditions[1]
        assert book.best_bid is None or book.best_ask is None or book.best_bid < book.best_ask
        assert book.bids == tuple(sorted(book.bids, key=lambda level: level.price, reverse=True))
        assert book.asks == tuple(sorted(book.asks, key=lambda level: level.price))
        assert book.taken_at <= now(exchange) + timedelta(seconds=1)


def test_no_tokens_are_no_question(market_data: MarketData) -> None:
    assert market_data.books([]) == {}


def test_the_book_says_what_its_market_takes(
    exchange: RunningExchange, market_data: MarketData, gamma: Gamma, conditions: list[str]
) -> None:
    market = gamma.markets(conditions).markets[conditions[1]].market

    found = market_data.clob_market(conditions[1])

    assert found.token_ids == market.token_ids
    assert (found.tick_size, found.fees) == (market.tick_size, market.fees)
    assert (found.minimum_order_shares, found.neg_risk) == (market.minimum_order_shares, market.neg_risk)
    assert found.accepting_orders
    with pytest.raises(NotFound):
        market_data.clob_market(UNKNOWN_CONDITION)


def test_tick_and_midpoint_are_those_of_the_book(exchange: RunningExchange, market_data: MarketData) -> None:
    token_id = exchange.replay()["markets"][1]["token_ids"][0]
    book = market_data.books([token_id])[token_id]

    assert market_data.tick_size(token_id) == book.tick_size
    if book.midpoint is None:
        with pytest.raises(NotFound):
            market_data.midpoint(token_id)
    else:
        assert market_data.midpoint(token_id) == book.midpoint


def test_the_venue_tells_the_time(exchange: RunningExchange, market_data: MarketData) -> None:
    assert market_data.server_time() == now(exchange)


def test_eligibility_is_what_the_venue_says(exchange: RunningExchange) -> None:
    assert Geoblock(exchange.geoblock_url, SYSTEM).eligibility() is Eligibility.OPEN
    exchange.arm("geoblocked")
    assert Geoblock(exchange.geoblock_url, SYSTEM).eligibility() is Eligibility.BLOCKED
    exchange.clear_faults()
    exchange.arm("server_error", count=1)
    assert Geoblock(exchange.geoblock_url, SYSTEM).eligibility() is Eligibility.UNKNOWN
    exchange.clear_faults()

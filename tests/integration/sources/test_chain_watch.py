"""The watch on a real chain: fills of followed traders from the exchanges' logs, beside the feed's word of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from live_trading.chain.reading.order_logs import OrderLogs
from live_trading.nouns.trades import Side, SourceTrade
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.services.following.chain_watch import ChainReport, ChainWatch
from live_trading.services.following.token_markets import TokenMarkets
from live_trading.services.following.trade_storing import store_listed
from live_trading.store.database.connection import Database
from live_trading.wiring.chance import SYSTEM
from local.chain import EXCHANGE_V3, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE, LocalChain, PreparedMarket
from tests.integration.chain_fixtures import Account, Hop, fresh_id, hop_before, new_account, running_chain, trade
from tests.integration.paper_bench_fixtures import SetClock
from tests.integration.scripted_venue import ScriptedVenue, gamma_row, serving
from tests.integration.source_builders import follow

pytestmark = pytest.mark.integration

EXCHANGES = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE, EXCHANGE_V3)


@dataclass(slots=True, kw_only=True)
class Watching:
    """A chain, a catalogue, a database, and a watch over them."""

    chain: LocalChain
    venue: ScriptedVenue
    database: Database
    clock: SetClock
    hop: Hop
    gamma: Gamma
    watch: ChainWatch

    def another(self, *, confirmations: int = 0) -> ChainWatch:
        logs = OrderLogs(self.hop.url, exchanges=EXCHANGES, confirmations=confirmations)
        tokens = TokenMarkets(database=self.database, gamma=self.gamma)
        return ChainWatch(database=self.database, clock=self.clock, logs=logs, tokens=tokens)

    def poll(self) -> ChainReport:
        report = self.watch.poll()
        assert report.failures == []
        return report

    def follow(self, account: Account) -> None:
        follow(self.database, [account.address.lower()])

    def market(self, **kind: Any) -> PreparedMarket:
        """A market of the chain that the catalogue has."""
        market = self.chain.prepare_market(fresh_id(), **kind)
        tokens = json.dumps(list(market.token_ids))
        self.venue.markets[market.condition_id] = gamma_row(market.condition_id, clobTokenIds=tokens)
        return market

    def stored(self) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows("SELECT * FROM source_trades ORDER BY source_trade_id")

    def listed(self, *trades: SourceTrade) -> None:
        """The feed shows these."""
        with self.database.transaction() as transaction:
            store_listed(transaction, trades, self.clock.at)


@pytest.fixture(scope="module")
def logged_chain() -> Iterator[LocalChain]:
    with running_chain() as chain:
        yield chain


@pytest.fixture
def watching(database: Database, logged_chain: LocalChain) -> Iterator[Watching]:
    venue = ScriptedVenue()
    clock = SetClock(datetime.now(UTC))
    with serving(venue, logged_chain.rpc_url) as endpoints, hop_before(logged_chain.rpc_url) as hop:
        gamma = Gamma(endpoints, SYSTEM)
        logs = OrderLogs(hop.url, exchanges=EXCHANGES)
        watch = ChainWatch(
            database=database, clock=clock, logs=logs, tokens=TokenMarkets(database=database, gamma=gamma)
        )
        watching = Watching(
            chain=logged_chain, venue=venue, database=database, clock=clock, hop=hop, gamma=gamma, watch=watch
        )
        yield watching
        gamma.close()


def test_a_fill_is_stored_as_the_feed_will_show_it(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()

    settled = trade(watching.chain, trader, market, Side.BUY, shares="7.042251", usd="4.999998", fee="0.07")
    report = watching.poll()

    assert (report.seen, report.stored) == (1, 1)
    (row,) = watching.stored()
    assert (row["transaction_hash"], row["trader_address"]) == (settled.transaction_hash, trader.address.lower())
    assert (row["side"], str(row["shares"]), str(row["price"])) == ("BUY", "7.042251", "0.710000")
    assert (row["token_id"], row["condition_id"]) == (market.token_ids[0], market.condition_id)
    assert (row["outcome"], row["outcome_index"], row["title"]) == ("Yes", 0, "Will it rain?")
    assert (row["source"], row["listed_at"], row["dropped_at"]) == ("CHAIN", None, None)


def test_every_fill_of_a_busy_block_is_told_once_by_either_source(watching: Watching) -> None:
    traders = [new_account(watching.chain) for _ in range(3)]
    for trader in traders:
        watching.follow(trader)
    markets = [watching.market(), watching.market(neg_risk=True)]
    watching.poll()
    for trader in traders:
        for market in markets:
            for number in range(1, 4):
                trade(watching.chain, trader, market, Side.BUY, outcome=number % 2, shares="10.07", usd=f"{number}.11")
        trade(watching.chain, trader, markets[0], Side.SELL, outcome=1, shares="3", usd="1")

    report = watching.poll()
    again = watching.another().poll()

    assert (report.seen, report.stored, again.stored) == (21, 21, 0)
    told = [trade_of(row) for row in watching.stored()]
    watching.listed(*told)
    assert len(watching.stored()) == 21
    assert all(row["listed_at"] is not None for row in watching.stored())


def test_both_outcomes_bought_against_each_other_are_two_fills_of_two_traders(watching: Watching) -> None:
    taker, maker = new_account(watching.chain), new_account(watching.chain)
    watching.follow(taker)
    watching.follow(maker)
    market = watching.market()
    watching.poll()

    settled = mint_match(watching.chain, market, taker, maker)
    watching.poll()

    rows = {row["trader_address"]: row for row in watching.stored()}
    ours, theirs = rows[taker.address.lower()], rows[maker.address.lower()]
    assert len(watching.stored()) == 2
    assert {ours["transaction_hash"], theirs["transaction_hash"]} == {settled}
    assert (ours["token_id"], str(ours["price"]), ours["side"]) == (market.token_ids[0], "0.400000", "BUY")
    assert (theirs["token_id"], str(theirs["price"]), theirs["side"]) == (market.token_ids[1], "0.600000", "BUY")


def test_a_position_of_protocol_v2_is_told_once_its_market_is_known(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.chain.prepare_v2_market(fresh_id())
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)

    report = watching.poll()
    assert (report.stored, report.unknown_tokens) == (0, [market.token_ids[0]])

    with watching.database.transaction() as transaction:
        known = a_market(condition_id=market.condition_id, version=ProtocolVersion.V2, token_ids=market.token_ids)
        markets.save(transaction, [SeenMarket(market=known, resolution_hint=ResolutionState.OPEN)], watching.clock.at)
    trade(watching.chain, trader, market, Side.BUY)
    watching.poll()

    assert {row["token_id"] for row in watching.stored()} == {market.token_ids[0]}


def test_a_trade_before_its_trader_was_followed_and_one_of_somebody_else_are_none(watching: Watching) -> None:
    trader, stranger = new_account(watching.chain), new_account(watching.chain)
    market = watching.market()
    watching.follow(new_account(watching.chain))
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)
    trade(watching.chain, stranger, market, Side.BUY)
    follow(watching.database, [trader.address.lower()], datetime.now(UTC) + timedelta(days=1))

    assert watching.poll().seen == 0


def test_nothing_new_costs_one_request_and_an_empty_block_two_and_two_round_trips(watching: Watching) -> None:
    watching.follow(new_account(watching.chain))
    watching.poll()
    asked = len(watching.hop.methods)
    with statements(watching.database) as told:
        watching.poll()
    assert (watching.hop.methods[asked:], told) == (["eth_getBlockByNumber"], [])

    watching.chain.mine(1)
    asked = len(watching.hop.methods)
    with statements(watching.database) as told:
        watching.poll()
    assert len(watching.hop.methods[asked:]) == 2
    assert len(told) == 1, "one statement with its BEGIN, and its COMMIT"


def test_a_catalogue_that_is_away_loses_no_fill(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)

    watching.venue.broken_paths.add("/markets/keyset")
    failed = watching.watch.poll()
    resting = watching.watch.poll()
    watching.venue.broken_paths.clear()
    watching.clock.at += timedelta(seconds=5)
    report = watching.poll()

    assert [each.error for each in failed.failures] == ["RetryLater"]
    assert (failed.stored, resting.rests, report.stored) == (0, True, 1)


def test_a_watch_that_dies_before_it_has_stored_looks_again(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)

    report = watching.another().poll()

    assert report.stored == 1
    assert len(watching.stored()) == 2


def test_confirmations_keep_a_fill_back_until_so_many_blocks_are_on_top(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    patient = watching.another(confirmations=2)
    patient.poll()
    trade(watching.chain, trader, market, Side.BUY)

    early = patient.poll()
    watching.chain.mine(2)
    late = patient.poll()

    assert (early.stored, late.stored) == (0, 1)


def test_a_long_absence_is_not_caught_up_with_and_says_so(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)
    watching.chain.mine(MOST_BEHIND + 10)

    report = watching.poll()

    assert (report.stored, report.skipped) == (0, 10)


def test_a_fill_of_a_replaced_block_is_dropped_and_not_offered_any_more(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    with rewritten(watching.chain):
        trade(watching.chain, trader, market, Side.BUY)
        watching.poll()
        assert [each.trade.token_id for each in watching.offered()] == [market.token_ids[0]]

    watching.chain.mine(2)
    report = watching.poll()

    assert (report.dropped, watching.offered()) == (1, [])
    assert watching.stored()[0]["dropped_at"] is not None


def test_a_fill_that_comes_back_in_another_block_is_the_same_trade(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    order = signed_order(trader.private_key, market, Side.BUY, maker_amount=4_000_000, taker_amount=10_000_000)
    with rewritten(watching.chain):
        first = watching.chain.settle_fills(market.exchange, [fill_of(order, market)])
        watching.poll()
    before = watching.stored()[0]
    watching.chain.mine(1)
    watching.poll()
    assert watching.offered() == []

    second = watching.chain.settle_fills(market.exchange, [fill_of(order, market)])
    watching.poll()

    (row,) = watching.stored()
    assert row["source_trade_id"] == before["source_trade_id"]
    assert (row["transaction_hash"], row["dropped_at"]) == (second, None)
    assert row["block_hash"] != before["block_hash"]
    assert first is not None


def test_a_decision_on_a_dropped_trade_stays_and_is_named_until_the_trade_is_back(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    order = signed_order(trader.private_key, market, Side.BUY, maker_amount=4_000_000, taker_amount=10_000_000)
    with rewritten(watching.chain):
        watching.chain.settle_fills(market.exchange, [fill_of(order, market)])
        watching.poll()
        decide(watching.database, watching.stored()[0]["source_trade_id"])
    watching.chain.mine(1)
    watching.poll()

    (alert,) = watching.alerts()
    assert (alert["alert_type"], alert["status"]) == ("source_trade", "ACTIVE")
    assert trader.address.lower() in alert["message"]

    watching.chain.settle_fills(market.exchange, [fill_of(order, market)])
    watching.poll()
    assert [each["status"] for each in watching.alerts()] == ["RESOLVED"]


def test_a_node_that_limits_ranges_is_asked_in_parts_and_remembered(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)
    watching.chain.mine(40)
    with faulty_node(watching.chain.rpc_url) as node:
        node.most_blocks = 10
        watch = watching.another(url=node.url)
        first = watch.poll()
        assert (first.failures, first.stored) == ([], 1)
        refused = node.refused
        trade(watching.chain, trader, market, Side.BUY)
        watching.chain.mine(30)
        assert watch.poll().stored == 1
        assert node.refused == refused, "a limit that was met is not met again"


def test_a_node_that_limits_addresses_is_asked_for_fewer(watching: Watching) -> None:
    trader = new_account(watching.chain)
    follow(watching.database, [f"0x{number:040x}" for number in range(1, 30)])
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)
    with faulty_node(watching.chain.rpc_url) as node:
        node.most_topics = 8
        report = watching.another(url=node.url).poll()

    assert (report.failures, report.stored) == ([], 1)


def test_a_node_that_refuses_by_rate_is_left_alone_for_longer_each_time(watching: Watching) -> None:
    watching.follow(new_account(watching.chain))
    watching.poll()
    with faulty_node(watching.chain.rpc_url) as node:
        node.says = (-32005, "daily request count exceeded, request rate limited")
        watch = watching.another(url=node.url)
        asked = []
        for _ in range(16):
            watch.poll()
            asked.append(len(node.methods))
            watching.clock.at += timedelta(seconds=1)
        node.says = None
        watching.clock.at += timedelta(seconds=30)
        assert watch.poll().failures == []

    assert [second for second in range(16) if asked[second] > (asked[second - 1] if second else 0)] == [0, 1, 3, 7, 15]

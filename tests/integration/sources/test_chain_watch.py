"""The watch on a real chain: fills of followed traders from the exchanges' logs, beside the feed's word of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from live_trading.nouns.markets import ProtocolVersion, ResolutionState
from live_trading.nouns.trades import Side
from live_trading.services.following.fills.chain_watch import MOST_BEHIND
from live_trading.services.following.fills.token_markets import LOOKED_FOR_AGAIN
from live_trading.store.database.connection import Database
from live_trading.store.feed import markets
from live_trading.store.feed.markets import SeenMarket
from local.postgres.databases import connect
from tests.integration.chain_fixtures import fresh_id, new_account, trade
from tests.integration.signed_order_fixtures import fill_of, signed_order
from tests.integration.source_builders import a_market, follow
from tests.integration.sources.watch_fixtures import Watching, trade_of
from tests.statement_counting import counted_round_trips

pytestmark = pytest.mark.integration


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
    watching.follow(*traders)
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
    watching.follow(taker, maker)
    market = watching.market()
    watching.poll()

    taken = signed_order(
        taker.private_key, market, Side.BUY, outcome=0, maker_amount=4_000_000, taker_amount=10_000_000
    )
    made = signed_order(maker.private_key, market, Side.BUY, outcome=1, maker_amount=6_000_000, taker_amount=10_000_000)
    fills = [fill_of(taken, market, fee=168_000), fill_of(made, market, is_maker=True)]
    settled = watching.chain.settle_fills(market.exchange, fills)
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
    watching.clock.at += LOOKED_FOR_AGAIN
    watching.poll()

    assert [row["token_id"] for row in watching.stored()] == [market.token_ids[0]] * 2


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
    with counted_round_trips() as made:
        watching.poll()
    assert (watching.hop.methods[asked:], made.trips) == (["eth_getBlockByNumber"], [])

    watching.chain.mine(1)
    asked = len(watching.hop.methods)
    with counted_round_trips() as made:
        watching.poll()
    assert len(watching.hop.methods[asked:]) == 2
    assert len(made.trips) == 2, made.text()


def test_a_catalogue_that_is_away_delays_only_what_it_has_to_tell(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    known, unknown = watching.market(), watching.market()
    watching.poll()
    trade(watching.chain, trader, known, Side.BUY)
    watching.poll()

    watching.venue.broken_paths.add("/markets/keyset")
    trade(watching.chain, trader, unknown, Side.BUY)
    failed = watching.watch.poll()
    trade(watching.chain, trader, known, Side.BUY)
    meanwhile = watching.watch.poll()
    watching.venue.broken_paths.clear()
    watching.clock.at += LOOKED_FOR_AGAIN
    watching.chain.mine(1)
    healed = watching.poll()

    assert [each.error for each in failed.failures] == ["RetryLater"]
    assert (failed.stored, failed.unknown_tokens) == (0, [unknown.token_ids[0]])
    assert (meanwhile.stored, meanwhile.rests) == (1, False)
    assert (healed.stored, healed.unknown_tokens) == (1, [])


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


def test_two_watches_at_once_store_each_fill_once(watching: Watching, database_url: str) -> None:
    traders = [new_account(watching.chain) for _ in range(2)]
    watching.follow(*traders)
    market = watching.market()
    watching.poll()
    others = Database(lambda: connect(database_url))
    beside = replace(watching, database=others).another()
    beside.poll()
    for _ in range(4):
        for trader in traders:
            trade(watching.chain, trader, market, Side.BUY)
        with ThreadPoolExecutor(2) as pool:
            reports = [each.result() for each in [pool.submit(watching.watch.poll), pool.submit(beside.poll)]]
        assert [report.failures for report in reports] == [[], []]
        assert sum(report.stored for report in reports) == len(traders)
    others.close()

    assert len(watching.stored()) == 4 * len(traders)

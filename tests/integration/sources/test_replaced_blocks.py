"""Blocks that the chain replaces: what stood in them is dropped, comes back as the same trade, and is acted on once."""

from __future__ import annotations

import pytest

from live_trading.nouns.trades import Side
from tests.integration.chain_fixtures import new_account, trade
from tests.integration.signed_order_fixtures import fill_of, signed_order
from tests.integration.sources.watch_fixtures import Watching, rewritten

pytestmark = pytest.mark.integration


def test_a_fill_of_a_replaced_block_is_dropped_and_not_offered_any_more(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    with rewritten(watching.chain):
        trade(watching.chain, trader, market, Side.BUY)
        watching.poll()
        assert len(watching.offered()) == 1

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
        watching.decided(watching.stored()[0]["source_trade_id"])
    before = watching.stored()[0]
    watching.chain.mine(2)
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
        watching.decided(watching.stored()[0]["source_trade_id"])
    watching.chain.mine(2)
    watching.poll()

    (alert,) = watching.rows("SELECT * FROM lt_alerts")
    assert (alert["alert_type"], alert["status"]) == ("source_trade", "ACTIVE")
    assert trader.address.lower() in alert["message"]

    watching.chain.settle_fills(market.exchange, [fill_of(order, market)])
    watching.poll()
    assert [each["status"] for each in watching.rows("SELECT * FROM lt_alerts")] == ["RESOLVED"]

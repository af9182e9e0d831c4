"""Nodes that refuse as providers do: by range, by the number of addresses, by rate."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_trading.nouns.trades import Side
from tests.integration.chain_fixtures import new_account, trade
from tests.integration.source_builders import follow
from tests.integration.sources.limited_node_fixtures import limited_node
from tests.integration.sources.watch_fixtures import Watching

pytestmark = pytest.mark.integration


def test_a_node_that_limits_ranges_is_asked_in_parts_and_remembered(watching: Watching) -> None:
    trader = new_account(watching.chain)
    watching.follow(trader)
    market = watching.market()
    watching.poll()
    watching.chain.mine(1)
    watching.poll()
    trade(watching.chain, trader, market, Side.BUY)
    watching.chain.mine(40)
    with limited_node(watching.chain.rpc_url) as node:
        node.most_blocks = 10
        watch = watching.another(url=node.url)
        assert watch.poll().stored == 1
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
    with limited_node(watching.chain.rpc_url) as node:
        node.most_topics = 8
        assert watching.another(url=node.url).poll().stored == 1


def test_a_node_that_refuses_by_rate_is_left_alone_for_longer_each_time(watching: Watching) -> None:
    watching.follow(new_account(watching.chain))
    watching.poll()
    with limited_node(watching.chain.rpc_url) as node:
        node.says = (-32005, "daily request count exceeded, request rate limited")
        watch = watching.another(url=node.url)
        asked: list[int] = []
        for second in range(16):
            before = len(node.methods)
            assert watch.poll().stored == 0
            asked += [second] if len(node.methods) > before else []
            watching.clock.at += timedelta(seconds=1)
        node.says = None
        watching.clock.at += timedelta(seconds=30)
        assert watch.poll().failures == []

    assert asked == [0, 1, 3, 7, 15]

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

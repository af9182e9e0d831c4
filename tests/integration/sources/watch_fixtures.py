"""A watch over a real chain, with a database and a catalogue that the test scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from live_trading.chain.reading.order_logs import OrderLogs
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side, SourceTrade
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.services.following.fills.chain_watch import ChainReport, ChainWatch
from live_trading.services.following.fills.token_markets import TokenMarkets
from live_trading.services.following.fills.trade_storing import store_listed
from live_trading.store.database.connection import Database
from live_trading.store.feed import brief_trades
from live_trading.store.feed.brief_trades import NumberRange
from live_trading.wiring.chance import SYSTEM
from local.chain import EXCHANGE_V3, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE, LocalChain, PreparedMarket
from tests.integration.chain_fixtures import Account, Hop, fresh_id, hop_before, running_chain
from tests.integration.paper_bench_fixtures import SetClock
from tests.integration.scripted_venue import ScriptedVenue, gamma_row, serving
from tests.integration.source_builders import create_wallet, follow

EXCHANGES = (STANDARD_EXCHANGE, NEG_RISK_EXCHANGE, EXCHANGE_V3)


@dataclass(slots=True, kw_only=True)
class Watching:
    """`watch` asks through `hop`, which counts the requests."""

    chain: LocalChain
    venue: ScriptedVenue
    database: Database
    clock: SetClock
    hop: Hop
    gamma: Gamma
    watch: ChainWatch

    def another(self, *, url: str | None = None, confirmations: int = 0) -> ChainWatch:
        """A watch of another invocation, which knows what the database knows."""
        logs = OrderLogs(url or self.hop.url, exchanges=EXCHANGES, confirmations=confirmations)
        tokens = TokenMarkets(database=self.database, gamma=self.gamma)
        return ChainWatch(database=self.database, clock=self.clock, logs=logs, tokens=tokens)

    def poll(self) -> ChainReport:
        report = self.watch.poll()
        assert report.failures == []
        return report

    def follow(self, *accounts: Account) -> None:
        follow(self.database, [account.address.lower() for account in accounts])

    def market(self, *, neg_risk: bool = False) -> PreparedMarket:
        """A market of the chain that the catalogue has."""
        market = self.chain.prepare_market(fresh_id(), neg_risk=neg_risk)
        tokens = json.dumps(list(market.token_ids))
        self.venue.markets[market.condition_id] = gamma_row(market.condition_id, clobTokenIds=tokens)
        return market

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql, **parameters)

    def stored(self) -> list[dict[str, Any]]:
        return self.rows("SELECT * FROM source_trades ORDER BY source_trade_id")

    def offered(self) -> list[int]:
        """The numbers of the trades that somebody might decide."""
        with self.database.transaction() as transaction:
            found = brief_trades.read(transaction, [NumberRange(after=0, to=1_000_000)], [])
        return [each.source_trade_id for each in found]

    def listed(self, *trades: SourceTrade) -> None:
        """The feed shows these."""
        with self.database.transaction() as transaction:
            store_listed(transaction, trades, self.clock.at)

    def decided(self, source_trade_id: int) -> None:
        """A paper wallet has decided the trade."""
        wallet = create_wallet(self.database)
        with self.database.transaction() as transaction:
            transaction.execute(
                """
                INSERT INTO decisions (
                    source_trade_id, ft_wallet_id, config_version, verdict, reason, checks, stake_usd, inputs,
                    inputs_hash, decided_at
                ) VALUES (:number, :wallet, 1, 'ACCEPTED', 'accepted', '[]', 10, '{}', :hash, :now)
                """,
                number=source_trade_id,
                wallet=wallet,
                hash="0" * 64,
                now=self.clock.at,
            )


def trade_of(row: dict[str, Any], **changes: Any) -> SourceTrade:
    """A stored row as the feed would show it."""
    trade = SourceTrade(
        transaction_hash=row["transaction_hash"],
        token_id=row["token_id"],
        trader=row["trader_address"],
        side=Side(row["side"]),
        price=Price(row["price"]),
        shares=Shares(row["shares"]),
        occurrence=row["occurrence"],
        condition_id=row["condition_id"],
        outcome=row["outcome"],
        outcome_index=row["outcome_index"],
        title=row["title"],
        slug=row["slug"],
        trade_time=row["trade_time"],
    )
    return replace(trade, **changes)


@contextmanager
def rewritten(chain: LocalChain) -> Iterator[None]:
    """What the block does to the chain is undone behind it: its blocks are gone, as after a reorganisation."""
    rpc = JsonRpc(chain.rpc_url)
    before = rpc.call("evm_snapshot")
    try:
        yield
    finally:
        assert rpc.call("evm_revert", before)
        # Other blocks than those that were there: an equal one would have the same hash.
        rpc.call("anvil_setCoinbase", "0x" + "c0" * 20)
        rpc.close()


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
        tokens = TokenMarkets(database=database, gamma=gamma)
        yield Watching(
            chain=logged_chain,
            venue=venue,
            database=database,
            clock=clock,
            hop=hop,
            gamma=gamma,
            watch=ChainWatch(database=database, clock=clock, logs=logs, tokens=tokens),
        )
        gamma.close()

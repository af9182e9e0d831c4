"""A bench for ingest, paper and resolution: real Postgres, chain and clients, and a venue that the test scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from live_trading.chain.reading.reader import ChainReader
from live_trading.nouns.trades import SourceTrade
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.polymarket.data.data_api import DataApi
from live_trading.polymarket.gamma.catalogue import Gamma
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.fee_comparing import FeeComparer
from live_trading.services.following.fills.feed_reading import FeedReader
from live_trading.services.following.ingest import Ingest, IngestReport
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.trader_statistics import StatisticsKeeper, TraderRecords
from live_trading.services.paper.ft_resolve import FtResolveReport, PaperResolver
from live_trading.services.paper.paper_run import PaperReport, PaperTrader
from live_trading.store.database.connection import Database
from live_trading.store.feed import subjects
from live_trading.wiring.chance import SYSTEM, stepped
from local.chain import ADDRESSES, LocalChain, PreparedMarket
from tests.integration.chain_fixtures import fresh_id, running_chain
from tests.integration.scripted_venue import ScriptedVenue, book_row, gamma_row, serving, trade_row
from tests.integration.source_builders import ALICE, CONDITION, NOON, YES, a_trade, follow, stats_of, store_stats


@dataclass(slots=True)
class SetClock:
    """A clock that stands where the test puts it."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True, kw_only=True)
class Bench:
    """The three jobs over one scripted venue, with their clock."""

    venue: ScriptedVenue
    chain: LocalChain
    clock: SetClock
    database: Database
    data_api: DataApi
    markets: MarketKeeper
    ingest: Ingest
    paper: PaperTrader
    resolver: PaperResolver

    def run_ingest(self, at: datetime) -> IngestReport:
        self.clock.at = at
        return self.ingest.run()

    def run_paper(self, at: datetime) -> PaperReport:
        self.clock.at = at
        return self.paper.run()

    def run_resolve(self, at: datetime) -> FtResolveReport:
        self.clock.at = at
        return self.resolver.run()

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql, **parameters)

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])

    def reasons(self, ft_wallet_id: UUID) -> list[str]:
        """The reasons of a wallet's decisions in the order of the trades' numbers."""
        found = self.rows(
            "SELECT reason FROM decisions WHERE ft_wallet_id = :id ORDER BY source_trade_id", id=ft_wallet_id
        )
        return [row["reason"] for row in found]

    def bankroll(self, ft_wallet_id: UUID) -> str:
        with self.database.transaction() as transaction:
            return str(subjects.paper_bankroll(transaction, ft_wallet_id))

    def feed(self, *trades: tuple[SourceTrade, datetime]) -> None:
        """Puts trades on the feed, the newest first as the venue has it."""
        for trade, moment in sorted(trades, key=lambda each: each[1]):
            self.venue.trades[trade.trader].insert(0, at(trade, moment))

    def open_market(self, **changes: Any) -> tuple[PreparedMarket, str]:
        """A market on the chain, in the catalogue and with a book; returns it with its question id."""
        question_id = fresh_id()
        market = self.chain.prepare_market(question_id)
        tokens = json.dumps(list(market.token_ids))
        self.venue.markets[market.condition_id] = gamma_row(market.condition_id, clobTokenIds=tokens, **changes)
        for token in market.token_ids:
            self.venue.books[token] = book_row(token, market=market.condition_id)
        return market, question_id


def at(trade: SourceTrade, moment: datetime) -> dict[str, Any]:
    """The feed's row of a trade, made at this moment."""
    return trade_row(trade) | {"timestamp": int(moment.timestamp())}


def on_market(market: PreparedMarket, number: int = 1, index: int = 0, **changes: Any) -> SourceTrade:
    """Alice buys an outcome of a market that is on the chain."""
    return a_trade(
        number,
        condition_id=market.condition_id,
        token_id=market.token_ids[index],
        outcome_index=index,
        **changes,
    )


@pytest.fixture(scope="session")
def paper_chain() -> Iterator[LocalChain]:
    """One chain for all tests of this bench; each test that resolves a market has a question of its own."""
    with running_chain() as chain:
        yield chain


@pytest.fixture
def bench(database: Database, paper_chain: LocalChain) -> Iterator[Bench]:
    """Alice is followed since NOON and has a good record; the market CONDITION is open with 1,000 YES at 0.50."""
    venue = ScriptedVenue()
    venue.markets[CONDITION] = gamma_row()
    venue.books[YES] = book_row()
    follow(database)
    store_stats(database, [stats_of(ALICE, NOON)])
    clock = SetClock(NOON)
    with serving(venue, paper_chain.rpc_url) as endpoints:
        feed, gamma, market_data = DataApi(endpoints, SYSTEM), Gamma(endpoints, SYSTEM), MarketData(endpoints, SYSTEM)
        chain = ChainReader(paper_chain.rpc_url, ADDRESSES)
        markets = MarketKeeper(database=database, gamma=gamma, chain=chain)
        statistics = StatisticsKeeper(database=database, clock=clock, data_api=feed, holder="test")
        ingest = Ingest(
            database=database,
            clock=clock,
            feed=FeedReader(feed, stepped(clock), pause=None),
            markets=markets,
            statistics=statistics,
            holder="test",
        )
        paper = PaperTrader(
            database=database,
            clock=clock,
            ingest=ingest,
            evidence=EvidenceGatherer(
                markets=markets,
                fees=FeeComparer(database=database, order_book=market_data),
                records=TraderRecords(database=database),
            ),
            markets=markets,
            market_data=market_data,
            holder="test",
        )
        resolver = PaperResolver(database=database, clock=clock, chain=chain, markets=markets, holder="test")
        yield Bench(
            venue=venue,
            chain=paper_chain,
            clock=clock,
            database=database,
            data_api=feed,
            markets=markets,
            ingest=ingest,
            paper=paper,
            resolver=resolver,
        )
        for client in (feed, gamma, market_data):
            client.close()

"""Walks through a recording with the product's paper trading and resolution, minute by minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from live_trading.api.fields import parsed
from live_trading.api.once import Caller
from live_trading.api.routes.paper.ft_wallet_routes import CreateFtWallet, FtWallets
from live_trading.nouns.clock import Clock
from live_trading.nouns.trades import Side
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.paper.ft_resolve import PaperResolver
from live_trading.services.running.failures import PartFailure
from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import migrate, read_migrations
from local.backtest.endings import Ending
from local.backtest.records import RecordedHistory
from local.backtest.sources import Assumptions, BooksAsOf, Endings, LastPrices, MarketsAsOf
from local.machine.env import ROOT
from local.replay import STEP, ReplayClock, paper_trader, steps
from local.replay_data import Recording

_CALLER = Caller(owner_id="backtest", idempotency_key=None, request_hash="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whom to copy, by which configuration, with how much, and how much a share costs beyond its last price."""

    trader: str
    config: Mapping[str, Any]
    balance_usd: Decimal
    slippage_fraction: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk left behind: the paper wallet, what was assumed, and where prices and endings are found."""

    ft_wallet_id: UUID
    until: datetime
    prices: LastPrices
    endings: Endings
    assumed: Assumptions
    failures: list[PartFailure]


def walk(database: Database, recording: Recording, endings: Mapping[str, Ending], question: Question) -> Walked:
    """Copies the trader from before the first recorded trade to after the last one or the last ending.

    Raises Problem where the configuration does not fit.
    """
    migrate(database, read_migrations(ROOT / "migrations"))
    trades = recording.in_time()
    own = [trade for trade in trades if trade.trader == question.trader]
    clock, assumed = ReplayClock(own[0].trade_time - STEP), Assumptions()
    ended, prices = Endings(endings, trades, assumed, clock), LastPrices(trades)
    markets = MarketsAsOf(recording, ended, assumed)
    conditions = {trade.token_id: trade.condition_id for trade in trades}
    trader = paper_trader(
        database,
        clock,
        feed=RecordedHistory(recording, ended, clock),
        markets=markets,
        books=BooksAsOf(recording, conditions, prices, clock, assumed, question.slippage_fraction),
    )
    resolver = PaperResolver(
        database=database,
        clock=clock,
        chain=markets,
        markets=MarketKeeper(database=database, gamma=markets, chain=markets),
        holder="backtest",
    )
    wallet = _wallet(database, clock, question)
    failures: list[PartFailure] = []
    tokens = {trade.token_id for trade in own}
    moments = [trade.trade_time for trade in trades if trade.token_id in tokens and trade.trade_time >= clock.now()]
    # A sale that is followed is decided in one pass and carried out in the next.
    moments += [trade.trade_time + STEP for trade in own if trade.side is Side.SELL]
    endings_at = set(steps([at for at in ended.times() if at >= clock.now()]))
    for at in sorted({*steps(moments), *endings_at}):
        clock.at = at
        report = trader.run()
        failures += report.failures
        failures += [] if report.ingest is None else report.ingest.failures
        if at in endings_at:
            failures += resolver.run().failures
    return Walked(
        ft_wallet_id=wallet, until=clock.now(), prices=prices, endings=ended, assumed=assumed, failures=failures
    )


def _wallet(database: Database, clock: Clock, question: Question) -> UUID:
    body = {
        "name": "backtest",
        "starting_balance_usd": question.balance_usd,
        "config": {**question.config, "target_traders": [question.trader]},
    }
    wallets = FtWallets(database=database, clock=clock, new_id=uuid4)
    return UUID(wallets.create(_CALLER, parsed(CreateFtWallet, body)).body["ft_wallet_id"])

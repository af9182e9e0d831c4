"""Source trades, markets, snapshots and FT wallets for tests: each field has a value, a test names what matters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from live_trading.nouns.markets import FeeSchedule, Market, ProtocolVersion, ResolutionState
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side, SourceTrade, TraderRecord, TraderStats
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import markets, source_trades, trader_stats, traders
from live_trading.store.feed.markets import SeenMarket

NOON = datetime(2026, 9, 28, 12, 0, tzinfo=UTC)
ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20
CONDITION = "0x" + "c0" * 32
YES = "1001"
NO = "1002"
TEN_DOLLARS = {"bet_size": "10", "max_bet": "100"}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def transaction_hash(number: int) -> str:
    return f"0x{number:064x}"


def a_trade(number: int = 1, **changes: Any) -> SourceTrade:
    """Alice buys 20 YES at 0.50 at NOON in the transaction with this number."""
    trade = SourceTrade(
        transaction_hash=transaction_hash(number),
        token_id=YES,
        trader=ALICE,
        side=Side.BUY,
        price=Price("0.5"),
        shares=Shares("20"),
        occurrence=0,
        condition_id=CONDITION,
        outcome="Yes",
        outcome_index=0,
        title="Will it rain?",
        slug="will-it-rain",
        trade_time=NOON,
    )
    return replace(trade, **changes)


def a_market(**changes: Any) -> Market:
    """An open binary market without fees that ends a day after NOON."""
    market = Market(
        condition_id=CONDITION,
        version=ProtocolVersion.V1,
        question="Will it rain?",
        slug="will-it-rain",
        category="Weather",
        tags=("Rain",),
        event_id="7",
        outcomes=("Yes", "No"),
        token_ids=(YES, NO),
        is_open=True,
        accepting_orders=True,
        end_time=NOON + timedelta(days=1),
        game_start_time=None,
        tick_size=Price("0.01"),
        minimum_order_shares=Shares("5"),
        fees=FeeSchedule(rate=Decimal(0), exponent=Decimal(1)),
        neg_risk=False,
    )
    return replace(market, **changes)


def a_record(resolved: int = 100, won: int = 80, average: str | None = "10") -> TraderRecord:
    return TraderRecord(
        resolved_count=resolved, won_count=won, average_trade_usd=None if average is None else Usd(average)
    )


def stats_of(trader: str = ALICE, as_of: datetime = NOON, record: TraderRecord | None = None) -> TraderStats:
    """A trader who won 80 of 100 positions and usually trades ten dollars."""
    each = record or a_record()
    return TraderStats(trader=trader, as_of=as_of, last_30_days=each, lifetime=each)


def store_market(
    database: Database, market: Market | None = None, now: datetime = NOON, hint: ResolutionState = ResolutionState.OPEN
) -> None:
    with database.transaction() as transaction:
        markets.save(transaction, [SeenMarket(market=market or a_market(), resolution_hint=hint)], now)


def follow(database: Database, names: Sequence[str] = (ALICE,), since: datetime = NOON) -> None:
    with database.transaction() as transaction:
        traders.follow(transaction, names, since)


def store_stats(database: Database, snapshots: Sequence[TraderStats]) -> None:
    with database.transaction() as transaction:
        trader_stats.save(transaction, snapshots)


def store_trades(database: Database, trades: Sequence[SourceTrade], seen_at: datetime = NOON) -> int:
    with database.transaction() as transaction:
        return source_trades.insert(transaction, trades, seen_at)


def create_wallet(
    database: Database,
    *,
    config: dict[str, Any] | None = None,
    name: str = "paper",
    balance: str = "1000",
    created_at: datetime = NOON,
    is_active: bool = True,
) -> UUID:
    """An FT wallet that bets ten dollars and is otherwise as `config` says, in version 1."""
    ft_wallet_id = uuid4()
    with database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO ft_wallets (
                ft_wallet_id, owner_id, name, is_active, starting_balance_usd, current_version, created_at, updated_at
            ) VALUES (:id, 'owner', :name, :is_active, :balance, 1, :created_at, :created_at)
            """,
            id=ft_wallet_id,
            name=name,
            is_active=is_active,
            balance=Usd(balance),
            created_at=created_at,
        )
        add_version(transaction, ft_wallet_id, 1, TEN_DOLLARS | (config or {}), created_at)
    return ft_wallet_id


def add_version(
    transaction: Transaction, ft_wallet_id: UUID, version: int, config: dict[str, Any], created_at: datetime
) -> None:
    transaction.execute(
        """
        INSERT INTO ft_wallet_versions (ft_wallet_id, version, config, config_hash, created_by, created_at)
        VALUES (:id, :version, :config::jsonb, :config_hash, 'owner', :created_at)
        """,
        id=ft_wallet_id,
        version=version,
        config=json.dumps(config),
        config_hash="0" * 64,
        created_at=created_at,
    )

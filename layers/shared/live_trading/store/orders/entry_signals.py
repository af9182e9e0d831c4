"""The signals behind entries: how old each may get before its order goes out, what it said, which are planned anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySignal:
    """What the trade said that an entry follows; `trade_time` is when it was made."""

    signal_price: Price
    trade_time: datetime


def of_entries(transaction: Transaction, lt_order_ids: Sequence[UUID]) -> dict[UUID, EntrySignal]:
    """The signals of those of these orders that are entries."""
    rows = transaction.rows(
        """
        SELECT lt_order_id, signal_price, trade_time FROM lt_orders
        WHERE
            lt_order_id = ANY(:ids::uuid[]) AND purpose = 'ENTRY'
            AND signal_price IS NOT NULL AND trade_time IS NOT NULL
        """,
        ids=list(lt_order_ids),
    )
    return {
        row["lt_order_id"]: EntrySignal(signal_price=Price(row["signal_price"]), trade_time=row["trade_time"])
        for row in rows
    }


def too_old(transaction: Transaction, lt_order_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Those of these orders that are entries whose signal is older than its strategy allows."""
    rows = transaction.rows(
        """
        SELECT intent.lt_order_id FROM lt_orders AS intent
        INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        WHERE
            intent.lt_order_id = ANY(:ids::uuid[]) AND intent.purpose = 'ENTRY'
            AND intent.trade_time + make_interval(secs => strategy.max_signal_age_seconds) < :now
        """,
        ids=list(lt_order_ids),
        now=now,
    )
    return {row["lt_order_id"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEntry:
    """An entry that the venue refused because of the market's grid, and the trade that it followed."""

    lt_order_id: UUID
    lt_strategy_id: UUID
    source_trade_id: int


def to_be_planned_again(
    transaction: Transaction, trading_wallet_id: UUID, *, decided_after: datetime, now: datetime
) -> list[RefusedEntry]:
    """First orders of their signals that were refused for the tick and have no second one yet; oldest first.

    Only of active strategies, and while the signal is as fresh as an entry has to be.
    """
    rows = transaction.rows(
        """
        SELECT intent.lt_order_id, intent.lt_strategy_id, intent.source_trade_id FROM lt_orders AS intent
        INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        WHERE
            intent.trading_wallet_id = :trading_wallet_id AND intent.intent_at > :decided_after
            AND intent.purpose = 'ENTRY' AND intent.attempt = 1 AND intent.source_trade_id IS NOT NULL
            AND intent.state = 'REJECTED' AND intent.rejection_code = 'tick_size' AND strategy.is_active
            AND intent.trade_time + make_interval(secs => strategy.max_signal_age_seconds) >= :now
            AND NOT EXISTS (
                SELECT 1 FROM lt_orders AS again
                WHERE
                    again.lt_strategy_id = intent.lt_strategy_id AND again.source_trade_id = intent.source_trade_id
                    AND again.purpose = 'ENTRY' AND again.attempt > intent.attempt
            )
        ORDER BY intent.intent_at, intent.made_number
        """,
        trading_wallet_id=trading_wallet_id,
        decided_after=decided_after,
        now=now,
    )
    return [RefusedEntry(**row) for row in rows]

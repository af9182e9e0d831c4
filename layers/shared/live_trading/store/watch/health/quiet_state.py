"""Strategies that decide and place nothing: how much they used to place, and how long it has been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.store.database.connection import Transaction
from live_trading.store.database.pending import Pending, ask

# What a strategy usually does is told by so many of its orders.
USUAL_ORDERS = 50
# Decisions since the last order are counted up to so many.
MOST_DECISIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietStrategy:
    """`orders` from the first to the last of the usual ones, and decisions made since the last one."""

    lt_strategy_id: UUID
    owner_id: str
    name: str
    orders: int
    first_order_at: datetime
    last_order_at: datetime
    decisions: int


def ask_quiet(transaction: Transaction, before: datetime) -> Pending[list[QuietStrategy]]:
    """Active strategies that no lock stops for good and whose last entry is from before then, with what they decided
    since."""
    return ask(
        transaction,
        """
        SELECT
            strategy.lt_strategy_id, strategy.owner_id, strategy.name, usual.orders, usual.first_order_at,
            usual.last_order_at, since.decisions
        FROM lt_strategies AS strategy
        CROSS JOIN LATERAL (
            SELECT count(*) AS orders, min(intent_at) AS first_order_at, max(intent_at) AS last_order_at
            FROM (
                SELECT intent_at FROM lt_orders
                WHERE lt_strategy_id = strategy.lt_strategy_id AND purpose = 'ENTRY'
                ORDER BY intent_at DESC LIMIT :usual
            ) AS newest
        ) AS usual
        CROSS JOIN LATERAL (
            SELECT count(*) AS decisions
            FROM (
                SELECT decided_at FROM decisions
                WHERE lt_strategy_id = strategy.lt_strategy_id
                ORDER BY source_trade_id DESC LIMIT :most
            ) AS newest
            WHERE decided_at > usual.last_order_at
        ) AS since
        WHERE strategy.is_active AND usual.last_order_at < :before
        ORDER BY usual.last_order_at, strategy.made_number
        """,
        lambda rows: [QuietStrategy(**row) for row in rows],
        usual=USUAL_ORDERS,
        most=MOST_DECISIONS,
        before=before,
    )

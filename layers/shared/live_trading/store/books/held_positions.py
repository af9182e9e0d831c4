"""What a strategy holds of each token, and how much of it may be sold now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """Shares of one token that the ledger has at cost.

    `settled` leaves out what has matched and is not confirmed, `sellable` also what open sales may still take.
    """

    lt_strategy_id: UUID
    condition_id: str
    token_id: str
    outcome_index: int
    shares: Shares
    cost: Usd
    settled: Shares
    sellable: Shares


_HELD = """
WITH booked AS (
    SELECT token_id, sum(shares) AS shares, sum(amount_usd) AS cost FROM ledger_entries
    WHERE lt_strategy_id = :lt_strategy_id AND account = 'POSITION_COST'
    GROUP BY token_id HAVING sum(shares) > 0
), moved AS (
    SELECT
        token_id, min(condition_id) AS condition_id, min(outcome_index) AS outcome_index,
        coalesce(sum(shares) FILTER (WHERE side = 'BUY' AND status <> 'CONFIRMED'), 0) AS unsettled
    FROM fills WHERE lt_strategy_id = :lt_strategy_id AND status <> 'FAILED' GROUP BY token_id
), leaving AS (
    SELECT intent.token_id, sum(intent.order_shares - sold.shares) AS shares
    FROM lt_orders AS intent
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
        WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
    ) AS sold
    WHERE
        intent.lt_strategy_id = :lt_strategy_id AND intent.side = 'SELL'
        AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
    GROUP BY intent.token_id
)
SELECT
    booked.token_id, moved.condition_id, moved.outcome_index, booked.shares, booked.cost,
    booked.shares - moved.unsettled AS settled,
    greatest(booked.shares - moved.unsettled - coalesce(leaving.shares, 0), 0) AS sellable
FROM booked INNER JOIN moved USING (token_id) LEFT JOIN leaving USING (token_id)
WHERE :token_id::text IS NULL OR booked.token_id = :token_id
ORDER BY booked.token_id
"""


def of_strategy(transaction: Transaction, lt_strategy_id: UUID, token_id: str | None = None) -> list[HeldPosition]:
    """Every position of the strategy that is not resolved, or the one of a token."""
    rows = transaction.rows(_HELD, lt_strategy_id=lt_strategy_id, token_id=token_id)
    return [_held(row, lt_strategy_id) for row in rows]


def held_after_traders(transaction: Transaction, lt_strategy_id: UUID) -> dict[tuple[str, str], datetime | None]:
    """By (trader, token) what was bought after them, or is being bought; None: an order has no outcome before its
    market resolves or its position is counted as sold, and until then it is held.
    """
    rows = transaction.rows(
        """
        SELECT DISTINCT trade.trader_address, intent.token_id FROM lt_orders AS intent
        INNER JOIN source_trades AS trade USING (source_trade_id)
        WHERE intent.lt_strategy_id = :lt_strategy_id AND intent.purpose = 'ENTRY' AND intent.outcome = 'OPEN'
        """,
        lt_strategy_id=lt_strategy_id,
    )
    return {(row["trader_address"], row["token_id"]): None for row in rows}


def _held(row: Row, lt_strategy_id: UUID) -> HeldPosition:
    return HeldPosition(
        lt_strategy_id=lt_strategy_id,
        condition_id=row["condition_id"],
        token_id=row["token_id"],
        outcome_index=row["outcome_index"],
        shares=Shares(row["shares"]),
        cost=Usd(row["cost"]),
        settled=Shares(row["settled"]),
        sellable=Shares(row["sellable"]),
    )

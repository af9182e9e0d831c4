"""What a strategy holds of each token, and how much of it may be sold now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPosition:
    """Shares of one token that the ledger has at cost.

    `settled` leaves out what has matched and is not confirmed, `sellable` also what open sales may still take and what
    is missing on the chain.
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
    SELECT trading_wallet_id, token_id, sum(shares) AS shares, sum(amount_usd) AS cost FROM ledger_entries
    WHERE lt_strategy_id = :lt_strategy_id AND account = 'POSITION_COST'
    GROUP BY trading_wallet_id, token_id HAVING sum(shares) > 0
), moved AS (
    SELECT token_id, coalesce(sum(shares) FILTER (WHERE side = 'BUY' AND status <> 'CONFIRMED'), 0) AS unsettled
    FROM fills WHERE lt_strategy_id = :lt_strategy_id AND status <> 'FAILED' GROUP BY token_id
), placed AS (
    SELECT token_id, min(condition_id) AS condition_id FROM (
        SELECT token_id, condition_id FROM fills WHERE lt_strategy_id = :lt_strategy_id
        UNION ALL
        SELECT token_id, condition_id FROM position_corrections WHERE lt_strategy_id = :lt_strategy_id
    ) AS known GROUP BY token_id
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
    booked.token_id, placed.condition_id, array_position(market.token_ids, booked.token_id) - 1 AS outcome_index,
    booked.shares, booked.cost, booked.shares - coalesce(moved.unsettled, 0) AS settled,
    greatest(
        least(booked.shares - coalesce(moved.unsettled, 0), coalesce(remaining.shares, booked.shares))
        - coalesce(leaving.shares, 0),
        0
    ) AS sellable
FROM booked
INNER JOIN placed USING (token_id)
INNER JOIN markets AS market USING (condition_id)
LEFT JOIN moved USING (token_id)
LEFT JOIN leaving USING (token_id)
-- What an open break says is gone is gone of everybody in the same part, until somebody says whose it was.
CROSS JOIN LATERAL (
    SELECT min(trunc(booked.shares * gap.observed / gap.expected, 6)) AS shares FROM breaks AS gap
    WHERE
        gap.trading_wallet_id = booked.trading_wallet_id AND gap.subject = booked.token_id AND gap.closed_at IS NULL
        AND gap.kind IN ('TOKEN_BALANCE', 'UNKNOWN_TRADE')
        AND gap.observed BETWEEN 0 AND gap.expected AND gap.expected > 0
) AS remaining
WHERE :token_id::text IS NULL OR booked.token_id = :token_id
ORDER BY booked.token_id
"""


def of_strategy(transaction: Transaction, lt_strategy_id: UUID, token_id: str | None = None) -> list[HeldPosition]:
    """Every position of the strategy that is not resolved, or the one of a token."""
    rows = transaction.rows(_HELD, lt_strategy_id=lt_strategy_id, token_id=token_id)
    return [_held(row, lt_strategy_id) for row in rows]


def held_after_traders(
    transaction: Transaction, lt_strategy_ids: Collection[UUID]
) -> dict[UUID, dict[tuple[str, str], datetime | None]]:
    """By strategy and (trader, token) what was bought after them, or is being bought; all of them in one statement.

    None: an order has no outcome before its market resolves or its position is counted as sold, and until then it is
    held. Every strategy that was asked for is in the answer.
    """
    rows = transaction.rows(
        """
        SELECT DISTINCT intent.lt_strategy_id, trade.trader_address, intent.token_id FROM lt_orders AS intent
        INNER JOIN source_trades AS trade USING (source_trade_id)
        WHERE
            intent.lt_strategy_id = ANY(:lt_strategy_ids::uuid[]) AND intent.purpose = 'ENTRY'
            AND intent.outcome = 'OPEN'
        """,
        lt_strategy_ids=list(lt_strategy_ids),
    )
    found: dict[UUID, dict[tuple[str, str], datetime | None]] = {each: {} for each in lt_strategy_ids}
    for row in rows:
        found[row["lt_strategy_id"]][(row["trader_address"], row["token_id"])] = None
    return found


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

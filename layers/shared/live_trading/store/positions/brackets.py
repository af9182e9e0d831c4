"""Brackets that have not ended: resting sales at the take-profit's price."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from live_trading.exits.bracket import RestingBracket
from live_trading.nouns.money import Price, Shares
from live_trading.store.database.connection import Transaction

_RESTING = """
SELECT
    intent.lt_strategy_id, intent.token_id, intent.lt_order_id, intent.limit_price,
    greatest(intent.order_shares - sold.shares, 0) AS rest
FROM lt_orders AS intent
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
    WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
) AS sold
WHERE
    intent.lt_strategy_id = ANY(:lt_strategy_ids::uuid[]) AND intent.side = 'SELL' AND intent.order_type = 'GTD'
    AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
"""


def resting(transaction: Transaction, lt_strategy_id: UUID) -> dict[str, RestingBracket]:
    """By token; a position has at most one."""
    return of_strategies(transaction, [lt_strategy_id]).get(lt_strategy_id, {})


def of_strategies(transaction: Transaction, lt_strategy_ids: Collection[UUID]) -> dict[UUID, dict[str, RestingBracket]]:
    """By strategy and token, in one statement; strategies of which nothing rests are missing."""
    found: dict[UUID, dict[str, RestingBracket]] = {}
    for row in transaction.rows(_RESTING, lt_strategy_ids=list(lt_strategy_ids)):
        found.setdefault(row["lt_strategy_id"], {})[row["token_id"]] = RestingBracket(
            lt_order_id=row["lt_order_id"], limit=Price(row["limit_price"]), rest=Shares(row["rest"])
        )
    return found

"""How far strategies have entered tokens, and when they last left their markets by a stop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from live_trading.exits.token_entries import STOPS, TokenMove
from live_trading.nouns.money import Price, Shares
from live_trading.store.database.connection import Transaction

# OFFSET 0: each position is looked up by its index; what ever was is not read as a whole to be joined.
# An order that is under way counts whole, as it may still fill.
_MOVES = """
SELECT
    intent.lt_strategy_id, intent.token_id, intent.signal_price AS entered_at, intent.intent_at AS moved_at,
    CASE intent.side WHEN 'SELL' THEN -1 ELSE 1 END * CASE
        WHEN intent.state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED') THEN done.shares ELSE intent.order_shares
    END AS shares
FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM lt_orders AS every
    WHERE every.lt_strategy_id = asked.lt_strategy_id AND every.token_id = asked.token_id OFFSET 0
) AS intent
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
    WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
) AS done
UNION ALL
SELECT leg.lt_strategy_id, leg.token_id, NULL, merged.created_at, -leg.shares
FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM merge_legs AS every
    WHERE every.lt_strategy_id = asked.lt_strategy_id AND every.token_id = asked.token_id OFFSET 0
) AS leg
INNER JOIN lt_redemptions AS merged USING (lt_redemption_id)
UNION ALL
SELECT given.lt_strategy_id, given.token_id, NULL, given.recorded_at, given.shares
FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM position_corrections AS every
    WHERE every.lt_strategy_id = asked.lt_strategy_id AND every.token_id = asked.token_id OFFSET 0
) AS given
ORDER BY moved_at
"""


def moves_of(transaction: Transaction, asked: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[TokenMove]]:
    """By (strategy, token) what came and what left, in the order of time; all that is asked in one statement."""
    pairs = sorted(set(asked))
    found: dict[tuple[UUID, str], list[TokenMove]] = defaultdict(list)
    if not pairs:
        return found
    for row in transaction.rows(
        _MOVES, strategies=[strategy for strategy, _ in pairs], tokens=[token_id for _, token_id in pairs]
    ):
        shares, price = Shares(row["shares"]), row["entered_at"]
        if shares:
            is_entry = shares.is_positive and price is not None
            move = TokenMove(shares=shares, entered_at=Price(price) if is_entry else None)
            found[(row["lt_strategy_id"], row["token_id"])].append(move)
    return found


def last_stops(transaction: Transaction, asked: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], datetime]:
    """By (strategy, market) when a stop was last placed in it that sold something, or still may."""
    pairs = sorted(set(asked))
    if not pairs:
        return {}
    rows = transaction.rows(
        """
        SELECT intent.lt_strategy_id, intent.condition_id, max(intent.intent_at) AS stopped_at
        FROM unnest(:strategies::uuid[], :conditions::text[]) AS asked (lt_strategy_id, condition_id)
        CROSS JOIN LATERAL (
            SELECT * FROM lt_orders AS every
            WHERE
                every.lt_strategy_id = asked.lt_strategy_id AND every.condition_id = asked.condition_id
                AND every.exit_reason = ANY(:stops::text[])
            OFFSET 0
        ) AS intent
        WHERE
            intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
            OR EXISTS (
                SELECT 1 FROM fills AS fill WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
            )
        GROUP BY intent.lt_strategy_id, intent.condition_id
        """,
        strategies=[strategy for strategy, _ in pairs],
        conditions=[condition_id for _, condition_id in pairs],
        stops=[stop.value for stop in STOPS],
    )
    return {(row["lt_strategy_id"], row["condition_id"]): row["stopped_at"] for row in rows}

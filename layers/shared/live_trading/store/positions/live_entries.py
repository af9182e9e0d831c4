"""How far a strategy has entered tokens, and when it last left their markets by a stop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from live_trading.exits.token_entries import STOPS, TokenMove
from live_trading.nouns.money import Price, Shares
from live_trading.store.database.connection import Transaction

# An order that is under way counts whole, as it may still fill.
_MOVES = """
SELECT
    intent.token_id, intent.signal_price AS entered_at, intent.intent_at AS moved_at,
    CASE intent.side WHEN 'SELL' THEN -1 ELSE 1 END * CASE
        WHEN intent.state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED') THEN done.shares ELSE intent.order_shares
    END AS shares
FROM lt_orders AS intent
CROSS JOIN LATERAL (
    SELECT coalesce(sum(fill.shares), 0) AS shares FROM fills AS fill
    WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
) AS done
WHERE intent.lt_strategy_id = :lt_strategy_id AND intent.token_id = ANY(:tokens::text[])
UNION ALL
SELECT leg.token_id, NULL, merged.created_at, -leg.shares
FROM merge_legs AS leg INNER JOIN lt_redemptions AS merged USING (lt_redemption_id)
WHERE leg.lt_strategy_id = :lt_strategy_id AND leg.token_id = ANY(:tokens::text[])
UNION ALL
SELECT token_id, NULL, recorded_at, shares FROM position_corrections
WHERE lt_strategy_id = :lt_strategy_id AND token_id = ANY(:tokens::text[])
ORDER BY moved_at
"""


def moves_of(transaction: Transaction, lt_strategy_id: UUID, tokens: Collection[str]) -> dict[str, list[TokenMove]]:
    """By token what came and what left, in the order of time."""
    found: dict[str, list[TokenMove]] = defaultdict(list)
    for row in transaction.rows(_MOVES, lt_strategy_id=lt_strategy_id, tokens=sorted(tokens)):
        shares, price = Shares(row["shares"]), row["entered_at"]
        if shares:
            is_entry = shares.is_positive and price is not None
            found[row["token_id"]].append(TokenMove(shares=shares, entered_at=Price(price) if is_entry else None))
    return found


def last_stops(transaction: Transaction, lt_strategy_id: UUID, conditions: Collection[str]) -> dict[str, datetime]:
    """By market when a stop was last placed in it that sold something, or still may."""
    rows = transaction.rows(
        """
        SELECT intent.condition_id, max(intent.intent_at) AS stopped_at FROM lt_orders AS intent
        WHERE
            intent.lt_strategy_id = :lt_strategy_id AND intent.condition_id = ANY(:conditions::text[])
            AND intent.exit_reason = ANY(:stops::text[])
            AND (
                intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
                OR EXISTS (
                    SELECT 1 FROM fills AS fill WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
                )
            )
        GROUP BY intent.condition_id
        """,
        lt_strategy_id=lt_strategy_id,
        conditions=sorted(conditions),
        stops=[stop.value for stop in STOPS],
    )
    return {row["condition_id"]: row["stopped_at"] for row in rows}

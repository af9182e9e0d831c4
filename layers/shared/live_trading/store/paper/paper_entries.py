"""How far paper has entered tokens, and when it last left their markets by a stop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from live_trading.exits.token_entries import STOPS, TokenMove
from live_trading.nouns.money import Price, Shares
from live_trading.store.database.connection import Transaction

# What came at the time of a sale came after it: a wallet is left before it bets.
_MOVES = """
SELECT token_id, signal_price AS entered_at, shares, decided_at, trade_time, source_trade_id
FROM ft_orders WHERE ft_wallet_id = :ft_wallet_id AND token_id = ANY(:tokens::text[]) AND shares > 0
UNION ALL
SELECT token_id, NULL, -shares, decided_at, NULL, ft_exit_id
FROM ft_exits WHERE ft_wallet_id = :ft_wallet_id AND token_id = ANY(:tokens::text[])
ORDER BY decided_at, trade_time NULLS FIRST, source_trade_id
"""


def moves_of(transaction: Transaction, ft_wallet_id: UUID, tokens: Collection[str]) -> dict[str, list[TokenMove]]:
    """By token what came and what left, in the order of time."""
    found: dict[str, list[TokenMove]] = defaultdict(list)
    for row in transaction.rows(_MOVES, ft_wallet_id=ft_wallet_id, tokens=sorted(tokens)):
        price = row["entered_at"]
        found[row["token_id"]].append(
            TokenMove(shares=Shares(row["shares"]), entered_at=None if price is None else Price(price))
        )
    return found


def last_stops(transaction: Transaction, ft_wallet_id: UUID, conditions: Collection[str]) -> dict[str, datetime]:
    """By market when a stop last sold something in it."""
    rows = transaction.rows(
        """
        SELECT condition_id, max(decided_at) AS stopped_at FROM ft_exits
        WHERE
            ft_wallet_id = :ft_wallet_id AND condition_id = ANY(:conditions::text[])
            AND exit_reason = ANY(:stops::text[])
        GROUP BY condition_id
        """,
        ft_wallet_id=ft_wallet_id,
        conditions=sorted(conditions),
        stops=[stop.value for stop in STOPS],
    )
    return {row["condition_id"]: row["stopped_at"] for row in rows}

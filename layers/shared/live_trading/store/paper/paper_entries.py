"""How far paper has entered tokens, and when it last left their markets by a stop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from live_trading.exits.token_entries import STOPS, TokenMove
from live_trading.nouns.money import Price, Shares
from live_trading.store.database.connection import Transaction

# OFFSET 0: each position is looked up by its index; what ever was is not read as a whole to be joined.
# What came at the time of a sale came after it: a wallet is left before it bets.
_MOVES = """
SELECT
    paper.ft_wallet_id, paper.token_id, paper.signal_price AS entered_at, paper.shares, paper.decided_at,
    paper.trade_time, paper.source_trade_id
FROM unnest(:wallets::uuid[], :tokens::text[]) AS asked (ft_wallet_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM ft_orders AS every
    WHERE every.ft_wallet_id = asked.ft_wallet_id AND every.token_id = asked.token_id OFFSET 0
) AS paper
WHERE paper.shares > 0
UNION ALL
SELECT sale.ft_wallet_id, sale.token_id, NULL, -sale.shares, sale.decided_at, NULL, sale.ft_exit_id
FROM unnest(:wallets::uuid[], :tokens::text[]) AS asked (ft_wallet_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM ft_exits AS every
    WHERE every.ft_wallet_id = asked.ft_wallet_id AND every.token_id = asked.token_id OFFSET 0
) AS sale
ORDER BY decided_at, trade_time NULLS FIRST, source_trade_id
"""


def moves_of(transaction: Transaction, asked: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[TokenMove]]:
    """By (FT wallet, token) what came and what left, in the order of time; all that is asked in one statement."""
    pairs = sorted(set(asked))
    found: dict[tuple[UUID, str], list[TokenMove]] = defaultdict(list)
    if not pairs:
        return found
    for row in transaction.rows(
        _MOVES, wallets=[wallet for wallet, _ in pairs], tokens=[token_id for _, token_id in pairs]
    ):
        price = row["entered_at"]
        found[(row["ft_wallet_id"], row["token_id"])].append(
            TokenMove(shares=Shares(row["shares"]), entered_at=None if price is None else Price(price))
        )
    return found


def last_stops(transaction: Transaction, asked: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], datetime]:
    """By (FT wallet, market) when a stop last sold something in it."""
    pairs = sorted(set(asked))
    if not pairs:
        return {}
    rows = transaction.rows(
        """
        SELECT sale.ft_wallet_id, sale.condition_id, max(sale.decided_at) AS stopped_at
        FROM unnest(:wallets::uuid[], :conditions::text[]) AS asked (ft_wallet_id, condition_id)
        CROSS JOIN LATERAL (
            SELECT * FROM ft_exits AS every
            WHERE every.ft_wallet_id = asked.ft_wallet_id AND every.condition_id = asked.condition_id OFFSET 0
        ) AS sale
        WHERE sale.exit_reason = ANY(:stops::text[])
        GROUP BY sale.ft_wallet_id, sale.condition_id
        """,
        wallets=[wallet for wallet, _ in pairs],
        conditions=[condition_id for _, condition_id in pairs],
        stops=[stop.value for stop in STOPS],
    )
    return {(row["ft_wallet_id"], row["condition_id"]): row["stopped_at"] for row in rows}

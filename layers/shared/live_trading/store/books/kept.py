"""Whether the sums that posting keeps are those of the ledger, one account of one book at a time.

`ledger_balances` and `ledger_holdings` are written by a trigger with each entry, under the lock of the wallet's row;
`ledger_rebuild_kept()` makes them anew. A difference is a defect of ours, or somebody's hand in the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from live_trading.ledger.accounts import Account
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAccount:
    """One account of a strategy, or of a wallet where `lt_strategy_id` is None."""

    trading_wallet_id: UUID
    lt_strategy_id: UUID | None
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDifference:
    """What is kept of an account, or of one token on it, and what its entries come to; shares are 0 without a token."""

    account: KeptAccount
    token_id: str | None
    kept_usd: Decimal
    booked_usd: Decimal
    kept_shares: Decimal
    booked_shares: Decimal


def at_place(transaction: Transaction, place: int) -> KeptAccount | None:
    """The account at this place of a round through all of them; a round ends where the next one begins."""
    row = transaction.row(
        """
        SELECT trading_wallet_id, lt_strategy_id, account FROM ledger_balances
        ORDER BY trading_wallet_id, lt_strategy_id, account
        OFFSET (SELECT :place::bigint % greatest(count(*), 1) FROM ledger_balances) LIMIT 1
        """,
        place=place,
    )
    if row is None:
        return None
    return KeptAccount(
        trading_wallet_id=row["trading_wallet_id"],
        lt_strategy_id=row["lt_strategy_id"],
        account=Account(row["account"]),
    )


def differences(transaction: Transaction, account: KeptAccount) -> list[KeptDifference]:
    """Of its balance first, then of its tokens; it reads the account's entries, in one statement."""
    rows = transaction.rows(
        _OF_STRATEGY if account.lt_strategy_id else _OF_WALLET,
        wallet=account.trading_wallet_id,
        strategy=account.lt_strategy_id,
        account=account.account,
    )
    return [
        KeptDifference(
            account=account,
            token_id=row["token_id"],
            kept_usd=row["kept_usd"],
            booked_usd=row["booked_usd"],
            kept_shares=row["kept_shares"],
            booked_shares=row["booked_shares"],
        )
        for row in rows
    ]


_COMPARED = """
WITH entries AS MATERIALIZED (
    SELECT token_id, sum(amount_usd) AS usd, sum(shares) AS shares FROM ledger_entries
    WHERE trading_wallet_id = :wallet AND account = :account AND {book}
    GROUP BY token_id
), tokens AS (
    SELECT token_id, amount_usd AS usd, shares FROM ledger_holdings
    WHERE trading_wallet_id = :wallet AND account = :account AND {book}
), compared AS (
    SELECT
        NULL::text AS token_id,
        coalesce((
            SELECT sum(amount_usd) FROM ledger_balances
            WHERE trading_wallet_id = :wallet AND account = :account AND {book}
        ), 0) AS kept_usd,
        coalesce((SELECT sum(usd) FROM entries), 0) AS booked_usd, 0::numeric AS kept_shares,
        0::numeric AS booked_shares
    UNION ALL
    SELECT
        token_id, coalesce(tokens.usd, 0), coalesce(booked.usd, 0), coalesce(tokens.shares, 0),
        coalesce(booked.shares, 0)
    FROM tokens FULL JOIN (
        SELECT token_id, usd, shares FROM entries
        WHERE token_id IS NOT NULL AND :account IN ('POSITION_COST', 'PENDING_REDEMPTION', 'EXTERNAL')
    ) AS booked USING (token_id)
)
SELECT * FROM compared
WHERE kept_usd <> booked_usd OR kept_shares <> booked_shares
ORDER BY token_id NULLS FIRST
"""
_OF_STRATEGY = _COMPARED.format(book="lt_strategy_id = :strategy")
_OF_WALLET = _COMPARED.format(book="lt_strategy_id IS NULL AND :strategy::uuid IS NULL")

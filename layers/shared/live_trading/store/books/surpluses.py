"""What the last comparison of a wallet saw on the chain above the ledger, until the next one sees it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """`subject` is `collateral` or a token id; `amount` is dollars or shares."""

    surplus_id: int
    subject: str
    amount: Decimal


def of_wallet(transaction: Transaction, trading_wallet_id: UUID) -> dict[str, Surplus]:
    """What was seen and is not booked, by subject."""
    rows = transaction.rows(
        "SELECT surplus_id, subject, amount FROM surpluses WHERE trading_wallet_id = :trading_wallet_id",
        trading_wallet_id=trading_wallet_id,
    )
    return {
        row["subject"]: Surplus(surplus_id=row["surplus_id"], subject=row["subject"], amount=row["amount"])
        for row in rows
    }


def end(transaction: Transaction, surplus_id: int) -> None:
    """Forgets one that is booked; what is seen above it counts as new."""
    transaction.execute("DELETE FROM surpluses WHERE surplus_id = :surplus_id", surplus_id=surplus_id)


def replace(transaction: Transaction, trading_wallet_id: UUID, seen: Mapping[str, Decimal], now: datetime) -> None:
    """Remembers what is above the ledger now, and forgets what no longer is."""
    transaction.execute(
        "DELETE FROM surpluses WHERE trading_wallet_id = :trading_wallet_id AND NOT subject = ANY(:subjects::text[])",
        trading_wallet_id=trading_wallet_id,
        subjects=list(seen),
    )
    for subject, amount in seen.items():
        transaction.execute(
            """
            INSERT INTO surpluses (trading_wallet_id, subject, amount, first_seen_at, last_seen_at)
            VALUES (:trading_wallet_id, :subject, :amount, :now, :now)
            ON CONFLICT (trading_wallet_id, subject)
            DO UPDATE SET amount = excluded.amount, last_seen_at = excluded.last_seen_at
            """,
            trading_wallet_id=trading_wallet_id,
            subject=subject,
            amount=amount,
            now=now,
        )


def standing(transaction: Transaction, trading_wallet_id: UUID) -> tuple[bool, bool]:
    """Whether something was seen above the ledger that is not booked, and whether booked dollars are unexplained."""
    row = transaction.only(
        """
        SELECT
            EXISTS (SELECT 1 FROM surpluses WHERE trading_wallet_id = :trading_wallet_id) AS is_seen,
            coalesce((
                SELECT sum(amount_usd) FROM ledger_entries
                WHERE trading_wallet_id = :trading_wallet_id AND account = 'EXTERNAL' AND token_id IS NULL
            ), 0) < 0 AS is_unexplained
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return row["is_seen"], row["is_unexplained"]


def unexplained(transaction: Transaction, trading_wallet_id: UUID, since: datetime | None = None) -> Usd:
    """Dollars of a wallet that nothing explains, all of them or those that were booked from `since` on."""
    row = transaction.only(
        """
        SELECT coalesce(-sum(entry.amount_usd), 0) AS usd
        FROM ledger_entries AS entry INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
        WHERE
            entry.trading_wallet_id = :trading_wallet_id AND entry.account = 'EXTERNAL' AND entry.token_id IS NULL
            AND (:since::timestamptz IS NULL OR booked.occurred_at >= :since)
        """,
        trading_wallet_id=trading_wallet_id,
        since=since,
    )
    return Usd(row["usd"])

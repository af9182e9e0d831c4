"""The venue's payments to a wallet that are booked: each once, and no more of a transaction than it moved."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import IncomeType
from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Transaction


def known(transaction: Transaction, trading_wallet_id: UUID, keys: Collection[str]) -> set[str]:
    """Those of the keys that are booked."""
    rows = transaction.rows(
        """
        SELECT payment_key FROM wallet_payments
        WHERE trading_wallet_id = :trading_wallet_id AND payment_key = ANY(:keys::text[])
        """,
        trading_wallet_id=trading_wallet_id,
        keys=list(keys),
    )
    return {row["payment_key"] for row in rows}


def booked_of(transaction: Transaction, trading_wallet_id: UUID, transaction_hash: str) -> Usd:
    """How much of one transaction's money is booked."""
    row = transaction.only(
        """
        SELECT coalesce(sum(booked_usd), 0) AS usd FROM wallet_payments
        WHERE trading_wallet_id = :trading_wallet_id AND transaction_hash = :transaction_hash
        """,
        trading_wallet_id=trading_wallet_id,
        transaction_hash=transaction_hash,
    )
    return Usd(row["usd"])


def registered_at(transaction: Transaction, trading_wallet_id: UUID) -> datetime:
    """From when on payments count; earlier ones are in the wallet's opening balance. Raises LookupError."""
    found: datetime = transaction.only(
        "SELECT created_at FROM trading_wallets WHERE trading_wallet_id = :trading_wallet_id",
        trading_wallet_id=trading_wallet_id,
    )["created_at"]
    return found


def insert(
    transaction: Transaction,
    *,
    trading_wallet_id: UUID,
    payment_key: str,
    income_type: IncomeType,
    amount: Usd,
    booked: Usd,
    external: Usd,
    transaction_hash: str | None,
    paid_at: datetime,
    now: datetime,
) -> bool:
    """Writes one down; False where it is known."""
    return (
        transaction.execute(
            """
            INSERT INTO wallet_payments (
                trading_wallet_id, payment_key, income_type, amount_usd, booked_usd, external_usd, transaction_hash,
                paid_at, recorded_at
            ) VALUES (
                :trading_wallet_id, :payment_key, :income_type, :amount, :booked, :external, :transaction_hash,
                :paid_at, :now
            )
            ON CONFLICT DO NOTHING
            """,
            trading_wallet_id=trading_wallet_id,
            payment_key=payment_key,
            income_type=income_type,
            amount=amount,
            booked=booked,
            external=external,
            transaction_hash=transaction_hash,
            paid_at=paid_at,
            now=now,
        )
        == 1
    )

"""Payments in the ledger that may be taken off the chain again: booked, reversed, and booked anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import TransactionKind
from live_trading.ledger.transactions import LedgerTransaction, reversal, reversal_of
from live_trading.store.books import ledger
from live_trading.store.database.connection import Transaction


def post(transaction: Transaction, entry: LedgerTransaction, recorded_at: datetime) -> bool:
    """Books once what is not booked, and once more what was reversed; False where it stands in the ledger already."""
    reference, times = entry.source_reference, 1
    while _is_booked(transaction, reversal_of(reference)):
        times += 1
        reference = f"{entry.source_reference}:{times}"
    return ledger.post(transaction, replace(entry, source_reference=reference), recorded_at)


def reverse(transaction: Transaction, references: list[str], now: datetime) -> None:
    """Posts the opposite of each of these that stands in the ledger."""
    for reference in references:
        if _is_booked(transaction, reference) and not _is_booked(transaction, reversal_of(reference)):
            booked = ledger.booked(transaction, reference)
            opposite = reversal(booked, occurred_at=now, kind=TransactionKind.REDEMPTION_REVERSAL)
            ledger.post(transaction, opposite, now)


def references_of_redemption(transaction: Transaction, lt_redemption_id: UUID) -> list[str]:
    """What was booked for a redemption or a merge, reversed or not; it reads the whole ledger, and is asked rarely."""
    rows = transaction.rows(
        """
        SELECT source_reference FROM ledger_transactions
        WHERE source_reference LIKE ANY(:patterns::text[])
        ORDER BY ledger_transaction_id
        """,
        patterns=[
            f"redemption:{lt_redemption_id}:%",
            f"merge:{lt_redemption_id}:%",
            f"deposit:redemption:{lt_redemption_id}%",
        ],
    )
    return [row["source_reference"] for row in rows]


def references_like(transaction: Transaction, reference: str) -> list[str]:
    """A reference and those under which it was booked anew."""
    rows = transaction.rows(
        """
        SELECT source_reference FROM ledger_transactions
        WHERE source_reference = :reference OR source_reference LIKE :again
        ORDER BY ledger_transaction_id
        """,
        reference=reference,
        again=f"{reference}:%",
    )
    return [row["source_reference"] for row in rows]


def _is_booked(transaction: Transaction, reference: str) -> bool:
    found = transaction.row(
        "SELECT 1 AS there FROM ledger_transactions WHERE source_reference = :reference", reference=reference
    )
    return found is not None

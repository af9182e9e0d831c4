"""Posting many balanced transactions to the ledger in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from live_trading.ledger.transactions import LedgerTransaction
from live_trading.store.database.connection import Transaction


def post_all(transaction: Transaction, entries: Sequence[LedgerTransaction], recorded_at: datetime) -> set[str]:
    """Books those whose source reference is not booked yet, in this order; the references that were written.

    Raises ValueError where two of them have the same reference.
    """
    if not entries:
        return set()
    references = [each.source_reference for each in entries]
    if len(set(references)) != len(references):
        raise ValueError("two of the transactions have the same source reference")
    lines = [(each.source_reference, line) for each in entries for line in each.entries]
    rows = transaction.rows(
        """
        WITH booked AS (
            INSERT INTO ledger_transactions (source_reference, kind, occurred_at, recorded_at)
            SELECT reference, kind, occurred_at, :recorded_at::timestamptz
            FROM unnest(:references::text[], :kinds::text[], :occurred_at::timestamptz[])
                WITH ORDINALITY AS asked (reference, kind, occurred_at, place)
            ORDER BY place
            ON CONFLICT (source_reference) DO NOTHING
            RETURNING ledger_transaction_id, source_reference
        ), written AS (
            INSERT INTO ledger_entries (
                ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, token_id, amount_usd, shares
            )
            SELECT booked.ledger_transaction_id, wallet, strategy, account, token, amount, shares
            FROM unnest(
                :of::text[], :wallets::uuid[], :strategies::uuid[], :accounts::text[], :tokens::text[],
                :amounts::numeric[], :shares::numeric[]
            ) WITH ORDINALITY AS line (reference, wallet, strategy, account, token, amount, shares, place)
            INNER JOIN booked ON booked.source_reference = line.reference
            ORDER BY line.place
        )
        SELECT source_reference FROM booked
        """,
        recorded_at=recorded_at,
        references=references,
        kinds=[each.kind for each in entries],
        occurred_at=[each.occurred_at for each in entries],
        of=[reference for reference, _ in lines],
        wallets=[line.trading_wallet_id for _, line in lines],
        strategies=[line.lt_strategy_id for _, line in lines],
        accounts=[line.account for _, line in lines],
        tokens=[line.token_id for _, line in lines],
        amounts=[line.amount for _, line in lines],
        shares=[line.shares for _, line in lines],
    )
    return {row["source_reference"] for row in rows}

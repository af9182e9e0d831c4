"""Breaks: differences between ledger, venue and chain, open until a later comparison agrees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from live_trading.store.database import Transaction


class BreakKind(StrEnum):
    COLLATERAL = "COLLATERAL"
    TOKEN_BALANCE = "TOKEN_BALANCE"  # noqa: S105 - an outcome token, no secret
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    UNKNOWN_TRADE = "UNKNOWN_TRADE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """`subject` is a token id, an order hash or a trade id; amounts are USD or shares by kind."""

    kind: BreakKind
    subject: str
    expected: Decimal
    observed: Decimal


def replace_open(transaction: Transaction, trading_wallet_id: UUID, found: list[Break], now: datetime) -> None:
    """Opens what is new, refreshes what persists, closes what is gone."""
    for each in found:
        transaction.execute(
            """
            INSERT INTO breaks (trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at)
            VALUES (:trading_wallet_id, :kind, :subject, :expected, :observed, :now, :now)
            ON CONFLICT (trading_wallet_id, kind, subject) WHERE closed_at IS NULL
            DO UPDATE SET
                expected = excluded.expected, observed = excluded.observed, last_seen_at = excluded.last_seen_at
            """,
            trading_wallet_id=trading_wallet_id,
            kind=each.kind,
            subject=each.subject,
            expected=each.expected,
            observed=each.observed,
            now=now,
        )
    transaction.execute(
        """
        UPDATE breaks SET closed_at = :now
        WHERE trading_wallet_id = :trading_wallet_id AND closed_at IS NULL AND last_seen_at < :now
        """,
        trading_wallet_id=trading_wallet_id,
        now=now,
    )

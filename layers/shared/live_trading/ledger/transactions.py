"""A ledger transaction: entries that sum to zero, under the reference of what they were made from.

Debit is positive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.nouns.money import Shares, Usd, total_usd


class OutOfBalance(ValueError):
    """The entries of a transaction do not sum to zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One line: debit positive, credit negative; `shares` move with an entry of a position."""

    account: Account
    trading_wallet_id: UUID
    lt_strategy_id: UUID | None
    token_id: str | None
    amount: Usd
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTransaction:
    """Entries that belong together. Raises OutOfBalance at construction unless they sum to zero."""

    source_reference: str
    kind: TransactionKind
    occurred_at: datetime
    entries: tuple[LedgerEntry, ...]

    def __post_init__(self) -> None:
        difference = total_usd([entry.amount for entry in self.entries])
        if difference:
            raise OutOfBalance(f"{self.source_reference} is out of balance by {difference}")


@dataclass(frozen=True, slots=True)
class Book:
    """The wallet and strategy that every entry of a transaction shares."""

    trading_wallet_id: UUID
    lt_strategy_id: UUID | None

    def entry(
        self, account: Account, amount: Usd, *, token_id: str | None = None, shares: Shares | None = None
    ) -> LedgerEntry:
        return LedgerEntry(
            account=account,
            trading_wallet_id=self.trading_wallet_id,
            lt_strategy_id=self.lt_strategy_id,
            token_id=token_id,
            amount=amount,
            shares=shares or Shares.zero(),
        )


def transaction_of(
    reference: str, kind: TransactionKind, occurred_at: datetime, entries: Iterable[LedgerEntry]
) -> LedgerTransaction:
    """Leaves out lines that say nothing: a free fill has no fee, a lost position no payout."""
    return LedgerTransaction(
        source_reference=reference,
        kind=kind,
        occurred_at=occurred_at,
        entries=tuple(entry for entry in entries if entry.amount or entry.shares),
    )


def reversal_of(reference: str) -> str:
    """The source reference of the opposite of what is booked under `reference`."""
    return f"reversal:{reference}"


def reversal(
    original: LedgerTransaction, *, occurred_at: datetime, kind: TransactionKind = TransactionKind.REVERSAL
) -> LedgerTransaction:
    """The exact opposite of a booked transaction."""
    return LedgerTransaction(
        source_reference=reversal_of(original.source_reference),
        kind=kind,
        occurred_at=occurred_at,
        entries=tuple(
            LedgerEntry(
                account=entry.account,
                trading_wallet_id=entry.trading_wallet_id,
                lt_strategy_id=entry.lt_strategy_id,
                token_id=entry.token_id,
                amount=-entry.amount,
                shares=-entry.shares,
            )
            for entry in original.entries
        ),
    )

"""Entries of what comes to a wallet unasked: the venue's rebates and rewards, surpluses, and gifts of strangers.

All of it is the wallet's and no strategy's. What nothing explains is credited to EXTERNAL; once a payment of the venue
explains it, it moves to INCOME, so that no dollar is counted twice.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, IncomeType, TransactionKind
from live_trading.ledger.transactions import Book, LedgerTransaction, transaction_of
from live_trading.nouns.money import Shares, Usd


def income_reference(income_type: IncomeType, trading_wallet_id: UUID, source: str) -> str:
    """The source reference of an income; `source` is unique among those of a wallet and a type."""
    return f"income:{income_type}:{trading_wallet_id}:{source}"


def income(
    *,
    trading_wallet_id: UUID,
    income_type: IncomeType,
    source: str,
    amount: Usd,
    occurred_at: datetime,
    already_external: Usd | None = None,
) -> LedgerTransaction:
    """Dollars of a known kind; `already_external` of them have been booked before as unexplained.

    A deposit of the owner's is capital, not income.
    """
    book = Book(trading_wallet_id, None)
    known = already_external or Usd.zero()
    earned = Account.TRANSFERS if income_type is IncomeType.DEPOSIT else Account.INCOME
    return transaction_of(
        income_reference(income_type, trading_wallet_id, source),
        TransactionKind.INCOME,
        occurred_at,
        [
            book.entry(Account.UNALLOCATED, amount - known),
            book.entry(Account.EXTERNAL, known),
            book.entry(earned, -amount),
        ],
    )


def unexplained_collateral(
    *, trading_wallet_id: UUID, source: str, amount: Usd, occurred_at: datetime
) -> LedgerTransaction:
    """Dollars that the chain has and nothing explains: the wallet's to use, credited to EXTERNAL."""
    book = Book(trading_wallet_id, None)
    return transaction_of(
        income_reference(IncomeType.EXTERNAL, trading_wallet_id, source),
        TransactionKind.INCOME,
        occurred_at,
        [book.entry(Account.UNALLOCATED, amount), book.entry(Account.EXTERNAL, -amount)],
    )


def unexplained_tokens(
    *, trading_wallet_id: UUID, source: str, token_id: str, shares: Shares, occurred_at: datetime
) -> LedgerTransaction:
    """Shares that the chain has and nothing explains; they cost nothing and belong to no strategy."""
    entry = Book(trading_wallet_id, None).entry(Account.EXTERNAL, Usd.zero(), token_id=token_id, shares=shares)
    reference = income_reference(IncomeType.EXTERNAL, trading_wallet_id, source)
    return transaction_of(reference, TransactionKind.INCOME, occurred_at, [entry])

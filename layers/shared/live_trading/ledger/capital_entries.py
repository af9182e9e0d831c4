"""Entries of a wallet's capital: what it brought, what strategies are given of it, corrections, and gas."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import Book, LedgerTransaction, transaction_of
from live_trading.nouns.money import Shares, Usd


def opening_deposit(*, trading_wallet_id: UUID, amount: Usd, occurred_at: datetime) -> LedgerTransaction:
    """What a trading wallet held when it was registered, given to no strategy yet."""
    book = Book(trading_wallet_id, None)
    return transaction_of(
        f"deposit:{trading_wallet_id}:opening",
        TransactionKind.DEPOSIT,
        occurred_at,
        [book.entry(Account.UNALLOCATED, amount), book.entry(Account.TRANSFERS, -amount)],
    )


def allocation(
    *, trading_wallet_id: UUID, lt_strategy_id: UUID, amount: Usd, occurred_at: datetime, move: UUID | None = None
) -> LedgerTransaction:
    """Capital for a strategy, out of what its wallet holds for nobody: the first, or a later `move`."""
    return transaction_of(
        f"allocation:{lt_strategy_id}:{move or 'initial'}",
        TransactionKind.ALLOCATION,
        occurred_at,
        [
            Book(trading_wallet_id, None).entry(Account.UNALLOCATED, -amount),
            Book(trading_wallet_id, lt_strategy_id).entry(Account.CASH, amount),
        ],
    )


def deallocation(
    *, trading_wallet_id: UUID, lt_strategy_id: UUID, amount: Usd, occurred_at: datetime, move: str
) -> LedgerTransaction:
    """Cash of a strategy that goes back to what its wallet holds for nobody; `move` tells one from another."""
    return transaction_of(
        f"deallocation:{lt_strategy_id}:{move}",
        TransactionKind.ALLOCATION,
        occurred_at,
        [
            Book(trading_wallet_id, lt_strategy_id).entry(Account.CASH, -amount),
            Book(trading_wallet_id, None).entry(Account.UNALLOCATED, amount),
        ],
    )


def collateral_correction(
    *, trading_wallet_id: UUID, break_id: int, amount: Usd, occurred_at: datetime
) -> LedgerTransaction:
    """Dollars that came to (or left, negative) the wallet by another way than a trade: a deposit or a withdrawal."""
    book = Book(trading_wallet_id, None)
    return transaction_of(
        f"correction:{break_id}",
        TransactionKind.CORRECTION,
        occurred_at,
        [book.entry(Account.UNALLOCATED, amount), book.entry(Account.TRANSFERS, -amount)],
    )


def token_correction(
    *, trading_wallet_id: UUID, break_id: int, token_id: str, shares: Shares, occurred_at: datetime
) -> LedgerTransaction:
    """Shares that came to (or left, negative) the wallet by another way than a trade; they cost nothing here."""
    entry = Book(trading_wallet_id, None).entry(Account.EXTERNAL, Usd.zero(), token_id=token_id, shares=shares)
    return transaction_of(f"correction:{break_id}", TransactionKind.CORRECTION, occurred_at, [entry])


def gas(*, trading_wallet_id: UUID, chain_send_id: UUID, amount: Usd, occurred_at: datetime) -> LedgerTransaction:
    """Gas that a mined transaction burnt, valued in dollars; it is paid in the chain's own coin from outside."""
    book = Book(trading_wallet_id, None)
    return transaction_of(
        f"gas:{chain_send_id}",
        TransactionKind.GAS,
        occurred_at,
        [book.entry(Account.GAS, amount), book.entry(Account.TRANSFERS, -amount)],
    )

"""A statement: the lines of transactions, oldest first, with what each account came to after each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import LedgerEntry
from live_trading.nouns.money import Usd

Balances = Mapping[Account, Usd]
"""Dollars by account, debit positive; an account that is not there stands at nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedTransaction:
    """The entries that a transaction made in one book, a strategy's or a wallet's, in the order of their booking.

    Numbers rise with the order of booking; `occurred_at` may be long before.
    """

    ledger_transaction_id: int
    source_reference: str
    kind: TransactionKind
    occurred_at: datetime
    recorded_at: datetime
    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One entry, and what its account came to with it."""

    booked: BookedTransaction
    entry: LedgerEntry
    balance: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Lines, oldest first, between what the accounts stood at before the first of them and after the last."""

    opening: Balances
    lines: tuple[StatementLine, ...]
    closing: Balances


def statement(opening: Balances, booked: Iterable[BookedTransaction]) -> Statement:
    """The statement of transactions, given oldest first, in a book that stood at `opening` before them."""
    balances = dict(opening)
    lines = tuple(_lines(balances, booked))
    return Statement(opening=dict(opening), lines=lines, closing=balances)


def _lines(balances: dict[Account, Usd], booked: Iterable[BookedTransaction]) -> Iterator[StatementLine]:
    for each in booked:
        for entry in each.entries:
            balances[entry.account] = balances.get(entry.account, Usd.zero()) + entry.amount
            yield StatementLine(booked=each, entry=entry, balance=balances[entry.account])

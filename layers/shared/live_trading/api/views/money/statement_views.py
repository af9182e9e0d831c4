"""How the API shows a statement of the ledger, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from typing_extensions import TypedDict

from live_trading.api.shapes import IdAnswer, MomentAnswer, NextCursor, SharesText, TokenIdAnswer, UsdText
from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.statement import Balances, Statement, StatementLine
from live_trading.nouns.money import Usd
from live_trading.store.books.statements import LedgerBook


class AccountBalance(TypedDict):
    """What an account stood at, debit positive: cash is positive, a realised profit negative."""

    account: Account
    balance_usd: UsdText


class EntryView(TypedDict):
    """One entry, debit positive, and what its account came to with it."""

    account: Account
    lt_strategy_id: IdAnswer | None
    token_id: TokenIdAnswer | None
    amount_usd: UsdText
    shares: SharesText
    balance_usd: UsdText


class BookedView(TypedDict):
    """What a transaction posted in this book; `occurred_at` may be long before it was booked."""

    ledger_transaction_id: int
    kind: TransactionKind
    source_reference: str
    occurred_at: MomentAnswer
    recorded_at: MomentAnswer
    entries: list[EntryView]


class StatementView(TypedDict):
    """A page of a statement, newest first: `closing` after its first transaction, `opening` before its last."""

    trading_wallet_id: IdAnswer
    lt_strategy_id: IdAnswer | None
    opening: list[AccountBalance]
    closing: list[AccountBalance]
    transactions: list[BookedView]
    next_cursor: NextCursor


STATEMENT_COLUMNS = (
    "ledger_transaction_id", "recorded_at", "occurred_at", "kind", "source_reference", "lt_strategy_id", "account",
    "token_id", "amount_usd", "shares", "balance_usd",
)  # fmt: skip


def statement_view(
    shown: Statement, *, trading_wallet_id: object, book: LedgerBook, next_cursor: str | None
) -> StatementView:
    """The page with its transactions newest first, the entries of each in the order of their booking."""
    booked = [_booked_view(list(lines)) for _, lines in groupby(shown.lines, key=_number)]
    accounts = _accounts(shown)
    return {
        "trading_wallet_id": str(trading_wallet_id),
        "lt_strategy_id": None if book.is_wallet else str(book.book_id),
        "opening": _balances(shown.opening, accounts),
        "closing": _balances(shown.closing, accounts),
        "transactions": booked[::-1],
        "next_cursor": next_cursor,
    }


def statement_rows(shown: Statement) -> Iterator[Sequence[object]]:
    """A row an entry, of the newest transaction first."""
    by_transaction = [list(lines) for _, lines in groupby(shown.lines, key=_number)]
    for line in (line for lines in reversed(by_transaction) for line in lines):
        yield (
            line.booked.ledger_transaction_id, line.booked.recorded_at, line.booked.occurred_at, line.booked.kind,
            line.booked.source_reference, line.entry.lt_strategy_id, line.entry.account, line.entry.token_id,
            line.entry.amount, line.entry.shares, line.balance,
        )  # fmt: skip


def _number(line: StatementLine) -> int:
    return line.booked.ledger_transaction_id


def _accounts(shown: Statement) -> list[Account]:
    known = {*shown.opening, *shown.closing}
    return [account for account in Account if account in known]


def _balances(balances: Balances, accounts: Sequence[Account]) -> list[AccountBalance]:
    return [{"account": each, "balance_usd": str(balances.get(each, Usd.zero()))} for each in accounts]


def _booked_view(lines: Sequence[StatementLine]) -> BookedView:
    booked = lines[0].booked
    return {
        "ledger_transaction_id": booked.ledger_transaction_id,
        "kind": booked.kind,
        "source_reference": booked.source_reference,
        "occurred_at": booked.occurred_at.isoformat(),
        "recorded_at": booked.recorded_at.isoformat(),
        "entries": [_entry_view(line) for line in lines],
    }


def _entry_view(line: StatementLine) -> EntryView:
    entry = line.entry
    return {
        "account": entry.account,
        "lt_strategy_id": None if entry.lt_strategy_id is None else str(entry.lt_strategy_id),
        "token_id": entry.token_id,
        "amount_usd": str(entry.amount),
        "shares": str(entry.shares),
        "balance_usd": str(line.balance),
    }

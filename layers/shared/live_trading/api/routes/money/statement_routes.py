"""Statements of the ledger behind the API: a strategy's, and a trading wallet's with all that trades from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.api.described import CSV, JSON, Example
from live_trading.api.once import Answer, TextAnswer
from live_trading.api.paging import Paging
from live_trading.api.query import PeriodQuery
from live_trading.api.resources.required import own_strategy, own_wallet
from live_trading.api.routing import Request, Routes
from live_trading.api.views.csv_text import csv_of
from live_trading.api.views.money.statement_views import (
    STATEMENT_COLUMNS,
    StatementView,
    statement_rows,
    statement_view,
)
from live_trading.ledger.statement import BookedTransaction, Statement, statement
from live_trading.nouns.pages import Place
from live_trading.store.books import statements
from live_trading.store.books.statements import LedgerBook
from live_trading.store.database.connection import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """One page of a book's statement."""

    book: LedgerBook
    trading_wallet_id: UUID
    shown: Statement
    next_cursor: str | None


class Statements:
    """One owner's statements. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def of_strategy(self, owner_id: str, lt_strategy_id: UUID, asked: PeriodQuery, paging: Paging) -> StatementPage:
        """A page of all that was posted for a strategy."""
        with self._database.transaction() as transaction:
            strategy = own_strategy(transaction, lt_strategy_id, owner_id)
            return _page(
                transaction, LedgerBook(book_id=lt_strategy_id), strategy.trading_wallet_id, asked=asked, paging=paging
            )

    def of_wallet(self, owner_id: str, trading_wallet_id: UUID, asked: PeriodQuery, paging: Paging) -> StatementPage:
        """A page of all that was posted in a trading wallet, for its strategies and for nobody."""
        with self._database.transaction() as transaction:
            own_wallet(transaction, trading_wallet_id, owner_id)
            book = LedgerBook(book_id=trading_wallet_id, is_wallet=True)
            return _page(transaction, book, trading_wallet_id, asked=asked, paging=paging)


def _page(
    transaction: Transaction, book: LedgerBook, trading_wallet_id: UUID, *, asked: PeriodQuery, paging: Paging
) -> StatementPage:
    found = statements.page_of(transaction, book, since=asked.since, until=asked.until, page=paging.asked)
    page = paging.cut(found, _place)
    before = _first_number(transaction, page.rows, asked.until)
    opening = statements.balances_before(transaction, book, before)
    return StatementPage(
        book=book,
        trading_wallet_id=trading_wallet_id,
        shown=statement(opening, reversed(page.rows)),
        next_cursor=page.next_cursor,
    )


def _first_number(transaction: Transaction, rows: Sequence[BookedTransaction], until: datetime | None) -> int:
    return rows[-1].ledger_transaction_id if rows else statements.edge(transaction, until)


def _place(booked: BookedTransaction) -> Place:
    return Place(at=None, row=str(booked.ledger_transaction_id))


def _answer(page: StatementPage, request: Request) -> Answer | TextAnswer:
    if request.wants == CSV:
        text = csv_of(STATEMENT_COLUMNS, statement_rows(page.shown))
        return request.page_as_text(text, CSV, page.next_cursor)
    body = statement_view(
        page.shown, trading_wallet_id=page.trading_wallet_id, book=page.book, next_cursor=page.next_cursor
    )
    return Answer(status=200, body=body)


ROUTES = Routes[Statements]("statements")
_EXAMPLE = Example(query={"since": "2026-11-01T00:00:00Z", "limit": "50"})


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/ledger",
    query=PeriodQuery,
    answers=StatementView,
    media=(JSON, CSV),
    example=_EXAMPLE,
)
def _of_strategy(books: Statements, request: Request) -> Answer | TextAnswer:
    """A strategy's statement: every entry of the ledger with what its account came to.

    In the order of booking, the newest first. A period is of when things were booked. Of a page `closing` is what the
    accounts stood at after its first transaction and `opening` before its last, which is `closing` of the next page.
    With `Accept: text/csv` it is a table with a line an entry, and `x-next-cursor` and `link` ask for the next page.
    """
    asked = request.asked(PeriodQuery)
    strategy = request.id("lt_strategy_id", "strategy")
    return _answer(books.of_strategy(request.owner, strategy, asked, request.paging(asked)), request)


@ROUTES.get(
    "/api/trading-wallets/<trading_wallet_id>/ledger",
    query=PeriodQuery,
    answers=StatementView,
    media=(JSON, CSV),
    example=_EXAMPLE,
)
def _of_wallet(books: Statements, request: Request) -> Answer | TextAnswer:
    """A trading wallet's statement: what was posted for every strategy that trades from it, and for nobody.

    The accounts are those of the whole wallet; each entry says whose it is. Else as a strategy's statement.
    """
    asked = request.asked(PeriodQuery)
    wallet = request.id("trading_wallet_id", "trading wallet")
    return _answer(books.of_wallet(request.owner, wallet, asked, request.paging(asked)), request)

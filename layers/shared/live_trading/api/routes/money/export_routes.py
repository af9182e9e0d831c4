"""Exports as CSV: round trips, fills, the ledger, and lots as they left; reads only.

A page ends where it has enough rows or bytes, and its headers ask for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, TypeVar

from live_trading.api.described import CSV, Example
from live_trading.api.examples import LT_STRATEGY_ID
from live_trading.api.fields import Id
from live_trading.api.once import TextAnswer
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode
from live_trading.api.query import PeriodQuery, whole_text
from live_trading.api.resources.required import require_own
from live_trading.api.routing import Request, Routes
from live_trading.api.views.csv_text import csv_lines
from live_trading.api.views.live.fill_views import FILL_COLUMNS, fill_row
from live_trading.api.views.money.export_views import (
    LEDGER_COLUMNS,
    LOT_COLUMNS,
    TRADE_COLUMNS,
    ledger_rows,
    left_with,
    lot_rows,
    moves_of,
    trade_rows,
)
from live_trading.nouns.pages import Place
from live_trading.store.books import result_pages, statements
from live_trading.store.books.result_pages import BookedResult
from live_trading.store.books.statements import LedgerBook
from live_trading.store.database.connection import Database
from live_trading.store.orders import fill_pages
from live_trading.store.orders.fill_pages import FillsWanted

_Thing = TypeVar("_Thing")
LARGEST_EXPORT = 5_000
USUAL_EXPORT = 1_000
MOST_ROWS = 10_000
# An answer of a function may have 6 MB with all that is around it.
MOST_BYTES = 4_000_000


class ExportAsked(PeriodQuery):
    """A page of an export, newest first, of one strategy or of all; `limit` counts what `since` and `until` are of."""

    limit: Annotated[int, *whole_text(1, LARGEST_EXPORT)] = USUAL_EXPORT
    lt_strategy_id: Id | None = None


class Exports:
    """One owner's tables, each as the text of a page and its cursor. Methods raise Problem; the store's errors pass."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def trades(self, owner_id: str, asked: ExportAsked, paging: Paging) -> tuple[str, str | None]:
        """Positions that have ended."""
        with self._database.transaction() as transaction:
            require_own(transaction, owner_id, lt_strategy_id=asked.lt_strategy_id)
            found = result_pages.ended(
                transaction,
                owner_id,
                lt_strategy_id=asked.lt_strategy_id,
                since=asked.since,
                until=asked.until,
                page=paging.asked,
            )
            positions = [(each.lt_strategy_id, each.token_id) for each in found]
            bookings = result_pages.bookings_of(transaction, positions)
            names = result_pages.names_of(transaction, positions)
        moves = moves_of(bookings)
        return _table(
            TRADE_COLUMNS,
            found,
            lambda each: trade_rows(each, moves, names),
            paging,
            lambda each: Place(at=each.ended_at, row=each.row),
        )

    def fills(self, owner_id: str, asked: ExportAsked, paging: Paging) -> tuple[str, str | None]:
        """Fills, those of other hands in the wallets among them unless a strategy is named."""
        wanted = FillsWanted(lt_strategy_id=asked.lt_strategy_id, since=asked.since, until=asked.until)
        with self._database.transaction() as transaction:
            require_own(transaction, owner_id, lt_strategy_id=asked.lt_strategy_id)
            found = fill_pages.of_owner(transaction, owner_id, wanted, paging.asked)
        return _table(
            FILL_COLUMNS,
            found,
            lambda each: [fill_row(each)],
            paging,
            lambda each: Place(at=each.match_time, row=str(each.number)),
        )

    def ledger(self, owner_id: str, asked: ExportAsked, paging: Paging) -> tuple[str, str | None]:
        """Entries: all of the owner's wallets, or those of a strategy."""
        since, until, page = asked.since, asked.until, paging.asked
        with self._database.transaction() as transaction:
            require_own(transaction, owner_id, lt_strategy_id=asked.lt_strategy_id)
            if asked.lt_strategy_id is None:
                found = statements.of_owner(transaction, owner_id, since=since, until=until, page=page)
            else:
                book = LedgerBook(book_id=asked.lt_strategy_id)
                found = statements.page_of(transaction, book, since=since, until=until, page=page)
        return _table(
            LEDGER_COLUMNS,
            found,
            ledger_rows,
            paging,
            lambda each: Place(at=None, row=str(each.ledger_transaction_id)),
        )

    def tax_lots(self, owner_id: str, asked: ExportAsked, paging: Paging) -> tuple[str, str | None]:
        """Lots by the bookings that they left with."""
        with self._database.transaction() as transaction:
            require_own(transaction, owner_id, lt_strategy_id=asked.lt_strategy_id)
            found = result_pages.results(
                transaction,
                owner_id,
                lt_strategy_id=asked.lt_strategy_id,
                since=asked.since,
                until=asked.until,
                page=paging.asked,
            )
            positions = _positions(found)
            bookings = result_pages.bookings_of(transaction, positions)
            corrected = result_pages.tokens_of_corrections(transaction, _references(found))
            names = result_pages.names_of(transaction, positions | _corrected(found, corrected))
        left = left_with(moves_of(bookings))
        return _table(
            LOT_COLUMNS,
            found,
            lambda each: lot_rows(each, left, names, corrected),
            paging,
            lambda each: Place(at=None, row=str(each.ledger_transaction_id)),
        )


def _positions(found: Iterable[BookedResult]) -> set[result_pages.Position]:
    return {
        (strategy, entry.token_id)
        for each in found
        for strategy, booked in each.by_strategy.items()
        for entry in booked.entries
        if entry.token_id is not None
    }


def _corrected(found: Iterable[BookedResult], tokens: Mapping[str, str]) -> set[result_pages.Position]:
    return {
        (strategy, tokens[booked.source_reference])
        for each in found
        for strategy, booked in each.by_strategy.items()
        if booked.source_reference in tokens
    }


def _references(found: Iterable[BookedResult]) -> list[str]:
    return [booked.source_reference for each in found for booked in each.by_strategy.values()]


def _table(
    columns: Sequence[str],
    found: Sequence[_Thing],
    rows_of: Callable[[_Thing], Iterable[Sequence[object]]],
    paging: Paging,
    place: Callable[[_Thing], Place],
) -> tuple[str, str | None]:
    """The page with as many of the things found as have room in it, and the cursor of what is left."""
    texts, rows, size = [csv_lines([columns])], 0, 0
    for thing in found[: paging.asked.size]:
        its = list(rows_of(thing))
        text = csv_lines(its)
        rows, size = rows + len(its), size + len(text.encode())
        if len(texts) > 1 and (rows > MOST_ROWS or size > MOST_BYTES):
            break
        texts.append(text)
    shown = max(1, len(texts) - 1)
    page = paging.holding(shown).cut(found, place)
    return "".join(texts), page.next_cursor


ROUTES = Routes[Exports]("exports")
_REFUSES = (ProblemCode.NOT_FOUND,)
_EXAMPLE = Example(query={"since": "2026-01-01T00:00:00Z", "lt_strategy_id": LT_STRATEGY_ID})


def _answer(read: Callable[[str, ExportAsked, Paging], tuple[str, str | None]], request: Request) -> TextAnswer:
    asked = request.asked(ExportAsked)
    text, next_cursor = read(request.owner, asked, request.paging(asked))
    return request.page_as_text(text, CSV, next_cursor)


@ROUTES.get("/api/lt/exports/trades", query=ExportAsked, media=(CSV,), refuses=_REFUSES, example=_EXAMPLE)
def _trades(exports: Exports, request: Request) -> TextAnswer:
    """Exports round trips: a row for each position that has ended, by when it did.

    `gain_usd` is realised profit less all fees, as the ledger has it; `ended_by` says how its shares left. The headers
    `x-next-cursor` and `link` ask for the next page.
    """
    return _answer(exports.trades, request)


@ROUTES.get("/api/lt/exports/fills", query=ExportAsked, media=(CSV,), refuses=_REFUSES, example=_EXAMPLE)
def _fills(exports: Exports, request: Request) -> TextAnswer:
    """Exports fills by when they matched, with what the wallets traded beside this system.

    The headers `x-next-cursor` and `link` ask for the next page.
    """
    return _answer(exports.fills, request)


@ROUTES.get("/api/lt/exports/ledger", query=ExportAsked, media=(CSV,), refuses=_REFUSES, example=_EXAMPLE)
def _ledger(exports: Exports, request: Request) -> TextAnswer:
    """Exports entries of the ledger by when they were booked: of all your wallets, or of one strategy.

    Debit is positive, and each transaction sums to zero over all its entries. The headers `x-next-cursor` and `link`
    ask for the next page.
    """
    return _answer(exports.ledger, request)


@ROUTES.get("/api/lt/exports/tax-lots", query=ExportAsked, media=(CSV,), refuses=_REFUSES, example=_EXAMPLE)
def _tax_lots(exports: Exports, request: Request) -> TextAnswer:
    """Exports lots as they left, first in, first out, by when their leaving was booked.

    With the days of acquisition and disposal, cost, proceeds, the fees of both, and the gain after them. `kind` is
    SOLD, REDEEMED or LOST. A row without shares is money that was found to be more or less after they had left, or a
    fee. The headers `x-next-cursor` and `link` ask for the next page.
    """
    return _answer(exports.tax_lots, request)

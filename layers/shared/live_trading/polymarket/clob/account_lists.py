"""Lists of an account as the venue gives them: in pages that overlap or repeat, with rows that cannot be read.

Invariants: each order and each trade counts once, however often it is listed; a row that cannot be read is set aside by
itself; a page that only repeats the one before it is a broken walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from live_trading.nouns.errors import GiveUp, MalformedAnswer
from live_trading.nouns.orders import FillStatus
from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.clob.account_rows import (
    TRADES_SOURCE,
    VenueOrder,
    VenueTrade,
    VenueTrades,
    read_order,
    read_page,
    read_trades,
)
from live_trading.polymarket.wire.json_text import raw_text

ORDERS_SOURCE = "clob.orders"
_MOST_PAGES = 1000
_UNREADABLE = (MalformedAnswer, ArithmeticError, ValueError, TypeError, LookupError)
# Two listings of one trade may be of different moments; the later one counts.
_SETTLEMENT_ORDER = {status: place for place, status in enumerate(FillStatus)} | {
    FillStatus.CONFIRMED: len(FillStatus),
    FillStatus.FAILED: len(FillStatus),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """The orders of an account that rest at the venue, and the rows among them that could not be read."""

    orders: tuple[VenueOrder, ...]
    malformed: tuple[QuarantinedRow, ...]


def walk(ask: Callable[[str | None], object], path: str) -> Iterator[object]:
    """The rows of every page; `ask` is given the cursor. Raises MalformedAnswer or GiveUp for a walk without an end."""
    cursor: str | None = None
    before: list[object] = []
    for _ in range(_MOST_PAGES):
        rows, following = read_page(ask(cursor), path)
        if rows and rows == before:
            raise MalformedAnswer(f"{path}: a page that repeats the one before it", raw=raw_text(rows)[:2000])
        yield from rows
        if following is None:
            return
        if following == cursor:
            raise MalformedAnswer(f"{path}: more pages, but no new cursor", raw=following)
        cursor, before = following, rows
    raise GiveUp(f"{path}: no end after {_MOST_PAGES} pages")


def read_open_orders(rows: Iterable[object]) -> OpenOrders:
    """The orders of a list, each once; a row that cannot be read is set aside, whatever is wrong with it."""
    orders: dict[str, VenueOrder] = {}
    malformed: list[QuarantinedRow] = []
    for row in rows:
        try:
            order = read_order(row, None)
        except _UNREADABLE as error:
            malformed.append(_set_aside(ORDERS_SOURCE, row, error))
        else:
            orders[order.order_hash] = order
    return OpenOrders(orders=tuple(orders.values()), malformed=tuple(malformed))


def read_trade_rows(rows: Iterable[object]) -> VenueTrades:
    """The trades of a list, each once; a row that cannot be read is set aside, whatever is wrong with it."""
    return once_each(_read_trade_row(row) for row in rows)


def _read_trade_row(row: object) -> VenueTrades:
    try:
        return read_trades([row])
    except _UNREADABLE as error:
        return VenueTrades(trades=(), malformed=(_set_aside(TRADES_SOURCE, row, error),))


def _set_aside(source: str, row: object, error: Exception) -> QuarantinedRow:
    if isinstance(error, MalformedAnswer):
        return QuarantinedRow(source=source, reason=str(error), raw=error.raw)
    return QuarantinedRow(source=source, reason=f"{source}: {type(error).__name__}: {error}", raw=raw_text(row))


def once_each(found: Iterable[VenueTrades]) -> VenueTrades:
    """Every trade of these lists once, as it stood when it had come furthest, in the order of their first listing."""
    trades: dict[str, VenueTrade] = {}
    malformed: dict[str, QuarantinedRow] = {}
    for part in found:
        for trade in part.trades:
            known = trades.get(trade.venue_trade_id)
            if known is None or _has_come_further(trade, known):
                trades[trade.venue_trade_id] = trade
        malformed |= {row.raw: row for row in part.malformed}
    return VenueTrades(trades=tuple(trades.values()), malformed=tuple(malformed.values()))


def _has_come_further(trade: VenueTrade, known: VenueTrade) -> bool:
    return _SETTLEMENT_ORDER[trade.status] > _SETTLEMENT_ORDER[known.status]

"""The CLOB's public data: books, what a market takes, and the venue's clock."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import BookLevel, FeeSchedule, OrderBook, PricePoint, market_condition
from live_trading.nouns.money import Price, Shares
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.wire.field_types import (
    Amount,
    ConditionId,
    Moment,
    Shown,
    Tick,
    TokenId,
    WireModel,
    ZeroToOne,
    absent_if_empty,
    price_of,
    read,
    shares_of,
)
from live_trading.polymarket.wire.http_questions import HttpQuestions
from live_trading.polymarket.wire.json_text import raw_text
from live_trading.polymarket.wire.set_aside import ROW_FAILURES, set_aside

logger = logging.getLogger(__name__)

_BOOKS_A_QUESTION = 500
_HISTORY_POINTS = 500
_NO_FEES = FeeSchedule(rate=Decimal(0), exponent=Decimal(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClobMarket:
    """What the order book itself says of a market; its fees are the ones that it charges."""

    condition_id: str
    token_ids: tuple[str, ...]
    tick_size: Price
    minimum_order_shares: Shares
    fees: FeeSchedule
    neg_risk: bool | None
    accepting_orders: bool


class _Level(WireModel):
    price: ZeroToOne
    size: Annotated[Amount, Field(ge=0)]


class BookRow(WireModel):
    """A book as the venue sends it, the best price of each side last.

    Frames of the stream and older recordings have no tick and no minimum; older ones call the sides buys and sells.
    """

    market: ConditionId
    asset_id: TokenId
    timestamp: Moment
    hash: Shown = ""
    bids: list[_Level] = Field(validation_alias=AliasChoices("bids", "buys"))
    asks: list[_Level] = Field(validation_alias=AliasChoices("asks", "sells"))
    min_order_size: Annotated[Annotated[Amount, Field(ge=0)] | None, BeforeValidator(absent_if_empty)] = None
    tick_size: Annotated[Tick | None, BeforeValidator(absent_if_empty)] = None

    def as_book(self) -> OrderBook:
        """The book with both sides sorted by us, best first, and without empty levels."""
        return OrderBook(
            token_id=self.asset_id,
            condition_id=market_condition(self.market, self.asset_id),
            bids=tuple(sorted(_levels(self.bids), key=lambda level: level.price, reverse=True)),
            asks=tuple(sorted(_levels(self.asks), key=lambda level: level.price)),
            book_hash=self.hash,
            taken_at=self.timestamp,
            tick_size=None if self.tick_size is None else price_of(self.tick_size),
            minimum_order_shares=None if self.min_order_size is None else shares_of(self.min_order_size),
        )


class _Token(WireModel):
    t: TokenId


class _Fees(WireModel):
    r: ZeroToOne
    e: Annotated[Amount, Field(ge=0, le=10)]


class _ClobMarketRow(WireModel):
    t: list[_Token]
    mos: Annotated[Amount, Field(ge=0)]
    mts: Tick
    nr: bool | None = None
    ao: bool = False
    fd: _Fees | None = None


class TickRow(WireModel):
    """The answer about one token's tick."""

    minimum_tick_size: Tick


class MidpointRow(WireModel):
    """The answer about one token's midpoint."""

    mid: ZeroToOne


class _HistoryPoint(WireModel):
    t: Moment
    p: ZeroToOne


class _HistoryRow(WireModel):
    history: list[object]


class _ServerTime(WireModel):
    time: Moment


def _levels(rows: list[_Level]) -> list[BookLevel]:
    levels = [BookLevel(price=price_of(row.price), shares=shares_of(row.size)) for row in rows]
    return [level for level in levels if level.shares]


class MarketData:
    """Reads the book side of the CLOB. Raises RetryLater, GiveUp or MalformedAnswer as `HttpQuestions` does."""

    def __init__(self, endpoints: VenueEndpoints, chance: Chance) -> None:
        self._http = HttpQuestions(endpoints.clob_url, chance)

    def books(self, token_ids: Collection[str]) -> dict[str, OrderBook]:
        """The books of these tokens by token id.

        A token without a book is missing, and so is one whose book cannot be read, which is logged with its text: it
        is as unusable as none, and the others go on.
        """
        asked = sorted(set(token_ids))
        books: dict[str, OrderBook] = {}
        for start in range(0, len(asked), _BOOKS_A_QUESTION):
            part = asked[start : start + _BOOKS_A_QUESTION]
            answer = self._http.post("/books", [{"token_id": token_id} for token_id in part])
            if not isinstance(answer, list):
                raise MalformedAnswer("clob.books: not an array", raw=raw_text(answer))
            books |= read_books(answer, part)
        return books

    def clob_market(self, condition_id: str) -> ClobMarket:
        """The order book's own view of a market. Raises NotFound for one that it does not have."""
        answer = self._http.get(f"/clob-markets/{condition_id}")
        row = read(_ClobMarketRow, answer, "clob.markets")
        return ClobMarket(
            condition_id=condition_id,
            token_ids=tuple(token.t for token in row.t),
            tick_size=price_of(row.mts),
            minimum_order_shares=shares_of(row.mos),
            fees=_NO_FEES if row.fd is None else FeeSchedule(rate=row.fd.r, exponent=row.fd.e),
            neg_risk=row.nr,
            accepting_orders=row.ao,
        )

    def tick_size(self, token_id: str) -> Price:
        """The token's present tick; it gets finer in a market's life and never coarser. Raises NotFound."""
        answer = self._http.get("/tick-size", [("token_id", token_id)])
        return price_of(read(TickRow, answer, "clob.tick_size").minimum_tick_size)

    def midpoint(self, token_id: str) -> Price:
        """Halfway between the best prices, which nobody need trade at. Raises NotFound where there is no book."""
        answer = self._http.get("/midpoint", [("token_id", token_id)])
        return price_of(read(MidpointRow, answer, "clob.midpoint").mid)

    def price_history(self, token_id: str, since: datetime, until: datetime) -> list[PricePoint]:
        """Midpoints between two moments, a few hundred of them evenly apart; nothing that could be traded at.

        Empty for a token without a history.
        """
        minutes = int((until - since).total_seconds() // 60)
        query = [
            ("market", token_id),
            ("startTs", str(int(since.timestamp()))),
            ("endTs", str(int(until.timestamp()))),
            ("fidelity", str(max(1, minutes // _HISTORY_POINTS))),
        ]
        answer = self._http.get("/prices-history", query)
        return read_history(read(_HistoryRow, answer, "clob.prices_history").history)

    def server_time(self) -> datetime:
        """What time it is at the venue, to the second, UTC."""
        return read(_ServerTime, {"time": self._http.get("/time")}, "clob.time").time.astimezone(UTC)

    def close(self) -> None:
        self._http.close()


def read_books(rows: Iterable[object], asked: Collection[str]) -> dict[str, OrderBook]:
    """The books of an answer by token id, without those that cannot be read or were not asked for."""
    return {book.token_id: book for row in rows if (book := _readable(row, asked)) is not None}


def read_history(rows: Iterable[object]) -> list[PricePoint]:
    """The points of a price history; one that cannot be read is left out, as the next is minutes away."""
    points: list[PricePoint] = []
    for row in rows:
        try:
            point = _HistoryPoint.model_validate(row)
            points.append(PricePoint(at=point.t.astimezone(UTC), price=Price.nearest(point.p)))
        except ROW_FAILURES as error:
            aside = set_aside(row, error, "clob.prices_history")
            logger.warning("a price of a history cannot be read: %a: %a", aside.reason, aside.raw)
    return points


def _readable(row: object, asked: Collection[str]) -> OrderBook | None:
    try:
        book = BookRow.model_validate(row).as_book()
    except ROW_FAILURES as error:
        aside = set_aside(row, error, "clob.books")
        logger.warning("a book cannot be read: %a: %a", aside.reason, aside.raw)
        return None
    if book.token_id not in asked:
        logger.warning("a book of token %a, which was not asked for", book.token_id)
        return None
    return book

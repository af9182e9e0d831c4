"""An answer read by the product's own parsers: what they say against it, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from live_trading.nouns.errors import MalformedAnswer
from live_trading.polymarket.clob.geoblock import Geoblock
from live_trading.polymarket.clob.market_data import BookRow, MarketData, MidpointRow, TickRow
from live_trading.polymarket.clob.outcomes import Unknown, not_accepted
from live_trading.polymarket.data.data_api import DataApi
from live_trading.polymarket.data.feed_rows import read_rows
from live_trading.polymarket.data.trader_history import PositionRow, read_resolutions
from live_trading.polymarket.gamma.gamma_rows import read_markets
from live_trading.polymarket.wire.field_types import read
from live_trading.polymarket.wire.http_questions import HttpQuestions, QueryItems
from local.drift.shapes import Kind

_PLACE = re.compile(r"\.\d+(?=\.|$)")
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)

Complaint = tuple[str, str]
"""A field, with [] for places in lists, or "" for the whole row; and what is wrong with it."""


class _Told(HttpQuestions):
    """Answers every question with one answer that is there already, so that an adapter can be given it to read."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def get(self, path: str, query: QueryItems = (), headers: Mapping[str, str] | None = None) -> object:  # noqa: ARG002
        return self._answer

    def post(self, path: str, body: object) -> object:  # noqa: ARG002
        return self._answer


class _MarketData(MarketData):
    def __init__(self, answer: object) -> None:
        self._http = _Told(answer)


class _DataApi(DataApi):
    def __init__(self, answer: object) -> None:
        self._http = _Told(answer)


class _Geoblock(Geoblock):
    def __init__(self, answer: object) -> None:
        self._url = ""
        self._http = _Told(answer)

    def ask(self) -> None:
        """As `eligibility`, which turns what cannot be read into a no."""
        if not isinstance(answer := self._http.get(""), dict) or type(answer.get("blocked")) is not bool:
            raise MalformedAnswer("geoblock: blocked: true or false is expected", raw=repr(answer))


def complaints(kind: Kind, row: object) -> Iterator[Complaint]:
    """What the product's parser of this kind says against one row, nothing where it takes it."""
    try:
        said = _READERS[kind](row)
    except MalformedAnswer as error:
        said = _without_source(str(error))
    if said:
        for part in said.split("; "):
            yield _complaint(part)


def _book(row: object) -> str:
    read(BookRow, row, "book").as_book()
    return ""


def _market(row: object) -> str:
    return "; ".join(each.reason for each in read_markets([row]).malformed)


def _trade(row: object) -> str:
    return "; ".join(each.reason for each in read_rows([row], "trades").quarantined)


def _resolution(row: object) -> str:
    read_resolutions([row])
    return ""


def _refusal(row: object) -> str:
    """A text that an order was refused with is in the product's table, or nobody knows what it proves."""
    text = row.get("error") or row.get("errorMsg") if isinstance(row, dict) else None
    if not isinstance(text, str) or (isinstance(row, dict) and "retryable" in row):
        return ""
    return f"error: a text that no table has: {text[:200]}" if isinstance(not_accepted(text), Unknown) else ""


def _told(ask: Callable[[object], object]) -> Callable[[object], str]:
    def said(row: object) -> str:
        ask(row)
        return ""

    return said


_READERS: Mapping[Kind, Callable[[object], str]] = {
    Kind.BOOK: _book,
    Kind.MARKET: _market,
    Kind.TRADE: _trade,
    Kind.ACTIVITY: _trade,
    Kind.RESOLUTION: _resolution,
    Kind.REFUSAL: _refusal,
    Kind.VERSION: lambda _: "",
    Kind.POSITION: _told(lambda row: read(PositionRow, row, "positions")),
    Kind.TICK: _told(lambda row: read(TickRow, row, "tick")),
    Kind.MIDPOINT: _told(lambda row: read(MidpointRow, row, "midpoint")),
    Kind.CLOB_MARKET: _told(lambda row: _MarketData(row).clob_market("0x")),
    Kind.TIME: _told(lambda row: _MarketData(row).server_time()),
    Kind.HISTORY: _told(lambda row: _MarketData(row).price_history("1", _SOME_TIME, _SOME_TIME + timedelta(days=1))),
    Kind.STATUS: _told(lambda row: _DataApi({"data": row}).status()),
    Kind.GEOBLOCK: _told(lambda row: _Geoblock(row).ask()),
}


def _without_source(said: str) -> str:
    """Our readers begin with the name of the answer."""
    return said.partition(": ")[2]


def _complaint(part: str) -> Complaint:
    place, separator, why = part.partition(": ")
    if not separator or " " in place:
        return "", part
    return _PLACE.sub("[]", place), why

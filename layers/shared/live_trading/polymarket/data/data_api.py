"""The Data API v2: what a trader did, how their finished positions ended, and how fresh both are.

A trader's history is read in steps of about a page, so that the caller can stop between any two of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import GiveUp, MalformedAnswer
from live_trading.polymarket.data.feed_rows import FeedPage, read_pages, read_sizes
from live_trading.polymarket.data.trader_history import (
    PositionList,
    PositionStatus,
    Resolution,
    read_positions,
    read_resolutions,
)
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.wire.field_types import Amount, Moment, Shown, WireModel, read, unpadded
from live_trading.polymarket.wire.http_questions import HttpQuestions
from live_trading.polymarket.wire.json_text import raw_text
from live_trading.polymarket.wire.pages import PageWatch
from live_trading.signals.trader_record import TradeSize

__all__ = ["DataApi", "FeedPage", "FeedStatus"]

TRADES_SOURCE = "data_api.trades"
_ROWS_A_PAGE = 1000
# A walk this long is a cursor that leads nowhere; what it has read so far must not pass for the whole.
_MOST_PAGES = 1000
_MOST_IDS = 20
# Each of these may need its market's resolution, twenty of which are one question.
_POSITIONS_A_PAGE = 200
# Without a start the API looks back three years; the first second of all time means everything.
_ALL_TIME = 1

Filters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """How far the feed is behind the chain, and which part of it is the slowest."""

    computed_at: datetime
    lag_seconds: int
    slowest_part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSizesStep:
    """Trades of whole seconds, the newest first: all that are later than `down_to`, None where nothing is older."""

    sizes: list[TradeSize]
    down_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsStep:
    """One page of a list of positions; `digest` tells a page from another one."""

    listed: PositionList
    next_cursor: str | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    rows: list[object]
    next_cursor: str | None


class _Pagination(WireModel):
    has_more: bool
    next_cursor: str | None = None


class _Page(WireModel):
    data: list[object]
    pagination: _Pagination


class _ResolutionRows(WireModel):
    data: list[object]


class _Serving(WireModel):
    lag_seconds: Amount
    worst: Shown = ""


class _Status(WireModel):
    computed_at: Moment
    serving: _Serving


class _StatusAnswer(WireModel):
    data: _Status


class DataApi:
    """Reads the feed. Every method raises RetryLater, GiveUp or MalformedAnswer as `HttpQuestions` does."""

    def __init__(self, endpoints: VenueEndpoints, chance: Chance) -> None:
        self._http = HttpQuestions(endpoints.data_api_url, chance)

    def trades(self, trader: str, since: datetime) -> FeedPage:
        """Every fill of a trader from `since` on, maker fills included, newest first."""
        filters = _of_trader(trader, int(since.timestamp()))
        pages = [page.rows for page in self._pages("/v2/trades", filters, _ROWS_A_PAGE)]
        return read_pages(pages, TRADES_SOURCE, of_trader=trader)

    def trade_sizes(self, trader: str, after: datetime | None, until: datetime) -> TradeSizesStep:
        """When a trader traded and for how many dollars, from `until` (whole seconds) back towards `after`.

        A step holds whole seconds: as many as one page shows, more pages only where one second fills a page. `after` is
        None for their first trade. A row that does not say when or how much is there without it: see `read_sizes`.
        """
        start = _ALL_TIME if after is None else int(after.timestamp())
        # Whether the feed counts the last second in is not documented: one more is asked for, and left out here.
        filters = [*_of_trader(trader, start), ("end", str(int(until.timestamp()) + 1))]
        sizes: list[TradeSize] = []
        down_to: datetime | None = None
        for page in self._pages("/v2/trades", filters, _ROWS_A_PAGE):
            sizes += read_sizes(page.rows)
            # A page that is not the last may end in the middle of its oldest second.
            dated = (each.time for each in sizes if each.time is not None)
            down_to = None if page.next_cursor is None else min(dated, default=until)
            if down_to is None or down_to < until:
                break
        return TradeSizesStep(sizes=_between(sizes, down_to, until), down_to=down_to)

    def positions(self, trader: str, status: PositionStatus, cursor: str | None) -> PositionsStep:
        """One page of one list of a trader's positions, the latest events first; `cursor` is that of the page before.

        Resolved positions that were never redeemed are in the other lists than CLOSED: see `trader_history`.
        """
        filters = [("user", trader), ("status", status), ("sort_by", "TIMESTAMP"), ("sort_direction", "DESC")]
        # By default the venue leaves out what is under a tenth of a share and what is archived: old losers.
        filters.append(("filter_amount", "0"))
        if status is not PositionStatus.CLOSED:
            filters.append(("include_archived", "true"))
        page = self._page("/v2/positions", filters, _POSITIONS_A_PAGE, cursor)
        return PositionsStep(
            listed=read_positions(page.rows, trader),
            next_cursor=page.next_cursor,
            digest=hashlib.sha256(raw_text(page.rows).encode("utf-8", "replace")).hexdigest(),
        )

    def resolutions(self, condition_ids: Collection[str]) -> dict[str, Resolution]:
        """What the feed says of these conditions, by id without padding."""
        found: dict[str, Resolution] = {}
        unknown = sorted({unpadded(each): each for each in condition_ids}.values())
        for start in range(0, len(unknown), _MOST_IDS):
            asked = ",".join(unknown[start : start + _MOST_IDS])
            answer = self._http.get("/v2/resolutions", [("condition", asked)])
            found |= read_resolutions(read(_ResolutionRows, answer, "data_api.resolutions").data)
        return found

    def status(self) -> FeedStatus:
        """How fresh the answers of the other methods are."""
        answer = read(_StatusAnswer, self._http.get("/v2/status"), "data_api.status").data
        return FeedStatus(
            computed_at=answer.computed_at,
            lag_seconds=int(answer.serving.lag_seconds),
            slowest_part=answer.serving.worst,
        )

    def close(self) -> None:
        self._http.close()

    def _pages(self, path: str, filters: Filters, rows_a_page: int) -> Iterator[_Rows]:
        """All pages of a walk. The same filters go with every cursor, or it would walk another set."""
        cursor: str | None = None
        seen: set[str] = set()
        watch = PageWatch(path)
        for _ in range(_MOST_PAGES):
            page = self._page(path, filters, rows_a_page, cursor)
            watch.seen(page.rows)
            cursor = page.next_cursor
            if cursor in seen:
                raise MalformedAnswer(f"{path}: more pages, but no new cursor", raw=raw_text(page.rows[:3]))
            yield page
            if cursor is None:
                return
            seen.add(cursor)
        raise GiveUp(f"{path}: no end after {_MOST_PAGES} pages of {dict(filters)}")

    def _page(self, path: str, filters: Filters, rows_a_page: int, cursor: str | None) -> _Rows:
        here = [("cursor", cursor)] if cursor is not None else []
        answer = self._http.get(path, [*filters, ("limit", str(rows_a_page)), *here])
        page = read(_Page, answer, path)
        if page.pagination.has_more and page.pagination.next_cursor in (None, "", cursor):
            raise MalformedAnswer(f"{path}: more pages, but no new cursor", raw=raw_text(answer))
        return _Rows(rows=page.data, next_cursor=page.pagination.next_cursor if page.pagination.has_more else None)


def _between(sizes: Sequence[TradeSize], after: datetime | None, until: datetime) -> list[TradeSize]:
    """Those later than `after` and not later than `until`, and those without a date."""
    return [
        each for each in sizes if each.time is None or (each.time <= until and (after is None or each.time > after))
    ]


def _of_trader(trader: str, start: int) -> Filters:
    # Without taker_only=false the fills that a trader made as a maker are missing.
    return [("user", trader), ("taker_only", "false"), ("start", str(max(start, _ALL_TIME)))]

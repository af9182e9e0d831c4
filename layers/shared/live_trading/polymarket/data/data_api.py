"""The Data API v2: what a trader did, how their finished positions ended, and how fresh both are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import GiveUp, MalformedAnswer
from live_trading.polymarket.data.feed_rows import FeedPage, read_pages, read_sizes
from live_trading.polymarket.data.trader_history import (
    PositionList,
    PositionsPage,
    PositionStatus,
    Resolution,
    positions_page,
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
# Without a start the API looks back three years; the first second of all time means everything.
_ALL_TIME = 1

Filters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """How far the feed is behind the chain, and which part of it is the slowest."""

    computed_at: datetime
    lag_seconds: int
    slowest_part: str


class _Pagination(WireModel):
    has_more: bool
    next_cursor: str | None = None


class _Page(WireModel):
    data: list[object]
    pagination: _Pagination


class _Rows(WireModel):
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
        # A resolution is final, so each is asked for until it is known and never again.
        self._final: dict[str, Resolution] = {}

    def trades(self, trader: str, since: datetime) -> FeedPage:
        """Every fill of a trader from `since` on, maker fills included, newest first."""
        return self._trades(trader, int(since.timestamp()))

    def trade_sizes(self, trader: str, since: datetime | None = None) -> list[TradeSize]:
        """When a trader traded and for how many dollars, from `since` or from their first trade on.

        A row that does not say one of them is there without it: see `read_sizes`.
        """
        start = _ALL_TIME if since is None else int(since.timestamp())
        return read_sizes(list(chain.from_iterable(self._walk("/v2/trades", _of_trader(trader, start)))))

    def closed_positions(self, trader: str) -> PositionsPage:
        """A trader's finished positions with their profit after fees and the moment it was known.

        Includes resolved positions that were never redeemed: see `trader_history`.
        """
        listed = {status: self._positions(trader, status) for status in PositionStatus}
        undated = {
            row.condition_id
            for status, each in listed.items()
            for row in each.rows
            if status is not PositionStatus.CLOSED or row.last_event_at is None
        }
        return positions_page(listed, self._resolutions(undated))

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

    def _trades(self, trader: str, start: int) -> FeedPage:
        pages = list(self._walk("/v2/trades", _of_trader(trader, start)))
        return read_pages(pages, TRADES_SOURCE, of_trader=trader)

    def _positions(self, trader: str, status: PositionStatus) -> PositionList:
        filters = [("user", trader), ("status", status), ("sort_by", "TIMESTAMP"), ("sort_direction", "DESC")]
        # By default the venue leaves out what is under a tenth of a share and what is archived: old losers.
        filters.append(("filter_amount", "0"))
        if status is not PositionStatus.CLOSED:
            filters.append(("include_archived", "true"))
        return read_positions(chain.from_iterable(self._walk("/v2/positions", filters)), trader)

    def _resolutions(self, condition_ids: set[str]) -> dict[str, Resolution]:
        wanted = {unpadded(condition_id): condition_id for condition_id in condition_ids}
        found = {key: self._final[key] for key in wanted.keys() & self._final.keys()}
        unknown = sorted(wanted[key] for key in wanted.keys() - found.keys())
        for start in range(0, len(unknown), _MOST_IDS):
            asked = ",".join(unknown[start : start + _MOST_IDS])
            answer = self._http.get("/v2/resolutions", [("condition", asked)])
            found |= read_resolutions(read(_Rows, answer, "data_api.resolutions").data)
        self._final |= {key: each for key, each in found.items() if each.is_final and each.at is not None}
        return found

    def _walk(self, path: str, filters: Filters) -> Iterator[list[object]]:
        """The rows of each page. The same filters go with every cursor, or it would walk another set."""
        cursor: str | None = None
        seen: set[str] = set()
        watch = PageWatch(path)
        for _ in range(_MOST_PAGES):
            here = [("cursor", cursor)] if cursor is not None else []
            answer = self._http.get(path, [*filters, ("limit", str(_ROWS_A_PAGE)), *here])
            page = read(_Page, answer, path)
            watch.seen(page.data)
            yield page.data
            if not page.pagination.has_more:
                return
            cursor = page.pagination.next_cursor
            if not cursor or cursor in seen:
                raise MalformedAnswer(f"{path}: more pages, but no new cursor", raw=raw_text(answer))
            seen.add(cursor)
        raise GiveUp(f"{path}: no end after {_MOST_PAGES} pages of {dict(filters)}")


def _of_trader(trader: str, start: int) -> Filters:
    # Without taker_only=false the fills that a trader made as a maker are missing.
    return [("user", trader), ("taker_only", "false"), ("start", str(max(start, _ALL_TIME)))]

"""How strategies did: equity, results by day, and where live differed from paper; reads only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Annotated
from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.examples import LT_STRATEGY_ID
from live_trading.api.fields import Id
from live_trading.api.once import Answer
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode
from live_trading.api.query import PageQuery, PeriodQuery, whole_text
from live_trading.api.resources.required import own_strategy, require_own
from live_trading.api.routing import Request, Routes
from live_trading.api.views.live.performance_views import (
    EquityView,
    GapsView,
    ResultsView,
    day_result_view,
    equity_point_view,
    gap_view,
)
from live_trading.nouns.clock import Clock
from live_trading.nouns.pages import Place
from live_trading.risk.periods import day_of, day_span
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import gap_pages, ledger
from live_trading.store.database.connection import Database
from live_trading.store.risk import result_history
from live_trading.store.risk.result_history import Day

MOST_DAYS = 100
USUAL_DAYS = 31
_A_DAY = timedelta(days=1)


class ResultsAsked(PeriodQuery):
    """A page of days, newest first: those that lie, in whole or in part, between `since` and `until`."""

    limit: Annotated[int, *whole_text(1, MOST_DAYS)] = USUAL_DAYS


class GapsAsked(PageQuery):
    """Of one strategy, or of all."""

    lt_strategy_id: Id | None = None


class Performance:
    """One owner's results. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def equity(self, owner_id: str, lt_strategy_id: UUID, asked: PeriodQuery, paging: Paging) -> Answer:
        """A page of snapshots."""
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            found = result_history.equity(
                transaction, lt_strategy_id, since=asked.since, until=asked.until, page=paging.asked
            )
        page = paging.cut(found, lambda point: Place(at=point.taken_at, row=""))
        body: EquityView = {
            "points": [equity_point_view(each) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def results(self, owner_id: str, lt_strategy_id: UUID, asked: ResultsAsked, paging: Paging) -> Answer:
        """A page of days, and the sums of all of them."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            strategy = own_strategy(transaction, lt_strategy_id, owner_id)
            days = list(islice(_days_back(strategy, asked, paging, now), paging.asked.rows_to_read))
            page = paging.cut(days, lambda day: Place(at=day.starts_at, row=day.day.isoformat()))
            found = result_history.of_days(transaction, lt_strategy_id, page.rows)
            balances = ledger.balances_of_strategy(transaction, lt_strategy_id)
        body: ResultsView = {
            "time_zone": strategy.time_zone,
            "realised_pnl_usd": str(balances.realised_pnl),
            "fees_usd": str(balances.fees),
            "net_pnl_usd": str(balances.net_pnl),
            "days": [day_result_view(each) for each in found],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def gaps(self, owner_id: str, lt_strategy_id: UUID | None, paging: Paging) -> Answer:
        """A page of trades with their terms."""
        with self._database.transaction() as transaction:
            require_own(transaction, owner_id, lt_strategy_id=lt_strategy_id)
            found = gap_pages.of_owner(transaction, owner_id, lt_strategy_id=lt_strategy_id, page=paging.asked)
        page = paging.cut(found, lambda gap: Place(at=None, row=gap.row))
        body: GapsView = {"gaps": [gap_view(each) for each in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)


def _days_back(strategy: LiveStrategy, asked: ResultsAsked, paging: Paging, now: datetime) -> Iterator[Day]:
    """The days of the strategy's zone from the newest that is asked for back to its launch."""
    zone = strategy.time_zone
    ends = [each for each in (asked.until, paging.asked.after_at) if each is not None]
    if any(each <= strategy.launched_at for each in ends):
        return
    last = min([now, *(each - timedelta(microseconds=1) for each in ends)])
    first = strategy.launched_at if asked.since is None else max(asked.since, strategy.launched_at)
    day: date = day_of(last, zone)
    while day >= day_of(first, zone):
        starts_at, ends_at = day_span(day, zone)
        yield Day(day=day, starts_at=starts_at, ends_at=ends_at)
        day -= _A_DAY


ROUTES = Routes[Performance]("performance")


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/equity",
    query=PeriodQuery,
    answers=EquityView,
    example=Example(query={"since": "2026-11-01T00:00:00Z", "limit": "100"}),
)
def _equity(performance: Performance, request: Request) -> Answer:
    """Lists snapshots of a strategy's equity, the newest first.

    One is kept where an account has changed, where marked profit is at its high, and at least each quarter of an hour
    while anything is held. Older ones are thinned out.
    """
    asked = request.asked(PeriodQuery)
    strategy = request.id("lt_strategy_id", "strategy")
    return performance.equity(request.owner, strategy, asked, request.paging(asked))


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/pnl",
    query=ResultsAsked,
    answers=ResultsView,
    example=Example(query={"limit": "31"}),
)
def _results(performance: Performance, request: Request) -> Answer:
    """Shows what a strategy realised and paid day by day in its own zone, the newest day first.

    All days together come to the sums beside them, which are the ledger's.
    """
    asked = request.asked(ResultsAsked)
    strategy = request.id("lt_strategy_id", "strategy")
    return performance.results(request.owner, strategy, asked, request.paging(asked))


@ROUTES.get(
    "/api/lt/gaps",
    query=GapsAsked,
    answers=GapsView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"lt_strategy_id": LT_STRATEGY_ID}),
)
def _gaps(performance: Performance, request: Request) -> Answer:
    """Lists why live differed from paper, trade by trade over all your strategies, of the newest source trade first.

    Of trades that both sides have ended; the terms come to the difference exactly.
    """
    asked = request.asked(GapsAsked)
    return performance.gaps(request.owner, asked.lt_strategy_id, request.paging(asked))


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/gaps",
    query=PageQuery,
    answers=GapsView,
    example=Example(query={"limit": "50"}),
)
def _gaps_of_strategy(performance: Performance, request: Request) -> Answer:
    """Lists why a strategy differed from its paper twin, trade by trade, of the newest source trade first."""
    asked = request.asked(PageQuery)
    return performance.gaps(request.owner, request.id("lt_strategy_id", "strategy"), request.paging(asked))

"""How fast signals become orders: percentiles of every stage; reads only."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.examples import LT_STRATEGY_ID
from live_trading.api.fields import Id
from live_trading.api.once import Answer
from live_trading.api.problems import ProblemCode
from live_trading.api.query import Query, whole_text
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.live.latency_views import LatencyView, stage_views
from live_trading.nouns.clock import Clock
from live_trading.store.database.connection import Database
from live_trading.store.orders import latencies

DEFAULT_HOURS = 24
MOST_HOURS = 168


class LatencyAsked(Query):
    """So many hours back, of one strategy or of all."""

    hours: Annotated[int, *whole_text(1, MOST_HOURS)] = DEFAULT_HOURS
    lt_strategy_id: Id | None = None


class LatencyRead:
    """One owner's latencies. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, owner_id: str, *, lt_strategy_id: UUID | None, hours: int) -> Answer:
        """Of entries, and of all decisions, of the last hours; of one strategy where it is named."""
        since = self._clock.now() - timedelta(hours=hours)
        with self._database.transaction() as transaction:
            if lt_strategy_id is not None:
                own_strategy(transaction, lt_strategy_id, owner_id)
            orders = latencies.of_orders(transaction, owner_id, lt_strategy_id=lt_strategy_id, since=since)
            decided = latencies.of_decisions(transaction, owner_id, lt_strategy_id=lt_strategy_id, since=since)
        body = LatencyView(since=since.isoformat(), orders=stage_views(orders), decisions=stage_views(decided))
        return Answer(status=200, body=body)


ROUTES = Routes[LatencyRead]("latency_read")


@ROUTES.get(
    "/api/lt/latency",
    query=LatencyAsked,
    answers=LatencyView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"hours": "48", "lt_strategy_id": LT_STRATEGY_ID}),
)
def _read(latency: LatencyRead, request: Request) -> Answer:
    """Tells how long signals take, by stage, from the trade to the venue's answer.

    Of entries, and of all decisions, of the last hours: median, 95th percentile and longest in milliseconds.
    """
    asked = request.asked(LatencyAsked)
    return latency.read(request.owner, lt_strategy_id=asked.lt_strategy_id, hours=asked.hours)

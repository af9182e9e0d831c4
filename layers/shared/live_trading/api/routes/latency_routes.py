"""How fast signals become orders: percentiles of every stage; reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from live_trading.api.fields import path_id
from live_trading.api.once import Answer
from live_trading.api.problems import FieldProblem, invalid
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.nouns.clock import Clock
from live_trading.store.database.connection import Database
from live_trading.store.orders import latencies
from live_trading.store.orders.latencies import StageLatency

DEFAULT_HOURS = 24
MOST_HOURS = 168


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
        return Answer(
            status=200, body={"since": since.isoformat(), "orders": _view(orders), "decisions": _view(decided)}
        )


def _view(stages: Sequence[StageLatency]) -> list[dict[str, object]]:
    return [
        {
            "stage": each.stage,
            "count": each.count,
            "p50_milliseconds": each.p50_milliseconds,
            "p95_milliseconds": each.p95_milliseconds,
            "max_milliseconds": each.max_milliseconds,
        }
        for each in stages
    ]


def _hours(asked: str | None) -> int:
    if asked is None:
        return DEFAULT_HOURS
    if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:4]) <= MOST_HOURS and len(asked) <= 3):
        raise invalid(FieldProblem(field="hours", reason="is out of range", allowed=f"1 to {MOST_HOURS}"))
    return int(asked)


ROUTES = Routes[LatencyRead]("latency_read")


@ROUTES.get("/api/lt/latency")
def _read(latency: LatencyRead, request: Request) -> Answer:
    asked = request.query("lt_strategy_id")
    strategy = None if asked is None else path_id(asked, "strategy")
    return latency.read(request.owner, lt_strategy_id=strategy, hours=_hours(request.query("hours")))

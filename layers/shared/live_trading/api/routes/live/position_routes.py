"""Positions behind the API: every one of an owner, and one with all that made it. Reads only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from live_trading.api.fields import Id, named
from live_trading.api.once import Answer
from live_trading.api.problems import not_found
from live_trading.api.query import Query
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.order_views import order_view
from live_trading.api.views.position_views import exit_view, held_view, lots_view, position_view, roll_up
from live_trading.nouns.clock import Clock
from live_trading.store.database.connection import Database
from live_trading.store.orders import order_history
from live_trading.store.positions import exit_watches, held_positions, position_history
from live_trading.store.positions.exit_watches import WatchedSubject
from live_trading.store.positions.position_history import PositionState

MOST_POSITIONS = 500
MOST_ORDERS = 500


class PositionsAsked(Query):
    """Positions of one strategy, or in one state."""

    lt_strategy_id: Id | None = None
    state: Annotated[PositionState, *named(*PositionState)] | None = None


class PositionsRead:
    """One owner's positions. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, owner_id: str, *, lt_strategy_id: UUID | None, state: PositionState | None) -> Answer:
        """The positions that moved last, OPEN or CLOSED where `state` says so, with sums by market and by event."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            if lt_strategy_id is not None:
                own_strategy(transaction, lt_strategy_id, owner_id)
            found = position_history.of_owner(
                transaction,
                owner_id,
                lt_strategy_id=lt_strategy_id,
                state=state,
                most=MOST_POSITIONS,
            )
        return Answer(
            status=200,
            body={
                "positions": [position_view(each, now) for each in found],
                "by_market": roll_up(found, "condition_id"),
                "by_event": roll_up(found, "event_id"),
            },
        )

    def get(self, owner_id: str, lt_strategy_id: UUID, token_id: str) -> Answer:
        """One position with its lots, what can be sold of it, and its orders with what they filled."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            found = position_history.of_owner(
                transaction, owner_id, lt_strategy_id=lt_strategy_id, token_id=token_id, most=1
            )
            if not found:
                raise not_found("position")
            held = held_positions.of_strategy(transaction, lt_strategy_id, token_id)
            watched = exit_watches.shown(transaction, WatchedSubject(lt_strategy_id=lt_strategy_id), token_id)
            orders = order_history.of_token(transaction, lt_strategy_id, owner_id, token_id, limit=MOST_ORDERS)
        (position,) = found
        return Answer(
            status=200,
            body={
                **position_view(position, now),
                "held": held_view(held[0]) if held else None,
                "lots": lots_view(position),
                "exit": None if watched is None else exit_view(watched),
                "orders": [order_view(each) for each in orders],
            },
        )

    def held(self, owner_id: str, lt_strategy_id: UUID) -> Answer:
        """What the strategy holds that is not resolved, and how much of it may be sold now."""
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            held = held_positions.of_strategy(transaction, lt_strategy_id)
        return Answer(status=200, body={"positions": [held_view(each) for each in held]})


ROUTES = Routes[PositionsRead]("positions_read")


@ROUTES.get("/api/lt/positions", query=PositionsAsked)
def _list(positions: PositionsRead, request: Request) -> Answer:
    asked = request.asked(PositionsAsked)
    return positions.list(request.owner, lt_strategy_id=asked.lt_strategy_id, state=asked.state)


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>/positions")
def _held(positions: PositionsRead, request: Request) -> Answer:
    return positions.held(request.owner, request.id("lt_strategy_id", "strategy"))


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>/positions/<token_id>")
def _get(positions: PositionsRead, request: Request) -> Answer:
    return positions.get(request.owner, request.id("lt_strategy_id", "strategy"), request.token_id("token_id"))

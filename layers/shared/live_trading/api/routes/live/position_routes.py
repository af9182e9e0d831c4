"""Positions behind the API: every one of an owner, one with all that made it, and sums of the open ones. Reads only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.examples import LT_STRATEGY_ID
from live_trading.api.fields import Id, named
from live_trading.api.once import Answer
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.query import USUAL_PAGE, PageQuery
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.order_views import order_view
from live_trading.api.views.position_views import (
    ExposuresView,
    HeldPositionsView,
    PositionDetailView,
    PositionsView,
    age_seconds,
    exit_view,
    exposure_view,
    held_view,
    lots_view,
    position_view,
)
from live_trading.nouns.clock import Clock
from live_trading.nouns.pages import Place
from live_trading.store.database.connection import Database
from live_trading.store.orders import order_history
from live_trading.store.positions import exit_watches, exposures, held_positions, position_history
from live_trading.store.positions.exit_watches import WatchedSubject
from live_trading.store.positions.exposures import ExposureBy
from live_trading.store.positions.position_history import PositionState


class PositionsAsked(PageQuery):
    """A page of positions, of one strategy or in one state where they are named."""

    lt_strategy_id: Id | None = None
    state: Annotated[PositionState, *named(*PositionState)] | None = None


class ExposureAsked(PageQuery):
    """A page of sums by market or by event, of one strategy or of all."""

    by: Annotated[ExposureBy, *named(*ExposureBy)] = ExposureBy.MARKET
    lt_strategy_id: Id | None = None


class PositionsRead:
    """One owner's positions. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(
        self, owner_id: str, paging: Paging, *, lt_strategy_id: UUID | None, state: PositionState | None
    ) -> Answer:
        """A page of positions, what was begun last first, OPEN or CLOSED where `state` says so."""
        with self._database.transaction() as transaction:
            if lt_strategy_id is not None:
                own_strategy(transaction, lt_strategy_id, owner_id)
            found = position_history.of_owner(
                transaction, owner_id, paging.asked, lt_strategy_id=lt_strategy_id, state=state
            )
        page = paging.cut(found, lambda position: Place(at=None, row=str(position.position_number)))
        body: PositionsView = {
            "positions": [position_view(each) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def exposure(self, owner_id: str, paging: Paging, *, by: ExposureBy, lt_strategy_id: UUID | None) -> Answer:
        """A page of the sums of all open positions by market or by event."""
        with self._database.transaction() as transaction:
            if lt_strategy_id is not None:
                own_strategy(transaction, lt_strategy_id, owner_id)
            found = exposures.of_owner(transaction, owner_id, paging.asked, by=by, lt_strategy_id=lt_strategy_id)
        page = paging.cut(found, lambda exposure: Place(at=None, row=exposure.key))
        body: ExposuresView = {
            "exposures": [exposure_view(each) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def get(self, owner_id: str, lt_strategy_id: UUID, token_id: str) -> Answer:
        """One position with its lots, what can be sold of it, and its newest orders with what they filled."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            position = position_history.find(transaction, owner_id, lt_strategy_id, token_id)
            if position is None:
                raise not_found("position")
            held = held_positions.of_strategy(transaction, lt_strategy_id, token_id)
            watched = exit_watches.shown(transaction, WatchedSubject(lt_strategy_id=lt_strategy_id), token_id)
            orders = order_history.of_token(transaction, lt_strategy_id, owner_id, token_id, limit=USUAL_PAGE)
        body: PositionDetailView = {
            **position_view(position),
            "age_seconds": age_seconds(position, now),
            "held": held_view(held[0]) if held else None,
            "lots": lots_view(position),
            "exit": None if watched is None else exit_view(watched),
            "orders": [order_view(each) for each in orders],
        }
        return Answer(status=200, body=body)

    def held(self, owner_id: str, lt_strategy_id: UUID, paging: Paging) -> Answer:
        """A page of what the strategy holds that is not resolved, and how much of it may be sold now."""
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            found = held_positions.page_of_strategy(transaction, lt_strategy_id, paging.asked)
        page = paging.cut(found, lambda position: Place(at=None, row=position.token_id))
        body: HeldPositionsView = {
            "positions": [held_view(each) for each in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)


ROUTES = Routes[PositionsRead]("positions_read")


@ROUTES.get(
    "/api/lt/positions",
    query=PositionsAsked,
    answers=PositionsView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"state": "OPEN", "limit": "50"}),
)
def _list(positions: PositionsRead, request: Request) -> Answer:
    """Lists positions, what was begun last first.

    A position keeps its place in the list whatever happens to it later, so that no page is moved by a trade. Open ones
    have the executable bid for their size at the last look.
    """
    asked = request.asked(PositionsAsked)
    paging = request.paging(asked)
    return positions.list(request.owner, paging, lt_strategy_id=asked.lt_strategy_id, state=asked.state)


@ROUTES.get(
    "/api/lt/exposure",
    query=ExposureAsked,
    answers=ExposuresView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"by": "EVENT", "lt_strategy_id": LT_STRATEGY_ID}),
)
def _exposure(positions: PositionsRead, request: Request) -> Answer:
    """Sums up all open positions by market or by event, in a fixed order of these.

    Positions whose market belongs to no event are in no sum of events.
    """
    asked = request.asked(ExposureAsked)
    paging = request.paging(asked)
    return positions.exposure(request.owner, paging, by=asked.by, lt_strategy_id=asked.lt_strategy_id)


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/positions",
    query=PageQuery,
    answers=HeldPositionsView,
    example=Example(query={"limit": "50"}),
)
def _held(positions: PositionsRead, request: Request) -> Answer:
    """Tells what a strategy holds, what of it has settled, and what may be sold now, in the order of tokens."""
    paging = request.paging(request.asked(PageQuery))
    return positions.held(request.owner, request.id("lt_strategy_id", "strategy"), paging)


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>/positions/<token_id>", answers=PositionDetailView)
def _get(positions: PositionsRead, request: Request) -> Answer:
    """Shows a position with its lots, its exit and its newest orders."""
    return positions.get(request.owner, request.id("lt_strategy_id", "strategy"), request.token_id("token_id"))

"""Orders and execution quality behind the API; reads only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from live_trading.api.fields import named
from live_trading.api.once import Answer
from live_trading.api.problems import not_found
from live_trading.api.query import Query
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.order_views import execution_summary, order_view
from live_trading.api.views.wish_views import wish_view
from live_trading.nouns.orders import OrderState
from live_trading.store.database.connection import Database
from live_trading.store.orders import exit_wishes, order_history

MOST_ORDERS = 500
EXECUTION_OVER = 1000


class OrdersAsked(Query):
    """Orders in one state."""

    state: Annotated[OrderState, *named(*OrderState)] | None = None


class OrdersRead:
    """One owner's orders. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(self, owner_id: str, lt_strategy_id: UUID, *, state: OrderState | None) -> Answer:
        """The newest orders of a strategy, those in one state where `state` names it."""
        states = None if state is None else [state.value]
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            found = order_history.of_strategy(transaction, lt_strategy_id, owner_id, states=states, limit=MOST_ORDERS)
        return Answer(status=200, body={"orders": [order_view(each) for each in found]})

    def get(self, owner_id: str, lt_order_id: UUID) -> Answer:
        """One order."""
        with self._database.transaction() as transaction:
            found = order_history.find(transaction, lt_order_id, owner_id)
        if found is None:
            raise not_found("order")
        return Answer(status=200, body=order_view(found))

    def exit_wish(self, owner_id: str, exit_wish_id: UUID) -> Answer:
        """What became of something that was asked for while a run held the wallet."""
        with self._database.transaction() as transaction:
            found = exit_wishes.find(transaction, exit_wish_id, owner_id)
        if found is None:
            raise not_found("exit wish")
        return Answer(status=200, body=wish_view(found))

    def execution(self, owner_id: str, lt_strategy_id: UUID) -> Answer:
        """Execution quality over the strategy's newest orders."""
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            found = order_history.of_strategy(transaction, lt_strategy_id, owner_id, states=None, limit=EXECUTION_OVER)
        return Answer(status=200, body=execution_summary(found))


ROUTES = Routes[OrdersRead]("orders_read")


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>/orders", query=OrdersAsked)
def _list(orders: OrdersRead, request: Request) -> Answer:
    return orders.list(request.owner, request.id("lt_strategy_id", "strategy"), state=request.asked(OrdersAsked).state)


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>/execution")
def _execution(orders: OrdersRead, request: Request) -> Answer:
    return orders.execution(request.owner, request.id("lt_strategy_id", "strategy"))


@ROUTES.get("/api/lt/orders/<lt_order_id>")
def _get(orders: OrdersRead, request: Request) -> Answer:
    return orders.get(request.owner, request.id("lt_order_id", "order"))


@ROUTES.get("/api/lt/exit-wishes/<exit_wish_id>")
def _exit_wish(orders: OrdersRead, request: Request) -> Answer:
    return orders.exit_wish(request.owner, request.id("exit_wish_id", "exit wish"))

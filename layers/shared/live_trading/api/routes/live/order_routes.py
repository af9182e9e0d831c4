"""Orders and execution quality behind the API; reads only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.fields import named
from live_trading.api.once import Answer
from live_trading.api.paging import Paging
from live_trading.api.problems import not_found
from live_trading.api.query import LARGEST_PAGE, PageQuery
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.execution_views import ExecutionSummaryView, execution_summary
from live_trading.api.views.order_views import OrdersView, OrderView, order_view
from live_trading.api.views.wish_views import WishView, wish_view
from live_trading.nouns.orders import OrderState
from live_trading.nouns.pages import PageAsked, Place
from live_trading.store.database.connection import Database
from live_trading.store.orders import exit_wishes, order_history

EXECUTION_OVER = 2 * LARGEST_PAGE


class OrdersAsked(PageQuery):
    """A page of orders, of those in one state where it is named."""

    state: Annotated[OrderState, *named(*OrderState)] | None = None


class OrdersRead:
    """One owner's orders. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(self, owner_id: str, lt_strategy_id: UUID, paging: Paging, *, state: OrderState | None) -> Answer:
        """A page of a strategy's orders, newest first, of those in one state where `state` names it."""
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            found = order_history.of_strategy(transaction, lt_strategy_id, owner_id, paging.asked, state=state)
        page = paging.cut(found, lambda order: Place(at=order.intent_at, row=str(order.made_number)))
        body: OrdersView = {"orders": [order_view(each) for each in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)

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
            newest = PageAsked(size=EXECUTION_OVER)
            found = order_history.of_strategy(transaction, lt_strategy_id, owner_id, newest)[:EXECUTION_OVER]
        return Answer(status=200, body=execution_summary(found))


ROUTES = Routes[OrdersRead]("orders_read")


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/orders",
    query=OrdersAsked,
    answers=OrdersView,
    example=Example(query={"state": "FILLED", "limit": "50"}),
)
def _list(orders: OrdersRead, request: Request) -> Answer:
    """Lists the orders of a strategy, the newest first, with how well each was executed."""
    asked = request.asked(OrdersAsked)
    strategy = request.id("lt_strategy_id", "strategy")
    return orders.list(request.owner, strategy, request.paging(asked), state=asked.state)


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>/execution", answers=ExecutionSummaryView)
def _execution(orders: OrdersRead, request: Request) -> Answer:
    """Tells how well a strategy executes: slippage, fill rate and latencies over its newest 1000 orders."""
    return orders.execution(request.owner, request.id("lt_strategy_id", "strategy"))


@ROUTES.get("/api/lt/orders/<lt_order_id>", answers=OrderView)
def _get(orders: OrdersRead, request: Request) -> Answer:
    """Shows an order with how well it was executed."""
    return orders.get(request.owner, request.id("lt_order_id", "order"))


@ROUTES.get("/api/lt/exit-wishes/<exit_wish_id>", answers=WishView)
def _exit_wish(orders: OrdersRead, request: Request) -> Answer:
    """Tells what became of a sale or a cancel that was asked for while a run held the trading wallet."""
    return orders.exit_wish(request.owner, request.id("exit_wish_id", "exit wish"))

"""Orders and fills over all that an owner trades, and the way of one order; reads only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from live_trading.api.described import CSV, JSON, Example
from live_trading.api.examples import LT_STRATEGY_ID
from live_trading.api.fields import Id, TokenId, named, text_of
from live_trading.api.once import Answer, TextAnswer
from live_trading.api.paging import Page, Paging
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.query import PeriodQuery, whole_text
from live_trading.api.resources.required import require_own
from live_trading.api.routing import Request, Routes
from live_trading.api.views.csv_text import csv_of
from live_trading.api.views.live.fill_views import FILL_COLUMNS, FillsView, fill_row, fill_view
from live_trading.api.views.live.stage_views import OrderStagesView, order_stages_view
from live_trading.api.views.order_views import OrdersView, order_view
from live_trading.nouns.orders import FillStatus, OrderState, Purpose
from live_trading.nouns.pages import Place
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Database
from live_trading.store.orders import fill_pages, order_history, order_pages, order_steps
from live_trading.store.orders.fill_pages import FillOrigin, FillsWanted, ShownFill
from live_trading.store.orders.order_pages import OrdersWanted

ConditionText = Annotated[str, *text_of(3, 66)]
LARGEST_NUMBER = 999_999_999


class OrdersSought(PeriodQuery):
    """Orders by whose they are, how they stand and what they are for; a period is of when they were committed."""

    lt_strategy_id: Id | None = None
    trading_wallet_id: Id | None = None
    state: Annotated[OrderState, *named(*OrderState)] | None = None
    purpose: Annotated[Purpose, *named(*Purpose)] | None = None
    side: Annotated[Side, *named(*Side)] | None = None
    condition_id: ConditionText | None = None
    source_trade_id: Annotated[int, *whole_text(1, LARGEST_NUMBER)] | None = None


class FillsSought(PeriodQuery):
    """Fills by whose they are, what they traded and how they stand; a period is of when they matched.

    Those of a strategy and of an order are never EXTERNAL.
    """

    lt_strategy_id: Id | None = None
    trading_wallet_id: Id | None = None
    lt_order_id: Id | None = None
    condition_id: ConditionText | None = None
    token_id: TokenId | None = None
    status: Annotated[FillStatus, *named(*FillStatus)] | None = None
    origin: Annotated[FillOrigin, *named(*FillOrigin)] | None = None


class OrderSearch:
    """One owner's orders and fills. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def orders(self, owner_id: str, asked: OrdersSought, paging: Paging) -> Answer:
        """A page of orders."""
        wanted = OrdersWanted(**asked.model_dump(exclude={"limit", "cursor"}))
        with self._database.transaction() as transaction:
            require_own(
                transaction,
                owner_id,
                lt_strategy_id=asked.lt_strategy_id,
                trading_wallet_id=asked.trading_wallet_id,
            )
            places = order_pages.of_owner(transaction, owner_id, wanted, paging.asked)
            page = paging.cut(places, lambda each: Place(at=each.intent_at, row=str(each.made_number)))
            found = order_history.of_ids(transaction, [each.lt_order_id for each in page.rows])
        body: OrdersView = {"orders": [order_view(each) for each in found], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)

    def stages(self, owner_id: str, lt_order_id: UUID) -> Answer:
        """One order, step by step."""
        with self._database.transaction() as transaction:
            found = order_steps.find(transaction, lt_order_id, owner_id)
        if found is None:
            raise not_found("order")
        return Answer(status=200, body=order_stages_view(found))

    def fills(self, owner_id: str, asked: FillsSought, paging: Paging) -> Page[ShownFill]:
        """A page of fills."""
        wanted = FillsWanted(**asked.model_dump(exclude={"limit", "cursor"}))
        with self._database.transaction() as transaction:
            require_own(
                transaction,
                owner_id,
                lt_strategy_id=asked.lt_strategy_id,
                trading_wallet_id=asked.trading_wallet_id,
            )
            if asked.lt_order_id is not None and order_history.find(transaction, asked.lt_order_id, owner_id) is None:
                raise not_found("order")
            found = fill_pages.of_owner(transaction, owner_id, wanted, paging.asked)
        return paging.cut(found, lambda fill: Place(at=fill.match_time, row=str(fill.number)))


ROUTES = Routes[OrderSearch]("order_search")


@ROUTES.get(
    "/api/lt/orders",
    query=OrdersSought,
    answers=OrdersView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"lt_strategy_id": LT_STRATEGY_ID, "state": "REJECTED", "limit": "50"}),
)
def _orders(search: OrderSearch, request: Request) -> Answer:
    """Lists the orders of all your strategies, the newest first."""
    asked = request.asked(OrdersSought)
    return search.orders(request.owner, asked, request.paging(asked))


@ROUTES.get("/api/lt/orders/<lt_order_id>/stages", answers=OrderStagesView)
def _stages(search: OrderSearch, request: Request) -> Answer:
    """Shows the way of one order on a line of time: what happened, why, and the milliseconds between.

    From the trade that it follows over its decision, intent, every sending, answer, look-up and fill to its end; with
    refusals in words. The bytes are signed between DECIDED and COMMITTED.
    """
    return search.stages(request.owner, request.id("lt_order_id", "order"))


@ROUTES.get(
    "/api/lt/fills",
    query=FillsSought,
    answers=FillsView,
    refuses=(ProblemCode.NOT_FOUND,),
    media=(JSON, CSV),
    example=Example(query={"lt_strategy_id": LT_STRATEGY_ID, "status": "CONFIRMED", "limit": "50"}),
)
def _fills(search: OrderSearch, request: Request) -> Answer | TextAnswer:
    """Lists fills, the newest first: those of your orders, and what your wallets traded beside this system.

    With `Accept: text/csv` it is a table, and `x-next-cursor` and `link` ask for the next page.
    """
    asked = request.asked(FillsSought)
    page = search.fills(request.owner, asked, request.paging(asked))
    if request.wants == CSV:
        return request.page_as_text(csv_of(FILL_COLUMNS, map(fill_row, page.rows)), CSV, page.next_cursor)
    body: FillsView = {"fills": [fill_view(each) for each in page.rows], "next_cursor": page.next_cursor}
    return Answer(status=200, body=body)

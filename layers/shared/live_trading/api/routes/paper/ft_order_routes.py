"""Paper orders behind the API: those of an FT wallet, and one with its fill, its sales and its market."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from live_trading.api.described import CSV, JSON, Example
from live_trading.api.fields import named
from live_trading.api.once import Answer, TextAnswer
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.query import PeriodQuery
from live_trading.api.resources.required import own_ft_wallet
from live_trading.api.routing import Request, Routes
from live_trading.api.views.csv_text import csv_of
from live_trading.api.views.paper.paper_order_views import (
    CSV_COLUMNS,
    PaperOrderDetailView,
    PaperOrdersView,
    csv_row,
    paper_order_detail_view,
    paper_order_view,
)
from live_trading.nouns.pages import Place
from live_trading.nouns.wallets import Outcome
from live_trading.store.database.connection import Database
from live_trading.store.shown import paper_orders
from live_trading.store.shown.paper_orders import ShownPaperOrder


class FtOrdersAsked(PeriodQuery):
    """Orders with one outcome, OPEN for those that have not ended; `since` and `until` are of the decision."""

    outcome: Annotated[Outcome, *named(*Outcome)] | None = None


class FtOrders:
    """One owner's paper orders. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(self, owner_id: str, ft_wallet_id: UUID, asked: FtOrdersAsked, paging: Paging) -> PaperOrdersView:
        """A page of a wallet's orders."""
        with self._database.transaction() as transaction:
            own_ft_wallet(transaction, ft_wallet_id, owner_id)
            found = paper_orders.of_wallet(
                transaction,
                owner_id,
                ft_wallet_id,
                outcomes=list(Outcome) if asked.outcome is None else [asked.outcome],
                since=asked.since,
                until=asked.until,
                page=paging.asked,
            )
        page = paging.cut(found, _place)
        return PaperOrdersView(ft_orders=[paper_order_view(each) for each in page.rows], next_cursor=page.next_cursor)

    def get(self, owner_id: str, ft_order_id: UUID) -> Answer:
        """One order with what belongs to it."""
        with self._database.transaction() as transaction:
            order = paper_orders.find(transaction, ft_order_id, owner_id)
            if order is None:
                raise not_found("FT order")
            view = paper_order_detail_view(
                order,
                decision_id=paper_orders.decision_of(transaction, order),
                sales=paper_orders.sales_of(transaction, order),
                market=paper_orders.result_of(transaction, order),
            )
        return Answer(status=200, body=view)


def _place(order: ShownPaperOrder) -> Place:
    """A wallet has one order a trade."""
    return Place(at=order.decided_at, row=str(order.source_trade_id))


ROUTES = Routes[FtOrders]("ft_orders")


@ROUTES.get(
    "/api/ft/wallets/<ft_wallet_id>/orders",
    query=FtOrdersAsked,
    answers=PaperOrdersView,
    refuses=(ProblemCode.NOT_FOUND,),
    media=(JSON, CSV),
    example=Example(query={"outcome": "OPEN"}),
)
def _list(orders: FtOrders, request: Request) -> Answer | TextAnswer:
    """An FT wallet's paper orders with fills, outcome and profit, newest first.

    With `Accept: text/csv` it is a table with a line an order, and `x-next-cursor` and `link` ask for the next page.
    """
    wallet = request.id("ft_wallet_id", "FT wallet")
    asked = request.asked(FtOrdersAsked)
    page = orders.list(request.owner, wallet, asked, request.paging(asked))
    if request.wants == CSV:
        return request.page_as_text(csv_of(CSV_COLUMNS, map(csv_row, page["ft_orders"])), CSV, page["next_cursor"])
    return Answer(status=200, body=page)


@ROUTES.get("/api/ft/orders/<ft_order_id>", answers=PaperOrderDetailView, refuses=(ProblemCode.NOT_FOUND,))
def _get(orders: FtOrders, request: Request) -> Answer:
    """One paper order: its fill and the book that it was filled on, its sales, its decision, and its market."""
    return orders.get(request.owner, request.id("ft_order_id", "FT order"))

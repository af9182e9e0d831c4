"""The trades of those who are followed, and what the caller's strategies and FT wallets decided on each.

Trades are public, and who is followed is common to all owners: every reader sees them all. Decisions are the owner's.
"""

from __future__ import annotations

from typing import Annotated

from typing_extensions import TypedDict

from live_trading.api import examples
from live_trading.api.described import Example
from live_trading.api.fields import Address, TokenId, named, text_of
from live_trading.api.once import Answer
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.query import PeriodQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.feed.decision_views import DecisionView, decision_view
from live_trading.api.views.feed.source_trade_views import SourceTradesView, SourceTradeView, source_trade_view
from live_trading.nouns.decisions import Reason
from live_trading.nouns.pages import PageAsked, Place
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Database
from live_trading.store.shown import decision_history, trade_history
from live_trading.store.shown.trade_history import SeenTrade

MOST_DECISIONS = 100


class SourceTradesAsked(PeriodQuery):
    """Trades of followed traders; `since` and `until` are of the trade."""

    trader_address: Address | None = None
    condition_id: Annotated[str, *text_of(1, 100)] | None = None
    token_id: TokenId | None = None
    side: Annotated[Side, *named(*Side)] | None = None


class SourceTradeDecisionsView(TypedDict):
    """A trade with the newest of the caller's decisions on it; where `has_more`, the list of decisions has the rest."""

    source_trade: SourceTradeView
    decisions: list[DecisionView]
    has_more: bool


class SourceTrades:
    """Trades, for every reader. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(self, asked: SourceTradesAsked, paging: Paging) -> Answer:
        """A page of trades."""
        with self._database.transaction() as transaction:
            looked = trade_history.page_of(
                transaction,
                trader=asked.trader_address,
                condition_id=asked.condition_id,
                token_id=asked.token_id,
                side=asked.side,
                since=asked.since,
                until=asked.until,
                page=paging.asked,
            )
        page = paging.cut_of(looked.rows, _place, looked_to=looked.looked_to)
        views = [source_trade_view(each) for each in page.rows]
        return Answer(status=200, body=SourceTradesView(source_trades=views, next_cursor=page.next_cursor))

    def get(self, owner_id: str, source_trade_id: int) -> Answer:
        """One trade with the owner's decisions on it."""
        with self._database.transaction() as transaction:
            trade = trade_history.find(transaction, source_trade_id)
            if trade is None:
                raise not_found("source trade")
            found = decision_history.on_trade(
                transaction,
                owner_id,
                source_trade_id,
                subject_id=None,
                reasons=frozenset(Reason),
                page=PageAsked(size=MOST_DECISIONS),
            )
        view = SourceTradeDecisionsView(
            source_trade=source_trade_view(trade),
            decisions=[decision_view(each) for each in found[:MOST_DECISIONS]],
            has_more=len(found) > MOST_DECISIONS,
        )
        return Answer(status=200, body=view)


def _place(trade: SeenTrade) -> Place:
    return Place(at=trade.trade_time, row=str(trade.source_trade_id))


ROUTES = Routes[SourceTrades]("source_trades")


@ROUTES.get(
    "/api/source-trades",
    query=SourceTradesAsked,
    answers=SourceTradesView,
    example=Example(query={"trader_address": examples.TRADER_ADDRESS, "side": "BUY"}),
)
def _list(source_trades: SourceTrades, request: Request) -> Answer:
    """Trades of followed traders, the newest first.

    Trades are public and who is followed is common to all owners, so that every reader sees them all. One filter of
    token, condition and trader is found by an index, in this order; for the others, and for the side, the newest 1,000
    trades of that are looked at: a page with fewer rows than asked for, or none, goes on by its `next_cursor`.
    """
    asked = request.asked(SourceTradesAsked)
    return source_trades.list(asked, request.paging(asked))


@ROUTES.get("/api/source-trades/<source_trade_id>", answers=SourceTradeDecisionsView, refuses=(ProblemCode.NOT_FOUND,))
def _get(source_trades: SourceTrades, request: Request) -> Answer:
    """One trade: who told of it and when, and what the caller's strategies and FT wallets decided on it."""
    return source_trades.get(request.owner, request.number("source_trade_id", "source trade"))

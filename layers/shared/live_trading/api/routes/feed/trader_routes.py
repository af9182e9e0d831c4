"""Followed traders behind the API. Who is followed is shared by all owners: the feed is read once for everybody."""

from __future__ import annotations

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.examples import TRADER_ADDRESS
from live_trading.api.fields import Address
from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.query import PageQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.feed.trader_views import TradersView, TraderView, trader_view
from live_trading.nouns.clock import Clock
from live_trading.nouns.pages import Place
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import traders


class FollowTrader(Body):
    """Whom to follow."""

    address: Address


class Traders:
    """Follows traders by address."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def follow(self, caller: Caller, body: FollowTrader) -> Answer:
        """Follows from now on: 201; 200 where the trader is followed already, since the earlier moment."""
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            is_new = traders.follow(transaction, [body.address], now) == 1
            view = trader_view(traders.followed_one(transaction, body.address))
            if not is_new:
                return Answer(status=200, body=view)
            audit.record(
                transaction,
                actor=caller.owner_id,
                action="trader_followed",
                subject_type="trader",
                subject_id=body.address,
                before=None,
                after=view,
                cause="api",
                at=now,
            )
            return Answer(status=201, body=view)

        return once(self._database, caller, now, effect)

    def list(self, paging: Paging) -> Answer:
        """A page of the followed traders, who was followed last first."""
        with self._database.transaction() as transaction:
            found = traders.page_of_followed(transaction, paging.asked)
        page = paging.cut(found, lambda row: Place(at=row.followed_since, row=row.trader))
        body: TradersView = {"traders": [trader_view(row) for row in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)


ROUTES = Routes[Traders]("traders")


@ROUTES.post(
    "/api/traders",
    body=FollowTrader,
    answers=TraderView,
    statuses=(200, 201),
    example=Example(body={"address": TRADER_ADDRESS}),
)
def _follow(followed: Traders, request: Request) -> Answer:
    """Follows a trader from now on.

    Who is followed is shared by all owners. 200 where the trader is followed already, since the earlier moment.
    """
    return followed.follow(request.caller, request.body(FollowTrader))


@ROUTES.get("/api/traders", query=PageQuery, answers=TradersView, example=Example(query={"limit": "20"}))
def _list(followed: Traders, request: Request) -> Answer:
    """Lists the followed traders, who was followed last first."""
    return followed.list(request.paging(request.asked(PageQuery)))

"""Followed traders behind the API. Who is followed is shared by all owners: the feed is read once for everybody."""

from __future__ import annotations

from typing import Any

from live_trading.api.body import Body
from live_trading.api.fields import Address
from live_trading.api.once import Answer, Caller, once
from live_trading.api.routing import Request, Routes
from live_trading.nouns.clock import Clock
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import traders
from live_trading.store.feed.traders import FollowedTrader


class FollowTrader(Body):
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
            view = _view(traders.followed_one(transaction, body.address))
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

    def list(self, _owner_id: str) -> Answer:
        """Every followed trader, in the order in which they were followed."""
        with self._database.transaction() as transaction:
            rows = traders.followed(transaction)
        return Answer(status=200, body={"traders": [_view(row) for row in rows]})


def _view(row: FollowedTrader) -> dict[str, Any]:
    return {"address": row.trader, "followed_since": row.followed_since.isoformat()}


ROUTES = Routes[Traders]("traders")


@ROUTES.post("/api/traders", body=FollowTrader)
def _follow(followed: Traders, request: Request) -> Answer:
    return followed.follow(request.caller, request.body(FollowTrader))


@ROUTES.get("/api/traders")
def _list(followed: Traders, request: Request) -> Answer:
    return followed.list(request.owner)

"""The Data API v2 over the tape: trades, activity, positions, value, resolutions and freshness."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.chain.deployment import CHAIN_ID
from local.exchange.faults.faults import FaultKind
from local.exchange.faults.faulty_ports import struck_by
from local.exchange.feeds.data_feeds import activity_page, trades_page
from local.exchange.feeds.data_positions import check_anchor, mergeable_conditions, positions_page
from local.exchange.feeds.data_rows import activity_row, position_row, resolution_row, trade_row
from local.exchange.feeds.feed_query import BadQuery, Query
from local.exchange.feeds.holdings import Holdings
from local.exchange.json_values import iso, number
from local.exchange.tape.listings import Listing, Stage
from local.exchange.tape.tape import TapeTrade
from local.exchange.world import World

POSITIONS_LAG_MS = 60_000

Answer = Callable[[Query], Any]


def data_app(world: World) -> Starlette:
    """The Data API as an ASGI application on the venue's clock."""
    data = _DataApi(world)
    routes = {
        "/v2/trades": data.trades,
        "/v2/activity": data.activity,
        "/v2/positions": data.positions,
        "/v2/value": data.value,
        "/v2/resolutions": data.resolutions,
        "/v2/status": data.status,
    }
    return Starlette(
        routes=[Route(path, _handler(answer), methods=["GET"]) for path, answer in routes.items()],
        exception_handlers={HTTPException: _http_error},
        middleware=struck_by(world.faults),
    )


def _handler(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            return JSONResponse(answer(Query(request.query_params.multi_items())))
        except BadQuery as error:
            return _error(400, "invalid_request", error.message, error.parameter)

    return handle


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = "not_found" if error.status_code == 404 else "invalid_request"
    return _error(error.status_code, code, error.detail)


def _error(status: int, code: str, message: str, parameter: str | None = None) -> Response:
    body: dict[str, Any] = {
        "error": message,
        "code": code,
        "retryable": False,
        "trace_id": secrets.token_hex(16),
    }
    if parameter is not None:
        body["parameter"] = parameter
    return JSONResponse(body, status_code=status)


class _DataApi:
    def __init__(self, world: World) -> None:
        self._world = world
        self._traders = {trader.address: trader for trader in world.traders}
        self._holdings = Holdings(world)

    def trades(self, query: Query) -> Any:
        events, pagination = trades_page(query, self._world.tape, self._world.listings, self._seen_until_ms())
        rows = [
            trade_row(event, self._listing(event.condition_id), self._traders.get(event.account))
            for event in events
            if isinstance(event, TapeTrade)
        ]
        return {"data": rows, "pagination": pagination}

    def activity(self, query: Query) -> Any:
        events, pagination = activity_page(query, self._world.tape, self._world.listings, self._seen_until_ms())
        rows = [
            activity_row(event, self._listing(event.condition_id), self._traders.get(event.account)) for event in events
        ]
        return {"data": rows, "pagination": pagination}

    def positions(self, query: Query) -> Any:
        user, conditions = check_anchor(query)
        seen_until_ms = self._seen_until_ms() - POSITIONS_LAG_MS
        if user is not None:
            held = self._holdings.of_account(user, seen_until_ms)
        else:
            held = self._holdings.of_market(next(iter(conditions or ())), seen_until_ms)
        page, pagination = positions_page(query, held, self._listing)
        pairs = mergeable_conditions(held)
        rows = [
            position_row(
                position,
                self._listing(position.condition_id),
                self._traders.get(position.account),
                is_mergeable=(position.account, position.condition_id) in pairs and position.held > 0,
            )
            for position in page
        ]
        return {"data": rows, "pagination": pagination}

    def value(self, query: Query) -> Any:
        user = query.user(required=True)
        assert user is not None
        conditions = query.conditions()
        held = self._holdings.of_account(user, self._seen_until_ms() - POSITIONS_LAG_MS)
        total = sum(
            (position.current_value for position in held if conditions is None or position.condition_id in conditions),
            Decimal(0),
        )
        return {"data": {"proxy_wallet": user, "value": round(number(total), 4)}}

    def resolutions(self, query: Query) -> Any:
        question_id, conditions, event_ids = query.text("question_id"), query.conditions(), query.event_ids()
        if sum(selector is not None for selector in (question_id, conditions, event_ids)) != 1:
            raise BadQuery("exactly one of question_id, condition and event_id is needed")
        now_ms = self._world.timeline.now_ms()

        def is_asked_for(listing: Listing) -> bool:
            return (
                listing.question_id == (question_id or "").lower()
                or listing.condition_id in (conditions or ())
                or str(listing.event_id) in (event_ids or ())
            )

        stages = [
            (listing, self._world.listings.stage(listing, now_ms))
            for listing in self._world.listings
            if is_asked_for(listing)
        ]
        return {
            "data": [
                resolution_row(listing, stage, now_ms, self._world.listings.resolution(listing.condition_id))
                for listing, stage in stages
                if stage is not Stage.UNLISTED
            ]
        }

    def status(self, _: Query) -> Any:
        now_ms = self._world.timeline.now_ms()
        lag_seconds = (now_ms - self._seen_until_ms()) // 1000
        mechanisms = [
            {"name": "activity_feed", "age_seconds": lag_seconds, "blocks_behind": lag_seconds // 2},
            {
                "name": "pnl_engine",
                "age_seconds": lag_seconds + POSITIONS_LAG_MS // 1000,
                "blocks_behind": 0,
            },
            {"name": "custody_balances", "age_seconds": lag_seconds, "blocks_behind": 0},
        ]
        return {
            "data": {
                "computed_at": iso(now_ms),
                "age_seconds": 0,
                "serving": {"lag_seconds": lag_seconds, "worst": "activity_feed", "mechanisms": mechanisms},
                "ingestion": {
                    "cursors": 1,
                    "network": "polygon",
                    "chain_id": CHAIN_ID,
                    "max_synced_block": self._seen_until_ms() // 2000,
                },
            }
        }

    def _seen_until_ms(self) -> int:
        """The moment up to which the feed has caught up with the chain."""
        delay = self._world.faults.find(FaultKind.FEED_DELAY)
        lag_ms = round((delay.seconds or 0) * 1000) if delay else 0
        return self._world.timeline.now_ms() - lag_ms

    def _listing(self, condition_id: str) -> Listing | None:
        return self._world.listings.by_condition(condition_id)

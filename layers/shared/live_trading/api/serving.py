"""Binds the routes of one function to the HTTP API's event handler."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from live_trading.api.once import once_acting
from live_trading.api.responses import answered, failed, refused, unknown_route
from live_trading.api.routing import Once, Route, Routes, admitted
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError
from live_trading.store.database.connection import Database


class GateParts(Protocol):
    """What the gate needs for itself; the resources are looked up beside it by their names."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...


def http_app(served: Iterable[Routes[Any]], parts: Callable[[], GateParts]) -> APIGatewayHttpResolver:
    """The application that answers these routes with the resources among `parts`, each asked for when it is needed."""
    app = APIGatewayHttpResolver()
    app.exception_handler(LiveTradingError)(refused)
    app.exception_handler(Exception)(failed)
    app.not_found(unknown_route)
    for routes in served:
        for route in routes:
            app.route(route.path, method=route.method)(_handler(app, routes, route, parts))
    return app


def _handler(
    app: APIGatewayHttpResolver, routes: Routes[Any], route: Route[Any], parts: Callable[[], GateParts]
) -> Callable[..., Response[str]]:
    def handle(**in_path: str) -> Response[str]:
        event = app.current_event.raw_event
        request = admitted(event, in_path, scope=route.scope, body=route.body, needs_key=route.needs_key)
        resource = getattr(parts(), routes.part)
        if routes.is_by_invocation:
            resource = resource(app.lambda_context.aws_request_id)
        if route.once is Once.IN_ITS_TRANSACTION:
            return answered(route.answer(resource, request))
        said = once_acting(
            parts().database,
            request.caller,
            parts().clock,
            lambda: route.answer(resource, request),
            also_without_database=route.once is Once.CLAIMED_IF_POSSIBLE,
        )
        return answered(said)

    return handle

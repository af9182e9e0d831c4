"""Binds the routes of one function to the HTTP API's event handler."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from live_trading.api.responses import answered, failed, refused, unknown_route
from live_trading.api.routing import Request, Route, Routes
from live_trading.nouns.errors import LiveTradingError


def http_app(served: Iterable[Routes[Any]], parts: Callable[[], object]) -> APIGatewayHttpResolver:
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
    app: APIGatewayHttpResolver, routes: Routes[Any], route: Route[Any], parts: Callable[[], object]
) -> Callable[..., Response[str]]:
    def handle(**in_path: str) -> Response[str]:
        event = app.current_event.raw_event
        request = Request(event, in_path)
        request.require(route.scope)
        resource = getattr(parts(), routes.part)
        if routes.is_by_invocation:
            resource = resource(app.lambda_context.aws_request_id)
        return answered(route.answer(resource, request))

    return handle

"""Binds the routes of one function to the HTTP API's event handler."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from live_trading.api.gate.fairness import Fairness
from live_trading.api.once import Answer, TextAnswer, once_acting
from live_trading.api.requests import known_by
from live_trading.api.responses import HttpAnswer, answered, failed, refused, unknown_route
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

    @property
    def fairness(self) -> Fairness: ...


class _KnownRequests(APIGatewayHttpResolver):
    """Whatever is logged and recorded on the way belongs to its request, up to the refusal."""

    def resolve(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        with known_by(event, getattr(context, "aws_request_id", None)):
            return super().resolve(event, context)


def http_app(served: Iterable[Routes[Any]], parts: Callable[[], GateParts]) -> APIGatewayHttpResolver:
    """The application that answers these routes with the resources among `parts`, each asked for when it is needed."""
    app = _KnownRequests()

    def raw() -> dict[str, Any]:
        return app.current_event.raw_event

    app.exception_handler(LiveTradingError)(lambda error: _response(refused(error, raw())))
    app.exception_handler(Exception)(lambda error: _response(failed(error, raw())))
    app.not_found(lambda _error: _response(unknown_route(raw())))
    for routes in served:
        for route in routes:
            app.route(route.path, method=route.method)(_handler(app, routes, route, parts))
    return app


def _handler(
    app: APIGatewayHttpResolver, routes: Routes[Any], route: Route[Any], parts: Callable[[], GateParts]
) -> Callable[..., Response[str]]:
    def handle(**in_path: str) -> Response[str]:
        event = app.current_event.raw_event
        request = admitted(event, in_path, route)
        if route.scope is not None:
            parts().fairness.admit(request.owner, route.method, route.path)
        resource = getattr(parts(), routes.part)
        if routes.is_by_invocation:
            resource = resource(app.lambda_context.aws_request_id)
        if route.once is Once.IN_ITS_TRANSACTION:
            return _response(answered(route.answer(resource, request), event))
        said = once_acting(
            parts().database,
            request.caller,
            parts().clock,
            lambda: _as_json(route.answer(resource, request)),
        )
        return _response(answered(said, event))

    return handle


def _as_json(answer: Answer | TextAnswer) -> Answer:
    """What is kept under a key, which is JSON."""
    if isinstance(answer, TextAnswer):
        raise TypeError("a route that acts under a key answers JSON")
    return answer


def _response(answer: HttpAnswer) -> Response[str]:
    return Response(
        status_code=answer.status,
        content_type=answer.headers["content-type"],
        body=answer.text,
        headers={name: value for name, value in answer.headers.items() if name != "content-type"},
    )

"""The HTTP API: finds the route, checks the token, invokes the function, and answers as API Gateway does."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import request_response

from live_trading.nouns.measures.rates import Held, asked
from local.lambdas.authorizer import Forbidden, Gatekeeper, Unauthorized
from local.lambdas.functions import Functions
from local.lambdas.http_events import MalformedAnswer, http_event, http_response
from local.lambdas.invocation import RequestTooLarge, TooManyRequests
from local.lambdas.routing import Match, Router
from local.lambdas.template.application import Route, Throttle

MAX_BODY_BYTES = 10 * 1024 * 1024
_log = logging.getLogger(__name__)


def front_door(routes: Iterable[Route], functions: Functions, *, waits_seconds: float) -> Starlette:
    """The HTTP API as an ASGI application; it waits so long for an answer."""
    application = Starlette()
    # It is the template that has routes, whatever characters a path is made of.
    application.router.default = request_response(_FrontDoor(routes, functions, waits_seconds).answer)
    return application


class _BodyTooLarge(Exception):
    """More than API Gateway takes."""


class _FrontDoor:
    def __init__(self, routes: Iterable[Route], functions: Functions, waits_seconds: float) -> None:
        self._waits_seconds = waits_seconds
        self._router = Router(routes)
        self._functions = functions
        self._gatekeeper = Gatekeeper()
        self._full_at: dict[str, float] = {}

    async def answer(self, request: Request) -> Response:
        match = self._router.match(request.method, request.scope["raw_path"].decode("latin-1"))
        if match is None:
            return _message(404, "Not Found")
        if not self._lets_through(match.route.throttle):
            return _message(429, "Too Many Requests")
        try:
            return await self._integrate(request, match)
        except Unauthorized as error:
            _log.info("401 for %s: %s", match.route.key, error)
            return _message(401, "Unauthorized", {"www-authenticate": "Bearer"})
        except Forbidden:
            return _message(403, "Forbidden", {"www-authenticate": 'Bearer error="insufficient_scope"'})
        except (_BodyTooLarge, RequestTooLarge):
            return _message(413, "Request Entity Too Large")
        except (TooManyRequests, TimeoutError):
            return _message(503, "Service Unavailable")

    def _lets_through(self, throttle: Throttle | None) -> bool:
        """Before any token is looked at: who has none takes room too."""
        if throttle is None:
            return True
        found = asked(throttle.rate, self._full_at.get(throttle.name), time.monotonic())
        if isinstance(found, Held):
            return False
        self._full_at[throttle.name] = found.full_at
        return True

    async def _integrate(self, request: Request, match: Match) -> Response:
        route = match.route
        authorized = None
        if route.authorizer is not None:
            header = request.headers.get("authorization")
            authorized = await self._gatekeeper.check(route.authorizer, header, route.scopes)
        event = http_event(request, await _read(request), match, authorized)
        # The function runs on when API Gateway has stopped waiting for it.
        running = asyncio.ensure_future(self._functions.find(route.function).invoke(json.dumps(event).encode()))
        outcome = await asyncio.wait_for(asyncio.shield(running), self._waits_seconds)
        if outcome.is_error:
            return _message(500, "Internal Server Error")
        try:
            return http_response(outcome.payload)
        except MalformedAnswer as error:
            _log.error("%s answered what is no response: %s", route.function, error)
            return _message(500, "Internal Server Error")


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _BodyTooLarge
    return bytes(body)


def _message(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"message": text}, status_code=status, headers=headers)

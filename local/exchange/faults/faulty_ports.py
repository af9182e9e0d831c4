"""Faults that strike whole requests on the read-only ports: refused by rate, and failing server."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.exchange.faults.faults import FaultKind, Faults

DEFAULT_RETRY_AFTER_SECONDS = 1


class StruckByFaults:
    """Answers a request with an armed fault's error instead of passing it on."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        method, path = scope["method"], scope["path"]
        limited = self._faults.take(FaultKind.RATE_LIMITED, method, path)
        if limited is not None:
            seconds = DEFAULT_RETRY_AFTER_SECONDS if limited.seconds is None else round(limited.seconds)
            return JSONResponse(
                {"error": "too many requests", "code": "rate_limited", "retryable": True},
                status_code=429,
                headers={"Retry-After": str(seconds)},
            )
        if self._faults.take(FaultKind.SERVER_ERROR, method, path) is not None:
            return PlainTextResponse("Internal Server Error", status_code=500)
        return None


def struck_by(faults: Faults) -> list[Middleware]:
    """The middleware of a read-only port."""
    return [Middleware(StruckByFaults, faults=faults)]

"""One HTTP request to the CLOB and its answer, and the way both pass the armed faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.exchange import errors
from local.exchange.faults.faults import FaultKind, Faults

DEFAULT_RETRY_AFTER_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request as the venue sees it; `body` is byte for byte what was sent.

    `answer_headers` are filled in by its handler.
    """

    method: str
    path: str
    query: Mapping[str, str]
    path_parameters: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes
    answer_headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The decoded body; ValueError where it is not JSON."""
        return json.loads(self.body)


Handler = Callable[[Call], Any]


class HangUp(Response):
    """An answer that never comes: the connection is closed after some real seconds without a byte."""

    def __init__(self, after_seconds: float) -> None:
        super().__init__()
        self._after_seconds = after_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._after_seconds:
            await asyncio.sleep(self._after_seconds)
        hang_up = scope.get("state", {}).get("hang_up")
        if hang_up is None:
            # a server without that hook drops the connection when an answer stays without its body
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return
        hang_up()
        while (await receive())["type"] != "http.disconnect":
            pass


def clob_route(path: str, method: str, handler: Handler, faults: Faults, note_arrival: Callable[[Call], None]) -> Route:
    """A route whose handler takes a Call and returns JSON-ready data or raises Refused.

    `note_arrival` sees every call first, also those that a fault then drops.
    """

    async def endpoint(request: Request) -> Response:
        call = Call(
            method=request.method,
            path=request.url.path,
            query=dict(request.query_params),
            path_parameters=request.path_params,
            headers=request.headers,
            body=await request.body(),
        )
        note_arrival(call)
        return _answer(call, handler, faults)

    return Route(path, endpoint, methods=[method])


def _answer(call: Call, handler: Handler, faults: Faults) -> Response:
    dropped = faults.take(FaultKind.DROP_BEFORE_ACCEPT, call.method, call.path)
    if dropped is not None:
        return HangUp(dropped.seconds or 0)
    if faults.take(FaultKind.CLOUDFLARE_BLOCKED, call.method, call.path) is not None:
        page = "<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title></html>"
        return HTMLResponse(page, status_code=403, headers={"Server": "cloudflare"})
    try:
        _refuse_whole_requests(call, faults)
        answer: Response = JSONResponse(handler(call), headers=call.answer_headers)
    except errors.Refused as refused:
        answer = JSONResponse(refused.body, status_code=refused.status, headers=refused.headers)
    return _spoiled(answer, call, faults)


def _refuse_whole_requests(call: Call, faults: Faults) -> None:
    limited = faults.take(FaultKind.RATE_LIMITED, call.method, call.path)
    if limited is not None:
        seconds = DEFAULT_RETRY_AFTER_SECONDS if limited.seconds is None else limited.seconds
        raise errors.rate_limited(seconds)
    for kind, refusal in (
        (FaultKind.SERVER_ERROR, errors.server_error),
        (FaultKind.TRADING_DISABLED, errors.trading_disabled),
        (FaultKind.ENGINE_RESTARTING, errors.engine_restarting),
    ):
        if faults.take(kind, call.method, call.path) is not None:
            raise refusal()


def _spoiled(answer: Response, call: Call, faults: Faults) -> Response:
    """The answer as it reaches the client, after the request has had its effect."""
    lost = faults.take(FaultKind.ACCEPT_THEN_TIMEOUT, call.method, call.path)
    if lost is not None:
        return HangUp(lost.seconds or 0)
    if faults.take(FaultKind.ACCEPT_THEN_SERVER_ERROR, call.method, call.path) is not None:
        failed = errors.execution_failed()
        return JSONResponse(failed.body, status_code=failed.status)
    if faults.take(FaultKind.ACCEPT_THEN_GARBAGE, call.method, call.path) is not None:
        return HTMLResponse("<html><body>upstream connect error</body></html>")
    return answer

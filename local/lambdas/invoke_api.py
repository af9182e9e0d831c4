"""Lambda's Invoke API: how a function, or a person with the SDK, has a function run."""

from __future__ import annotations

import asyncio
import json
import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.lambdas.functions import Function, Functions
from local.lambdas.invocation import RequestTooLarge, TooManyRequests

INVOKE_PATH = "/2015-03-31/functions/{name}/invocations"
_MOST_EVENT_BYTES = 1024 * 1024
_log = logging.getLogger(__name__)


class InvokeApi:
    """Invokes and waits, or takes an event and runs it behind the answer, once, without the platform's retries."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._running: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request) -> Response:
        event = await request.body() or b"{}"
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        try:
            json.loads(event)
            function = self._functions.find(request.path_params["name"])
        except ValueError as error:
            return _refusal(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")
        except LookupError:
            return _refusal(404, "ResourceNotFoundException", f"Function not found: {request.path_params['name']}")
        if kind == "DryRun":
            return Response(status_code=204)
        if kind == "Event":
            return self._taken(function, event)
        try:
            outcome = await function.invoke(event)
        except RequestTooLarge as error:
            return _refusal(413, "RequestTooLargeException", str(error))
        except TooManyRequests as error:
            return _refusal(429, "TooManyRequestsException", str(error))
        failed = {"x-amz-function-error": "Unhandled"} if outcome.is_error else {}
        return Response(outcome.payload, media_type="application/json", headers=failed)

    def _taken(self, function: Function, event: bytes) -> Response:
        if len(event) > _MOST_EVENT_BYTES:
            return _refusal(413, "RequestTooLargeException", f"{len(event)} byte payload is too large for an event")
        running = asyncio.ensure_future(_run(function, event))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return Response(status_code=202)


async def _run(function: Function, event: bytes) -> None:
    try:
        outcome = await function.invoke(event)
    except TooManyRequests as error:
        _log.error("an event for %s was dropped: %s", function.spec.name, error)
        return
    if outcome.is_error:
        _log.error("%s failed on an event: %s", function.spec.name, outcome.payload.decode(errors="replace"))


def _refusal(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"Type": "User", "Message": message}, status_code=status, headers={"x-amzn-errortype": kind})

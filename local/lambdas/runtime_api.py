"""The Lambda Runtime API, one port an execution environment, so that the port says whose request it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.lambdas.environment import Environment
from local.lambdas.invocation import MAX_PAYLOAD_BYTES, ErrorType, Invocation
from local.lambdas.template.application import FunctionSpec

_PREFIX = "/2018-06-01/runtime"


def runtime_api(environments: Mapping[int, Environment]) -> Starlette:
    """The API as an ASGI application over environments by their port."""

    def environment_of(request: Request) -> Environment:
        server = request.scope["server"]
        return environments[server[1]]

    async def give_next(request: Request) -> Response:
        environment = environment_of(request)
        invocation = await _unless_disconnected(request, environment)
        if invocation is None:
            return Response(status_code=410)
        invocation.deliver()
        return Response(invocation.event, headers=_headers(environment.spec, invocation))

    async def take_response(request: Request) -> Response:
        payload, request_id = await request.body(), request.path_params["request_id"]
        environment = environment_of(request)
        if len(payload) > MAX_PAYLOAD_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
            document = {"errorType": ErrorType.RESPONSE_TOO_LARGE, "errorMessage": message}
            environment.answer(request_id, json.dumps(document).encode(), is_error=True)
            return JSONResponse(document, status_code=413)
        return _taken(is_taken=environment.answer(request_id, payload, is_error=False))

    async def take_error(request: Request) -> Response:
        payload, request_id = await request.body(), request.path_params["request_id"]
        return _taken(is_taken=environment_of(request).answer(request_id, payload, is_error=True))

    async def take_init_error(request: Request) -> Response:
        environment_of(request).init_failed(await request.body())
        return _taken(is_taken=True)

    return Starlette(
        routes=[
            Route(f"{_PREFIX}/invocation/next", give_next, methods=["GET"]),
            Route(f"{_PREFIX}/invocation/{{request_id}}/response", take_response, methods=["POST"]),
            Route(f"{_PREFIX}/invocation/{{request_id}}/error", take_error, methods=["POST"]),
            Route(f"{_PREFIX}/init/error", take_init_error, methods=["POST"]),
        ]
    )


async def _unless_disconnected(request: Request, environment: Environment) -> Invocation | None:
    """The next invocation, or None where the process that asks is gone: it must not be given one."""
    await request.body()
    wanted = asyncio.ensure_future(environment.next_invocation())
    gone = asyncio.ensure_future(request.receive())
    await asyncio.wait({wanted, gone}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if wanted.done():
        return wanted.result()
    wanted.cancel()
    return None


def _headers(spec: FunctionSpec, invocation: Invocation) -> dict[str, str]:
    trace = invocation.request_id.replace("-", "")
    return {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": spec.arn,
        "Lambda-Runtime-Trace-Id": f"Root=1-{trace[:8]}-{trace[8:]};Sampled=0",
    }


def _taken(*, is_taken: bool) -> Response:
    if is_taken:
        return JSONResponse({"status": "OK"}, status_code=202)
    return JSONResponse({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}, status_code=400)

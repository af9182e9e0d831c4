"""The host's own port: invoke a function with an event, and step or release the scheduler."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.lambdas.functions import Functions
from local.lambdas.invocation import RequestTooLarge, TooManyRequests
from local.lambdas.scheduler import ReplayAway, Scheduler
from local.lambdas.template import Application


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Tick(_Body):
    to_ms: Annotated[int, Field(ge=0)]


class _FreeRun(_Body):
    on: bool


def control_app(application: Application, functions: Functions, scheduler: Scheduler) -> Starlette:
    """The control API as an ASGI application."""

    async def list_functions(_: Request) -> Response:
        schedules = [
            {"function": schedule.function, "period_ms": schedule.period_ms} for schedule in application.schedules
        ]
        return JSONResponse({"functions": [spec.name for spec in application.functions], "schedules": schedules})

    async def invoke(request: Request) -> Response:
        try:
            function = functions.find(request.path_params["name"])
        except LookupError as error:
            return _refusal(404, str(error.args[0]))
        event = await request.body() or b"{}"
        try:
            json.loads(event)
        except ValueError as error:
            return _refusal(400, f"the event is not JSON: {error}")
        try:
            outcome = await function.invoke(event)
        except RequestTooLarge as error:
            return _refusal(413, str(error))
        except TooManyRequests as error:
            return _refusal(429, str(error))
        key, status = ("error", "error") if outcome.is_error else ("payload", "ok")
        answer: dict[str, Any] = {
            "status": status,
            key: json.loads(outcome.payload),
            "milliseconds": round(outcome.milliseconds, 3),
            "init_milliseconds": outcome.init_milliseconds and round(outcome.init_milliseconds, 3),
            "request_id": outcome.request_id,
            "log": outcome.log,
        }
        return JSONResponse(answer)

    async def tick(request: Request) -> Response:
        try:
            wanted = _Tick.model_validate_json(await request.body())
            fired = await scheduler.step_to(wanted.to_ms)
        except ValidationError as error:
            return _refusal(422, str(error))
        except ReplayAway as error:
            return _refusal(503, str(error))
        failed = sum(one["status"] != "ok" for one in fired)
        return JSONResponse({"now_ms": wanted.to_ms, "fired": fired, "failed": failed})

    async def free_run(request: Request) -> Response:
        try:
            wanted = _FreeRun.model_validate_json(await request.body())
        except ValidationError as error:
            return _refusal(422, str(error))
        await scheduler.run_freely(is_on=wanted.on)
        return JSONResponse({"on": wanted.on})

    return Starlette(
        routes=[
            Route("/functions", list_functions, methods=["GET"]),
            Route("/invoke/{name}", invoke, methods=["POST"]),
            Route("/tick", tick, methods=["POST"]),
            Route("/free-run", free_run, methods=["PUT"]),
        ]
    )


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"status": "refused", "error": {"errorMessage": message}}, status_code=status)

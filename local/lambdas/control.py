"""The host's own port: invoke a function with an event, and step or release the scheduler.

Functions invoke functions here too, by Lambda's own API.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.lambdas.functions import Functions
from local.lambdas.invocation import Outcome, RequestTooLarge, TooManyRequests
from local.lambdas.invoke_api import INVOKE_PATH, InvokeApi
from local.lambdas.scheduler import ReplayAway, Scheduler
from local.lambdas.template.application import Application


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Tick(_Body):
    to_ms: Annotated[int, Field(ge=0)]


class _FreeRun(_Body):
    on: bool


def control_app(application: Application, functions: Functions, scheduler: Scheduler) -> Starlette:
    """The control API as an ASGI application."""
    control = _Control(application, functions, scheduler)
    return Starlette(
        routes=[
            Route("/functions", control.functions, methods=["GET"]),
            Route("/invoke/{name}", control.invoke, methods=["POST"]),
            Route(INVOKE_PATH, InvokeApi(functions).answer, methods=["POST"]),
            Route("/tick", control.tick, methods=["POST"]),
            Route("/free-run", control.free_run, methods=["PUT"]),
        ],
        exception_handlers={ValidationError: _malformed, ReplayAway: _away},
    )


class _Control:
    def __init__(self, application: Application, functions: Functions, scheduler: Scheduler) -> None:
        self._application = application
        self._functions = functions
        self._scheduler = scheduler

    async def functions(self, _: Request) -> Response:
        """What can be invoked, and what fires by itself."""
        schedules = [{"function": each.function, "period_ms": each.period_ms} for each in self._application.schedules]
        return JSONResponse({"functions": [spec.name for spec in self._application.functions], "schedules": schedules})

    async def invoke(self, request: Request) -> Response:
        """Run one function on the body, `{}` if there is none."""
        event = await request.body() or b"{}"
        try:
            json.loads(event)
            outcome = await self._functions.find(request.path_params["name"]).invoke(event)
        except ValueError as error:
            return _refusal(400, f"the event is not JSON: {error}")
        except LookupError as error:
            return _refusal(404, str(error.args[0]))
        except RequestTooLarge as error:
            return _refusal(413, str(error))
        except TooManyRequests as error:
            return _refusal(429, str(error))
        return JSONResponse(_answer(outcome))

    async def tick(self, request: Request) -> Response:
        """Step the replay to a time, firing what falls due; `failed` counts those that did not end well."""
        wanted = _Tick.model_validate_json(await request.body())
        fired = await self._scheduler.step_to(wanted.to_ms)
        failed = sum(one["status"] != "ok" for one in fired)
        return JSONResponse({"now_ms": await self._scheduler.now_ms(), "fired": fired, "failed": failed})

    async def free_run(self, request: Request) -> Response:
        """Follow a replay that runs by itself, or stop following it."""
        wanted = _FreeRun.model_validate_json(await request.body())
        await self._scheduler.run_freely(is_on=wanted.on)
        return JSONResponse({"on": wanted.on})


def _answer(outcome: Outcome) -> dict[str, Any]:
    key, status = ("error", "error") if outcome.is_error else ("payload", "ok")
    init = outcome.init_milliseconds
    return {
        "status": status,
        key: json.loads(outcome.payload),
        "milliseconds": round(outcome.milliseconds, 3),
        "init_milliseconds": None if init is None else round(init, 3),
        "request_id": outcome.request_id,
        "log": outcome.log,
    }


async def _malformed(_: Request, error: Exception) -> Response:
    return _refusal(422, str(error))


async def _away(_: Request, error: Exception) -> Response:
    return _refusal(503, str(error))


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"status": "refused", "error": {"errorMessage": message}}, status_code=status)

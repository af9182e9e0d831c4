"""`python -m local.lambdas --config FILE`: the functions of a template, served until told to end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

import uvicorn
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from local.lambdas.control import control_app
from local.lambdas.front_door import front_door
from local.lambdas.functions import Functions, concurrency
from local.lambdas.runtime_api import runtime_api
from local.lambdas.scheduler import Scheduler
from local.lambdas.template.application import FunctionSpec
from local.lambdas.template.intrinsics import TemplateError
from local.lambdas.template.reading import load_application
from local.machine.patience import HANG_SECONDS
from local.machine.ports import LOOPBACK


class HostConfig(BaseModel):
    """The configuration file. `parameters` override the template's defaults; `control_url` is the replay's clock.

    `gateway_seconds` is how long the HTTP API waits for a function: 30 at AWS, less where a test has no time for it.
    With `stepped` the functions know that this clock stands still for them, and no limit of real time ends them but one
    that guards against a hang.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: Path
    parameters: dict[str, str]
    stack_name: str
    front_door_port: int
    host_port: int
    control_url: str
    aws_endpoint_url: str
    logs: Path
    gateway_seconds: float = 30.0
    stepped: bool = False


def main() -> int:
    """0 after a clean end, 2 for a configuration or a template that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m local.lambdas", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON file with the fields of HostConfig")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        asyncio.run(_serve(HostConfig.model_validate_json(parser.parse_args().config.read_bytes())))
    except (OSError, ValidationError, TemplateError) as error:
        print(f"lambda host: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(config: HostConfig) -> None:
    application = load_application(config.template, parameters=config.parameters, stack_name=config.stack_name)
    if config.stepped:
        application = replace(application, functions=tuple(_stepped(spec) for spec in application.functions))
    count = sum(concurrency(spec) for spec in application.functions)
    sockets = {listener.getsockname()[1]: listener for listener in (_listen(0) for _ in range(count))}
    functions = Functions(
        application,
        ports=sockets.keys(),
        logs=config.logs,
        aws_endpoint_url=config.aws_endpoint_url,
        lambda_endpoint_url=f"http://{LOOPBACK}:{config.host_port}",
    )
    scheduler = Scheduler(application.schedules, functions, control_url=config.control_url)
    runtime = runtime_api(functions.environments)
    apps: dict[int, ASGIApp] = dict.fromkeys(sockets, runtime)
    apps[config.front_door_port] = front_door(application.routes, functions, waits_seconds=config.gateway_seconds)
    apps[config.host_port] = control_app(application, functions, scheduler)
    for port in (config.front_door_port, config.host_port):
        sockets[port] = _listen(port)
    await _Server(_by_port(apps), functions, scheduler).serve(list(sockets.values()))


def _stepped(spec: FunctionSpec) -> FunctionSpec:
    environment = {**spec.environment, "STEPPED_CLOCK": "true"}
    return replace(spec, environment=environment, timeout_seconds=int(HANG_SECONDS))


def _listen(port: int) -> socket.socket:
    listener = socket.create_server((LOOPBACK, port), backlog=512)
    # Accepted connections inherit it; without it an answer in two packets waits for a delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _by_port(apps: dict[int, ASGIApp]) -> ASGIApp:
    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[scope["server"][1]](scope, receive, send)

    return dispatch


class _Server(uvicorn.Server):
    """Ends the functions before it closes the connections on which they wait for work."""

    def __init__(self, app: ASGIApp, functions: Functions, scheduler: Scheduler) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                access_log=False,
                log_level="warning",
                timeout_keep_alive=120,
                timeout_graceful_shutdown=2,
            )
        )
        self._functions = functions
        self._scheduler = scheduler
        self._ending: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        asyncio.get_running_loop().call_soon_threadsafe(self._end)
        super().handle_exit(sig, frame)

    def _end(self) -> None:
        self._ending = asyncio.ensure_future(self._close())

    async def _close(self) -> None:
        await self._scheduler.close()
        await self._functions.stop()


if __name__ == "__main__":
    sys.exit(main())

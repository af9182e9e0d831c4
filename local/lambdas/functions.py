"""All functions of an application, each with as many execution environments as run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from local.lambdas.environment import Environment
from local.lambdas.invocation import MAX_PAYLOAD_BYTES, Outcome, RequestTooLarge, TooManyRequests
from local.lambdas.template.application import Application, FunctionSpec

_MOST_ENVIRONMENTS = 8


class Function:
    """Invokes one function. Reserved concurrency refuses what is above it; without one an event waits its turn."""

    def __init__(self, spec: FunctionSpec, environments: Iterable[Environment]) -> None:
        self.spec = spec
        self.environments = tuple(environments)
        self._free = asyncio.Semaphore(len(self.environments))

    async def invoke(self, event: bytes) -> Outcome:
        """Run the handler on one event. TooManyRequests and RequestTooLarge say that it was not run."""
        if len(event) > MAX_PAYLOAD_BYTES:
            raise RequestTooLarge(f"{len(event)} byte payload is too large (limit {MAX_PAYLOAD_BYTES} bytes)")
        if self.spec.reserved_concurrency is not None and self._free.locked():
            raise TooManyRequests(f"{self.spec.name} runs {len(self.environments)} times already")
        async with self._free:
            idle = [environment for environment in self.environments if not environment.is_busy]
            return await max(idle, key=lambda environment: environment.is_warm).invoke(event)

    async def stop(self) -> None:
        """End every environment's process."""
        await asyncio.gather(*(environment.stop() for environment in self.environments))


def concurrency(spec: FunctionSpec) -> int:
    """How many environments a function may have here."""
    return min(spec.reserved_concurrency or _MOST_ENVIRONMENTS, _MOST_ENVIRONMENTS)


class Functions:
    """The application's functions by name. `ports` are Runtime API ports, one an environment."""

    def __init__(
        self,
        application: Application,
        *,
        ports: Iterable[int],
        logs: Path,
        aws_endpoint_url: str,
        lambda_endpoint_url: str,
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._application = application
        self.environments: dict[int, Environment] = {}
        self._functions: dict[str, Function] = {}
        numbers = iter(ports)
        for spec in application.functions:
            made = []
            for place in range(concurrency(spec)):
                port = next(numbers)
                log = logs / (f"{spec.name}.log" if place == 0 else f"{spec.name}-{place + 1}.log")
                self.environments[port] = Environment(
                    spec,
                    port=port,
                    log=log,
                    aws_endpoint_url=aws_endpoint_url,
                    lambda_endpoint_url=lambda_endpoint_url,
                )
                made.append(self.environments[port])
            self._functions[spec.logical_id] = Function(spec, made)

    def find(self, name: str) -> Function:
        """By kebab name, logical id, deployed name or ARN; LookupError names those that there are."""
        return self._functions[self._application.function(name).logical_id]

    async def stop(self) -> None:
        """End every process of every function."""
        await asyncio.gather(*(function.stop() for function in self._functions.values()))

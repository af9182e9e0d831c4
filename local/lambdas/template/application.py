"""What of a SAM template this host runs, as values: functions, routes, schedules and topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from live_trading.nouns.measures.rates import Rate
from local.lambdas.template.intrinsics import ACCOUNT_ID, REGION


def function_arn(name: str) -> str:
    """The ARN of a function by its deployed name."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One function. `name` is the logical id in kebab case without its last word `Function`."""

    logical_id: str
    name: str
    deployed_name: str
    handler: str
    runtime: str
    code: Path
    layers: tuple[Path, ...]
    environment: Mapping[str, str]
    timeout_seconds: int
    memory_mb: int
    reserved_concurrency: int | None
    log_format: str
    log_level: str | None

    @property
    def arn(self) -> str:
        return function_arn(self.deployed_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuthorizer:
    """Whose tokens open a route."""

    issuer: str
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How many requests the gateway lets through; routes with the same name share them."""

    name: str
    rate: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route of the HTTP API. `authorizer` is None where everybody may call it; any of `scopes` suffices.

    `throttle` is None where the template sets no limit.
    """

    method: str
    path: str
    function: str
    authorizer: JwtAuthorizer | None
    scopes: tuple[str, ...]
    throttle: Throttle | None = None

    @property
    def key(self) -> str:
        return "$default" if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One enabled schedule: every `period_ms` the function gets `input`, a JSON text with placeholders."""

    name: str
    function: str
    period_ms: int
    input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything of a template that this host runs, in the template's order."""

    functions: tuple[FunctionSpec, ...]
    routes: tuple[Route, ...]
    schedules: tuple[Schedule, ...]
    topic_names: tuple[str, ...]

    def function(self, name: str) -> FunctionSpec:
        """By kebab name, logical id, deployed name or ARN; LookupError names those that there are."""
        for spec in self.functions:
            if name in (spec.name, spec.logical_id, spec.deployed_name, spec.arn):
                return spec
        raise LookupError(f"no function {name}; there are {', '.join(spec.name for spec in self.functions)}")

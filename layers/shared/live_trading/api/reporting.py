"""The routes that no resource answers: those that run a job for everybody, and those that look at every part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, TypedDict

from pydantic import WithJsonSchema

from live_trading.api.described import Described
from live_trading.api.problems import ProblemCode
from live_trading.api.scopes import Scope
from live_trading.api.views.health_views import HealthView, OpenHealthView
from live_trading.api.views.watch.job_views import JobView

OPEN_HEALTH_PATH = "/health"
HEALTH_PATH = "/api/lt/health"
SHORT_HEALTH_PATH = "/api/health"


class _Runs(TypedDict):
    """What these routes have in common."""

    answers: Any
    statuses: tuple[int, ...]
    refuses: tuple[ProblemCode, ...]
    detail: str


PassReport = Annotated[
    dict[str, Any], WithJsonSchema({"type": "object", "description": "the report of the run, once it is done"})
]
_RUNS: _Runs = {
    "answers": PassReport | JobView,
    "statuses": (200, 202),
    "refuses": (ProblemCode.INTERNAL, ProblemCode.OUTCOME_UNKNOWN),
    "detail": "200 with the report where the run has ended in time; else 202 with the job, which goes on. `location` "
    "names it in both cases. Under the same Idempotency-Key the same job is answered, as it stands then.",
}

JOBS: Mapping[str, Described] = MappingProxyType(
    {
        "lt-execute": Described(
            method="POST",
            path="/api/lt/execute",
            scope=Scope.ADMIN,
            summary="Runs one pass of live trading, for everybody.",
            **_RUNS,
        ),
        "lt-resolve": Described(
            method="POST",
            path="/api/lt/resolve",
            scope=Scope.ADMIN,
            summary="Books what the chain says of markets with live positions, for everybody.",
            **_RUNS,
        ),
        "lt-redemptions": Described(
            method="POST",
            path="/api/lt/redemptions/process",
            scope=Scope.ADMIN,
            summary="Sends and checks redemptions, merges and approvals, for everybody.",
            **_RUNS,
        ),
    }
)
"""By the job, which is also the function that serves it."""

OPEN_HEALTH = Described(
    method="GET",
    path=OPEN_HEALTH_PATH,
    scope=None,
    summary="Says whether the system is up, and nothing else.",
    answers=OpenHealthView,
    statuses=(200, 503),
)
HEALTH = Described(
    method="GET",
    path=HEALTH_PATH,
    scope=Scope.READ,
    summary="What every check found of the whole system and of what is yours, and how jobs stand.",
    detail="503 where something that you see is CRITICAL, with the same answer.",
    answers=HealthView,
    statuses=(200, 503),
)
SHORT_HEALTH = replace(HEALTH, path=SHORT_HEALTH_PATH, summary="The same as /api/lt/health.")

REPORTING: Mapping[str, tuple[Described, ...]] = MappingProxyType(
    {**{function: (job,) for function, job in JOBS.items()}, "health": (OPEN_HEALTH, HEALTH, SHORT_HEALTH)}
)
"""By the function that serves them."""

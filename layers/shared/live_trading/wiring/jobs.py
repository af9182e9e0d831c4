"""The shape of a job's answer: to its schedule, to the API, and as metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from aws_lambda_powertools import Logger

from live_trading.api import responses
from live_trading.api.described import Described
from live_trading.api.once import Answer
from live_trading.api.responses import answered
from live_trading.api.routing import admitted
from live_trading.nouns.errors import LiveTradingError
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.services.running.trail import Key, along
from live_trading.wiring.garbage import collect_seldom
from live_trading.wiring.metrics import publish_death, publish_run

if TYPE_CHECKING:
    from live_trading.wiring.adapters import Adapters

logger = Logger()


def is_http(event: dict[str, Any]) -> bool:
    """True for an event of the HTTP API."""
    return "http" in event.get("requestContext", {})


def http_json(status: int, body: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """An answer for the HTTP API."""
    return answered(Answer(status=status, body=body), event).as_event()


def answer(context: Any, job: str, run: Callable[[], object], parts: Adapters) -> dict[str, Any]:
    """The report of a job's run by its schedule. What it raises is raised, so that the invocation counts as failed."""
    # Outside of Lambda there is no invocation.
    with along({Key.JOB: job, Key.INVOCATION_ID: getattr(context, "aws_request_id", None)}):
        return measured(job, run, parts)


def measured(job: str, run: Callable[[], object], parts: Adapters) -> dict[str, Any]:
    """The job's report, with a metric and a note of how it ended. Raises what the job raises."""
    from live_trading.services.watching.job_watch import JobWatch

    watch = JobWatch(database=parts.database, clock=parts.clock)
    collect_seldom()
    began = time.monotonic()
    try:
        report = watch.run(job, run)
    except Exception:
        publish_death(job)
        logger.exception("job failed", extra={"job": job})
        raise
    publish_run(job, report, time.monotonic() - began)
    told: dict[str, Any] = as_json(report)
    logger.info("job done", extra={"job": job, "report": told})
    return told


def refused(event: dict[str, Any], route: Described) -> dict[str, Any] | None:
    """The refusal of a request that only looks: for its token or for a body; None where it is let in."""
    try:
        admitted(event, {}, route)
    except LiveTradingError as problem:
        return responses.refused(problem, event).as_event()
    return None


def as_json(value: object) -> Any:
    """A report as JSON-ready values: decimals, times and ids as text."""
    if isinstance(value, dict):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    if isinstance(value, Usd | Shares | Price | Decimal | UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    return value

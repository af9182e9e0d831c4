"""Looks of health at a desk's world, by limits of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from live_trading.nouns.clock import Clock
from live_trading.services.watching.checkup import HealthReport
from live_trading.services.watching.findings import Finding, HealthStatus
from live_trading.wiring.composition import Parts
from local.chain.emitted_fills import VenueBlocks
from tests.e2e.live_fixtures import LiveDesk

HEALTHY, WARNING, CRITICAL = HealthStatus.HEALTHY, HealthStatus.WARNING, HealthStatus.CRITICAL


class Skewed:
    """Our clock, so far from what it should be."""

    def __init__(self, clock: Clock, by: timedelta) -> None:
        self._clock = clock
        self._by = by

    def now(self) -> datetime:
        return self._clock.now() + self._by


def a_look(
    desk: LiveDesk,
    limits: dict[str, Any] | None = None,
    *,
    skew: timedelta = timedelta(),
    run: bool = False,
    **settings: str,
) -> HealthReport:
    """What a function would find that starts now, with these thresholds and settings; with `run` it keeps it."""
    parts = Parts({**desk.settings, "HEALTH_THRESHOLDS": json.dumps(limits or {}), **settings})
    if skew:
        parts.__dict__["clock"] = Skewed(desk.parts.clock, skew)
    try:
        service = parts.health()
        return service.run() if run else service.look()
    finally:
        parts.database.close()


def found(
    desk: LiveDesk, limits: dict[str, Any] | None = None, *, skew: timedelta = timedelta(), **settings: str
) -> dict[str, Finding]:
    """The findings of a look by what each is about."""
    return {each.check: each for each in a_look(desk, limits, skew=skew, run=False, **settings).findings}


def bad(findings: dict[str, Finding]) -> set[str]:
    """What is not well."""
    return {check for check, each in findings.items() if each.status is not HEALTHY}


def a_block(desk: LiveDesk) -> None:
    """The chain has a block of now."""
    VenueBlocks(desk.stack.rpc_url).block(int(desk.now().timestamp()), [])


def turns(
    status_of: Callable[[], HealthStatus], cause: Callable[[], object], end: Callable[[], object]
) -> list[HealthStatus]:
    """How a check stands before its cause, with it, and after it."""
    before = status_of()
    cause()
    during = status_of()
    end()
    return [before, during, status_of()]

"""Anybody may ask whether the system is up, and cannot have every part asked by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from functions.health import app as health
from live_trading.nouns.errors import RetryLater
from live_trading.services.watching.checkup import HealthReport, HealthStatus
from live_trading.services.watching.recent_look import REPEATED_FOR, RecentLook
from tests.integration.api.gate_fixtures import Everything

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]


class Parts:
    """A clock, and a look that is counted."""

    def __init__(self) -> None:
        self.at: datetime | None = datetime(2026, 11, 26, tzinfo=UTC)
        self.looks = 0

    def now(self) -> datetime:
        if self.at is None:
            raise RetryLater("the clock is away")
        return self.at

    def look(self) -> HealthReport:
        self.looks += 1
        return HealthReport(status=HealthStatus.HEALTHY, findings=())


def test_a_report_is_repeated_for_some_seconds_and_then_looked_for_anew() -> None:
    parts = Parts()
    recent = RecentLook(look=parts.look, clock=parts)
    assert parts.at is not None

    for _ in range(3):
        recent.seen()
    parts.at += REPEATED_FOR - timedelta(seconds=1)
    recent.seen()
    assert parts.looks == 1
    parts.at += timedelta(seconds=1)
    recent.seen()
    assert parts.looks == 2
    recent.look()
    recent.seen()
    assert parts.looks == 3


def test_a_clock_that_is_away_or_goes_back_repeats_nothing() -> None:
    parts = Parts()
    recent = RecentLook(look=parts.look, clock=parts)
    recent.seen()
    assert parts.at is not None
    parts.at -= timedelta(hours=1)
    recent.seen()
    parts.at = None
    recent.seen()
    recent.seen()

    assert parts.looks == 4


def test_the_open_route_asks_the_parts_once_and_the_one_with_a_token_each_time(nothing: Everything) -> None:
    asked: list[HealthReport] = []
    parts = health.parts
    real = parts.health().look

    def look() -> HealthReport:
        asked.append(real())
        return asked[-1]

    parts.__dict__["recent_health"] = RecentLook(look=look, clock=parts.clock)

    openly = [nothing.ask("health", "GET", "/health", owner=None) for _ in range(5)]
    looked = [nothing.ask("health", "GET", "/api/health") for _ in range(2)]

    assert len(asked) == 3
    assert {(each.status, each.body["status"]) for each in openly} == {(503, "CRITICAL")}
    assert {each.status for each in looked} == {503}
    assert list(openly[0].body) == ["status"]

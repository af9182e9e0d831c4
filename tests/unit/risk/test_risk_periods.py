"""A budget's day, week and month begin in the strategy's own zone, also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.risk.periods import day_start, month_start, week_start

zones = st.sampled_from(["UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
moments = st.integers(min_value=1_704_067_200, max_value=1_893_456_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "day", "week", "month"),
    [
        ("2026-11-23T19:00", "UTC", "2026-11-23T00:00", "2026-11-23T00:00", "2026-11-01T00:00"),
        ("2026-11-22T23:59", "UTC", "2026-11-22T00:00", "2026-11-16T00:00", "2026-11-01T00:00"),
        ("2026-11-23T03:00", "America/New_York", "2026-11-22T05:00", "2026-11-16T05:00", "2026-11-01T04:00"),
        ("2026-03-29T12:00", "Europe/Madrid", "2026-03-28T23:00", "2026-03-22T23:00", "2026-02-28T23:00"),
        ("2026-03-30T00:30", "Europe/Madrid", "2026-03-29T22:00", "2026-03-29T22:00", "2026-02-28T23:00"),
    ],
)
def test_periods_begin_at_local_midnight_and_weeks_on_monday(
    now: str, zone: str, day: str, week: str, month: str
) -> None:
    moment = utc(now)

    assert (day_start(moment, zone), week_start(moment, zone), month_start(moment, zone)) == (
        utc(day),
        utc(week),
        utc(month),
    )


@given(now=moments, zone=zones)
def test_every_moment_is_in_the_period_that_began_before_it(now: datetime, zone: str) -> None:
    day, week, month = day_start(now, zone), week_start(now, zone), month_start(now, zone)

    assert day <= now < day + timedelta(hours=26)
    assert week <= day
    assert month <= day
    assert week.astimezone(ZoneInfo(zone)).weekday() == 0
    assert month.astimezone(ZoneInfo(zone)).day == 1


@given(now=moments, zone=zones)
def test_a_period_begins_in_itself(now: datetime, zone: str) -> None:
    assert day_start(day_start(now, zone), zone) == day_start(now, zone)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        day_start(utc("2026-11-23T00:00"), "Mars/Olympus")

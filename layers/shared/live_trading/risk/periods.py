"""Where a budget's day, week and month begin, in the strategy's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def day_start(now: datetime, zone_name: str) -> datetime:
    """The midnight at or before `now` in that zone, as UTC. Raises ZoneInfoNotFoundError for an unknown zone."""
    local = now.astimezone(ZoneInfo(zone_name))
    return _midnight(local).astimezone(UTC)


def week_start(now: datetime, zone_name: str) -> datetime:
    """The Monday midnight at or before `now` in that zone, as UTC."""
    local = now.astimezone(ZoneInfo(zone_name))
    return _midnight(local - timedelta(days=local.weekday())).astimezone(UTC)


def month_start(now: datetime, zone_name: str) -> datetime:
    """The midnight of the month's first day in that zone, as UTC."""
    local = now.astimezone(ZoneInfo(zone_name))
    return _midnight(local.replace(day=1)).astimezone(UTC)


def day_of(moment: datetime, zone_name: str) -> date:
    """The day that it is in that zone."""
    return moment.astimezone(ZoneInfo(zone_name)).date()


def day_span(day: date, zone_name: str) -> tuple[datetime, datetime]:
    """The midnights in that zone, as UTC, that a day lies between."""
    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone_name))
    return begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)


def _midnight(local: datetime) -> datetime:
    """Wall-clock arithmetic on an aware value keeps its zone, so a change of the clocks inside the period is right."""
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)

"""A span of days that sums are shown of: both ends in it, never more than a year and a day."""

from __future__ import annotations

from datetime import UTC, date, datetime

from live_trading.api.problems import FieldProblem, invalid
from live_trading.api.query import MomentText, Query

MOST_DAYS = 366
USUAL_DAYS = 30


class DaysAsked(Query):
    """The days, in UTC, of these two moments and all between; without them the last 30, today in it."""

    since: MomentText | None = None
    until: MomentText | None = None


def days_of(asked: DaysAsked, now: datetime) -> tuple[date, date]:
    """The first and the last day. Raises Problem where they are too far apart, or the wrong way round."""
    until = (asked.until or now).astimezone(UTC).date()
    usual = date.fromordinal(max(until.toordinal() - USUAL_DAYS + 1, date.min.toordinal()))
    since = usual if asked.since is None else asked.since.astimezone(UTC).date()
    if not 0 <= (until - since).days < MOST_DAYS:
        raise invalid(
            FieldProblem(field="since", reason="does not fit", allowed=f"up to {MOST_DAYS} days that end with `until`")
        )
    return since, until

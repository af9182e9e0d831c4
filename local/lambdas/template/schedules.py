"""When schedules are due: pure, on whatever clock the caller goes by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from local.lambdas.template.intrinsics import TemplateError

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNIT_MS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}


def period_ms(expression: str) -> int:
    """The period of a `rate(…)` expression in ms; TemplateError for any other expression."""
    found = _RATE.fullmatch(expression)
    if found is None or int(found[1]) == 0:
        raise TemplateError(f"only rate(N minutes|hours|days) schedules are run here, not {expression!r}")
    return int(found[1]) * _UNIT_MS[found[2]]


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A firing: when, and which of the schedules by its place in their order."""

    at_ms: int
    index: int


def due_times(periods_ms: Iterable[int], *, anchor_ms: int, after_ms: int, to_ms: int) -> list[Due]:
    """Every firing later than `after_ms` and up to `to_ms`, in time order, then in the schedules' order.

    A schedule fires at `anchor_ms` and every period after it.
    """
    found: list[Due] = []
    for index, period in enumerate(periods_ms):
        first = max(0, (after_ms - anchor_ms) // period + 1)
        last = (to_ms - anchor_ms) // period
        found.extend(Due(anchor_ms + number * period, index) for number in range(first, last + 1))
    return sorted(found)


def payload(template: str, *, at_ms: int, execution_id: str) -> str:
    """A schedule's input with the scheduler's context attributes put in."""
    scheduled = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {
        "<aws.scheduler.scheduled-time>": scheduled,
        "<aws.scheduler.execution-id>": execution_id,
        "<aws.scheduler.attempt-number>": "1",
    }
    for placeholder, value in values.items():
        template = template.replace(placeholder, value)
    return template

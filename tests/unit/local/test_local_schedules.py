"""When a schedule is due."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.lambdas.template.intrinsics import TemplateError
from local.lambdas.template.schedules import Due, due_times, payload, period_ms

MINUTE = 60_000


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [("rate(1 minute)", 1), ("rate(10 minutes)", 10), ("rate(2 hours)", 120), ("rate(1 day)", 1440)],
)
def test_a_rate_is_a_period(expression: str, minutes: int) -> None:
    assert period_ms(expression) == minutes * MINUTE


@pytest.mark.parametrize("expression", ["rate(0 minutes)", "rate(1 week)", "cron(0 12 * * ? *)", "every minute"])
def test_any_other_expression_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError, match="rate"):
        period_ms(expression)


def test_firings_come_in_time_order_and_then_in_the_schedules_order() -> None:
    due = due_times([2 * MINUTE, MINUTE], anchor_ms=0, after_ms=-1, to_ms=2 * MINUTE)

    assert due == [Due(0, 0), Due(0, 1), Due(MINUTE, 1), Due(2 * MINUTE, 0), Due(2 * MINUTE, 1)]


@given(
    periods=st.lists(st.integers(1, 1000), min_size=1, max_size=4),
    anchor=st.integers(-500, 500),
    cuts=st.lists(st.integers(0, 3000), min_size=1, max_size=6),
)
def test_no_firing_is_lost_or_doubled_however_the_way_is_cut(periods: list[int], anchor: int, cuts: list[int]) -> None:
    stops = [anchor - 1, *sorted(anchor + cut for cut in cuts)]

    pieces = [
        due
        for after, to in itertools.pairwise(stops)
        for due in due_times(periods, anchor_ms=anchor, after_ms=after, to_ms=to)
    ]

    assert pieces == due_times(periods, anchor_ms=anchor, after_ms=anchor - 1, to_ms=stops[-1])


def test_the_schedulers_context_is_put_into_the_input() -> None:
    text = '{"at": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>"}'

    assert payload(text, at_ms=1_790_585_113_000, execution_id="x") == '{"at": "2026-09-28T08:45:13Z", "id": "x"}'

"""The replay's clock."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from local.exchange.run_config import RequestTimes
from local.exchange.tape.pace import TakesTime
from local.exchange.tape.timeline import Timeline, TimelineWentBackwards


def test_actions_run_in_time_order_each_at_its_own_time() -> None:
    timeline = Timeline(1_000)
    seen: list[tuple[str, int]] = []
    timeline.call_at(3_000, lambda: seen.append(("late", timeline.now_ms())))
    timeline.call_at(2_000, lambda: seen.append(("early", timeline.now_ms())))

    timeline.advance_to(5_000)

    assert seen == [("early", 2_000), ("late", 3_000)]
    assert timeline.now_ms() == 5_000


def test_actions_of_one_time_run_in_the_order_they_were_given() -> None:
    timeline = Timeline(0)
    seen: list[str] = []
    for name in "abc":
        timeline.call_at(10, partial(seen.append, name))

    timeline.advance_to(10)

    assert seen == ["a", "b", "c"]


def test_an_action_may_add_another_that_is_due_within_the_same_advance() -> None:
    timeline = Timeline(0)
    seen: list[int] = []
    timeline.call_at(10, lambda: timeline.call_at(20, lambda: seen.append(timeline.now_ms())))

    timeline.advance_to(30)

    assert seen == [20]


def test_an_action_for_a_past_time_runs_at_the_next_advance_without_turning_the_clock_back() -> None:
    timeline = Timeline(100)
    seen: list[int] = []
    timeline.call_at(50, lambda: seen.append(timeline.now_ms()))

    timeline.advance_to(100)

    assert seen == [100]


def test_nothing_is_due_before_its_time() -> None:
    timeline = Timeline(0)
    seen: list[int] = []
    timeline.call_at(11, lambda: seen.append(1))

    timeline.advance_to(10)

    assert seen == []


def test_going_backwards_is_refused() -> None:
    timeline = Timeline(100)

    with pytest.raises(TimelineWentBackwards):
        timeline.advance_to(99)


def test_a_failing_action_leaves_the_later_ones_due() -> None:
    timeline = Timeline(0)
    seen: list[int] = []

    def fail() -> None:
        raise RuntimeError("chain away")

    timeline.call_at(10, fail)
    timeline.call_at(20, lambda: seen.append(timeline.now_ms()))

    with pytest.raises(RuntimeError):
        timeline.advance_to(30)
    assert timeline.now_ms() == 10
    timeline.advance_to(30)
    assert seen == [20]


@pytest.mark.parametrize("speed", [-1, 10_001, float("nan")])
def test_a_speed_out_of_range_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Timeline(0).speed = speed


@given(st.lists(st.integers(0, 1_000)), st.lists(st.integers(0, 1_000)).map(sorted))
def test_however_the_advance_is_cut_the_same_actions_run_in_the_same_order(due: list[int], stops: list[int]) -> None:
    whole, cut = Timeline(0), Timeline(0)
    seen_whole: list[tuple[int, int]] = []
    seen_cut: list[tuple[int, int]] = []
    for ordinal, at_ms in enumerate(due):
        whole.call_at(at_ms, partial(_note, seen_whole, ordinal, whole))
        cut.call_at(at_ms, partial(_note, seen_cut, ordinal, cut))

    whole.advance_to(1_000)
    for stop in [*stops, 1_000]:
        cut.advance_to(stop)

    assert seen_cut == seen_whole


def _note(seen: list[tuple[int, int]], ordinal: int, timeline: Timeline) -> None:
    seen.append((ordinal, timeline.now_ms()))


def answered(timeline: Timeline, times: RequestTimes, method: str, path: str) -> list[int]:
    """When a request that comes now is answered, and anything else that is seen meanwhile."""
    seen: list[int] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(timeline.now_ms())

    async def nothing(*_: object) -> None: ...

    port = TakesTime(answer, timeline, partial(times.milliseconds, "clob"))
    asyncio.run(port({"type": "http", "method": method, "path": path}, nothing, nothing))  # type: ignore[arg-type]
    return seen


def test_a_request_takes_the_time_of_its_kind_and_what_falls_due_meanwhile_happens() -> None:
    timeline, seen = Timeline(1_000), list[int]()
    timeline.call_at(1_020, lambda: seen.append(timeline.now_ms()))
    times = RequestTimes(orders=150, clob=50)

    assert answered(timeline, times, "POST", "/books") == [1_050]
    assert seen == [1_020]
    assert answered(timeline, times, "POST", "/orders") == [1_200]
    assert answered(timeline, times, "DELETE", "/cancel-all") == [1_350]


def test_a_request_takes_no_time_where_none_is_stated_or_real_time_passes() -> None:
    timeline = Timeline(1_000)

    assert answered(timeline, RequestTimes(), "GET", "/time") == [1_000]
    timeline.speed = 1.0
    assert answered(timeline, RequestTimes(clob=50), "GET", "/time") == [1_000]

"""The scheduler fires the template's schedules on the replay's clock."""

from __future__ import annotations

import pytest

from local.machine.ports import is_listening
from tests.integration.lambda_host_fixtures import RunningHost

pytestmark = pytest.mark.integration


def test_a_tick_stops_the_clock_at_each_due_time_and_invokes_in_order(lambda_host: RunningHost) -> None:
    start = lambda_host.clock.now_ms

    answer = lambda_host.http.post(f"{lambda_host.host_url}/tick", json={"to_ms": start + 150_000}).json()

    assert [one["at_ms"] - start for one in answer["fired"]] == [0, 60_000, 120_000]
    assert {one["status"] for one in answer["fired"]} == {"ok"}
    assert answer["failed"] == 0
    assert lambda_host.clock.advanced_to == [start, start + 60_000, start + 120_000, start + 150_000]

    again = lambda_host.http.post(f"{lambda_host.host_url}/tick", json={"to_ms": start + 179_999}).json()

    assert again["fired"] == []


def test_what_falls_due_while_something_else_takes_its_time_is_late_and_is_not_left_out(
    lambda_host: RunningHost,
) -> None:
    start = lambda_host.clock.now_ms
    lambda_host.clock.moves_on = 70_000

    answer = lambda_host.http.post(f"{lambda_host.host_url}/tick", json={"to_ms": start + 130_000}).json()

    lambda_host.clock.moves_on = 0
    due = [one["at_ms"] for one in answer["fired"]]
    assert due == list(range(due[0], start + 130_001, 60_000))
    assert due[-1] < lambda_host.clock.advanced_to[-2]
    assert lambda_host.clock.advanced_to == sorted(lambda_host.clock.advanced_to)
    assert answer["now_ms"] == lambda_host.clock.now_ms >= start + 130_000


def test_a_tick_with_a_malformed_body_is_refused(lambda_host: RunningHost) -> None:
    response = lambda_host.http.post(f"{lambda_host.host_url}/tick", json={"to": 1})

    assert response.status_code == 422


def test_the_host_ends_its_functions_when_it_is_told_to_end(lambda_host: RunningHost) -> None:
    lambda_host.invoke("echo", {})

    lambda_host.child.stop()

    assert not lambda_host.child.is_running()
    assert not is_listening(int(lambda_host.host_url.rpartition(":")[2]))

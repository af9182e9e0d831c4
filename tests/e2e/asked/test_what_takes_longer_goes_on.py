"""A job that takes longer than its caller may wait: answered in time, gone on with, run once, and seen when it died."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.e2e.asked.hurried_fixtures import VENUE_TAKES_SECONDS, Hurried, a_key
from tests.waiting import await_true

pytestmark = pytest.mark.e2e


def venue_is_slow(hurried: Hurried, kind: str = "accept_then_timeout", **where: Any) -> None:
    hurried.desk.arm(kind, seconds=VENUE_TAKES_SECONDS, **where)


def is_running(hurried: Hurried, job_id: str) -> bool:
    return hurried.job(job_id)["state"] == "RUNNING"


def test_a_run_that_ends_in_time_is_answered_with_its_report(hurried: Hurried) -> None:
    said: list[httpx.Response] = []

    def asked_again() -> bool:
        """However busy this machine is."""
        said.append(hurried.ask("POST", "/api/lt/resolve", key=a_key()))
        hurried.ended(said[-1].headers["location"].rsplit("/", 1)[1])
        return said[-1].status_code == 200

    await_true(asked_again, "a run ends in time")

    answer = said[-1]
    assert answer.json()["ran"]
    job = hurried.ask("GET", answer.headers["location"]).json()
    assert (job["job"], job["state"], job["report"]) == ("lt-resolve", "DONE", answer.json())


def test_a_run_that_takes_longer_goes_on_and_its_report_is_found(hurried: Hurried) -> None:
    hurried.desk.signal()
    venue_is_slow(hurried, count=1)
    key = a_key()

    answer = hurried.ask("POST", "/api/lt/execute", key=key)

    said = answer.json()
    assert (answer.status_code, said["ended_at"], said["report"]) == (202, None, None)
    assert answer.headers["location"] == f"/api/jobs/{said['job_id']}"
    again = hurried.ask("POST", "/api/lt/execute", key=key)
    assert (again.status_code, again.json()["job_id"]) == (202, said["job_id"])

    ended = hurried.ended(said["job_id"])

    assert (ended["state"], ended["error"]) == ("DONE", None)
    assert sum(ended["report"]["orders"].values()) == 1
    last = hurried.ask("POST", "/api/lt/execute", key=key)
    assert (last.status_code, last.json()) == (200, ended["report"])
    assert hurried.ask("GET", "/api/jobs?limit=1").json()["jobs"] == [ended]


def test_an_event_that_comes_twice_runs_the_job_once(hurried: Hurried) -> None:
    hurried.desk.signal()
    venue_is_slow(hurried, count=1)
    job_id = hurried.ask("POST", "/api/lt/execute", key=a_key()).json()["job_id"]
    hurried.begun(job_id)
    hurried.desk.signal()

    meanwhile = hurried.hand_on(job_id)
    ended = hurried.ended(job_id)
    afterwards = hurried.hand_on(job_id)

    assert [meanwhile["ran"], afterwards["ran"]] == [False, False]
    assert hurried.job(job_id) == ended


def test_a_job_whose_process_died_shows_so_and_is_asked_for_again_under_its_key(hurried: Hurried) -> None:
    hurried.desk.signal()
    venue_is_slow(hurried, count=1)
    key = a_key()
    job_id = hurried.ask("POST", "/api/lt/execute", key=key).json()["job_id"]
    await_true(lambda: [each["state"] for each in hurried.orders()] == ["SENT"], "the order is on its way")

    hurried.kill("lt-execute")
    assert is_running(hurried, job_id)
    hurried.desk.advance(200)
    dead = hurried.job(job_id)
    again = hurried.ask("POST", "/api/lt/execute", key=key)

    assert dead["state"] == "INTERRUPTED"
    second = again.headers["location"].rsplit("/", 1)[1]
    assert second != job_id
    assert hurried.ended(second)["state"] == "DONE"
    assert hurried.job(job_id)["state"] == "INTERRUPTED"
    (order,) = hurried.orders()
    assert hurried.desk.venue_orders()[order["order_hash"]]["accepted"]


def resting(hurried: Hurried) -> dict[str, Any]:
    """An order that rests at the venue."""
    desk = hurried.desk
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.signal(price=Decimal("0.02"), shares="1000")
    hurried.run()
    (rests,) = hurried.orders()
    assert rests["state"] == "LIVE"
    return rests


def test_the_kill_switch_says_what_is_done_so_far_and_goes_on(hurried: Hurried) -> None:
    desk, rests = hurried.desk, resting(hurried)
    venue_is_slow(hurried, endpoint="DELETE /cancel-all")
    key = a_key()

    pulled = hurried.ask("POST", "/api/lt/kill-switch", {"reason": "a drill", "only_mine": True}, key=key)

    said = pulled.json()
    assert (pulled.status_code, said["entries_stopped"]) == (202, True)
    assert said["job_state"] in ("QUEUED", "RUNNING")
    in_force = {each["lock_id"] for each in hurried.ask("GET", "/api/lt/locks").json()["locks"]}
    assert set(said["lock_ids"]) <= in_force
    ended = hurried.ended(said["job_id"])
    assert ended["state"] == "DONE"
    assert "CANCEL" in str(desk.venue_orders()[rests["order_hash"]]["status"]).upper()
    desk.clear_faults()
    desk.settle()
    assert [order["state"] for order in hurried.orders()] == ["CANCELLED"]

    # What the venue did not answer is left undone, so that the same request does it again: with nothing left of it.
    again = hurried.ask("POST", "/api/lt/kill-switch", {"reason": "a drill", "only_mine": True}, key=key)

    assert ended["report"]["not_done"]
    assert again.json()["job_id"] != said["job_id"]
    assert again.json()["lock_ids"] == said["lock_ids"]


def bought(hurried: Hurried) -> None:
    desk = hurried.desk
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    desk.settle()


@pytest.mark.parametrize(
    ("kind", "endpoint"), [("accept_then_timeout", "POST /order"), ("drop_before_accept", "POST /books")]
)
def test_a_sale_by_hand_is_answered_in_time_whatever_takes_long_and_sold_once(
    hurried: Hurried, kind: str, endpoint: str
) -> None:
    bought(hurried)
    desk = hurried.desk
    path = f"/api/lt/strategies/{desk.lt_strategy_id}/positions/{desk.market['token_ids'][0]}/close"
    venue_is_slow(hurried, kind, endpoint=endpoint, count=1)
    key = a_key()

    answer = hurried.ask("POST", path, {"slippage_bound_fraction": "0.5"}, key=key)
    again = hurried.ask("POST", path, {"slippage_bound_fraction": "0.5"}, key=key)

    which = "lt_order_id" if endpoint == "POST /order" else "exit_wish_id"
    assert (answer.status_code, again.status_code) == (202, 202)
    assert answer.json()[which] == again.json()[which]
    desk.clear_faults()
    desk.let_leases_end()
    for _ in range(3):
        desk.settle()
    sales = [order for order in hurried.orders() if order["side"] == "SELL"]
    assert [order["state"] for order in sales] == ["FILLED"]


def test_a_cancel_that_the_venue_does_not_answer_in_time_is_left_to_a_run(hurried: Hurried) -> None:
    desk, rests = hurried.desk, resting(hurried)
    venue_is_slow(hurried, "drop_before_accept", endpoint="DELETE /orders")
    venue_is_slow(hurried, "drop_before_accept", endpoint="DELETE /order")

    answer = hurried.ask("POST", f"/api/lt/orders/{rests['lt_order_id']}/cancel", key=a_key())

    said = answer.json()
    assert (answer.status_code, said["cancelled"], said["followed"]) == (202, [], False)
    desk.clear_faults()
    desk.let_leases_end()
    hurried.run()
    desk.settle()
    assert [order["state"] for order in hurried.orders()] == ["CANCELLED"]
    wish = hurried.ask("GET", f"/api/lt/exit-wishes/{said['exit_wish_id']}").json()
    assert wish["state"] == "DONE"

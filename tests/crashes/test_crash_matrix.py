"""Killed anywhere between two effects and run again, everything ends as if it had never been killed.

An effect is a commit, or a request that may change something. Each point (`tests/kill_points.py`) is a process of its
own that gets SIGKILL right after one, with its own database and its own trading wallet; then the same
job runs to its end, as the next schedule would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from live_trading.nouns.money import Usd
from tests.crashes.zygote import close_position
from tests.crashes.zygote_fixtures import Zygote
from tests.e2e.live_fixtures import DeskMaker, LiveDesk
from tests.kill_points import tried

pytestmark = [pytest.mark.e2e, pytest.mark.crash_matrix]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is there before the job, which gives the job's arguments; the job; and what runs after it was killed."""

    task: str
    prepare: Callable[[LiveDesk], dict[str, Any]]
    again: Callable[[LiveDesk, dict[str, Any]], object]


def two_signals(desk: LiveDesk) -> dict[str, Any]:
    desk.signal()
    desk.signal(outcome_index=1)
    return {}


def matched_orders(desk: LiveDesk) -> dict[str, Any]:
    """One order that has matched and not settled, one that the venue refused for now."""
    desk.signal()
    desk.execute()
    desk.arm("engine_restarting", endpoint="POST /order", count=1)
    desk.signal(outcome_index=1)
    desk.execute()
    desk.advance(6)
    return {}


def unanswered_order(desk: LiveDesk) -> dict[str, Any]:
    """An order that the venue took, and whose answer was lost."""
    desk.arm("accept_then_server_error", endpoint="POST /order", count=1)
    desk.arm("order_lookup_missing", seconds=3)
    desk.signal()
    desk.execute()
    desk.advance(6)
    return {}


def held_position(desk: LiveDesk) -> dict[str, Any]:
    outcome = desk.dearer()
    desk.signal(outcome_index=outcome)
    desk.execute()
    desk.advance(10)
    desk.execute()
    return {
        "key": "by-hand",
        "lt_strategy_id": str(desk.lt_strategy_id),
        "token_id": desk.market["token_ids"][outcome],
        "shares": "10",
    }


def next_schedule(desk: LiveDesk, _: dict[str, Any]) -> object:
    return desk.execute()


def the_same_request(desk: LiveDesk, arguments: dict[str, Any]) -> object:
    return close_position(desk.parts, arguments)


SCENARIOS = {
    "execute": Scenario("execute", two_signals, next_schedule),
    "reconcile settled and waiting orders": Scenario("execute", matched_orders, next_schedule),
    "reconcile an unanswered order": Scenario("execute", unanswered_order, next_schedule),
    "close by hand": Scenario("close", held_position, the_same_request),
}


def final_state(desk: LiveDesk) -> dict[str, Any]:
    """Everything that counts, without what the passing market changes: ids, times, prices and shares of purchases."""
    desk.execute()
    desk.advance(10)
    report = desk.execute()
    assert report.failures == []
    assert [each.failures for each in report.reconciled] == [[]]
    venue = desk.venue_orders()
    return {
        "breaks": report.reconciled[0].breaks,
        "reserved": desk.balances().reserved,
        "unsettled": desk.balances().unsettled,
        "orders": desk.rows(_ORDERS),
        "settlement": desk.rows("SELECT DISTINCT status FROM fills"),
        "decisions": desk.rows("SELECT reason, count(*) FROM decisions GROUP BY reason ORDER BY reason"),
        "accepted": sorted(order["accepted"] for order in venue.values()),
    }


# How many shares a purchase gets, all it asked for or what there was, is the market's affair; what a sale gives is not.
_ORDERS = """
SELECT
    intent.side, intent.purpose, intent.attempt,
    CASE
        WHEN intent.side = 'BUY' AND intent.state = 'CANCELLED' AND sum(fill.shares) > 0 THEN 'FILLED' ELSE intent.state
    END AS state,
    CASE intent.side WHEN 'BUY' THEN intent.order_usd END AS spent,
    sum(fill.shares) FILTER (WHERE intent.side = 'SELL') AS sold, sum(fill.shares) > 0 AS is_filled
FROM lt_orders AS intent LEFT JOIN fills AS fill USING (lt_order_id)
GROUP BY intent.lt_order_id ORDER BY intent.side, intent.order_usd, intent.outcome_index
"""


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_a_run_killed_between_any_two_effects_is_finished_by_the_next(
    name: str, desks: DeskMaker, zygote: Zygote
) -> None:
    scenario = SCENARIOS[name]
    whole = patient(desks)
    arguments = scenario.prepare(whole)
    effects = zygote.run(whole, scenario.task, **arguments)
    expected = final_state(whole)
    assert (expected["breaks"], expected["reserved"], set(expected["accepted"])) == (0, Usd.zero(), {1})
    assert {row["state"] for row in expected["orders"]} == {"FILLED"}

    assert effects is not None
    for point in tried(range(effects + 1)):
        desk = patient(desks)
        arguments = scenario.prepare(desk)
        killed = zygote.run(desk, scenario.task, kill_after=point, **arguments)
        assert (killed is None) == (point <= effects), f"point {point} of {effects}"
        desk.let_leases_end()
        scenario.again(desk, arguments)
        assert final_state(desk) == expected, f"killed after effect {point} of {effects}"


def patient(desks: DeskMaker) -> LiveDesk:
    """A desk whose bound is so wide that the market's moves between two runs do not matter."""
    desk = desks.make(seconds_left=300, settle_seconds=0)
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    return desk

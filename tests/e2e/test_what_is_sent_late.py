"""What goes out later than it was decided, or twice: nothing that may rest is given up, nothing stale is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from live_trading.api.once import Caller
from live_trading.api.routes.live.kill_switch_routes import PullKillSwitch
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.store.risk import locks
from tests.e2e.live_fixtures import CAPITAL, LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.money_faults]

OPERATOR = Caller(owner_id="operator", idempotency_key="late", request_hash="0" * 64, is_admin=True)


def resting_signal(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.signal(price=Decimal("0.02"), shares="1000")


def pause(desk: LiveDesk) -> None:
    with desk.database.transaction() as transaction:
        locks.put(
            transaction,
            scope=LockScope.STRATEGY,
            scope_id=str(desk.lt_strategy_id),
            reason=LockReason.PAUSED_BY_USER,
            detail="a test",
            created_by="operator",
            now=desk.now(),
        )


def resting_and_unanswered(desk: LiveDesk) -> str:
    """An order of half a minute ago that the venue took this moment: sent by a run that was killed, and late."""
    resting_signal(desk)
    desk.arm("accept_then_timeout", endpoint="/order", count=1, seconds=0.05)
    desk.execute()
    desk.change(
        "UPDATE lt_orders SET state = 'SENT', absence_proofs = 0, last_looked_up_at = NULL, "
        "sent_at = sent_at - INTERVAL '35 seconds'"
    )
    (order,) = desk.orders()
    return str(order["order_hash"])


def the_order(desk: LiveDesk) -> dict[str, Any]:
    (order,) = desk.orders()
    return order


def test_absences_from_before_the_last_send_prove_nothing_about_it(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("drop_before_accept", endpoint="/order", count=None)
    desk.signal()
    desk.execute()
    desk.advance(35)
    desk.execute()
    lost_again = the_order(desk)
    desk.advance(35)
    desk.execute()

    assert (lost_again["state"], lost_again["sends"], lost_again["absence_proofs"]) == ("UNKNOWN", 2, 0)
    assert (the_order(desk)["state"], the_order(desk)["sends"]) == ("UNKNOWN", 3)


def test_bytes_that_the_venue_has_seen_before_are_looked_for_and_not_sent_a_third_time(desk: LiveDesk) -> None:
    resting_and_unanswered(desk)

    desk.execute()
    seen_before = the_order(desk)
    desk.advance(35)
    desk.execute()

    assert (seen_before["state"], seen_before["sends"], seen_before["absence_proofs"]) == ("UNKNOWN", 2, 0)
    assert (the_order(desk)["state"], the_order(desk)["sends"]) == ("LIVE", 2)


def test_bytes_whose_second_post_is_refused_for_good_are_not_sent_a_third_time(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("drop_before_accept", endpoint="/order", count=1)
    desk.signal()
    desk.execute()
    desk.arm("closed_only", seconds=40)
    states = []
    for _ in range(4):
        desk.advance(35)
        desk.execute()
        states.append(the_order(desk)["state"])

    assert (states, the_order(desk)["sends"]) == (["UNKNOWN"] * 3 + ["REJECTED"], 2)


def test_bytes_that_are_taken_after_two_absences_are_not_given_up_by_the_next_one(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("drop_before_accept", endpoint="/order", count=2)
    desk.signal()
    desk.execute()
    desk.advance(35)
    desk.execute()
    desk.advance(35)
    desk.arm("accept_then_timeout", endpoint="/order", count=1, seconds=0.05)
    desk.execute()
    lost = the_order(desk)
    desk.settle()

    assert (lost["state"], lost["sends"]) == ("UNKNOWN", 3)
    assert lost["absence_proofs"] <= 1
    assert (the_order(desk)["state"], the_order(desk)["sends"]) == ("FILLED", 3)


@pytest.mark.parametrize(("kind", "code"), [("balance_stale", "not_enough_balance"), ("engine_restarting", None)])
def test_a_second_post_that_is_refused_ends_nothing_that_the_first_may_have_become(
    kind: str, code: str | None, desk: LiveDesk
) -> None:
    resting_and_unanswered(desk)
    desk.arm(kind, endpoint="POST /order", count=1)

    desk.execute()
    refused = the_order(desk)
    pause(desk)
    desk.advance(35)
    desk.execute()

    assert (refused["state"], refused["sends"]) == ("UNKNOWN", 2)
    assert code is None or refused["last_refusal_code"] == code
    assert (the_order(desk)["state"], the_order(desk)["rejection_code"]) == ("LIVE", None)


def test_the_kill_switch_cancels_what_may_rest_and_never_calls_it_withdrawn(desk: LiveDesk) -> None:
    order_hash = resting_and_unanswered(desk)
    desk.arm("engine_restarting", endpoint="POST /order", count=1)
    desk.execute()
    desk.clear_faults()

    switch = desk.parts.kill_switch(f"kill-{uuid4().hex[:8]}")
    answer = switch.pull(OPERATOR, PullKillSwitch(reason="something is wrong"))
    desk.settle()

    assert (answer.body["withdrawn"], answer.body["cancelled"]) == ([], [order_hash])
    assert the_order(desk)["state"] == "CANCELLED"


def test_what_somebody_cancelled_is_not_sent_again(desk: LiveDesk) -> None:
    resting_signal(desk)
    desk.arm("drop_before_accept", endpoint="/order", count=1)
    desk.execute()
    order = the_order(desk)

    desk.parts.trading_actions("test").cancel_order(OPERATOR, order["lt_order_id"])
    for _ in range(4):
        desk.advance(35)
        desk.execute()

    assert (order["state"], the_order(desk)["state"], the_order(desk)["sends"]) == ("UNKNOWN", "REJECTED", 1)
    assert desk.balances().available == CAPITAL


def test_an_entry_that_waited_longer_than_its_signal_may_is_never_sent(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET max_signal_age_seconds = 30")
    desk.arm("engine_restarting", endpoint="/order", count=1)
    desk.signal()
    desk.execute()
    waiting = the_order(desk)["state"]
    desk.advance(31)

    desk.execute()

    order = the_order(desk)
    assert (waiting, order["state"], order["rejection_code"], order["sends"]) == (
        "INTENT",
        "REJECTED",
        "signal_too_old",
        1,
    )
    assert desk.venue_orders() == {} or not any(each["accepted"] for each in desk.venue_orders().values())
    assert desk.balances().available == CAPITAL


def test_bytes_that_may_be_lost_do_not_go_out_again_for_a_signal_that_is_too_old(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET max_signal_age_seconds = 30")
    desk.arm("drop_before_accept", endpoint="/order", count=1)
    desk.signal()
    desk.execute()

    for _ in range(4):
        desk.advance(35)
        desk.execute()

    assert (the_order(desk)["state"], the_order(desk)["sends"]) == ("REJECTED", 1)


def test_a_later_send_is_judged_again_for_liquidity_on_the_book_of_then(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("engine_restarting", endpoint="/order", count=1)
    desk.signal()
    desk.execute()
    desk.change("UPDATE lt_risk_rules SET min_liquidity_usd = 100000000")
    desk.advance(20)

    desk.execute()

    order = the_order(desk)
    assert (order["state"], order["rejection_code"], order["sends"]) == ("REJECTED", "market_moved", 1)
    assert "liquidity" in order["rejection_text"]
    assert desk.balances().available == CAPITAL


def test_a_later_send_waits_while_its_book_cannot_be_read(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("engine_restarting", endpoint="/order", count=1)
    desk.signal()
    desk.execute()
    desk.advance(20)
    desk.arm("server_error", endpoint="/books")
    desk.execute()
    without_book = the_order(desk)
    desk.clear_faults()

    desk.execute()
    desk.settle()

    assert (without_book["state"], without_book["sends"]) == ("INTENT", 1)
    assert (the_order(desk)["state"], the_order(desk)["sends"]) == ("FILLED", 2)


def test_a_refusal_for_the_tick_after_a_resume_is_planned_anew(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("engine_restarting", endpoint="/order", count=1)
    desk.signal()
    desk.execute()
    desk.advance(20)
    desk.arm("tick_changed", count=1)

    desk.execute()
    desk.settle()
    desk.settle()

    first, second = sorted(desk.orders(), key=lambda order: order["attempt"])
    assert (first["state"], first["rejection_code"], first["sends"]) == ("REJECTED", "tick_size", 2)
    assert (second["state"], second["attempt"], second["decision_id"]) == ("FILLED", 2, first["decision_id"])
    assert desk.reasons() == ["accepted"]

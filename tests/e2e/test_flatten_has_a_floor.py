"""Flattening sells for no less than a part of what was there when the lock began, and says what it did not sell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from live_trading.api.once import Answer, Caller
from live_trading.api.routes.live.kill_switch_routes import PullKillSwitch
from tests.e2e.live_fixtures import LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.money_faults]


def bought(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    desk.settle()


def pull(desk: LiveDesk) -> Answer:
    caller = Caller(owner_id="operator", idempotency_key=uuid4().hex, request_hash="0" * 64, is_admin=True)
    return desk.parts.kill_switch("kill").pull(caller, PullKillSwitch(reason="get out", flatten=True))


def fallen_far(desk: LiveDesk, fraction: str = "0.9") -> None:
    """What is held was worth nearly a dollar a share when it was last marked; the book is what it is."""
    desk.change(f"UPDATE lt_risk_rules SET flatten_floor_fraction = {fraction}")
    desk.change("UPDATE position_marks SET bid_price = 0.999")


def sales(desk: LiveDesk) -> list[dict[str, Any]]:
    return [order for order in desk.orders() if order["side"] == "SELL"]


def alerts(desk: LiveDesk) -> list[dict[str, Any]]:
    return desk.rows("SELECT severity, message, status FROM lt_alerts WHERE alert_type = 'exit_not_done'")


def test_what_would_bring_less_than_the_floor_is_kept_told_and_alerted_in_every_run(desk: LiveDesk) -> None:
    bought(desk)
    fallen_far(desk)

    answer = pull(desk)
    for _ in range(2):
        desk.advance(120)
        desk.execute()

    assert (answer.status, answer.body["sales"], sales(desk)) == (207, [], [])
    assert any("nothing is sold under 0.899" in each for each in answer.body["not_done"])
    (alert,) = alerts(desk)
    assert (alert["severity"], alert["status"]) == ("CRITICAL", "ACTIVE")
    named = (desk.trading_wallet_id, desk.lt_strategy_id, desk.market["condition_id"], desk.market["token_ids"][0])
    assert all(str(each) in alert["message"] for each in named)


def test_a_floor_that_is_lowered_lets_the_sale_go_and_ends_the_alert(desk: LiveDesk) -> None:
    bought(desk)
    fallen_far(desk)
    pull(desk)
    desk.change("UPDATE lt_risk_rules SET flatten_floor_fraction = 0.01")

    desk.execute()

    assert [order["purpose"] for order in sales(desk)] == ["FLATTEN"]
    assert [alert["status"] for alert in alerts(desk)] == ["RESOLVED"]


def test_the_alert_ends_with_the_lock(desk: LiveDesk) -> None:
    bought(desk)
    fallen_far(desk)
    pull(desk)
    desk.change("UPDATE locks SET released_at = now(), released_by = 'operator', release_kind = 'BY_HAND'")

    desk.execute()

    assert ([alert["status"] for alert in alerts(desk)], sales(desk)) == (["RESOLVED"], [])


def test_a_sale_asks_for_no_less_than_the_floor_however_wide_the_slippage_bound(desk: LiveDesk) -> None:
    bought(desk)
    desk.change("UPDATE lt_risk_rules SET flatten_floor_fraction = 0.9")

    pull(desk)

    (mark,) = desk.rows("SELECT price FROM flatten_marks")
    (sale,) = sales(desk)
    assert sale["limit_price"] >= mark["price"] * Decimal("0.9")


def test_what_was_not_marked_when_the_lock_began_is_marked_at_the_first_look(desk: LiveDesk) -> None:
    bought(desk)
    desk.change("UPDATE lt_risk_rules SET flatten_floor_fraction = 0.9")
    desk.change("DELETE FROM position_marks")

    pull(desk)

    (mark,) = desk.rows("SELECT token_id, price FROM flatten_marks")
    (sale,) = sales(desk)
    assert mark["token_id"] == desk.market["token_ids"][0]
    assert sale["limit_price"] >= mark["price"] * Decimal("0.9")

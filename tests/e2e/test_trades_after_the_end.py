"""An order that was given up and that the venue filled: its trade is booked, settled, told, and never lost."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from live_trading.nouns.money import Usd
from live_trading.nouns.orders import RejectionCode
from live_trading.orders.machine import Cause
from live_trading.services.orders.order_booking import Refusal, transition
from live_trading.store.orders import lt_orders
from local.exchange.faults.faults import FaultKind
from tests.e2e.live_fixtures import CAPITAL, LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.money_faults]


def given_up_while_the_venue_fills_it(desk: LiveDesk) -> UUID:
    """The answer to the POST is lost, and the order is believed never to have arrived."""
    desk.arm(FaultKind.ACCEPT_THEN_TIMEOUT, seconds=0.05, count=1)
    desk.signal()
    desk.execute()
    (row,) = desk.orders()
    assert row["state"] in ("UNKNOWN", "LIVE")
    with desk.database.transaction() as transaction:
        (order,) = lt_orders.locked(transaction, [row["lt_order_id"]])
        if row["state"] == "UNKNOWN":
            refusal = Refusal(code=RejectionCode.NEVER_ARRIVED, text="")
            transition(transaction, order, Cause.PROVED_ABSENT, actor="test", now=desk.now(), refusal=refusal)
        else:
            transition(transaction, order, Cause.FOUND_CANCELLED, actor="test", now=desk.now())
    assert desk.balances().available == CAPITAL
    return order.lt_order_id


def test_a_trade_that_is_listed_after_its_order_was_given_up_is_ours(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    lt_order_id = given_up_while_the_venue_fills_it(desk)

    report = desk.settle()

    assert [(each.failures, each.breaks, each.adopted) for each in report.reconciled] == [([], 0, 0)]
    balances = desk.balances()
    assert balances.reserved == Usd.zero()
    assert balances.position_cost.is_positive
    assert balances.available == CAPITAL - balances.position_cost - balances.fees
    alerts = desk.rows("SELECT * FROM lt_alerts WHERE alert_type = 'late_fill' AND status = 'ACTIVE'")
    assert [alert["subject"] for alert in alerts] == [str(lt_order_id)]
    assert desk.rows("SELECT outcome FROM lt_orders") == [{"outcome": "OPEN"}]


def test_a_trade_of_an_order_that_nobody_watches_any_more_is_booked_and_not_adopted(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    given_up_while_the_venue_fills_it(desk)
    desk.change("UPDATE lt_orders SET last_look_at = finished_at")

    report = desk.settle()

    assert [(each.breaks, each.adopted) for each in report.reconciled] == [(0, 0)]
    assert desk.balances().position_cost.is_positive
    assert desk.rows("SELECT 1 FROM external_fills") == []


def test_a_finished_order_is_looked_up_once_more_some_minutes_after_its_end(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    desk.settle()
    (early,) = desk.orders()
    desk.advance(301)
    desk.execute()
    (late,) = desk.orders()

    assert (early["state"], early["last_look_at"]) == ("FILLED", None)
    assert late["last_look_at"] is not None
    assert (late["answer_status"], late["answer_trade_ids"] != []) == ("matched", True)
    assert desk.rows("SELECT 1 FROM lt_alerts WHERE alert_type <> 'health'") == []


def test_a_resting_order_whose_answer_is_lost_and_whose_look_up_finds_nothing_is_known_by_the_open_orders(
    desk: LiveDesk,
) -> None:
    desk.change("UPDATE lt_strategies SET order_type = 'GTC', slippage_bound_fraction = 0")
    desk.arm(FaultKind.ACCEPT_THEN_TIMEOUT, seconds=0.05, count=1)
    desk.arm(FaultKind.ORDER_LOOKUP_MISSING, seconds=3600)
    desk.signal(price=Decimal("0.02"), shares="1000")
    desk.execute()
    (before,) = desk.orders()
    desk.advance(35)
    desk.execute()
    (after,) = desk.orders()

    assert (before["state"], after["state"], after["absence_proofs"]) == ("UNKNOWN", "LIVE", 0)

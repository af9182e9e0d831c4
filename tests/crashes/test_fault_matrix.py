"""Every fault of the venue, on every order type, at every stage: nothing is lost, nothing is doubled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live_trading.api.once import Caller
from live_trading.api.routes.live.trading_routes import ClosePosition
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderType
from local.exchange.faults.faults import ENDS_BY_CLOCK, FaultKind
from tests.e2e.live_fixtures import CAPITAL, DeskMaker, LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.fault_matrix]

ENTRY_TYPES = (OrderType.FAK, OrderType.FOK, OrderType.GTD)
# What an answer held back costs in real seconds.
_HELD = 0.05
# Faults that the venue's own words say are the wallet's: its entries are locked for an hour.
STOPPING = frozenset(
    {
        FaultKind.CLOSED_ONLY,
        FaultKind.ADDRESS_BANNED,
        FaultKind.DEPOSIT_WALLET_REQUIRED,
        FaultKind.API_KEY_UNKNOWN,
        FaultKind.GEOBLOCKED,
    }
)
RELEASE_BY_HAND = """
UPDATE locks SET released_at = now(), released_by = 'operator', release_kind = 'BY_HAND' WHERE released_at IS NULL
"""
FOLLOWING = ("GET /data/order", "GET /data/orders", "GET /data/trades")
FOLLOWING_FAULTS = (FaultKind.SERVER_ERROR, FaultKind.RATE_LIMITED, FaultKind.API_KEY_UNKNOWN)


def arm(desk: LiveDesk, kind: FaultKind, *, endpoint: str | None = None) -> None:
    details: dict[str, Any] = {}
    if kind in ENDS_BY_CLOCK:
        details["seconds"] = 5
    elif kind in (FaultKind.ACCEPT_THEN_TIMEOUT, FaultKind.DROP_BEFORE_ACCEPT):
        details |= {"seconds": _HELD, "count": 1}
    elif kind in (FaultKind.DELAYED, FaultKind.SETTLEMENT_RETRYING, FaultKind.FEED_DELAY):
        details |= {"seconds": 3, "count": 1}
    else:
        details["count"] = 1
    if endpoint is not None:
        details["endpoint"] = endpoint
    desk.arm(kind, **details)


def patient(desks: DeskMaker) -> LiveDesk:
    desk = desks.make(seconds_left=420, settle_seconds=0)
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    return desk


def until_settled(desk: LiveDesk) -> None:
    """Runs as the schedule would, until every order has ended and every fill has settled."""
    desk.clear_faults()
    for _ in range(6):
        desk.advance(33)
        desk.execute()
        open_orders = desk.rows("SELECT 1 FROM lt_orders WHERE finished_at IS NULL")
        unsettled = desk.rows("SELECT 1 FROM fills WHERE status NOT IN ('CONFIRMED', 'FAILED')")
        if not open_orders and not unsettled:
            return
    pytest.fail(f"still open: {desk.rows('SELECT state, order_type FROM lt_orders')}")


def assert_whole(desk: LiveDesk, *, signals: int) -> None:
    """Each signal has at most one order at the venue, all reservations have ended, and the three agree."""
    venue = desk.venue_orders()
    assert all(order["accepted"] <= 1 for order in venue.values())
    placed = [each["source_trade_id"] for each in desk.rows(_PLACED)]
    assert len(placed) == len(set(placed)) <= signals
    balances = desk.balances()
    assert (balances.reserved, balances.unsettled) == (Usd.zero(), Usd.zero())
    assert balances.equity == CAPITAL + balances.net_pnl
    report = desk.execute()
    assert [each.failures for each in report.reconciled] == [[]]
    assert [each.breaks for each in report.reconciled] == [0]


_PLACED = "SELECT source_trade_id FROM lt_orders WHERE state <> 'REJECTED' AND source_trade_id IS NOT NULL"


@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_fault_of_the_post_or_after_it_costs_at_most_the_signal(kind: FaultKind, desks: DeskMaker) -> None:
    desk = patient(desks)
    for order_type in ENTRY_TYPES:
        desk.change(f"UPDATE lt_strategies SET order_type = '{order_type}'")
        desk.signal()
        arm(desk, kind)
        desk.execute()
        desk.advance(6)
        desk.clear_faults()
        if kind in STOPPING:
            desk.change(RELEASE_BY_HAND)
    until_settled(desk)

    assert_whole(desk, signals=len(ENTRY_TYPES))
    assert len(desk.reasons()) == len(ENTRY_TYPES)
    assert desk.rows("SELECT 1 FROM locks WHERE released_at IS NULL") == []


@pytest.mark.parametrize("endpoint", FOLLOWING)
@pytest.mark.parametrize("kind", FOLLOWING_FAULTS)
def test_a_fault_while_orders_are_followed_is_made_good_by_the_next_run(
    kind: FaultKind, endpoint: str, desks: DeskMaker
) -> None:
    desk = patient(desks)
    desk.signal()
    arm(desk, kind, endpoint=endpoint)

    desk.execute()
    until_settled(desk)

    assert_whole(desk, signals=1)
    assert desk.rows("SELECT DISTINCT state FROM lt_orders") == [{"state": "FILLED"}]


@pytest.mark.parametrize("order_type", [OrderType.FAK, OrderType.FOK])
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.ACCEPT_THEN_SERVER_ERROR,
        FaultKind.ACCEPT_THEN_GARBAGE,
        FaultKind.DROP_BEFORE_ACCEPT,
        FaultKind.ENGINE_RESTARTING,
        FaultKind.RATE_LIMITED,
        FaultKind.SETTLEMENT_FAILURE,
        FaultKind.DELAYED,
    ],
)
def test_a_fault_of_a_sale_never_sells_twice(kind: FaultKind, order_type: OrderType, desks: DeskMaker) -> None:
    desk = patient(desks)
    outcome = desk.dearer()
    desk.signal(outcome_index=outcome)
    desk.execute()
    desk.advance(10)
    desk.execute()
    (held,) = desk.rows("SELECT shares FROM positions")
    arm(desk, kind, endpoint="POST /order" if kind is FaultKind.RATE_LIMITED else None)

    close(desk, order_type, outcome)
    until_settled(desk)

    assert_whole(desk, signals=1)
    (left,) = desk.rows("SELECT shares FROM positions")
    assert held["shares"] - left["shares"] in (Decimal(0), Decimal(10))


def close(desk: LiveDesk, order_type: OrderType, outcome: int) -> None:
    caller = Caller(owner_id="operator", idempotency_key=None, request_hash="0" * 64)
    body = ClosePosition(shares=Decimal(10), order_type=order_type)
    desk.parts.trading_actions("fault").close_position(
        caller, desk.lt_strategy_id, desk.market["token_ids"][outcome], body
    )


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.ENGINE_RESTARTING, FaultKind.RATE_LIMITED])
def test_a_fault_of_a_cancel_leaves_an_order_that_still_ends(kind: FaultKind, desks: DeskMaker) -> None:
    desk = patient(desks)
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.signal(price=Decimal("0.02"), shares="1000")
    desk.execute()
    arm(desk, kind, endpoint="DELETE /orders")

    actions = desk.parts.trading_actions("fault")
    caller = Caller(owner_id="operator", idempotency_key=None, request_hash="0" * 64)
    failed = actions.cancel_strategy(caller, desk.lt_strategy_id)
    until_settled(desk)

    assert failed.body["not_done"] != []
    assert_whole(desk, signals=1)

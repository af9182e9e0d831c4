"""Arming, striking and ending of faults."""

from __future__ import annotations

import pytest

from local.exchange.faults.faults import FaultKind, Faults
from local.exchange.tape.timeline import Timeline


def faults_at(start_ms: int = 0) -> tuple[Faults, Timeline]:
    timeline = Timeline(start_ms)
    return Faults(timeline.now_ms), timeline


def test_a_counted_fault_strikes_so_often_and_no_more() -> None:
    faults, _ = faults_at()
    faults.arm(FaultKind.SERVER_ERROR, count=2)

    struck = [faults.take(FaultKind.SERVER_ERROR, "GET", "/book") is not None for _ in range(3)]

    assert struck == [True, True, False]
    assert faults.active() == ()


def test_an_uncounted_fault_strikes_until_it_is_cleared() -> None:
    faults, _ = faults_at()
    faults.arm(FaultKind.GEOBLOCKED)

    assert all(faults.take(FaultKind.GEOBLOCKED) for _ in range(5))
    assert faults.clear(FaultKind.GEOBLOCKED) == 1
    assert faults.take(FaultKind.GEOBLOCKED) is None


@pytest.mark.parametrize(
    ("endpoint", "method", "path", "strikes"),
    [
        ("/order", "POST", "/order", True),
        ("/order", "DELETE", "/order", True),
        ("/order", "POST", "/orders", False),
        ("POST /order", "DELETE", "/order", False),
        ("/data/order", "GET", "/data/order/0xabc", True),
        ("/data/order", "GET", "/data/orders", False),
        ("/", "GET", "/book", True),
    ],
)
def test_an_endpoint_covers_itself_and_what_is_below_it(endpoint: str, method: str, path: str, strikes: bool) -> None:
    faults, _ = faults_at()
    faults.arm(FaultKind.SERVER_ERROR, endpoint=endpoint)

    assert (faults.find(FaultKind.SERVER_ERROR, method, path) is not None) is strikes


def test_a_restart_without_an_endpoint_strikes_order_endpoints_only() -> None:
    faults, _ = faults_at()
    faults.arm(FaultKind.ENGINE_RESTARTING)

    assert faults.find(FaultKind.ENGINE_RESTARTING, "POST", "/order")
    assert faults.find(FaultKind.ENGINE_RESTARTING, "DELETE", "/cancel-all")
    assert not faults.find(FaultKind.ENGINE_RESTARTING, "GET", "/book")


def test_a_mode_ends_with_its_seconds_on_the_venues_clock() -> None:
    faults, timeline = faults_at()
    faults.arm(FaultKind.ENGINE_RESTARTING, seconds=90)

    timeline.advance_to(89_999)
    assert faults.find(FaultKind.ENGINE_RESTARTING)
    timeline.advance_to(90_000)
    assert not faults.find(FaultKind.ENGINE_RESTARTING)


def test_the_seconds_of_a_delay_do_not_end_it() -> None:
    faults, timeline = faults_at()
    faults.arm(FaultKind.DELAYED, seconds=3)

    timeline.advance_to(60_000)

    assert faults.find(FaultKind.DELAYED)


def test_clearing_one_kind_leaves_the_others() -> None:
    faults, _ = faults_at()
    faults.arm(FaultKind.DELAYED)
    faults.arm(FaultKind.CANCEL_ONLY)

    faults.clear(FaultKind.DELAYED)

    assert [fault.kind for fault in faults.active()] == [FaultKind.CANCEL_ONLY]


def test_a_fault_that_could_never_strike_is_not_armed() -> None:
    faults, _ = faults_at()

    with pytest.raises(ValueError, match="at least once"):
        faults.arm(FaultKind.DELAYED, count=0)
    with pytest.raises(ValueError, match="not negative"):
        faults.arm(FaultKind.DELAYED, seconds=-1)

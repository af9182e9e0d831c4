"""Each refusal of the venue has one next step, and no step can make two orders of one signal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_trading.nouns.locks import LockReason
from live_trading.nouns.orders import RejectionCode
from live_trading.orders.refusals import (
    DEFAULT_WAIT,
    LONGEST_WAIT,
    NextStep,
    lock_reason,
    next_step,
    not_before,
    spender_named,
)
from tests.builders import NOON

ADAPTER = "0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296"


def step(code: RejectionCode, *, may_try_again: bool = False, sends: int = 1, attempt: int = 1) -> NextStep:
    return next_step(code, may_try_again=may_try_again, sends=sends, attempt=attempt)


@pytest.mark.parametrize("code", list(RejectionCode))
def test_every_code_has_a_step(code: RejectionCode) -> None:
    assert step(code) in NextStep


@pytest.mark.parametrize(
    "code",
    [
        RejectionCode.ENGINE_RESTARTING,
        RejectionCode.POST_ONLY_MODE,
        RejectionCode.CANCEL_ONLY,
        RejectionCode.TRADING_DISABLED,
        RejectionCode.RATE_LIMITED,
        RejectionCode.MARKET_NOT_READY,
        RejectionCode.NOT_PLACED,
    ],
)
def test_a_venue_that_takes_no_orders_now_gets_the_same_bytes_later(code: RejectionCode) -> None:
    assert step(code) is NextStep.SEND_LATER


@pytest.mark.parametrize(
    "code",
    [
        RejectionCode.CLOSED_ONLY,
        RejectionCode.ADDRESS_BANNED,
        RejectionCode.MAKER_NOT_ALLOWED,
        RejectionCode.SIGNER_MISMATCH,
        RejectionCode.UNAUTHORIZED,
        RejectionCode.GEOBLOCKED,
        RejectionCode.VERSION_MISMATCH,
    ],
)
def test_a_refusal_of_the_wallet_itself_stops_its_entries(code: RejectionCode) -> None:
    assert step(code) is NextStep.STOP_WALLET
    assert lock_reason(code) in LockReason


def test_a_stale_balance_is_refreshed_once_and_then_believed() -> None:
    assert step(RejectionCode.NOT_ENOUGH_BALANCE, sends=1) is NextStep.REFRESH
    assert step(RejectionCode.NOT_ENOUGH_BALANCE, sends=2) is NextStep.GIVE_UP


def test_a_changed_grid_is_planned_for_once_more_and_not_again() -> None:
    assert step(RejectionCode.TICK_SIZE, attempt=1) is NextStep.PLAN_AGAIN
    assert step(RejectionCode.TICK_SIZE, attempt=2) is NextStep.GIVE_UP


def test_a_firewall_is_no_verdict_on_the_order() -> None:
    assert step(RejectionCode.UNRECOGNISED, may_try_again=True) is NextStep.SEND_LATER
    assert step(RejectionCode.UNRECOGNISED) is NextStep.GIVE_UP


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (None, DEFAULT_WAIT),
        (2.5, timedelta(seconds=2.5)),
        (0, timedelta(0)),
        (-3, timedelta(0)),
        (86_400, LONGEST_WAIT),
    ],
)
def test_the_wait_is_the_venues_within_bounds(asked: float | None, wait: timedelta) -> None:
    assert not_before(NOON, asked) == NOON + wait


@pytest.mark.parametrize(
    ("text", "spender"),
    [
        (
            f"not enough balance / allowance: the allowance is not enough -> spender: {ADAPTER}, allowance: 0, order",
            ADAPTER.lower(),
        ),
        ("not enough balance / allowance: the balance is not enough -> balance: 1, order amount: 2", None),
        ("not enough balance / allowance", None),
        ("spender: 0xd91E80cF", None),
        ("spender: 0xd91E80cF2E7be2e162c6513ceD06f1dD0dA3529600", None),
    ],
    ids=["the allowance", "the balance", "bare", "too short", "too long"],
)
def test_the_spender_is_read_from_the_refusal(text: str, spender: str | None) -> None:
    assert spender_named(text) == spender

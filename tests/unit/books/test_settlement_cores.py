"""The pure cores of settlement: the machine is closed, proofs take no payment that is too small, parts sum up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.alerts import Severity
from live_trading.nouns.markets import PayoutVector, ResolutionState
from live_trading.nouns.money import Shares, Usd, total_usd
from live_trading.nouns.wallets import Outcome
from live_trading.settlement.following import NextStep, Sighting, next_step
from live_trading.settlement.machine import (
    FINISHED,
    IN_FLIGHT,
    TRANSITIONS,
    Cause,
    IllegalTransition,
    RedemptionState,
    next_state,
)
from live_trading.settlement.merges import allotted
from live_trading.settlement.outcomes import Departure, Entry, ended, shared_out
from live_trading.settlement.preflight import (
    FailureCode,
    NothingOwed,
    Ready,
    RedemptionFacts,
    Refused,
    TokensGone,
    after_dry_run,
    before_redeeming,
)
from live_trading.settlement.proof import Claim, Verdict, payout_of, surplus_of, verdicts
from live_trading.settlement.waiting import hint_at, urgency

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
WON = PayoutVector(condition_id="0x" + "c0" * 32, numerators=(1, 0), denominator=1)
TEN, NONE = (Shares(10), Shares(0)), (Shares(0), Shares(0))
SHARES = st.integers(min_value=0, max_value=10**12).map(Shares.of_base_units)


def test_finished_redemptions_move_only_with_the_block_that_paid_them() -> None:
    for state in FINISHED:
        for cause in set(Cause) - {Cause.TAKEN_BACK}:
            with pytest.raises(IllegalTransition):
                next_state(state, cause)


def test_every_state_is_reached_and_left_for_a_finished_one() -> None:
    reached, frontier = {RedemptionState.DUE}, {RedemptionState.DUE}
    while frontier:
        frontier = {to for (state, _), to in TRANSITIONS.items() if state in frontier} - reached
        reached |= frontier
    assert reached == set(RedemptionState)
    ending = set(FINISHED)
    while grown := {state for (state, _), to in TRANSITIONS.items() if to in ending} - ending:
        ending |= grown
    assert ending == set(RedemptionState)


def test_nothing_is_signed_while_something_signed_may_be_mined() -> None:
    assert all((state, Cause.SIGNED) not in TRANSITIONS for state in IN_FLIGHT)


def test_only_a_confirmed_transaction_books_money() -> None:
    assert {state for (state, cause) in TRANSITIONS if cause is Cause.PAID} == {RedemptionState.CONFIRMED}


def facts(**changes: object) -> RedemptionFacts:
    values: dict[str, object] = {
        "vector": WON,
        "expected": Usd(10),
        "held": TEN,
        "on_chain": TEN,
        "is_kind_proven": True,
        "operator": "0xada",
        "is_approved": True,
    }
    return RedemptionFacts(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"vector": None}, FailureCode.NOT_RESOLVED),
        ({"on_chain": (Shares(9), Shares(0))}, FailureCode.TOKENS_MISSING),
        ({"is_kind_proven": False}, FailureCode.KIND_UNPROVEN),
        ({"is_approved": False}, FailureCode.APPROVAL_MISSING),
    ],
)
def test_what_is_in_the_way_has_its_own_code(changes: dict[str, object], code: FailureCode) -> None:
    refused = before_redeeming(facts(**changes))

    assert isinstance(refused, Refused)
    assert refused.code is code


def test_gone_tokens_and_losers_are_never_signed_for() -> None:
    assert isinstance(before_redeeming(facts(on_chain=NONE)), TokensGone)
    assert isinstance(before_redeeming(facts(expected=Usd(0))), NothingOwed)


def test_more_tokens_than_the_ledger_knows_are_all_owed() -> None:
    assert before_redeeming(facts(on_chain=(Shares(11), Shares(0)))) == Ready(owed=Usd(11))


def test_what_one_transaction_pays_above_all_that_is_owed_is_its_surplus_once() -> None:
    both = [claim(), claim(given=(Shares(5), Shares(0)), held=(Shares(5), Shares(0)), owed_for_given=Usd(5))]

    assert verdicts(both, Usd("15.000001")) == [Verdict.PAID, Verdict.PAID]
    assert surplus_of(both, Usd("15.000001")) == Usd("0.000001")
    assert verdicts(both, Usd("14.999999")) == [Verdict.PAID_OTHERWISE, Verdict.PAID_OTHERWISE]
    assert surplus_of(both, Usd("14.999999")) == Usd(0)


def test_a_dry_run_must_pay_at_least_what_is_owed() -> None:
    ready = Ready(owed=Usd(10))

    assert after_dry_run(ready, Usd(10)) is ready
    assert after_dry_run(ready, Usd("10.000001")) is ready
    assert isinstance(after_dry_run(ready, Usd("9.999999")), Refused)
    assert after_dry_run(ready, None) is ready
    assert isinstance(after_dry_run(ready, Usd(0)), Refused)


def claim(**changes: object) -> Claim:
    values: dict[str, object] = {"held": TEN, "given": TEN, "left": NONE, "owed_for_given": Usd(10)}
    return Claim(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "received", "verdict"),
    [
        (claim(), Usd(10), Verdict.PAID),
        (claim(), Usd("9.999999"), Verdict.PAID_OTHERWISE),
        (claim(), Usd("10.000001"), Verdict.PAID),
        (claim(given=NONE, left=TEN, owed_for_given=Usd(0)), Usd(0), Verdict.PAID_NOTHING),
        (claim(given=NONE, owed_for_given=Usd(0)), Usd(0), Verdict.GONE_BEFORE),
        (claim(given=(Shares(9), Shares(0)), owed_for_given=Usd(9)), Usd(9), Verdict.PAID_OTHERWISE),
    ],
)
def test_only_the_whole_holding_for_at_least_its_payment_is_paid(seen: Claim, received: Usd, verdict: Verdict) -> None:
    assert verdicts([seen], received) == [verdict]


def test_a_payout_is_rounded_down_outcome_by_outcome() -> None:
    thirds = PayoutVector(condition_id=WON.condition_id, numerators=(1, 2), denominator=3)

    assert payout_of(thirds, (Shares("0.000001"), Shares("0.000001"))) == Usd(0)
    assert payout_of(thirds, (Shares(1), Shares(1))) == Usd("0.999999")


def step(state: RedemptionState, confirmations: int | None, *, age: int = 0, dead: str | None = None) -> NextStep:
    return next_step(
        state,
        Sighting(confirmations=confirmations, dead=dead),
        needed=10,
        signed_at=NOON,
        now=NOON + timedelta(seconds=age),
        patience=timedelta(seconds=180),
    )


def test_a_signed_transaction_goes_out_is_outbid_and_waits_for_its_depth() -> None:
    assert step(RedemptionState.PREPARED, None) is NextStep.SEND
    assert step(RedemptionState.BROADCAST, None, age=179) is NextStep.SEND_AGAIN
    assert step(RedemptionState.BROADCAST, None, age=180) is NextStep.OUTBID
    assert step(RedemptionState.BROADCAST, 1) is NextStep.NOTE_MINED
    assert step(RedemptionState.MINED, 9) is NextStep.WAIT
    assert step(RedemptionState.MINED, 10) is NextStep.CONFIRM
    assert step(RedemptionState.BROADCAST, None, dead="refused") is NextStep.BURY


def test_a_block_that_is_gone_takes_its_transaction_back() -> None:
    assert step(RedemptionState.MINED, None) is NextStep.NOTE_REORG
    assert step(RedemptionState.CONFIRMED, None) is NextStep.NOTE_REORG
    assert step(RedemptionState.CONFIRMED, 2) is NextStep.NOTE_REORG


@given(
    total=st.integers(min_value=-(10**12), max_value=10**12).map(Usd.of_base_units),
    weights=st.lists(SHARES, min_size=1),
)
def test_shared_out_parts_sum_to_the_whole(total: Usd, weights: list[Shares]) -> None:
    assert total_usd(shared_out(total, weights)) == total


@given(
    bought=st.lists(st.tuples(SHARES, SHARES, SHARES), min_size=1, max_size=6),
    proceeds=SHARES,
    fee=SHARES,
    payout=SHARES,
)
def test_profits_of_orders_sum_to_what_came_in_less_what_went_out(
    bought: list[tuple[Shares, Shares, Shares]], proceeds: Shares, fee: Shares, payout: Shares
) -> None:
    entries = [
        Entry(lt_order_id=UUID(int=number), shares=shares, cost=Usd(cost.value), fee=Usd(paid.value))
        for number, (shares, cost, paid) in enumerate(bought)
    ]
    left = Departure(shares=Shares(0), proceeds=Usd(proceeds.value), fee=Usd(fee.value))

    profits = total_usd([each.pnl for each in ended(entries, left, Usd(payout.value), Outcome.WON)])

    spent = sum((entry.cost.value + entry.fee.value for entry in entries), Decimal(0))
    assert profits == Usd(proceeds.value - fee.value + payout.value - spent)


def test_merged_pairs_are_handed_out_whole_or_not_at_all_and_by_age_and_not_by_id() -> None:
    first, second = UUID(int=1), UUID(int=2)

    assert allotted({second: Shares(3), first: Shares(2)}, Shares(4)) == {second: Shares(3), first: Shares(1)}
    assert allotted({first: Shares(2)}, Shares(3)) is None


def test_a_market_whose_end_has_passed_has_ended_whatever_its_catalogue_says() -> None:
    assert hint_at(ResolutionState.OPEN, NOON, NOON) is ResolutionState.ENDED
    assert hint_at(ResolutionState.OPEN, None, NOON) is ResolutionState.OPEN
    assert hint_at(ResolutionState.PROPOSED, NOON, NOON) is ResolutionState.PROPOSED


def test_waiting_becomes_urgent_by_state_and_age() -> None:
    assert urgency(ResolutionState.OPEN, NOON, NOON + timedelta(days=99)) is None
    assert urgency(ResolutionState.ENDED, NOON, NOON + timedelta(hours=23)) is None
    assert urgency(ResolutionState.ENDED, NOON, NOON + timedelta(hours=24)) is Severity.WARNING
    assert urgency(ResolutionState.DISPUTED, NOON, NOON + timedelta(days=7)) is Severity.CRITICAL

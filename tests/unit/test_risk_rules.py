"""Each limit at, just under and just over; a limit of None is off, and nothing is counted twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Usd
from live_trading.risk.gate import check_entry
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict
from tests.builders import a_risk_snapshot, risk_rules

HAIR = Decimal("0.000001")


def judged(limits: dict[str, Any], reservation: Usd, **state: Any) -> dict[RuleName, RuleResult]:
    return {result.rule: result for result in check_entry(risk_rules(**limits), a_risk_snapshot(**state), reservation)}


# The rule, its limits, the state, and the largest reservation that passes.
ROOM: list[tuple[RuleName, dict[str, Any], dict[str, Any], str]] = [
    (RuleName.CASH, {}, {"available": Usd(80)}, "80"),
    (RuleName.DAILY_BUDGET, {"daily_budget_usd": Usd(100)}, {"spent_today": Usd(30)}, "70"),
    (RuleName.DAILY_BUDGET, {"daily_budget_fraction": Decimal("0.05")}, {"day_start_equity": Usd(2000)}, "100"),
    (RuleName.WEEKLY_BUDGET, {"weekly_budget_usd": Usd(300)}, {"spent_this_week": Usd(250)}, "50"),
    (RuleName.WEEKLY_BUDGET, {"weekly_budget_fraction": Decimal("0.2")}, {"week_start_equity": Usd(400)}, "80"),
    (RuleName.MONTHLY_BUDGET, {"monthly_budget_usd": Usd(900)}, {"spent_this_month": Usd(899)}, "1"),
    (RuleName.MONTHLY_BUDGET, {"monthly_budget_fraction": Decimal(1)}, {"month_start_equity": Usd(60)}, "60"),
    (RuleName.POSITION_SIZE, {"max_position_usd": Usd(50)}, {"position_usd": Usd(20)}, "30"),
    (RuleName.POSITION_SIZE, {"max_position_fraction": Decimal("0.1")}, {"equity": Usd(500)}, "50"),
    (RuleName.TOTAL_EXPOSURE, {"max_total_exposure_usd": Usd(200)}, {"exposure": Usd(150)}, "50"),
    (RuleName.TOTAL_EXPOSURE, {"max_total_exposure_fraction": Decimal("0.5")}, {"exposure": Usd(400)}, "100"),
]


@pytest.mark.parametrize(("rule", "limits", "state", "room"), ROOM)
def test_a_reservation_passes_up_to_the_limit_and_not_a_hair_over(
    rule: RuleName, limits: dict[str, Any], state: dict[str, Any], room: str
) -> None:
    at, over = Usd(room), Usd(Decimal(room) + HAIR)

    assert judged(limits, Usd(at.value - HAIR), **state)[rule].verdict is RuleVerdict.PASS
    assert judged(limits, at, **state)[rule].verdict is RuleVerdict.PASS
    refused = judged(limits, over, **state)[rule]
    assert (refused.verdict, refused.shrink_to) == (RuleVerdict.SHRINK, at)


@pytest.mark.parametrize(("rule", "limits", "state", "room"), ROOM)
def test_what_a_rule_would_shrink_to_passes_that_rule(
    rule: RuleName, limits: dict[str, Any], state: dict[str, Any], room: str
) -> None:
    shrunk = judged(limits, Usd(Decimal(room) * 2), **state)[rule].shrink_to

    assert shrunk is not None
    assert judged(limits, shrunk, **state)[rule].verdict is RuleVerdict.PASS


def test_a_limit_that_is_used_up_rejects() -> None:
    used_up = judged({"daily_budget_usd": Usd(100)}, Usd(1), spent_today=Usd(100))[RuleName.DAILY_BUDGET]

    assert (used_up.verdict, used_up.shrink_to) == (RuleVerdict.REJECT, None)


@pytest.mark.parametrize(
    ("held", "open_positions", "verdict"),
    [(False, 2, RuleVerdict.PASS), (False, 3, RuleVerdict.REJECT), (True, 3, RuleVerdict.PASS)],
)
def test_adding_to_a_position_opens_no_further_one(held: bool, open_positions: int, verdict: RuleVerdict) -> None:
    found = judged({"max_concurrent_positions": 3}, Usd(10), holds_this_position=held, open_positions=open_positions)

    assert found[RuleName.CONCURRENT_POSITIONS].verdict is verdict


def test_a_rule_that_is_off_is_not_there_and_has_no_hidden_default() -> None:
    assert set(judged({}, Usd(999))) == {RuleName.CASH}


def test_of_two_limits_of_one_rule_the_smaller_one_counts() -> None:
    limits = {"daily_budget_usd": Usd(100), "daily_budget_fraction": Decimal("0.05")}

    assert judged(limits, Usd(50))[RuleName.DAILY_BUDGET].verdict is RuleVerdict.PASS
    assert judged(limits, Usd(51))[RuleName.DAILY_BUDGET].limit == "50.000000"


def test_a_percentage_given_as_a_fraction_is_a_hundredth_and_not_the_whole() -> None:
    assert judged({"max_position_fraction": Decimal("0.05")}, Usd(51))[RuleName.POSITION_SIZE].limit == "50.000000"


def test_profits_can_be_deployed_because_a_fraction_is_of_equity_and_not_of_the_first_capital() -> None:
    grown = judged({"max_total_exposure_fraction": Decimal("0.5")}, Usd(900), equity=Usd(2000), available=Usd(2000))

    assert grown[RuleName.TOTAL_EXPOSURE].verdict is RuleVerdict.PASS


@given(
    reservation=st.decimals(min_value="0.01", max_value="3000", places=2),
    spent=st.decimals(min_value=0, max_value="2000", places=2),
    budget=st.decimals(min_value=1, max_value="2000", places=2),
)
def test_a_reservation_is_counted_once_in_what_a_rule_observes(
    reservation: Decimal, spent: Decimal, budget: Decimal
) -> None:
    found = judged({"daily_budget_usd": Usd(budget)}, Usd(reservation), spent_today=Usd(spent))[RuleName.DAILY_BUDGET]

    assert Decimal(found.observed) == spent + reservation
    assert (found.verdict is RuleVerdict.PASS) == (spent + reservation <= budget)

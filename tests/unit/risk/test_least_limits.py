"""What would have let an entry pass a rule: the limit that is named does, and one tighter by a step does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.decisions import LeastChange, NoChange
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.explaining.least_limits import least_limit
from live_trading.risk.gate import check_entry
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict
from tests.builders import a_proposal, a_risk_snapshot, a_standing, risk_rules

pytestmark = pytest.mark.risk

STEP, ONE = Decimal("0.000001"), Decimal(1)
# The limits that refuse, what else is so, and by how much a tighter limit would refuse again.
REFUSED: dict[RuleName, tuple[dict[str, Any], dict[str, Any], Decimal]] = {
    RuleName.DAILY_BUDGET: ({"daily_budget_usd": Usd(40)}, {"spent_today": Usd(30)}, -STEP),
    RuleName.WEEKLY_BUDGET: ({"weekly_budget_fraction": Decimal("0.01")}, {}, -STEP),
    RuleName.MONTHLY_BUDGET: ({"monthly_budget_usd": Usd(20)}, {}, -STEP),
    RuleName.DAILY_LOSS: ({"daily_loss_limit_usd": Usd(30)}, {"profit_today": Usd("-30.5")}, -STEP),
    RuleName.WEEKLY_LOSS: ({"weekly_loss_limit_usd": Usd(30)}, {"profit_this_week": Usd(-30)}, -STEP),
    RuleName.ORDER_SIZE: ({"max_order_usd": Usd(20)}, {}, -STEP),
    RuleName.POSITION_SIZE: ({"max_position_usd": Usd(50)}, {"position_usd": Usd(40)}, -STEP),
    RuleName.TOTAL_EXPOSURE: ({"max_total_exposure_usd": Usd(20)}, {}, -STEP),
    RuleName.MARKET_EXPOSURE: ({"max_market_exposure_usd": Usd(20)}, {}, -STEP),
    RuleName.EVENT_EXPOSURE: ({"max_event_exposure_usd": Usd(20)}, {}, -STEP),
    RuleName.TRADER_EXPOSURE: ({"max_trader_exposure_usd": Usd(20)}, {}, -STEP),
    RuleName.WALLET_EXPOSURE: ({"max_wallet_exposure_usd": Usd(20)}, {}, -STEP),
    RuleName.WALLET_MARKET_EXPOSURE: ({"max_wallet_market_exposure_usd": Usd(20)}, {}, -STEP),
    RuleName.CONCURRENT_POSITIONS: ({"max_concurrent_positions": 2}, {"open_positions": 4}, -ONE),
    RuleName.POSITIONS_PER_MARKET: ({"max_positions_per_market": 1}, {"positions_in_market": 1}, -ONE),
    RuleName.CONSECUTIVE_LOSSES: (
        {"max_consecutive_losses": 3}, {"standing": a_standing(loss_run=3)}, -ONE,
    ),
    RuleName.BREAKER_ERROR_RATE: (
        {"breaker_error_rate_fraction": Decimal("0.2")}, {"standing": a_standing(failed_fraction=Decimal("0.2"))},
        -STEP,
    ),
    RuleName.BREAKER_FEED_LAG: ({"breaker_feed_lag_seconds": 30}, {"standing": a_standing(feed_lag_seconds=31)}, -ONE),
    RuleName.SPREAD: ({"max_spread_fraction": Decimal("0.01")}, {}, -STEP),
    RuleName.SLIPPAGE: ({"max_slippage_fraction": Decimal("0.01")}, {}, -STEP),
    RuleName.DECISION_AGE: ({"max_decision_age_milliseconds": 100}, {}, -ONE),
    RuleName.VENUE_LATENCY: ({"max_venue_latency_milliseconds": 50}, {}, -ONE),
    RuleName.STAKE_TO_MEDIAN: ({"max_stake_to_median_multiple": Decimal("0.3")}, {"median_stake": Usd(30)}, -STEP),
    RuleName.ORDER_RATE: ({"max_orders_per_minute": 3}, {"orders_last_minute": 7}, -ONE),
    RuleName.TRADER_WIN_RATE: ({"min_trader_win_rate_fraction": Decimal("0.7")}, {}, STEP),
    RuleName.TRADER_SILENCE: ({"max_trader_silence_days": 2}, {"trader_silence": timedelta(days=3, hours=1)}, -ONE),
    RuleName.PRICE_COLLAR: ({"max_entry_price": Price("0.4")}, {}, -STEP),
}  # fmt: skip


def result_of(rule: RuleName, rules: RiskRules, state: dict[str, Any]) -> RuleResult:
    found = check_entry(rules, a_proposal(), a_risk_snapshot(**state)).results
    (result,) = [each for each in found if each.rule is rule]
    return result


def change_of(result: RuleResult) -> LeastChange | NoChange:
    return least_limit(result.rule, observed=result.observed, limit=result.limit, verdict=result.verdict)


def with_limit(rules: RiskRules, name: str, value: Decimal) -> RiskRules:
    """The rules with that limit, and without its other form."""
    other = f"{name.removesuffix('_usd')}_fraction"
    values = {field: getattr(rules, field) for field in rules.__dataclass_fields__}
    typed = (
        int(value) if name.startswith("max_") and value == value.to_integral_value() and "_usd" not in name else value
    )
    cleared = {other: None} if name.endswith("_usd") else {}
    return RiskRules.of(values | cleared | {name: typed})


@pytest.mark.parametrize("rule", REFUSED)
def test_with_the_limit_that_is_named_the_rule_lets_the_entry_in_and_not_with_a_tighter_one(rule: RuleName) -> None:
    limits, state, tighter = REFUSED[rule]
    rules = risk_rules(**limits)
    refused = result_of(rule, rules, state)
    assert not refused.lets_enter

    change = change_of(refused)

    assert isinstance(change, LeastChange)
    name = change.settings[0].removeprefix("risk_rules.")
    assert result_of(rule, with_limit(rules, name, Decimal(change.value)), state).lets_enter
    assert not result_of(rule, with_limit(rules, name, Decimal(change.value) + tighter), state).lets_enter


def test_a_signal_that_is_too_old_for_the_gate_names_the_strategys_own_setting() -> None:
    change = least_limit(RuleName.SIGNAL_AGE, observed="90500", limit="60000", verdict=RuleVerdict.REJECT)

    assert isinstance(change, LeastChange)
    assert (change.settings, change.value) == (("lt_strategy.max_signal_age_seconds",), "91")


@pytest.mark.parametrize(
    ("rule", "observed", "verdict", "why"),
    [
        (RuleName.CASH, "21", RuleVerdict.REJECT, NoChange.NO_SETTING),
        (RuleName.WALLET_UNALLOCATED, "-3", RuleVerdict.REJECT, NoChange.NO_SETTING),
        (RuleName.LIQUIDITY, "3", RuleVerdict.REJECT, NoChange.SEVERAL_SETTINGS),
        (RuleName.SPREAD, None, RuleVerdict.NO_DATA, NoChange.NOT_KNOWN),
        (RuleName.DRAWDOWN, "1", RuleVerdict.TRIP, NoChange.OUT_OF_RANGE),
        (RuleName.SPREAD, "wide", RuleVerdict.REJECT, NoChange.NOT_KNOWN),
    ],
)
def test_what_no_single_limit_decides_says_so(
    rule: RuleName, observed: str | None, verdict: RuleVerdict, why: NoChange
) -> None:
    assert least_limit(rule, observed=observed, limit="0.1", verdict=verdict) is why


@pytest.mark.parametrize("rule", RuleName)
@pytest.mark.parametrize("verdict", RuleVerdict)
def test_a_change_is_named_of_every_rule_that_keeps_an_entry_out_and_of_no_other(
    rule: RuleName, verdict: RuleVerdict
) -> None:
    result = RuleResult(rule=rule, observed="0.5", limit="0.1", verdict=verdict)

    if result.lets_enter:
        with pytest.raises(ValueError, match="let the entry in"):
            change_of(result)
    else:
        change_of(replace(result, limit="0..1" if rule is RuleName.PRICE_COLLAR else result.limit))

"""Presets, contradictions, what a trip locks, and what positions and orders are worth in a book."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.risk_rules import RULE_FIELDS, SWITCHES, RiskPreset, RiskRules
from live_trading.risk.breakers import BREAKERS
from live_trading.risk.consistency import conflicts
from live_trading.risk.presets import RISK_PRESETS
from live_trading.risk.proposal import expected_price, mark_price
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict
from live_trading.risk.trips import lock_for
from tests.builders import NOON, a_book, risk_rules

pytestmark = pytest.mark.risk

STRATEGY, WALLET = UUID(int=1), UUID(int=2)
RISK_PAGE = Path(__file__).parents[3] / "docs" / "risk.md"
BREAKER = {
    "breaker_scope": LockScope.STRATEGY,
    "breaker_window_seconds": 600,
    "breaker_cooldown_seconds": 900,
    "breaker_breaks": 1,
}


@pytest.mark.parametrize("preset", list(RiskPreset))
def test_a_preset_has_no_contradictions_and_is_stricter_than_the_next(preset: RiskPreset) -> None:
    assert list(conflicts(RISK_PRESETS[preset])) == []


def test_each_preset_lets_more_than_the_one_before() -> None:
    conservative, moderate, aggressive = (RISK_PRESETS[preset] for preset in RiskPreset)
    for name in ("daily_budget_fraction", "max_order_fraction", "max_drawdown_fraction", "max_concurrent_positions"):
        assert getattr(conservative, name) < getattr(moderate, name) < getattr(aggressive, name)


def test_the_page_of_rules_names_every_limit_with_what_each_preset_sets() -> None:
    rows = [[cell.strip() for cell in line.split("|")] for line in RISK_PAGE.read_text().splitlines()]
    shown = {row[2].strip("`"): row[4:7] for row in rows if len(row) > 6 and row[2].startswith("`")}

    assert set(shown) == set(RULE_FIELDS)
    for name, columns in shown.items():
        assert columns == [_as_shown(getattr(RISK_PRESETS[preset], name)) for preset in RiskPreset], name


def _as_shown(value: Any) -> str:
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value.value.normalize():f}" if isinstance(value, Price) else str(value)


@pytest.mark.money_faults
@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({**BREAKER, "breaker_scope": None}, "breaker_scope"),
        ({**BREAKER, "breaker_window_seconds": None}, "breaker_window_seconds"),
        ({**BREAKER, "breaker_cooldown_seconds": None}, "breaker_cooldown_seconds"),
        ({**BREAKER, "breaker_slippage_fraction": Decimal("0.1")}, "breaker_slippage_fills"),
        ({"breaker_slippage_fills": 3}, "breaker_slippage_fills"),
        ({"use_volatility_adjustment": True}, "volatility_lookback_days"),
        ({"drawdown_resume_threshold_fraction": Decimal("0.1")}, "drawdown_resume_threshold_fraction"),
        (
            {"max_drawdown_fraction": Decimal("0.1"), "drawdown_resume_threshold_fraction": Decimal("0.1")},
            "drawdown_resume_threshold_fraction",
        ),
        ({"min_entry_price": Price("0.9"), "max_entry_price": Price("0.9")}, "min_entry_price"),
        (
            {"low_volatility_per_day": Decimal(1), "high_volatility_per_day": Decimal(1)},
            "low_volatility_per_day",
        ),
        ({"daily_budget_usd": Usd(101), "weekly_budget_usd": Usd(100)}, "daily_budget_usd"),
        ({"daily_budget_fraction": Decimal("0.3"), "monthly_budget_fraction": Decimal("0.2")}, "daily_budget_fraction"),
        ({"weekly_budget_usd": Usd(101), "monthly_budget_usd": Usd(100)}, "weekly_budget_usd"),
        ({"daily_loss_limit_usd": Usd(101), "weekly_loss_limit_usd": Usd(100)}, "daily_loss_limit_usd"),
        ({"max_order_usd": Usd(101), "max_position_usd": Usd(100)}, "max_order_usd"),
        ({"max_order_fraction": Decimal("0.2"), "max_position_fraction": Decimal("0.1")}, "max_order_fraction"),
        ({"max_position_usd": Usd(101), "max_market_exposure_usd": Usd(100)}, "max_position_usd"),
        ({"max_market_exposure_usd": Usd(101), "max_event_exposure_usd": Usd(100)}, "max_market_exposure_usd"),
        ({"max_event_exposure_usd": Usd(101), "max_total_exposure_usd": Usd(100)}, "max_event_exposure_usd"),
        ({"max_trader_exposure_usd": Usd(101), "max_total_exposure_usd": Usd(100)}, "max_trader_exposure_usd"),
        ({"max_total_exposure_usd": Usd(101), "max_wallet_exposure_usd": Usd(100)}, "max_total_exposure_usd"),
        ({"max_positions_per_market": 3, "max_concurrent_positions": 2}, "max_positions_per_market"),
        ({"max_orders_per_minute": 3, "max_wallet_orders_per_minute": 2}, "max_orders_per_minute"),
    ],
)
def test_limits_that_contradict_one_another_are_found(limits: dict[str, Any], field: str) -> None:
    assert field in [each.field for each in conflicts(risk_rules(**limits))]


@pytest.mark.money_faults
def test_a_part_may_be_as_large_as_the_whole_and_may_stand_alone() -> None:
    even = {"daily_budget_usd": Usd(100), "weekly_budget_usd": Usd(100), "max_order_usd": Usd(5)}

    assert list(conflicts(risk_rules(**even))) == []


def test_everything_off_is_everything_none_but_the_switches() -> None:
    off = RiskRules.off()

    assert {name for name in RULE_FIELDS if getattr(off, name) is not None} == set(SWITCHES)


def tripped(rule: RuleName) -> RuleResult:
    return RuleResult(rule=rule, observed="9", limit="5", verdict=RuleVerdict.TRIP)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [(RuleName.DRAWDOWN, LockReason.DRAWDOWN), (RuleName.CONSECUTIVE_LOSSES, LockReason.CONSECUTIVE_LOSSES)],
)
def test_a_loss_lock_has_no_end_of_its_own(rule: RuleName, reason: LockReason) -> None:
    """A day's turn cleared the old system's breaker."""
    lock = lock_for(tripped(rule), risk_rules(), lt_strategy_id=STRATEGY, trading_wallet_id=WALLET, now=NOON)

    assert (lock.scope, lock.scope_id, lock.reason, lock.ends_at) == (LockScope.STRATEGY, str(STRATEGY), reason, None)


@pytest.mark.parametrize("rule", sorted(BREAKERS))
@pytest.mark.parametrize(
    ("scope", "scope_id"),
    [
        (LockScope.STRATEGY, str(STRATEGY)),
        (LockScope.TRADING_WALLET, str(WALLET)),
        (LockScope.GLOBAL, None),
    ],
)
def test_a_breaker_locks_its_scope_for_its_cool_down(rule: RuleName, scope: LockScope, scope_id: str | None) -> None:
    rules = risk_rules(**{**BREAKER, "breaker_scope": scope})
    lock = lock_for(tripped(rule), rules, lt_strategy_id=STRATEGY, trading_wallet_id=WALLET, now=NOON)

    assert (lock.scope, lock.scope_id, lock.reason) == (scope, scope_id, LockReason.CIRCUIT_BREAKER)
    assert lock.ends_at == NOON + timedelta(seconds=900)


def test_our_size_pays_the_average_of_what_it_takes_and_nothing_beyond_its_limit() -> None:
    book = a_book(asks=(("0.40", "50"), ("0.50", "100"), ("0.60", "1000")))

    assert expected_price(book, Price("0.60"), Usd(20)) == Decimal("0.40")
    assert expected_price(book, Price("0.60"), Usd(45)) == Decimal("0.45")
    assert expected_price(book, Price("0.50"), Usd(10_000)) == Decimal(70) / 150
    assert expected_price(book, Price("0.39"), Usd(20)) is None


def test_a_position_is_worth_what_the_bids_would_pay_for_all_of_it_and_not_the_midpoint() -> None:
    book = a_book(bids=(("0.40", "50"), ("0.30", "50")), asks=(("0.60", "50"),))

    assert mark_price(book, Shares(50)) == Price("0.40")
    assert mark_price(book, Shares(100)) == Price("0.35")
    assert mark_price(book, Shares(200)) == Price("0.325")


def test_where_nobody_bids_a_position_is_worth_nothing() -> None:
    assert mark_price(a_book(bids=()), Shares(10)) == Price(0)

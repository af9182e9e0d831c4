"""Each limit at, just under and just over; a limit of None is off, missing data is no pass, nothing counts twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Usd
from live_trading.nouns.risk_rules import RULE_FIELDS
from live_trading.risk.gate import GateVerdict, check_entry
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict
from tests.builders import a_proposal, a_risk_snapshot, a_standing, risk_rules

pytestmark = pytest.mark.risk

HAIR = Decimal("0.000001")
PASS, SHRINK, REJECT, TRIP, NO_DATA = RuleVerdict


def gate(limits: dict[str, Any], *, entry: dict[str, Any] | None = None, **state: Any) -> GateVerdict:
    return check_entry(risk_rules(**limits), a_proposal(**(entry or {})), a_risk_snapshot(**state))


def judged(limits: dict[str, Any], *, entry: dict[str, Any] | None = None, **state: Any) -> dict[RuleName, RuleResult]:
    return {result.rule: result for result in gate(limits, entry=entry, **state).results}


# The rule, its limits, the state, and the largest reservation that passes.
ROOM: list[tuple[RuleName, dict[str, Any], dict[str, Any], str]] = [
    (RuleName.CASH, {}, {"available": Usd(80)}, "80"),
    (RuleName.DAILY_BUDGET, {"daily_budget_usd": Usd(100)}, {"spent_today": Usd(30)}, "70"),
    (RuleName.DAILY_BUDGET, {"daily_budget_fraction": Decimal("0.05")}, {"day_start_equity": Usd(2000)}, "100"),
    (RuleName.WEEKLY_BUDGET, {"weekly_budget_usd": Usd(300)}, {"spent_this_week": Usd(250)}, "50"),
    (RuleName.WEEKLY_BUDGET, {"weekly_budget_fraction": Decimal("0.2")}, {"week_start_equity": Usd(400)}, "80"),
    (RuleName.MONTHLY_BUDGET, {"monthly_budget_usd": Usd(900)}, {"spent_this_month": Usd(899)}, "1"),
    (RuleName.MONTHLY_BUDGET, {"monthly_budget_fraction": Decimal(1)}, {"month_start_equity": Usd(60)}, "60"),
    (RuleName.ORDER_SIZE, {"max_order_usd": Usd(50)}, {"position_usd": Usd(400)}, "50"),
    (RuleName.ORDER_SIZE, {"max_order_fraction": Decimal("0.02")}, {"equity": Usd(500)}, "10"),
    (RuleName.POSITION_SIZE, {"max_position_usd": Usd(50)}, {"position_usd": Usd(20)}, "30"),
    (RuleName.POSITION_SIZE, {"max_position_fraction": Decimal("0.1")}, {"equity": Usd(500)}, "50"),
    (RuleName.TOTAL_EXPOSURE, {"max_total_exposure_usd": Usd(200)}, {"exposure": Usd(150)}, "50"),
    (RuleName.TOTAL_EXPOSURE, {"max_total_exposure_fraction": Decimal("0.5")}, {"exposure": Usd(400)}, "100"),
    (RuleName.MARKET_EXPOSURE, {"max_market_exposure_usd": Usd(60)}, {"market_exposure": Usd(20)}, "40"),
    (RuleName.MARKET_EXPOSURE, {"max_market_exposure_fraction": Decimal("0.1")}, {"equity": Usd(900)}, "90"),
    (RuleName.EVENT_EXPOSURE, {"max_event_exposure_usd": Usd(60)}, {"event_exposure": Usd(35)}, "25"),
    (RuleName.EVENT_EXPOSURE, {"max_event_exposure_fraction": Decimal("0.2")}, {"event_exposure": Usd(150)}, "50"),
    (RuleName.TRADER_EXPOSURE, {"max_trader_exposure_usd": Usd(60)}, {"trader_exposure": Usd(59)}, "1"),
    (RuleName.TRADER_EXPOSURE, {"max_trader_exposure_fraction": Decimal("0.3")}, {}, "300"),
    (RuleName.WALLET_EXPOSURE, {"max_wallet_exposure_usd": Usd(900)}, {"wallet_exposure": Usd(880)}, "20"),
    (RuleName.WALLET_EXPOSURE, {"max_wallet_exposure_fraction": Decimal("0.5")}, {"wallet_equity": Usd(200)}, "100"),
    (
        RuleName.WALLET_MARKET_EXPOSURE,
        {"max_wallet_market_exposure_usd": Usd(90)},
        {"wallet_market_exposure": Usd(80)},
        "10",
    ),
    (
        RuleName.WALLET_MARKET_EXPOSURE,
        {"max_wallet_market_exposure_fraction": Decimal("0.1")},
        {"wallet_equity": Usd(3000)},
        "300",
    ),
]


@pytest.mark.parametrize(("rule", "limits", "state", "room"), ROOM)
def test_a_reservation_passes_up_to_the_limit_and_not_a_hair_over(
    rule: RuleName, limits: dict[str, Any], state: dict[str, Any], room: str
) -> None:
    at, over = Usd(room), Usd(Decimal(room) + HAIR)

    def verdict(reservation: Usd) -> RuleVerdict:
        return judged(limits, entry={"reservation": reservation}, **state)[rule].verdict

    assert (verdict(Usd(at.value - HAIR)), verdict(at), verdict(over)) == (PASS, PASS, REJECT)


@pytest.mark.parametrize(("rule", "limits", "state", "room"), ROOM)
def test_what_a_rule_would_shrink_to_is_all_that_is_left_and_passes_that_rule(
    rule: RuleName, limits: dict[str, Any], state: dict[str, Any], room: str
) -> None:
    limits = {**limits, "shrink_to_fit": True}
    shrunk = judged(limits, entry={"reservation": Usd(Decimal(room) * 2)}, **state)[rule]

    assert (shrunk.verdict, shrunk.shrink_to) == (SHRINK, Usd(room))
    assert judged(limits, entry={"reservation": shrunk.shrink_to}, **state)[rule].verdict is PASS


def test_a_limit_that_is_used_up_rejects_even_where_entries_may_shrink() -> None:
    limits = {"daily_budget_usd": Usd(100), "shrink_to_fit": True}
    used_up = judged(limits, spent_today=Usd(100))[RuleName.DAILY_BUDGET]

    assert (used_up.verdict, used_up.shrink_to) == (REJECT, None)


# The rule, its limits, and what it sees just inside, at, and just outside of the limit with the verdicts of each.
BOUNDS: list[tuple[RuleName, dict[str, Any], str, list[tuple[dict[str, Any], RuleVerdict]]]] = [
    (
        RuleName.WALLET_UNALLOCATED,
        {},
        "state",
        [({"wallet_unallocated": Usd(0)}, PASS), ({"wallet_unallocated": Usd("-0.000001")}, REJECT)],
    ),
    (
        RuleName.DAILY_LOSS,
        {"daily_loss_limit_usd": Usd(50)},
        "state",
        [
            ({"profit_today": Usd("-49.999999")}, PASS),
            ({"profit_today": Usd(-50)}, REJECT),
            ({"profit_today": Usd("-50.000001")}, REJECT),
            ({"profit_today": Usd(70)}, PASS),
        ],
    ),
    (
        RuleName.WEEKLY_LOSS,
        {"weekly_loss_limit_fraction": Decimal("0.1")},
        "state",
        [
            ({"profit_this_week": Usd("-99.999999")}, PASS),
            ({"profit_this_week": Usd(-100)}, REJECT),
            ({"profit_this_week": Usd(-100), "week_start_equity": Usd(2000)}, PASS),
        ],
    ),
    (
        RuleName.CONCURRENT_POSITIONS,
        {"max_concurrent_positions": 3},
        "state",
        [
            ({"open_positions": 1}, PASS),
            ({"open_positions": 2}, PASS),
            ({"open_positions": 3}, REJECT),
            ({"open_positions": 3, "holds_this_position": True}, PASS),
        ],
    ),
    (
        RuleName.POSITIONS_PER_MARKET,
        {"max_positions_per_market": 1},
        "state",
        [
            ({"positions_in_market": 0}, PASS),
            ({"positions_in_market": 1}, REJECT),
            ({"positions_in_market": 1, "holds_this_position": True}, PASS),
        ],
    ),
    (
        RuleName.DRAWDOWN,
        {"max_drawdown_fraction": Decimal("0.07")},
        "standing",
        [
            ({"marked_equity": Usd("930.000001")}, PASS),
            ({"marked_equity": Usd(930)}, TRIP),
            ({"marked_equity": Usd(900)}, TRIP),
            ({"marked_equity": Usd(-5)}, TRIP),
            ({"marked_equity": Usd(1200), "high_water": Usd(1200)}, PASS),
        ],
    ),
    (
        RuleName.CONSECUTIVE_LOSSES,
        {"max_consecutive_losses": 4},
        "standing",
        [({"loss_run": 3}, PASS), ({"loss_run": 4}, TRIP), ({"loss_run": 5}, TRIP)],
    ),
    (
        RuleName.BREAKER_ERROR_RATE,
        {"breaker_error_rate_fraction": Decimal("0.2")},
        "standing",
        [
            ({"failed_fraction": Decimal("0.199999")}, PASS),
            ({"failed_fraction": Decimal("0.2")}, TRIP),
            ({"failed_fraction": None}, NO_DATA),
        ],
    ),
    (
        RuleName.BREAKER_SLIPPAGE,
        {"breaker_slippage_fraction": Decimal("0.04")},
        "standing",
        [
            ({"fills_slippage_fraction": Decimal("0.04")}, PASS),
            ({"fills_slippage_fraction": Decimal("0.040001")}, TRIP),
            ({"fills_slippage_fraction": Decimal("-0.1")}, PASS),
            ({"fills_slippage_fraction": None}, NO_DATA),
        ],
    ),
    (
        RuleName.BREAKER_BREAKS,
        {"breaker_breaks": 2},
        "standing",
        [({"breaks_found": 1}, PASS), ({"breaks_found": 2}, TRIP), ({"breaks_found": 3}, TRIP)],
    ),
    (
        RuleName.BREAKER_FEED_LAG,
        {"breaker_feed_lag_seconds": 120},
        "standing",
        [
            ({"feed_lag_seconds": 120}, PASS),
            ({"feed_lag_seconds": 121}, TRIP),
            ({"feed_lag_seconds": None}, NO_DATA),
        ],
    ),
    (
        RuleName.BREAKER_PRICE_AGE,
        {"breaker_price_age_seconds": 300},
        "standing",
        [
            ({"price_age_seconds": 300}, PASS),
            ({"price_age_seconds": 301}, TRIP),
            ({"price_age_seconds": None}, NO_DATA),
        ],
    ),
    (
        RuleName.SLIPPAGE,
        {"max_slippage_fraction": Decimal("0.05")},
        "entry",
        [
            ({"expected_price": Decimal("0.419999")}, PASS),
            ({"expected_price": Decimal("0.42")}, PASS),
            ({"expected_price": Decimal("0.420001")}, REJECT),
            ({"expected_price": Decimal("0.30")}, PASS),
            ({"expected_price": None}, NO_DATA),
            ({"signal_price": Price(0)}, NO_DATA),
        ],
    ),
    (
        RuleName.SPREAD,
        {"max_spread_fraction": Decimal("0.05")},
        "entry",
        [
            ({"best_bid": Price("0.39"), "best_ask": Price("0.41")}, PASS),
            ({"best_bid": Price("0.389"), "best_ask": Price("0.41")}, REJECT),
            ({"best_bid": None}, NO_DATA),
            ({"best_ask": None}, NO_DATA),
        ],
    ),
    (
        RuleName.LIQUIDITY,
        {"min_liquidity_usd": Usd(100)},
        "entry",
        [({"depth": Usd("99.999999")}, REJECT), ({"depth": Usd(100)}, PASS), ({"depth": Usd(101)}, PASS)],
    ),
    (
        RuleName.LIQUIDITY,
        {"min_liquidity_multiple": Decimal(3)},
        "entry",
        [
            ({"stake": Usd(20), "depth": Usd("59.999999")}, REJECT),
            ({"stake": Usd(20), "depth": Usd(60)}, PASS),
            ({"stake": Usd(20), "depth": Usd(0)}, REJECT),
        ],
    ),
    (
        RuleName.SIGNAL_AGE,
        {},
        "entry",
        [
            ({"signal_age": timedelta(minutes=10)}, PASS),
            ({"signal_age": timedelta(minutes=10, milliseconds=1)}, REJECT),
        ],
    ),
    (
        RuleName.DECISION_AGE,
        {"max_decision_age_milliseconds": 5000},
        "entry",
        [
            ({"signal_age": timedelta(milliseconds=4999)}, PASS),
            ({"signal_age": timedelta(milliseconds=5000)}, PASS),
            ({"signal_age": timedelta(milliseconds=5001)}, REJECT),
        ],
    ),
    (
        RuleName.VENUE_LATENCY,
        {"max_venue_latency_milliseconds": 2000},
        "state",
        [
            ({"venue_latency_milliseconds": 2000}, PASS),
            ({"venue_latency_milliseconds": 2001}, REJECT),
            ({"venue_latency_milliseconds": None}, NO_DATA),
        ],
    ),
    (
        RuleName.PRICE_COLLAR,
        {"min_entry_price": Price("0.1"), "max_entry_price": Price("0.9")},
        "entry",
        [
            ({"limit_price": Price("0.099999")}, REJECT),
            ({"limit_price": Price("0.1")}, PASS),
            ({"limit_price": Price("0.9")}, PASS),
            ({"limit_price": Price("0.900001")}, REJECT),
        ],
    ),
    (
        RuleName.PRICE_COLLAR,
        {"max_entry_price": Price("0.9")},
        "entry",
        [({"limit_price": Price("0.001")}, PASS), ({"limit_price": Price("0.91")}, REJECT)],
    ),
    (
        RuleName.STAKE_TO_MEDIAN,
        {"max_stake_to_median_multiple": Decimal(3)},
        "entry",
        [({"stake": Usd(60)}, PASS), ({"stake": Usd("60.0001")}, REJECT), ({"stake": Usd(20)}, PASS)],
    ),
    (
        RuleName.STAKE_TO_MEDIAN,
        {"max_stake_to_median_multiple": Decimal(3)},
        "state",
        [({"median_stake": None}, NO_DATA)],
    ),
    (
        RuleName.ORDER_RATE,
        {"max_orders_per_minute": 5},
        "state",
        [({"orders_last_minute": 4}, PASS), ({"orders_last_minute": 5}, REJECT), ({"orders_last_minute": 6}, REJECT)],
    ),
    (
        RuleName.WALLET_ORDER_RATE,
        {"max_wallet_orders_per_minute": 15},
        "state",
        [({"wallet_orders_last_minute": 14}, PASS), ({"wallet_orders_last_minute": 15}, REJECT)],
    ),
    (
        RuleName.TRADER_WIN_RATE,
        {"min_trader_win_rate_fraction": Decimal("0.5")},
        "state",
        [
            ({"trader_win_rate": Decimal("0.499999")}, REJECT),
            ({"trader_win_rate": Decimal("0.5")}, PASS),
            ({"trader_win_rate": None}, NO_DATA),
        ],
    ),
    (
        RuleName.TRADER_SILENCE,
        {"max_trader_silence_days": 14},
        "state",
        [
            ({"trader_silence": timedelta(days=14)}, PASS),
            ({"trader_silence": timedelta(days=14, seconds=1)}, REJECT),
            ({"trader_silence": None}, NO_DATA),
        ],
    ),
    (
        RuleName.SAME_TRADE,
        {"same_trade_window_seconds": 30},
        "state",
        [({"is_same_trade": False}, PASS), ({"is_same_trade": True}, REJECT)],
    ),
    (
        RuleName.VOLATILITY,
        {
            "use_volatility_adjustment": True,
            "low_volatility_per_day": Decimal("0.2"),
            "high_volatility_per_day": Decimal(1),
            "low_volatility_multiplier": Decimal(1),
            "high_volatility_multiplier": Decimal("0.5"),
        },
        "entry",
        [({"volatility": Decimal("9")}, PASS), ({"volatility": None}, NO_DATA)],
    ),
]
CASES = [(rule, limits, where, facts, verdict) for rule, limits, where, cases in BOUNDS for facts, verdict in cases]


@pytest.mark.parametrize(("rule", "limits", "where", "facts", "verdict"), CASES)
def test_a_rule_at_and_on_both_sides_of_its_limit(
    rule: RuleName, limits: dict[str, Any], where: str, facts: dict[str, Any], verdict: RuleVerdict
) -> None:
    if where == "entry":
        found = judged(limits, entry=facts)
    elif where == "standing":
        found = judged(limits, standing=a_standing(**facts))
    else:
        found = judged(limits, **facts)

    assert found[rule].verdict is verdict
    assert (found[rule].observed is None) == (verdict is NO_DATA)


def test_every_rule_is_tried_at_its_limit() -> None:
    assert {rule for rule, *_ in ROOM} | {rule for rule, *_ in BOUNDS} == set(RuleName)


def test_every_limit_belongs_to_a_rule_that_is_tried() -> None:
    tried = {name for _, limits, *_ in [*ROOM, *BOUNDS] for name in limits}
    how_breakers_and_shrinking_work = {
        "shrink_to_fit",
        "drawdown_resume_threshold_fraction",
        "breaker_scope",
        "breaker_window_seconds",
        "breaker_cooldown_seconds",
        "breaker_slippage_fills",
        "volatility_lookback_days",
    }
    either_of_a_pair = {"daily_loss_limit_fraction", "weekly_loss_limit_usd"}
    bounds_sales_and_no_entry = {"flatten_floor_fraction"}

    untried = how_breakers_and_shrinking_work | either_of_a_pair | bounds_sales_and_no_entry
    assert set(RULE_FIELDS) - tried == untried


@pytest.mark.parametrize(
    ("rule", "lets_enter"),
    [
        (RuleName.STAKE_TO_MEDIAN, True),
        (RuleName.VENUE_LATENCY, True),
        (RuleName.BREAKER_ERROR_RATE, True),
        (RuleName.BREAKER_SLIPPAGE, True),
        (RuleName.BREAKER_PRICE_AGE, True),
        (RuleName.SPREAD, False),
        (RuleName.SLIPPAGE, False),
        (RuleName.VOLATILITY, False),
        (RuleName.TRADER_WIN_RATE, False),
        (RuleName.BREAKER_FEED_LAG, False),
    ],
)
def test_what_only_time_can_bring_may_be_missing_and_what_the_market_must_show_may_not(
    rule: RuleName, lets_enter: bool
) -> None:
    assert RuleResult(rule=rule, observed=None, limit="1", verdict=NO_DATA).lets_enter is lets_enter


def test_a_rule_that_is_off_is_not_there_and_has_no_hidden_default() -> None:
    """Incident 26: a budget of null was taken for ten percent."""
    assert set(judged({}, entry={"reservation": Usd(999)})) == {
        RuleName.CASH,
        RuleName.WALLET_UNALLOCATED,
        RuleName.SIGNAL_AGE,
    }


def test_of_two_limits_of_one_rule_the_smaller_one_counts() -> None:
    limits = {"daily_budget_usd": Usd(100), "daily_budget_fraction": Decimal("0.05")}

    assert judged(limits, entry={"reservation": Usd(50)})[RuleName.DAILY_BUDGET].verdict is PASS
    assert judged(limits, entry={"reservation": Usd(51)})[RuleName.DAILY_BUDGET].limit == "50.000000"


def test_one_trip_outweighs_everything_and_a_rejection_outweighs_what_could_be_shrunk() -> None:
    limits = {
        "daily_budget_usd": Usd(10),
        "shrink_to_fit": True,
        "max_spread_fraction": Decimal("0.9"),
        "max_order_usd": Usd(5),
        "max_concurrent_positions": 1,
        "max_consecutive_losses": 2,
    }

    assert gate(limits).worst is SHRINK
    assert gate(limits).shrink_to == Usd(5)
    assert gate(limits, entry={"best_bid": None}).worst is NO_DATA
    assert gate(limits, open_positions=1).worst is REJECT
    assert gate(limits, open_positions=1, standing=a_standing(loss_run=2)).worst is TRIP
    assert gate(limits, open_positions=1).shrink_to is None


amounts = st.decimals(min_value="0.01", max_value="3000", places=2)


@given(reservation=amounts, spent=amounts, budget=amounts)
def test_a_reservation_is_counted_once_in_what_a_rule_observes(
    reservation: Decimal, spent: Decimal, budget: Decimal
) -> None:
    """The old system locked the stake before it asked whether there was room for it, and needed twice the cash."""
    found = judged({"daily_budget_usd": Usd(budget)}, entry={"reservation": Usd(reservation)}, spent_today=Usd(spent))[
        RuleName.DAILY_BUDGET
    ]

    assert found.observed is not None
    assert Decimal(found.observed) == spent + reservation
    assert (found.verdict is PASS) == (spent + reservation <= budget)


@given(
    reservation=amounts,
    available=amounts,
    spent=amounts,
    exposure=amounts,
    position=amounts,
    order=amounts,
    market=amounts,
)
def test_what_all_rules_leave_of_an_entry_passes_all_of_them(
    reservation: Decimal,
    available: Decimal,
    spent: Decimal,
    exposure: Decimal,
    position: Decimal,
    order: Decimal,
    market: Decimal,
) -> None:
    limits = {
        "shrink_to_fit": True,
        "daily_budget_usd": Usd(1500),
        "max_total_exposure_usd": Usd(2000),
        "max_position_usd": Usd(800),
        "max_order_usd": Usd(order),
        "max_market_exposure_usd": Usd(1000),
        "min_liquidity_multiple": Decimal(2),
    }
    state = {
        "available": Usd(available),
        "spent_today": Usd(spent),
        "exposure": Usd(exposure),
        "position_usd": Usd(position),
        "market_exposure": Usd(market),
    }
    depth = {"depth": Usd(100_000)}
    verdict = gate(limits, entry={"reservation": Usd(reservation), **depth}, **state)
    room = verdict.shrink_to

    if room is not None:
        assert room < Usd(reservation)
        assert gate(limits, entry={"reservation": room, **depth}, **state).lets_enter
        assert not gate(limits, entry={"reservation": Usd(room.value + HAIR), **depth}, **state).lets_enter

"""What would have let a trade pass a check: the change that is named does, and hardly a smaller one would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.decisions import ChangeHow, Check, LeastChange, NoChange, Reason
from live_trading.nouns.money import Price, Usd
from live_trading.signals.checks.least_changes import DecidedBy, least_change
from live_trading.signals.config import InvalidConfig, WalletConfig, parse_config
from live_trading.signals.evaluate import explained
from live_trading.signals.inputs import EvaluationInputs
from tests.builders import BOB, NOON, a_config, a_record, a_trade, inputs, stats
from tests.unit.signals.random_inputs import random_inputs, stream

DRAWS = 4_000
STEP = Decimal("0.000001")


def failed(judged: EvaluationInputs, name: str) -> Check | None:
    found = [each for each in explained(judged).checks if each.name == name and each.passed is False]
    return found[0] if found else None


def decided_by(judged: EvaluationInputs) -> DecidedBy:
    return DecidedBy(at=judged.now, max_signal_age_seconds=judged.max_signal_age_seconds)


def changed(judged: EvaluationInputs, change: LeastChange) -> EvaluationInputs:
    """The same trade under the setting as the change has it. Raises InvalidConfig where others forbid that."""
    (setting,) = change.settings
    if setting == "is_active":
        return replace(judged, is_active=True)
    if setting == "lt_strategy.max_signal_age_seconds":
        return replace(judged, max_signal_age_seconds=int(change.value))
    keys = judged.config.model_dump(mode="json")
    *rooms, key = setting.removeprefix("config.").split(".")
    where: dict[str, Any] = keys
    for room in rooms:
        where = where[room]
    where[key] = new_value(where[key], change)
    return replace(judged, config=parse_config(keys))


def new_value(old: Any, change: LeastChange) -> Any:
    if change.how is ChangeHow.ADD:
        return [*(old or ()), change.value.split(", ")[0]]
    if change.how is ChangeHow.REMOVE:
        return [each for each in old if each not in change.value.split(", ")]
    fixed: dict[str, Any] = {"null": None, "true": True, "false": False}
    if change.value in fixed:
        return fixed[change.value]
    return int(change.value) if isinstance(old, int) and not isinstance(old, bool) else change.value


def test_with_the_change_that_is_named_the_check_passes_whatever_the_trade_and_the_configuration() -> None:
    tried: dict[str, int] = {}
    random = stream(14)
    for _ in range(DRAWS):
        judged = random_inputs(random)
        for check in explained(judged).checks:
            if check.passed is not False:
                continue
            change = least_change(check, judged.config, decided_by(judged))
            if isinstance(change, NoChange):
                continue
            try:
                other = changed(judged, change)
            except InvalidConfig:
                continue
            assert failed(other, check.name) is None, (check, change)
            tried[check.name] = tried.get(check.name, 0) + 1

    assert set(tried) >= {
        "running", "signal_age_seconds", "target_trader", "excluded_trader", "price", "resolved_count", "min_win_rate",
        "max_win_rate", "model_threshold", "min_edge", "max_edge", "min_conviction", "max_conviction", "category",
        "excluded_keyword", "min_source_trade_usd", "max_source_trade_usd", "was_left", "entries", "entry_distance",
        "last_stop_at", "trader_hedged", "market_end", "minutes_to_end", "game_start", "game_start_known",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "setting", "config", "tighter"),
    [
        ("min_edge", "min_edge", {"min_edge": "0.5"}, STEP),
        ("max_edge", "max_edge", {"max_edge": "0.0001", "min_edge": "-1"}, -STEP),
        ("min_win_rate", "min_trader_win_rate", {"min_trader_win_rate": "0.999"}, STEP),
        ("max_win_rate", "max_trader_win_rate", {"max_trader_win_rate": "0.1"}, -STEP),
        ("min_conviction", "min_conviction", {"min_conviction": "900"}, STEP),
        ("max_conviction", "max_conviction", {"max_conviction": "0.01"}, -STEP),
        ("min_source_trade_usd", "min_source_trade_usd", {"min_source_trade_usd": "900000"}, STEP),
        ("price", "price_max", {"price_max": "0.1"}, -STEP),
        ("resolved_count", "min_trader_resolved_count", {"min_trader_resolved_count": 101}, Decimal(1)),
    ],
)
def test_a_bound_that_is_tighter_by_a_step_would_have_refused_the_trade_again(
    name: str, setting: str, config: dict[str, Any], tighter: Decimal
) -> None:
    record = a_record(resolved=100, won=67, average="17")
    judged = inputs(config=a_config(**config), stats=stats(last_30_days=record, lifetime=record))
    check = failed(judged, name)
    assert check is not None

    change = least_change(check, judged.config, decided_by(judged))

    assert isinstance(change, LeastChange)
    assert change.settings == (f"config.{setting}",)
    assert failed(changed(judged, change), name) is None
    assert failed(changed(judged, replace(change, value=str(Decimal(change.value) + tighter))), name) is not None


def test_the_limit_on_age_is_the_one_of_the_two_that_is_too_tight() -> None:
    old = a_trade(trade_time=NOON - timedelta(seconds=90.5))
    of_strategy = inputs(trade=old, max_signal_age_seconds=60)
    of_wallet = inputs(trade=old, config=a_config(max_signal_age_seconds=30), max_signal_age_seconds=600)
    of_both = inputs(trade=old, config=a_config(max_signal_age_seconds=30), max_signal_age_seconds=60)

    changes = [
        least_change(check, each.config, decided_by(each))
        for each in (of_strategy, of_wallet, of_both)
        if (check := failed(each, "signal_age_seconds")) is not None
    ]

    assert changes == [
        LeastChange(settings=("lt_strategy.max_signal_age_seconds",), how=ChangeHow.SET, value="91"),
        LeastChange(settings=("config.max_signal_age_seconds",), how=ChangeHow.SET, value="91"),
        NoChange.SEVERAL_SETTINGS,
    ]


@pytest.mark.parametrize(
    ("name", "changes", "why"),
    [
        ("market", {"market": None}, NoChange.NO_SETTING),
        ("trader_stats", {"stats": None}, NoChange.SEVERAL_SETTINGS),
        ("cash_usd", {"bankroll": Usd(1)}, NoChange.SEVERAL_SETTINGS),
        ("minimum_order", {"config": a_config(bet_size="0.60")}, NoChange.SEVERAL_SETTINGS),
        (
            "signal_age_seconds",
            {"trade": a_trade(trade_time=NOON - timedelta(days=2)), "max_signal_age_seconds": 60},
            NoChange.OUT_OF_RANGE,
        ),
    ],
)
def test_what_no_single_setting_decides_says_so(name: str, changes: dict[str, Any], why: NoChange) -> None:
    judged = inputs(**changes)
    check = failed(judged, name)
    assert check is not None

    assert least_change(check, judged.config, decided_by(judged)) is why


def test_a_wallet_that_did_not_run_when_the_trade_had_become_too_old_names_no_single_setting() -> None:
    check = Check(name="signal_age_seconds", observed="90", limit="60", passed=False, reason=Reason.WALLET_NOT_RUNNING)

    assert least_change(check, a_config(), DecidedBy(at=NOON)) is NoChange.SEVERAL_SETTINGS


def test_what_was_not_observed_has_no_change_and_what_passed_is_not_asked_for_one() -> None:
    config: WalletConfig = a_config()
    unseen = Check(name="min_edge", observed=None, limit="0.1", passed=False, reason=Reason.EDGE_TOO_SMALL)
    odd = Check(name="min_edge", observed="much", limit="0.1", passed=False, reason=Reason.EDGE_TOO_SMALL)

    assert least_change(unseen, config, DecidedBy(at=NOON)) is NoChange.NOT_KNOWN
    assert least_change(odd, config, DecidedBy(at=NOON)) is NoChange.NOT_KNOWN
    with pytest.raises(ValueError, match="did not fail"):
        least_change(replace(unseen, passed=True), config, DecidedBy(at=NOON))


def test_an_excluded_trader_would_have_to_be_taken_from_the_list() -> None:
    judged = inputs(trade=a_trade(trader=BOB, price=Price("0.4")), config=a_config(excluded_traders=[BOB]))
    check = failed(judged, "excluded_trader")
    assert check is not None

    change = least_change(check, judged.config, decided_by(judged))

    assert change == LeastChange(settings=("config.excluded_traders",), how=ChangeHow.REMOVE, value=BOB)

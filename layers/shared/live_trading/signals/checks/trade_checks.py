"""Checks of the trade itself against what the wallet wants: its side, age, trader, price and size."""

from __future__ import annotations

from datetime import timedelta

from live_trading.nouns.decisions import Reason
from live_trading.nouns.trades import Side
from live_trading.signals.checks.compiled import Compiled
from live_trading.signals.checks.derived import Derived
from live_trading.signals.checks.findings import Finding, Findings, at_least, at_most, finding, in_units, off, text
from live_trading.signals.config import is_running
from live_trading.signals.inputs import EvaluationInputs

_SECOND = timedelta(seconds=1)


def side(inputs: EvaluationInputs) -> Finding:
    made = inputs.trade.side
    return finding("side", made, Side.BUY, Reason.NOT_AN_ENTRY, passed=made is Side.BUY)


def running(inputs: EvaluationInputs) -> Finding:
    config = inputs.config
    return finding(
        "running",
        lambda: f"active={inputs.is_active} now={text(inputs.now)}",
        lambda: f"{text(config.start_date)}..{text(config.end_date)}",
        Reason.WALLET_NOT_RUNNING,
        passed=inputs.is_active and is_running(config, inputs.now),
    )


def age(inputs: EvaluationInputs) -> Finding:
    old = inputs.now - inputs.trade.trade_time
    most, own = inputs.max_signal_age_seconds, inputs.config.max_signal_age_seconds
    if most is None:
        return off("signal_age_seconds", lambda: in_units(old, _SECOND))
    limit = most if own is None else min(own, most)
    return finding(
        "signal_age_seconds",
        lambda: in_units(old, _SECOND),
        limit,
        Reason.SIGNAL_TOO_OLD,
        passed=old <= timedelta(seconds=limit),
    )


def traders(inputs: EvaluationInputs, rules: Compiled) -> Findings:
    trader, targets, excluded = inputs.trade.trader, rules.targets, rules.excluded
    if targets is None:
        yield off("target_trader", trader)
    else:
        yield finding(
            "target_trader",
            trader,
            lambda: f"{len(inputs.config.target_traders or ())} traders",
            Reason.NOT_TARGET_TRADER,
            passed=trader in targets,
        )
    yield finding(
        "excluded_trader",
        trader,
        lambda: f"{len(inputs.config.excluded_traders)} traders",
        Reason.EXCLUDED_TRADER,
        passed=trader not in excluded,
    )


def price(inputs: EvaluationInputs) -> Finding:
    paid, least, most = inputs.trade.price.value, inputs.config.price_min, inputs.config.price_max
    return finding("price", paid, lambda: f"{least}..{most}", Reason.PRICE_OUT_OF_RANGE, passed=least <= paid <= most)


def trade_size(inputs: EvaluationInputs, derived: Derived) -> Findings:
    usd, config = derived.trade_usd.value, inputs.config
    yield at_least("min_source_trade_usd", usd, config.min_source_trade_usd, Reason.SOURCE_TRADE_TOO_SMALL)
    yield at_most("max_source_trade_usd", usd, config.max_source_trade_usd, Reason.SOURCE_TRADE_TOO_LARGE)

"""All checks in the order that decides which reason is named."""

from __future__ import annotations

from live_trading.signals.checks import market_checks, position_checks, record_checks, stake_checks, trade_checks
from live_trading.signals.checks.compiled import Compiled
from live_trading.signals.checks.derived import Derived
from live_trading.signals.checks.findings import Findings
from live_trading.signals.inputs import EvaluationInputs


def findings(inputs: EvaluationInputs, rules: Compiled, derived: Derived) -> Findings:
    """What each check finds, computed as it is asked for: whoever stops at a failure pays for nothing behind it."""
    yield from before_the_stake(inputs, rules, derived)
    yield from stake_checks.stake(inputs, derived.bet)


def before_the_stake(inputs: EvaluationInputs, rules: Compiled, derived: Derived) -> Findings:
    """What the checks find that no stake could change."""
    yield trade_checks.side(inputs)
    yield trade_checks.running(inputs)
    yield trade_checks.age(inputs)
    yield from trade_checks.traders(inputs, rules)
    yield from position_checks.standing(inputs)
    yield from position_checks.position(inputs)
    yield from market_checks.market(inputs)
    yield from market_checks.game(inputs)
    yield trade_checks.price(inputs)
    yield record_checks.stats(inputs, rules, derived)
    yield from record_checks.record(inputs, derived)
    yield from record_checks.model(inputs, rules)
    yield from record_checks.edge(inputs, derived)
    yield from record_checks.conviction(inputs, derived)
    yield from market_checks.topic(inputs, rules)
    yield from trade_checks.trade_size(inputs, derived)

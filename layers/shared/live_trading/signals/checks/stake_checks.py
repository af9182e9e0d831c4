"""Checks of the bet: that there is one, that the venue takes it, and that there is cash for it."""

from __future__ import annotations

from live_trading.nouns.decisions import Reason
from live_trading.orders.rounding import MINIMUM_MARKETABLE_USD
from live_trading.signals.checks.derived import Bet
from live_trading.signals.checks.findings import Findings, finding, off
from live_trading.signals.inputs import EvaluationInputs

_MINIMUM_TEXT = f"{MINIMUM_MARKETABLE_USD} USD"


def stake(inputs: EvaluationInputs, bet: Bet) -> Findings:
    usd, shares, fee = bet.stake, bet.shares, bet.fee
    if inputs.market is None:
        yield off("stake_usd")
        return
    yield finding("stake_usd", usd, "> 0", Reason.NO_POSITIVE_STAKE, passed=usd is not None and usd.is_positive)
    if usd is None or shares is None or fee is None:
        return
    yield finding(
        "minimum_order",
        lambda: f"{usd} USD, {shares} shares",
        _MINIMUM_TEXT,
        Reason.BELOW_MINIMUM_ORDER,
        passed=usd >= MINIMUM_MARKETABLE_USD,
    )
    needed = usd + fee
    yield finding("cash_usd", inputs.bankroll, needed, Reason.INSUFFICIENT_CASH, passed=inputs.bankroll >= needed)

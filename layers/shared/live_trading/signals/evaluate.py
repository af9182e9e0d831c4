"""The one evaluation of paper, live and replay: a pure function from inputs to a verdict with every check's evidence.

The checks stand in a fixed order and the first that fails names the reason; all that can be computed are recorded. It
raises for no well-typed input.
"""

from __future__ import annotations

from live_trading.nouns.decisions import Check, Evaluation, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.nouns.trades import Side
from live_trading.signals.checks import all_checks
from live_trading.signals.derived import derive
from live_trading.signals.inputs import EvaluationInputs, TraderStanding


def evaluate(inputs: EvaluationInputs) -> Evaluation:
    """The verdict on one source trade. Same inputs, same verdict, byte for byte."""
    return explained(inputs)


def explained(inputs: EvaluationInputs) -> Evaluation:
    """The same verdict with every check that can be computed."""
    if inputs.standing is not None and inputs.trade.side is Side.SELL:
        return _exit(inputs.standing)
    derived = derive(inputs)
    checks = tuple(all_checks(inputs, derived))
    failed = next((check.reason for check in checks if check.passed is False and check.reason is not None), None)
    accepted = failed is None
    return Evaluation(
        verdict=Verdict.ACCEPTED if accepted else Verdict.REJECTED,
        reason=failed or Reason.ACCEPTED,
        checks=checks,
        stake=derived.stake if accepted and derived.stake is not None else Usd.zero(),
        probability=derived.probability,
        cost_per_share=derived.cost,
        edge=derived.edge,
        conviction=derived.conviction,
        win_rate=derived.win_rate,
    )


def _exit(standing: TraderStanding) -> Evaluation:
    """A trader's sale where traders are followed out: EXIT where something is held that was bought after them.

    How much of it is sold, and at what price, the next look at the position decides.
    """
    held = Check(
        name="held_after_trader",
        observed=str(standing.is_held),
        limit=str(True),
        passed=standing.is_held,
        reason=None if standing.is_held else Reason.NOTHING_HELD,
    )
    return Evaluation(
        verdict=Verdict.EXIT if standing.is_held else Verdict.REJECTED,
        reason=Reason.TRADER_SOLD if standing.is_held else Reason.NOTHING_HELD,
        checks=(held,),
        stake=Usd.zero(),
        probability=None,
        cost_per_share=None,
        edge=None,
        conviction=None,
        win_rate=None,
    )

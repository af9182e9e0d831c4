"""The one evaluation of paper, live and replay: a pure function from inputs to a verdict with every check's evidence.

The checks stand in a fixed order and the first that fails names the reason; all that can be computed are recorded. It
raises for no well-typed input.
"""

from __future__ import annotations

from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.signals.checks import all_checks
from live_trading.signals.derived import derive
from live_trading.signals.inputs import EvaluationInputs, inputs_hash


def evaluate(inputs: EvaluationInputs) -> Evaluation:
    """The verdict on one source trade. Same inputs, same verdict, byte for byte."""
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
        inputs_hash=inputs_hash(inputs),
    )

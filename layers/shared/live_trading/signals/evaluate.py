"""The one evaluation of paper, live and replay: a pure function from inputs to a verdict and what it rests on.

The checks stand in a fixed order and the first that fails names the reason. It raises for no well-typed input.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from live_trading.nouns.decisions import Check, Evaluation, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.nouns.trades import Side
from live_trading.signals.checks.compiled import compiled
from live_trading.signals.checks.derived import Derived
from live_trading.signals.checks.findings import Finding, Findings, written
from live_trading.signals.checks.in_order import before_the_stake, findings
from live_trading.signals.checks.stake_checks import stake
from live_trading.signals.inputs import EvaluationInputs, TraderStanding

_NOTHING = Usd.zero()


def evaluate(inputs: EvaluationInputs) -> Evaluation:
    """The verdict on one source trade. Same inputs, same verdict, byte for byte.

    The checks end with the first that fails; of an accepted trade there are all.
    """
    if inputs.standing is not None and inputs.trade.side is Side.SELL:
        return _exit(inputs.standing)
    rules = compiled(inputs.config)
    derived = Derived(inputs)
    passed: list[Finding] = []
    for found in findings(inputs, rules, derived):
        if found[3] is False:
            return _evaluation(derived, found[4], (found,))
        passed.append(found)
    return _evaluation(derived, None, passed)


def explained(inputs: EvaluationInputs) -> Evaluation:
    """The same verdict with every check that can be computed, those behind the first failure too."""
    if inputs.standing is not None and inputs.trade.side is Side.SELL:
        return _exit(inputs.standing)
    rules = compiled(inputs.config)
    derived = Derived(inputs)
    found = tuple(findings(inputs, rules, derived))
    return _evaluation(derived, next((reason for *_, reason in found if reason is not None), None), found)


def hopeful(inputs: EvaluationInputs, multipliers: Iterable[Decimal] = ()) -> bool:
    """Whether `evaluate` accepts the trade as it is or with any of these stake multipliers, where nobody asks why."""
    if inputs.standing is not None and inputs.trade.side is Side.SELL:
        return False
    rules = compiled(inputs.config)
    derived = Derived(inputs)
    if not _passes(before_the_stake(inputs, rules, derived)):
        return False
    return _passes(stake(inputs, derived.bet)) or any(
        _passes(stake(inputs, derived.bet_scaled(each))) for each in multipliers
    )


def _passes(found: Findings) -> bool:
    return all(each[3] is not False for each in found)


def _evaluation(derived: Derived, failed: Reason | None, found: Sequence[Finding]) -> Evaluation:
    taken = derived.bet.stake if failed is None else None
    return Evaluation(
        verdict=Verdict.ACCEPTED if failed is None else Verdict.REJECTED,
        reason=failed or Reason.ACCEPTED,
        checks=tuple([written(each) for each in found]),
        stake=taken or _NOTHING,
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
        stake=_NOTHING,
        probability=None,
        cost_per_share=None,
        edge=None,
        conviction=None,
        win_rate=None,
    )

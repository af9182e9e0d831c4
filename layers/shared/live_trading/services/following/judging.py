"""The verdict on a prepared trade, whatever outside data it was made of.

The evaluation is a pure function: what it cannot compute now it cannot compute at the next run. Such a trade is decided
as one on a market that is not supported, and those behind it go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.nouns.decisions import Check, Evaluation, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.services.following.decision_records import refused
from live_trading.services.following.evaluation import PreparedTrade
from live_trading.services.running.failures import PartFailure, contained
from live_trading.signals.evaluate import evaluate, hopeful
from live_trading.signals.inputs import EvaluationInputs

# What cannot be had now is asked for again at the next run; a trade seen longer ago than this is judged without it.
PATIENCE = timedelta(minutes=10)
_BLANK = Evaluation(
    verdict=Verdict.REJECTED,
    reason=Reason.MARKET_UNSUPPORTED,
    checks=(),
    stake=Usd.zero(),
    probability=None,
    cost_per_share=None,
    edge=None,
    conviction=None,
    win_rate=None,
)


def may_wait(seen_at: datetime, now: datetime) -> bool:
    """Whether a trade that lacks evidence waits for the next run: the one rule, for whatever is away."""
    return now - seen_at <= PATIENCE


def judged(prepared: PreparedTrade, inputs: EvaluationInputs, failures: list[PartFailure]) -> Evaluation:
    """The evaluation of the trade by these inputs, or the verdict that there can be none."""
    with contained(part_of(prepared), failures):
        return evaluate(inputs)
    return unsupported(_BLANK)


def is_hopeful(inputs: EvaluationInputs, multipliers: Iterable[Decimal] = ()) -> bool:
    """Whether a first judging accepts it as it is or with any of these stake multipliers.

    Then it is worth asking for what an entry needs.
    """
    with contained("a first judging", []):
        return hopeful(inputs, multipliers)
    return False


def part_of(prepared: PreparedTrade) -> str:
    """The trade's name in a report."""
    return f"trade {prepared.source_trade_id}"


def unsupported(evaluation: Evaluation) -> Evaluation:
    """The verdict on a trade for which no order can be computed on its market's terms."""
    check = Check(
        name="market_terms",
        observed="nothing can be computed",
        limit="an order",
        passed=False,
        reason=Reason.MARKET_UNSUPPORTED,
    )
    return refused(evaluation, Reason.MARKET_UNSUPPORTED, check)

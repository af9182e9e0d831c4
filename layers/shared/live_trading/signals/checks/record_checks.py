"""Checks of what is known of the trader and the model, and of the numbers that follow from it."""

from __future__ import annotations

from live_trading.nouns.decisions import Reason
from live_trading.nouns.trades import TraderRecord
from live_trading.signals.checks.compiled import Compiled
from live_trading.signals.checks.derived import Derived
from live_trading.signals.checks.findings import Finding, Findings, at_least, at_most, finding, off
from live_trading.signals.inputs import EvaluationInputs


def stats(inputs: EvaluationInputs, rules: Compiled, derived: Derived) -> Finding:
    """Fails where the record is missing, or lacks what a check, the probability or the sizing needs of it."""
    needs = rules.record_needs
    return finding(
        "trader_stats",
        "present" if inputs.stats is not None else "absent",
        lambda: ", ".join(needs) or None,
        Reason.TRADER_STATS_MISSING,
        passed=not _lacks(needs, inputs.config.min_trader_resolved_count, derived) if needs else None,
    )


def _lacks(needs: tuple[str, ...], minimum: int, derived: Derived) -> bool:
    known: TraderRecord | None = derived.record
    if known is None:
        return True
    # Too few resolved positions is the next check's own reason, and explains every ratio that they do not give.
    if known.resolved_count < minimum:
        return False
    return (
        ("win_rate" in needs and derived.win_rate is None)
        or ("probability" in needs and derived.probability is None)
        or ("conviction" in needs and derived.conviction is None)
    )


def record(inputs: EvaluationInputs, derived: Derived) -> Findings:
    config, known = inputs.config, derived.record
    if known is None:
        yield off("resolved_count")
    else:
        yield finding(
            "resolved_count",
            known.resolved_count,
            config.min_trader_resolved_count,
            Reason.TOO_FEW_RESOLVED,
            passed=known.resolved_count >= config.min_trader_resolved_count,
        )
    rate = derived.win_rate
    yield at_least("min_win_rate", rate, config.min_trader_win_rate, Reason.WIN_RATE_TOO_LOW)
    yield at_most("max_win_rate", rate, config.max_trader_win_rate, Reason.WIN_RATE_TOO_HIGH)


def model(inputs: EvaluationInputs, rules: Compiled) -> Findings:
    probability = inputs.model_probability
    if not rules.needs_model:
        yield off("model_probability", probability)
        return
    yield finding(
        "model_probability",
        probability,
        "known",
        Reason.MODEL_PROBABILITY_MISSING,
        passed=probability is not None,
    )
    threshold = inputs.config.model_threshold if inputs.config.use_model else None
    yield at_least("model_threshold", probability, threshold, Reason.MODEL_PROBABILITY_TOO_LOW)


def edge(inputs: EvaluationInputs, derived: Derived) -> Findings:
    yield at_least("min_edge", derived.edge, inputs.config.min_edge, Reason.EDGE_TOO_SMALL)
    yield at_most("max_edge", derived.edge, inputs.config.max_edge, Reason.EDGE_TOO_LARGE)


def conviction(inputs: EvaluationInputs, derived: Derived) -> Findings:
    config = inputs.config
    yield at_least("min_conviction", derived.conviction, config.min_conviction, Reason.CONVICTION_TOO_LOW)
    yield at_most("max_conviction", derived.conviction, config.max_conviction, Reason.CONVICTION_TOO_HIGH)

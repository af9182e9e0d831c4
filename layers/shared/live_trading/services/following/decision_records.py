"""A strategy's decision on a source trade as it is stored: the evaluation's checks, and what the risk rules said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from live_trading.nouns.decisions import Check, Evaluation, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.orders.rounding import FINEST_TICK, Unplanned, UnusableTick
from live_trading.risk.results import RuleResult
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.store.feed.decisions import DecisionRecord


def decision_record(
    subject: Subject,
    prepared: PreparedTrade,
    evaluation: Evaluation,
    now: datetime,
    results: Sequence[RuleResult] = (),
) -> DecisionRecord:
    """The evaluation's own verdict, with what the rules said where they were asked."""
    return DecisionRecord(
        source_trade_id=prepared.source_trade_id,
        ft_wallet_id=subject.ft_wallet_id,
        lt_strategy_id=subject.lt_strategy_id,
        config_version=subject.config_version,
        evaluation=evaluation,
        inputs=prepared.inputs,
        decided_at=now,
        risk_checks=[_as_json(each) for each in results],
    )


def accepted(evaluation: Evaluation, stake: Usd) -> Evaluation:
    """The evaluation of a trade that is entered, with the stake that it came to."""
    return replace(evaluation, verdict=Verdict.ACCEPTED, reason=Reason.ACCEPTED, stake=stake)


def refused(evaluation: Evaluation, reason: Reason, check: Check | None = None) -> Evaluation:
    """The evaluation of a trade that was accepted and came to nothing afterwards, and the check that it failed."""
    checks = evaluation.checks if check is None else (*evaluation.checks, check)
    return replace(evaluation, verdict=Verdict.REJECTED, reason=reason, stake=Usd.zero(), checks=checks)


def unplanned_check(plan: Unplanned) -> Check:
    """Why there is no order, as a check that failed."""
    if isinstance(plan, UnusableTick):
        return Check(
            name="tick_size",
            observed=str(plan.tick),
            limit=f"divides a dollar, at least {FINEST_TICK}",
            passed=False,
            reason=Reason.TICK_UNUSABLE,
        )
    return Check(
        name="venue_minimum",
        observed=str(plan.observed),
        limit=str(plan.minimum),
        passed=False,
        reason=Reason.BELOW_MINIMUM_ORDER,
    )


def _as_json(result: RuleResult) -> dict[str, object]:
    return {
        "rule": result.rule,
        "observed": result.observed,
        "limit": result.limit,
        "verdict": result.verdict,
    }

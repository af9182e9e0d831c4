"""Losses: by day and week, from the high-water mark, and in a row.

A period's loss only refuses and is over with its period. Drawdown and losses in a row trip a lock, which neither a
day's turn nor a win takes away.
"""

from __future__ import annotations

from collections.abc import Iterator

from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.proposal import ProposedEntry
from live_trading.risk.results import RuleName, RuleResult, RuleVerdict, below, smaller_limit
from live_trading.risk.snapshot import RiskSnapshot, Standing


def loss_limits(rules: RiskRules, _entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """Net loss after fees of the day and of the week, by whatever exit; no entry once the limit is reached.

    The marked loss of the day also counts what is still held, at what it could be sold for.
    """
    day = smaller_limit(rules.daily_loss_limit_usd, rules.daily_loss_limit_fraction, state.day_start_equity)
    week = smaller_limit(rules.weekly_loss_limit_usd, rules.weekly_loss_limit_fraction, state.week_start_equity)
    if day is not None:
        yield below(RuleName.DAILY_LOSS, -state.profit_today.value, day.value)
    if week is not None:
        yield below(RuleName.WEEKLY_LOSS, -state.profit_this_week.value, week.value)
    marked = smaller_limit(
        rules.max_marked_daily_loss_usd, rules.max_marked_daily_loss_fraction, state.day_start_equity
    )
    if marked is not None:
        yield below(RuleName.MARKED_DAILY_LOSS, -state.standing.marked_profit_today.value, marked.value)


def drawdown(rules: RiskRules, standing: Standing) -> Iterator[RuleResult]:
    """How far marked equity is under its high-water mark."""
    if rules.max_drawdown_fraction is not None:
        yield below(RuleName.DRAWDOWN, standing.drawdown, rules.max_drawdown_fraction, RuleVerdict.TRIP)


def consecutive_losses(rules: RiskRules, standing: Standing) -> Iterator[RuleResult]:
    """Positions that ended with a loss, in a row, since the lock was last released."""
    if rules.max_consecutive_losses is not None:
        yield below(RuleName.CONSECUTIVE_LOSSES, standing.loss_run, rules.max_consecutive_losses, RuleVerdict.TRIP)


def has_recovered(rules: RiskRules, standing: Standing) -> bool:
    """Whether a drawdown lock may end by itself: only where a threshold is set, and drawdown is back under it."""
    threshold = rules.drawdown_resume_threshold_fraction
    return threshold is not None and standing.drawdown <= threshold

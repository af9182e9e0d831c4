"""Cash, budgets and sizes: what one more entry may cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from live_trading.nouns.money import Usd
from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.proposal import ProposedEntry
from live_trading.risk.results import RuleName, RuleResult, at_least, room, smaller_limit
from live_trading.risk.snapshot import RiskSnapshot


def cash(rules: RiskRules, entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """The reservation, fees included, comes out of available cash and nowhere else."""
    yield room(
        RuleName.CASH,
        used=Usd.zero(),
        reservation=entry.reservation,
        limit=state.available,
        may_shrink=rules.shrink_to_fit,
    )


def wallet_cover(_rules: RiskRules, _entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """Always on: below zero, money has left the wallet, and what its strategies call cash is not all there.

    Money that comes in, or that is taken back from a strategy, lets entries go on.
    """
    yield at_least(RuleName.WALLET_UNALLOCATED, state.wallet_unallocated.value, Decimal(0))


def budgets(rules: RiskRules, entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """Day, week and month: what entries begun in the period cost or may cost, this one included."""
    day = smaller_limit(rules.daily_budget_usd, rules.daily_budget_fraction, state.day_start_equity)
    week = smaller_limit(rules.weekly_budget_usd, rules.weekly_budget_fraction, state.week_start_equity)
    month = smaller_limit(rules.monthly_budget_usd, rules.monthly_budget_fraction, state.month_start_equity)
    for name, limit, spent in (
        (RuleName.DAILY_BUDGET, day, state.spent_today),
        (RuleName.WEEKLY_BUDGET, week, state.spent_this_week),
        (RuleName.MONTHLY_BUDGET, month, state.spent_this_month),
    ):
        if limit is not None:
            yield room(name, used=spent, reservation=entry.reservation, limit=limit, may_shrink=rules.shrink_to_fit)


def sizes(rules: RiskRules, entry: ProposedEntry, state: RiskSnapshot) -> Iterator[RuleResult]:
    """One order by itself, and all that is held and may still be bought of one outcome."""
    order = smaller_limit(rules.max_order_usd, rules.max_order_fraction, state.equity)
    position = smaller_limit(rules.max_position_usd, rules.max_position_fraction, state.equity)
    for name, limit, used in (
        (RuleName.ORDER_SIZE, order, Usd.zero()),
        (RuleName.POSITION_SIZE, position, state.position_usd),
    ):
        if limit is not None:
            yield room(name, used=used, reservation=entry.reservation, limit=limit, may_shrink=rules.shrink_to_fit)

"""The rules, one small function each. A limit of None is off and gives no result; there are no hidden defaults.

A fraction is of equity at the start of the rule's period, or of equity now where the rule has no period.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import RiskRules
from live_trading.risk.snapshot import RiskSnapshot


class RuleName(StrEnum):
    CASH = "cash"
    DAILY_BUDGET = "daily_budget"
    WEEKLY_BUDGET = "weekly_budget"
    MONTHLY_BUDGET = "monthly_budget"
    POSITION_SIZE = "position_size"
    TOTAL_EXPOSURE = "total_exposure"
    CONCURRENT_POSITIONS = "concurrent_positions"


class RuleVerdict(StrEnum):
    """SHRINK: not as it is, but a smaller entry fits. TRIP: not now, and entries are to be locked. Only PASS passes."""

    PASS = "PASS"  # noqa: S105 - a verdict
    SHRINK = "SHRINK"
    REJECT = "REJECT"
    TRIP = "TRIP"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one rule saw: `observed` is how things would stand with the entry, in USD or as a count.

    `shrink_to` is the largest reservation that the rule would pass, where the verdict is SHRINK.
    """

    rule: RuleName
    observed: str
    limit: str
    verdict: RuleVerdict
    shrink_to: Usd | None = None


def cash(snapshot: RiskSnapshot, reservation: Usd) -> RuleResult:
    """The reservation, fees included, comes out of available cash and nowhere else."""
    return _room(RuleName.CASH, Usd.zero(), reservation, snapshot.available)


def budgets(rules: RiskRules, snapshot: RiskSnapshot, reservation: Usd) -> Iterator[RuleResult]:
    """Day, week and month: what entries begun in the period cost or may cost, this one included."""
    periods = (
        (
            RuleName.DAILY_BUDGET,
            rules.daily_budget_usd,
            rules.daily_budget_fraction,
            snapshot.day_start_equity,
            snapshot.spent_today,
        ),
        (
            RuleName.WEEKLY_BUDGET,
            rules.weekly_budget_usd,
            rules.weekly_budget_fraction,
            snapshot.week_start_equity,
            snapshot.spent_this_week,
        ),
        (
            RuleName.MONTHLY_BUDGET,
            rules.monthly_budget_usd,
            rules.monthly_budget_fraction,
            snapshot.month_start_equity,
            snapshot.spent_this_month,
        ),
    )
    for name, usd, fraction, equity, spent in periods:
        limit = _limit(usd, fraction, equity)
        if limit is not None:
            yield _room(name, spent, reservation, limit)


def position_size(rules: RiskRules, snapshot: RiskSnapshot, reservation: Usd) -> Iterator[RuleResult]:
    """What is held and may still be bought of one outcome."""
    limit = _limit(rules.max_position_usd, rules.max_position_fraction, snapshot.equity)
    if limit is not None:
        yield _room(RuleName.POSITION_SIZE, snapshot.position_usd, reservation, limit)


def total_exposure(rules: RiskRules, snapshot: RiskSnapshot, reservation: Usd) -> Iterator[RuleResult]:
    """Open positions at cost and open reservations together."""
    limit = _limit(rules.max_total_exposure_usd, rules.max_total_exposure_fraction, snapshot.equity)
    if limit is not None:
        yield _room(RuleName.TOTAL_EXPOSURE, snapshot.exposure, reservation, limit)


def concurrent_positions(rules: RiskRules, snapshot: RiskSnapshot) -> Iterator[RuleResult]:
    """How many outcomes are held at once; adding to one that is held opens no further one."""
    if rules.max_concurrent_positions is None:
        return
    after = snapshot.open_positions + (0 if snapshot.holds_this_position else 1)
    fits = after <= rules.max_concurrent_positions
    yield RuleResult(
        rule=RuleName.CONCURRENT_POSITIONS,
        observed=str(after),
        limit=str(rules.max_concurrent_positions),
        verdict=RuleVerdict.PASS if fits else RuleVerdict.REJECT,
    )


def _limit(usd: Usd | None, fraction: Decimal | None, equity: Usd) -> Usd | None:
    """The smaller of the two where both are given."""
    limits = [] if usd is None else [usd]
    if fraction is not None:
        limits.append(Usd.floor(equity.value * fraction))
    return min(limits) if limits else None


def _room(rule: RuleName, used: Usd, reservation: Usd, limit: Usd) -> RuleResult:
    after = used + reservation
    room = limit - used
    verdict = RuleVerdict.PASS
    if after > limit:
        verdict = RuleVerdict.SHRINK if room.is_positive else RuleVerdict.REJECT
    return RuleResult(
        rule=rule,
        observed=str(after),
        limit=str(limit),
        verdict=verdict,
        shrink_to=room if verdict is RuleVerdict.SHRINK else None,
    )

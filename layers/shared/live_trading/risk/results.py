"""What one rule says of a proposed entry, or of how a strategy stands: observed, limit, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from live_trading.nouns.money import Usd


class RuleName(StrEnum):
    CASH = "cash"
    WALLET_UNALLOCATED = "wallet_unallocated"
    DAILY_BUDGET = "daily_budget"
    WEEKLY_BUDGET = "weekly_budget"
    MONTHLY_BUDGET = "monthly_budget"
    DAILY_LOSS = "daily_loss"
    WEEKLY_LOSS = "weekly_loss"
    MARKED_DAILY_LOSS = "marked_daily_loss"
    ORDER_SIZE = "order_size"
    POSITION_SIZE = "position_size"
    TOTAL_EXPOSURE = "total_exposure"
    MARKET_EXPOSURE = "market_exposure"
    EVENT_EXPOSURE = "event_exposure"
    TRADER_EXPOSURE = "trader_exposure"
    WALLET_EXPOSURE = "wallet_exposure"
    WALLET_MARKET_EXPOSURE = "wallet_market_exposure"
    CONCURRENT_POSITIONS = "concurrent_positions"
    POSITIONS_PER_MARKET = "positions_per_market"
    DRAWDOWN = "drawdown"
    CONSECUTIVE_LOSSES = "consecutive_losses"
    BREAKER_ERROR_RATE = "breaker_error_rate"
    BREAKER_SLIPPAGE = "breaker_slippage"
    BREAKER_BREAKS = "breaker_breaks"
    BREAKER_FEED_LAG = "breaker_feed_lag"
    BREAKER_PRICE_AGE = "breaker_price_age"
    SLIPPAGE = "slippage"
    SPREAD = "spread"
    LIQUIDITY = "liquidity"
    SIGNAL_AGE = "signal_age"
    DECISION_AGE = "decision_age"
    VENUE_LATENCY = "venue_latency"
    PRICE_COLLAR = "price_collar"
    STAKE_TO_MEDIAN = "stake_to_median"
    ORDER_RATE = "order_rate"
    WALLET_ORDER_RATE = "wallet_order_rate"
    TRADER_WIN_RATE = "trader_win_rate"
    TRADER_SILENCE = "trader_silence"
    SAME_TRADE = "same_trade"
    VOLATILITY = "volatility"


class RuleVerdict(StrEnum):
    """SHRINK: not as it is, but a smaller entry fits. TRIP: not now, and a lock stops what follows.

    NO_DATA: what the rule looks at is not known.
    """

    PASS = "PASS"  # noqa: S105 - a verdict
    SHRINK = "SHRINK"
    REJECT = "REJECT"
    TRIP = "TRIP"
    NO_DATA = "NO_DATA"


# What a young strategy has not got yet: waiting for it would keep it from ever getting any.
MAY_LACK_DATA = frozenset(
    {
        RuleName.STAKE_TO_MEDIAN,
        RuleName.VENUE_LATENCY,
        RuleName.BREAKER_ERROR_RATE,
        RuleName.BREAKER_SLIPPAGE,
        RuleName.BREAKER_PRICE_AGE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one rule saw: `observed` is how things would stand with the entry, None where it is not known.

    Both are decimal text in the unit of the limit's name. `shrink_to` is the largest reservation that the rule would
    pass, where the verdict is SHRINK.
    """

    rule: RuleName
    observed: str | None
    limit: str
    verdict: RuleVerdict
    shrink_to: Usd | None = None

    @property
    def lets_enter(self) -> bool:
        """Whether the entry may go on as far as this rule is concerned."""
        return lets_enter(self.rule, self.verdict)


def lets_enter(rule: RuleName, verdict: RuleVerdict) -> bool:
    """Whether a rule of this verdict lets an entry go on; some may do so without data."""
    if verdict is RuleVerdict.NO_DATA:
        return rule in MAY_LACK_DATA
    return verdict is RuleVerdict.PASS


def room(rule: RuleName, *, used: Usd, reservation: Usd, limit: Usd, may_shrink: bool) -> RuleResult:
    """A limit on dollars: what is used already and the reservation together stay within it."""
    after, left = used + reservation, limit - used
    verdict = RuleVerdict.PASS
    if after > limit:
        verdict = RuleVerdict.SHRINK if may_shrink and left.is_positive else RuleVerdict.REJECT
    return RuleResult(
        rule=rule,
        observed=str(after),
        limit=str(limit),
        verdict=verdict,
        shrink_to=left if verdict is RuleVerdict.SHRINK else None,
    )


def at_most(
    rule: RuleName, observed: Decimal | int | None, limit: Decimal | int, refusal: RuleVerdict = RuleVerdict.REJECT
) -> RuleResult:
    """A bound that `observed` may reach and not pass."""
    if observed is None:
        return RuleResult(rule=rule, observed=None, limit=_text(limit), verdict=RuleVerdict.NO_DATA)
    verdict = RuleVerdict.PASS if observed <= limit else refusal
    return RuleResult(rule=rule, observed=_text(observed), limit=_text(limit), verdict=verdict)


def below(
    rule: RuleName, observed: Decimal | int | None, limit: Decimal | int, refusal: RuleVerdict = RuleVerdict.REJECT
) -> RuleResult:
    """A bound that `observed` must not even reach."""
    if observed is None:
        return RuleResult(rule=rule, observed=None, limit=_text(limit), verdict=RuleVerdict.NO_DATA)
    verdict = RuleVerdict.PASS if observed < limit else refusal
    return RuleResult(rule=rule, observed=_text(observed), limit=_text(limit), verdict=verdict)


def at_least(rule: RuleName, observed: Decimal | int | None, limit: Decimal | int) -> RuleResult:
    """A bound from below."""
    if observed is None:
        return RuleResult(rule=rule, observed=None, limit=_text(limit), verdict=RuleVerdict.NO_DATA)
    verdict = RuleVerdict.PASS if observed >= limit else RuleVerdict.REJECT
    return RuleResult(rule=rule, observed=_text(observed), limit=_text(limit), verdict=verdict)


def smaller_limit(usd: Usd | None, fraction: Decimal | None, equity: Usd) -> Usd | None:
    """The smaller of a limit in dollars and one as a fraction of equity; None where neither is set."""
    limits = [] if usd is None else [usd]
    if fraction is not None:
        limits.append(Usd.floor(equity.value * fraction))
    return min(limits) if limits else None


def _text(value: Decimal | int) -> str:
    return str(value) if isinstance(value, int) else f"{value:f}"

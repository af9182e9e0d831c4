"""What one rule says of a proposed entry, or of how a strategy stands: observed, limit, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from live_trading.nouns.money import Usd
from live_trading.nouns.risk_rules import RiskRules


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


_ALWAYS = frozenset({RuleName.CASH, RuleName.WALLET_UNALLOCATED, RuleName.SIGNAL_AGE})
# A rule is on where any of its limits is set.
_LIMITS: Mapping[RuleName, tuple[str, ...]] = MappingProxyType(
    {
        RuleName.DAILY_BUDGET: ("daily_budget_usd", "daily_budget_fraction"),
        RuleName.WEEKLY_BUDGET: ("weekly_budget_usd", "weekly_budget_fraction"),
        RuleName.MONTHLY_BUDGET: ("monthly_budget_usd", "monthly_budget_fraction"),
        RuleName.DAILY_LOSS: ("daily_loss_limit_usd", "daily_loss_limit_fraction"),
        RuleName.WEEKLY_LOSS: ("weekly_loss_limit_usd", "weekly_loss_limit_fraction"),
        RuleName.MARKED_DAILY_LOSS: ("max_marked_daily_loss_usd", "max_marked_daily_loss_fraction"),
        RuleName.ORDER_SIZE: ("max_order_usd", "max_order_fraction"),
        RuleName.POSITION_SIZE: ("max_position_usd", "max_position_fraction"),
        RuleName.TOTAL_EXPOSURE: ("max_total_exposure_usd", "max_total_exposure_fraction"),
        RuleName.MARKET_EXPOSURE: ("max_market_exposure_usd", "max_market_exposure_fraction"),
        RuleName.EVENT_EXPOSURE: ("max_event_exposure_usd", "max_event_exposure_fraction"),
        RuleName.TRADER_EXPOSURE: ("max_trader_exposure_usd", "max_trader_exposure_fraction"),
        RuleName.WALLET_EXPOSURE: ("max_wallet_exposure_usd", "max_wallet_exposure_fraction"),
        RuleName.WALLET_MARKET_EXPOSURE: ("max_wallet_market_exposure_usd", "max_wallet_market_exposure_fraction"),
        RuleName.CONCURRENT_POSITIONS: ("max_concurrent_positions",),
        RuleName.POSITIONS_PER_MARKET: ("max_positions_per_market",),
        RuleName.DRAWDOWN: ("max_drawdown_fraction",),
        RuleName.CONSECUTIVE_LOSSES: ("max_consecutive_losses",),
        RuleName.BREAKER_ERROR_RATE: ("breaker_error_rate_fraction",),
        RuleName.BREAKER_SLIPPAGE: ("breaker_slippage_fraction",),
        RuleName.BREAKER_BREAKS: ("breaker_breaks",),
        RuleName.BREAKER_FEED_LAG: ("breaker_feed_lag_seconds",),
        RuleName.BREAKER_PRICE_AGE: ("breaker_price_age_seconds",),
        RuleName.SLIPPAGE: ("max_slippage_fraction",),
        RuleName.SPREAD: ("max_spread_fraction",),
        RuleName.LIQUIDITY: ("min_liquidity_usd", "min_liquidity_multiple"),
        RuleName.DECISION_AGE: ("max_decision_age_milliseconds",),
        RuleName.VENUE_LATENCY: ("max_venue_latency_milliseconds",),
        RuleName.PRICE_COLLAR: ("min_entry_price", "max_entry_price"),
        RuleName.STAKE_TO_MEDIAN: ("max_stake_to_median_multiple",),
        RuleName.ORDER_RATE: ("max_orders_per_minute",),
        RuleName.WALLET_ORDER_RATE: ("max_wallet_orders_per_minute",),
        RuleName.TRADER_WIN_RATE: ("min_trader_win_rate_fraction",),
        RuleName.TRADER_SILENCE: ("max_trader_silence_days",),
        RuleName.SAME_TRADE: ("same_trade_window_seconds",),
    }
)


def switched_on(rules: RiskRules) -> frozenset[RuleName]:
    """The rules that these limits switch on."""
    by_limit = {rule for rule, limits in _LIMITS.items() if any(getattr(rules, each) is not None for each in limits)}
    by_switch = {RuleName.VOLATILITY} if rules.use_volatility_adjustment else set()
    return frozenset(_ALWAYS | by_limit | by_switch)


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

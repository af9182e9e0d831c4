"""How much of each limit that is on is used as things stand, and what gives it back; nothing is decided by it.

The rules themselves judge an entry, which some of them need: of those only the limit is told here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from live_trading.nouns.money import Price, Usd
from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.results import RuleName, smaller_limit
from live_trading.risk.snapshot import RiskSnapshot
from live_trading.risk.usage.limits import GivesBack, LargestStakes, LimitUnit, LimitUse


def uses(rules: RiskRules, state: RiskSnapshot, largest: LargestStakes, max_signal_age_seconds: int) -> list[LimitUse]:
    """Every limit that is on, in the order of the rules' names; the snapshot is of no entry in particular."""
    found = [
        *_spending(rules, state, largest),
        *_exposure(rules, state, largest),
        *_losses(rules, state),
        *_breakers(rules, state),
        *_conduct(rules, state),
        *_of_entries(rules, max_signal_age_seconds),
    ]
    order = {rule: place for place, rule in enumerate(RuleName)}
    return sorted(found, key=lambda use: order[use.rule])


def _dollars(rule: RuleName, limit: Usd | None, used: Usd | None, gives_back: GivesBack | None) -> Iterator[LimitUse]:
    """A limit on dollars, which an entry has to stay within: at the limit nothing is left for it."""
    if limit is not None:
        yield LimitUse(
            rule=rule,
            unit=LimitUnit.USD,
            at_most=limit.value,
            observed=None if used is None else used.value,
            may_reach=False,
            gives_back=gives_back,
        )


def _spending(rules: RiskRules, state: RiskSnapshot, largest: LargestStakes) -> Iterator[LimitUse]:
    yield LimitUse(
        rule=RuleName.WALLET_UNALLOCATED,
        unit=LimitUnit.USD,
        at_least=Decimal(0),
        observed=state.wallet_unallocated.value,
        gives_back=GivesBack.CAPITAL,
    )
    day = smaller_limit(rules.daily_budget_usd, rules.daily_budget_fraction, state.day_start_equity)
    week = smaller_limit(rules.weekly_budget_usd, rules.weekly_budget_fraction, state.week_start_equity)
    month = smaller_limit(rules.monthly_budget_usd, rules.monthly_budget_fraction, state.month_start_equity)
    yield from _dollars(RuleName.DAILY_BUDGET, day, state.spent_today, GivesBack.DAY)
    yield from _dollars(RuleName.WEEKLY_BUDGET, week, state.spent_this_week, GivesBack.WEEK)
    yield from _dollars(RuleName.MONTHLY_BUDGET, month, state.spent_this_month, GivesBack.MONTH)
    order = smaller_limit(rules.max_order_usd, rules.max_order_fraction, state.equity)
    position = smaller_limit(rules.max_position_usd, rules.max_position_fraction, state.equity)
    yield from _dollars(RuleName.ORDER_SIZE, order, None, None)
    yield from _dollars(RuleName.POSITION_SIZE, position, largest.position, GivesBack.POSITIONS)


def _exposure(rules: RiskRules, state: RiskSnapshot, largest: LargestStakes) -> Iterator[LimitUse]:
    equity, wallet = state.equity, state.wallet_equity
    total = smaller_limit(rules.max_total_exposure_usd, rules.max_total_exposure_fraction, equity)
    market = smaller_limit(rules.max_market_exposure_usd, rules.max_market_exposure_fraction, equity)
    event = smaller_limit(rules.max_event_exposure_usd, rules.max_event_exposure_fraction, equity)
    trader = smaller_limit(rules.max_trader_exposure_usd, rules.max_trader_exposure_fraction, equity)
    of_wallet = smaller_limit(rules.max_wallet_exposure_usd, rules.max_wallet_exposure_fraction, wallet)
    in_market = smaller_limit(rules.max_wallet_market_exposure_usd, rules.max_wallet_market_exposure_fraction, wallet)
    for rule, limit, used in (
        (RuleName.TOTAL_EXPOSURE, total, state.exposure),
        (RuleName.MARKET_EXPOSURE, market, largest.market),
        (RuleName.EVENT_EXPOSURE, event, largest.event),
        (RuleName.TRADER_EXPOSURE, trader, largest.trader),
        (RuleName.WALLET_EXPOSURE, of_wallet, state.wallet_exposure),
        (RuleName.WALLET_MARKET_EXPOSURE, in_market, largest.wallet_market),
    ):
        yield from _dollars(rule, limit, used, GivesBack.POSITIONS)
    for rule, most, count in (
        (RuleName.CONCURRENT_POSITIONS, rules.max_concurrent_positions, state.open_positions),
        (RuleName.POSITIONS_PER_MARKET, rules.max_positions_per_market, largest.in_market),
    ):
        yield from _counted(rule, most, count, GivesBack.POSITIONS)


def _losses(rules: RiskRules, state: RiskSnapshot) -> Iterator[LimitUse]:
    day = smaller_limit(rules.daily_loss_limit_usd, rules.daily_loss_limit_fraction, state.day_start_equity)
    week = smaller_limit(rules.weekly_loss_limit_usd, rules.weekly_loss_limit_fraction, state.week_start_equity)
    marked = smaller_limit(
        rules.max_marked_daily_loss_usd, rules.max_marked_daily_loss_fraction, state.day_start_equity
    )
    yield from _dollars(RuleName.DAILY_LOSS, day, -state.profit_today, GivesBack.DAY)
    yield from _dollars(RuleName.WEEKLY_LOSS, week, -state.profit_this_week, GivesBack.WEEK)
    yield from _dollars(RuleName.MARKED_DAILY_LOSS, marked, -state.standing.marked_profit_today, GivesBack.DAY)
    yield from _limit(
        RuleName.DRAWDOWN,
        LimitUnit.FRACTION,
        rules.max_drawdown_fraction,
        state.standing.drawdown,
        GivesBack.RELEASE,
        may_reach=False,
    )
    yield from _counted(
        RuleName.CONSECUTIVE_LOSSES, rules.max_consecutive_losses, state.standing.loss_run, GivesBack.RELEASE
    )


def _breakers(rules: RiskRules, state: RiskSnapshot) -> Iterator[LimitUse]:
    facts = state.standing.breaker
    ends = GivesBack.RELEASE if rules.breaker_cooldown_seconds is None else GivesBack.COOLDOWN
    errors, slippage = rules.breaker_error_rate_fraction, rules.breaker_slippage_fraction
    lag, age = rules.breaker_feed_lag_seconds, rules.breaker_price_age_seconds
    yield from _limit(
        RuleName.BREAKER_ERROR_RATE, LimitUnit.FRACTION, errors, facts.failed_fraction, ends, may_reach=False
    )
    yield from _limit(RuleName.BREAKER_SLIPPAGE, LimitUnit.FRACTION, slippage, facts.fills_slippage_fraction, ends)
    yield from _counted(RuleName.BREAKER_BREAKS, rules.breaker_breaks, facts.breaks_found, ends)
    yield from _limit(RuleName.BREAKER_FEED_LAG, LimitUnit.SECONDS, lag, facts.feed_lag_seconds, ends)
    yield from _limit(RuleName.BREAKER_PRICE_AGE, LimitUnit.SECONDS, age, facts.price_age_seconds, ends)


def _conduct(rules: RiskRules, state: RiskSnapshot) -> Iterator[LimitUse]:
    yield from _counted(RuleName.ORDER_RATE, rules.max_orders_per_minute, state.orders_last_minute, GivesBack.MINUTE)
    yield from _counted(
        RuleName.WALLET_ORDER_RATE,
        rules.max_wallet_orders_per_minute,
        state.wallet_orders_last_minute,
        GivesBack.MINUTE,
    )
    latency = rules.max_venue_latency_milliseconds
    yield from _limit(RuleName.VENUE_LATENCY, LimitUnit.MILLISECONDS, latency, state.venue_latency_milliseconds, None)


def _of_entries(rules: RiskRules, max_signal_age_seconds: int) -> Iterator[LimitUse]:
    """Limits that only an entry tells anything of."""
    low, high = rules.min_entry_price, rules.max_entry_price
    if low is not None or high is not None:
        yield LimitUse(rule=RuleName.PRICE_COLLAR, unit=LimitUnit.PRICE, at_least=_value(low), at_most=_value(high))
    if rules.use_volatility_adjustment:
        yield LimitUse(
            rule=RuleName.VOLATILITY,
            unit=LimitUnit.PER_DAY,
            at_least=rules.low_volatility_per_day,
            at_most=rules.high_volatility_per_day,
        )
    for rule, unit, least in (
        (RuleName.LIQUIDITY, LimitUnit.USD, _value(rules.min_liquidity_usd)),
        (RuleName.LIQUIDITY, LimitUnit.MULTIPLE, rules.min_liquidity_multiple),
        (RuleName.TRADER_WIN_RATE, LimitUnit.FRACTION, rules.min_trader_win_rate_fraction),
        (RuleName.SAME_TRADE, LimitUnit.SECONDS, _exact(rules.same_trade_window_seconds)),
    ):
        if least is not None:
            yield LimitUse(rule=rule, unit=unit, at_least=least)
    for rule, unit, most in (
        (RuleName.SIGNAL_AGE, LimitUnit.SECONDS, max_signal_age_seconds),
        (RuleName.DECISION_AGE, LimitUnit.MILLISECONDS, rules.max_decision_age_milliseconds),
        (RuleName.SLIPPAGE, LimitUnit.FRACTION, rules.max_slippage_fraction),
        (RuleName.SPREAD, LimitUnit.FRACTION, rules.max_spread_fraction),
        (RuleName.STAKE_TO_MEDIAN, LimitUnit.MULTIPLE, rules.max_stake_to_median_multiple),
        (RuleName.TRADER_SILENCE, LimitUnit.DAYS, rules.max_trader_silence_days),
    ):
        yield from _limit(rule, unit, most, None, None)


def _counted(rule: RuleName, most: int | None, count: int, gives_back: GivesBack) -> Iterator[LimitUse]:
    """A limit on a number that the next entry, or the next mishap, makes one more."""
    yield from _limit(rule, LimitUnit.COUNT, most, count, gives_back, may_reach=False)


def _limit(
    rule: RuleName,
    unit: LimitUnit,
    most: Decimal | int | None,
    observed: Decimal | int | None,
    gives_back: GivesBack | None,
    *,
    may_reach: bool = True,
) -> Iterator[LimitUse]:
    if most is not None:
        yield LimitUse(
            rule=rule,
            unit=unit,
            at_most=Decimal(most),
            observed=_exact(observed),
            may_reach=may_reach,
            gives_back=gives_back,
        )


def _exact(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _value(amount: Usd | Price | None) -> Decimal | None:
    return None if amount is None else amount.value

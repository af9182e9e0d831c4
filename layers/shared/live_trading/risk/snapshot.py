"""The committed state of a strategy that a proposed entry is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal

from live_trading.nouns.money import Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerFacts:
    """What circuit breakers look at, within the strategy's window where they have one; None is not known.

    `failed_fraction` of the venue calls of its wallet, `fills_slippage_fraction` of its last fills against their
    signals, `breaks_found` in its wallet, `feed_lag_seconds` of the trade feed, and `price_age_seconds` of the oldest
    mark of what it holds.
    """

    failed_fraction: Decimal | None
    fills_slippage_fraction: Decimal | None
    breaks_found: int
    feed_lag_seconds: int | None
    price_age_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a strategy stands by itself, before any entry: what trips locks.

    `capital` is what the owner put in, less what has left it: equity without any profit or loss. `marked_equity` takes
    positions at what they could be sold for, `high_water` is its highest value, moved with what the owner put in or
    took out. `loss_run` counts positions that lost, in a row, newest first.
    """

    capital: Usd
    marked_equity: Usd
    high_water: Usd
    loss_run: int
    breaker: BreakerFacts

    @property
    def drawdown(self) -> Decimal:
        """How far marked equity is under its high-water mark, 0..1; above 1 where more was lost than there was."""
        if not self.high_water.is_positive:
            return Decimal(0)
        under = (self.high_water - self.marked_equity).value / self.high_water.value
        return max(under, Decimal(0)).quantize(Decimal("0.000001"), rounding=ROUND_FLOOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSnapshot:
    """All amounts in USD and at cost; none of them contains the proposed entry itself.

    `wallet_unallocated` is what the trading wallet holds for nobody: below zero, its strategies count on more than
    there is.
    Exposure is open positions and open reservations: of the strategy, and that part of it in the entry's token, market,
    event and from its trader; of all strategies of the trading wallet, and that in the entry's market.
    What is `spent` in a period is what entries begun in it have cost, or may cost while they are open. A `profit` is
    net of fees and negative for a loss. `is_same_trade` tells that the strategy has entered this token for another
    trader within its window.
    """

    standing: Standing
    equity: Usd
    day_start_equity: Usd
    week_start_equity: Usd
    month_start_equity: Usd
    available: Usd
    spent_today: Usd
    spent_this_week: Usd
    spent_this_month: Usd
    profit_today: Usd
    profit_this_week: Usd
    exposure: Usd
    position_usd: Usd
    market_exposure: Usd
    event_exposure: Usd
    trader_exposure: Usd
    wallet_unallocated: Usd
    wallet_equity: Usd
    wallet_exposure: Usd
    wallet_market_exposure: Usd
    holds_this_position: bool
    open_positions: int
    positions_in_market: int
    orders_last_minute: int
    wallet_orders_last_minute: int
    median_stake: Usd | None
    venue_latency_milliseconds: int | None
    trader_win_rate: Decimal | None
    trader_silence: timedelta | None
    is_same_trade: bool

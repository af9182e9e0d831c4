"""The order of an exit on the venue's grid: the same for paper and live."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from live_trading.nouns.exits import Exit
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price, Shares
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.nouns.trades import Side
from live_trading.orders.rounding import (
    TooSmall,
    UnusableTick,
    is_usable_tick,
    limit_for_sale,
    plan_limit,
    plan_marketable_sell,
)


def plan_exit(market: Market, outcome_index: int, book: OrderBook, wanted: Exit) -> OrderPlan | TooSmall | UnusableTick:
    """A FAK for the shares of an exit, at no less than its limit.

    Raises ValueError where nobody bids: the decision to leave has seen that somebody does.
    """
    best = book.best_bid
    if best is None:
        raise ValueError(f"nobody bids for {book.token_id}")
    tick = book.tick_in(market)
    if not is_usable_tick(tick):
        return UnusableTick(tick=tick)
    return plan_marketable_sell(
        market=replace(market, tick_size=tick),
        outcome_index=outcome_index,
        limit_price=_limit(best, wanted, tick),
        shares=wanted.shares,
        order_type=OrderType.FAK,
    )


def plan_bracket(
    market: Market, outcome_index: int, book: OrderBook, *, limit: Price, shares: Shares, expires_at: datetime
) -> OrderPlan | TooSmall | UnusableTick:
    """A GTD that rests at the limit of a bracket until its time."""
    return plan_limit(
        market=replace(market, tick_size=book.tick_in(market)),
        outcome_index=outcome_index,
        side=Side.SELL,
        limit_price=limit,
        shares=shares,
        order_type=OrderType.GTD,
        expiration=expires_at,
    )


def _limit(best: Price, wanted: Exit, tick: Price) -> Price:
    """The exit's own limit, or as high above it as the venue's dollar and decimals need."""
    under = max(1 - wanted.limit.value / best.value, Decimal(0))
    return limit_for_sale(best, under, wanted.shares, tick) or best

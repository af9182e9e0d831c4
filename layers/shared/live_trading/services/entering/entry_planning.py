"""The order that an accepted source trade asks for, and how the risk rules see it. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.nouns.trades import Side
from live_trading.orders.rounding import GTD_VALID_FOR, LOT, Unplanned, limit_for_buy, plan_limit, plan_marketable_buy
from live_trading.risk.proposal import ProposedEntry, expected_price
from live_trading.store.accounts.live_strategies import LiveStrategy

_CENT = Decimal("0.01")


def plan_entry(
    strategy: LiveStrategy,
    *,
    market: Market,
    book: OrderBook,
    signal_price: Price,
    stake: Usd,
    now: datetime,
) -> OrderPlan | Unplanned:
    """A BUY of the book's token with a limit at the strategy's slippage bound above the signal.

    The book's tick is newer than the stored market's, and ticks get finer.
    """
    market = replace(market, tick_size=book.tick_in(market))
    outcome_index = market.token_ids.index(book.token_id)
    limit = limit_for_buy(signal_price, strategy.slippage_bound_fraction, market.tick_size)
    if strategy.order_type in (OrderType.FAK, OrderType.FOK):
        return plan_marketable_buy(
            market=market,
            outcome_index=outcome_index,
            limit_price=limit,
            stake=stake,
            order_type=strategy.order_type,
        )
    return plan_limit(
        market=market,
        outcome_index=outcome_index,
        side=Side.BUY,
        limit_price=limit,
        shares=Shares.floor(stake.value / limit.value, LOT),
        order_type=OrderType.GTD,
        expiration=now + GTD_VALID_FOR,
    )


def plan_within(make: Callable[[Usd], OrderPlan | Unplanned], plan: OrderPlan, room: Usd) -> OrderPlan | Unplanned:
    """The largest order, to the cent of its stake, whose reservation with fees is within `room`."""
    stake = Usd.floor(room.value * plan.usd.value / plan.reservation.value, _CENT)
    while True:
        smaller = make(stake)
        if isinstance(smaller, Unplanned) or smaller.reservation <= room:
            return smaller
        stake = Usd(stake.value - _CENT)


def proposal_of(
    strategy: LiveStrategy,
    plan: OrderPlan,
    *,
    book: OrderBook,
    signal_price: Price,
    trade_time: datetime,
    volatility: Decimal | None,
    now: datetime,
) -> ProposedEntry:
    """The order and the book that it meets, as the rules look at them."""
    return ProposedEntry(
        reservation=plan.reservation,
        stake=plan.usd,
        limit_price=plan.limit_price,
        signal_price=signal_price,
        signal_age=max(now - trade_time, timedelta(0)),
        max_signal_age=timedelta(seconds=strategy.max_signal_age_seconds),
        best_bid=book.best_bid,
        best_ask=book.best_ask,
        expected_price=expected_price(book, plan.limit_price, plan.usd),
        depth=book.offered_within(plan.limit_price),
        volatility=volatility,
    )

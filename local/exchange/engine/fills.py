"""From executions to trades: what each side gets and pays, and what is left of the orders."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Usd, notional, total_usd
from live_trading.nouns.trades import Side
from local.exchange.engine.matching import Execution, is_filled, shares_of, taker_fee, usd_of
from local.exchange.engine.orders import MARKET_TYPES, Order, OrderStatus
from local.exchange.engine.records import Records
from local.exchange.engine.trade_settlement import Settlement
from local.exchange.engine.trades import Leg, Trade, house_leg, new_trade, order_leg
from local.exchange.tape.depth import Depth, opposite
from local.exchange.tape.listings import CRYPTO_FEE_RATE

FEES = FeeSchedule(rate=CRYPTO_FEE_RATE, exponent=Decimal(1))


def order_amount(order: Order, executions: tuple[Execution, ...]) -> int:
    """What an order's account must be able to give away for it, the fee included, in base units.

    A BUY filled below its limit buys more shares for the same dollars and its fee can then exceed the fee at
    the limit; the larger of both counts.
    """
    if order.side is Side.SELL:
        return order.remaining_shares.base_units
    is_taker = bool(executions) or order.order_type in MARKET_TYPES
    fee_at_limit = taker_fee(FEES, order.limit, order.shares) if is_taker else Usd.zero()
    planned = usd_of(executions) + _fees(executions)
    if order.rests:
        planned += notional(order.limit, order.remaining_shares - shares_of(executions))
    return max(order.remaining_usd + fee_at_limit, planned).base_units


def _fees(executions: tuple[Execution, ...]) -> Usd:
    """What a taker is charged: each match by itself, rounded by itself."""
    return total_usd([taker_fee(FEES, execution.offer.price, execution.shares) for execution in executions])


class Fills:
    """Turns executions into trades, hands these to settlement and books them on the orders."""

    def __init__(self, records: Records, depth: Depth, settlement: Settlement) -> None:
        self._records = records
        self._depth = depth
        self._settlement = settlement

    def as_taker(self, order: Order, executions: tuple[Execution, ...], now_ms: int) -> tuple[Trade, ...]:
        """Fill an incoming order: one trade for each price that it met."""
        return tuple(
            self._trade_at(order, price, tuple(same_price), now_ms)
            for price, same_price in groupby(executions, key=lambda execution: execution.offer.price)
        )

    def as_maker(self, order: Order, executions: tuple[Execution, ...], now_ms: int) -> Trade:
        """Fill a resting order at its own price from recorded depth that has come to it."""
        for execution in executions:
            self._take(order, execution, now_ms)
        shares = shares_of(executions)
        usd = notional(order.limit, shares)
        taker = house_leg(
            order.market,
            order.token_id,
            opposite(order.side),
            price=order.limit,
            shares=shares,
            usd=usd,
            now_ms=now_ms,
        )
        maker = order_leg(order, price=order.limit, shares=shares, usd=usd, fee=Usd.zero())
        return self._record(order, taker, (maker,), now_ms)

    def _trade_at(self, order: Order, price: Price, executions: tuple[Execution, ...], now_ms: int) -> Trade:
        taker = order_leg(
            order, price=price, shares=shares_of(executions), usd=usd_of(executions), fee=_fees(executions)
        )
        makers = tuple(self._maker_leg(order, execution, now_ms) for execution in executions)
        return self._record(order, taker, makers, now_ms)

    def _maker_leg(self, order: Order, execution: Execution, now_ms: int) -> Leg:
        maker = execution.offer.order
        if maker is not None:
            return order_leg(
                maker,
                price=maker.limit,
                shares=execution.shares,
                usd=notional(maker.limit, execution.shares),
                fee=Usd.zero(),
            )
        self._take(order, execution, now_ms)
        return house_leg(
            order.market,
            order.token_id,
            opposite(order.side),
            price=execution.offer.price,
            shares=execution.shares,
            usd=execution.usd,
            now_ms=now_ms,
        )

    def _take(self, order: Order, execution: Execution, now_ms: int) -> None:
        self._depth.take(order.token_id, order.side, execution.offer.price, execution.shares, now_ms)

    def _record(self, order: Order, taker: Leg, makers: tuple[Leg, ...], now_ms: int) -> Trade:
        sequence = len(self._records.trades())
        trade = new_trade(order.market, taker, makers, sequence=sequence, now_ms=now_ms)
        self._records.add_trade(trade)
        for leg in trade.settling_legs:
            _book(leg, trade)
        self._settlement.begin(trade)
        return trade


def _book(leg: Leg, trade: Trade) -> None:
    assert leg.order is not None
    order = leg.order
    order.matched_shares += leg.shares
    order.matched_usd += leg.usd
    order.trade_ids.append(trade.trade_id)
    if is_filled(order.demand, ()):
        order.status = OrderStatus.MATCHED

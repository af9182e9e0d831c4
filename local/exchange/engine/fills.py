"""From executions to trades: what each side gets and pays, and what is left of the orders."""

from __future__ import annotations

from local.exchange.arithmetic import average_price, collateral_of, taker_fee, total_usd
from local.exchange.engine.matching import Execution, is_filled, shares_of, usd_of
from local.exchange.engine.orders import MARKET_TYPES, Order, OrderFill, OrderStatus
from local.exchange.engine.records import Records
from local.exchange.engine.trade_settlement import Settlement
from local.exchange.engine.trades import Leg, Trade, house_leg, new_trade, order_leg
from local.exchange.tape.depth import Depth, opposite
from local.exchange.terms import Side
from local.exchange.units import Usd

# A match with more makers than fit into one transaction becomes several trades, numbered by their bucket.
MAKERS_PER_TRADE = 5


def order_amount(order: Order, executions: tuple[Execution, ...]) -> int:
    """What an order's account must be able to give away for it, the fee included, in base units.

    A BUY filled below its limit buys more shares for the same dollars and its fee can then exceed the fee at
    the limit; the larger of both counts.
    """
    if order.side is Side.SELL:
        return order.remaining_shares.base_units
    is_taker = bool(executions) or order.order_type in MARKET_TYPES
    fee_at_limit = taker_fee(order.market.fees, order.usd, order.shares) if is_taker else Usd.zero()
    planned = usd_of(executions) + _fees(order, executions)
    if order.rests:
        planned += collateral_of(order.limit, order.remaining_shares - shares_of(executions))
    return max(order.remaining_usd + fee_at_limit, planned).base_units


def _fees(order: Order, executions: tuple[Execution, ...]) -> Usd:
    """What a taker is charged: each trade once, at its average price."""
    return total_usd(_fee(order, part) for part in _buckets(executions))


def _fee(order: Order, executions: tuple[Execution, ...]) -> Usd:
    return taker_fee(order.market.fees, usd_of(executions), shares_of(executions))


def _buckets(executions: tuple[Execution, ...]) -> list[tuple[Execution, ...]]:
    return [executions[start : start + MAKERS_PER_TRADE] for start in range(0, len(executions), MAKERS_PER_TRADE)]


class Fills:
    """Turns executions into trades, hands these to settlement and books them on the orders."""

    def __init__(self, records: Records, depth: Depth, settlement: Settlement) -> None:
        self._records = records
        self._depth = depth
        self._settlement = settlement

    def as_taker(self, order: Order, executions: tuple[Execution, ...], now_ms: int) -> tuple[Trade, ...]:
        """Fill an incoming order: one trade for all makers that it met, more where these are many."""
        return tuple(
            self._trade(order, part, bucket_index, now_ms) for bucket_index, part in enumerate(_buckets(executions))
        )

    def as_maker(self, order: Order, executions: tuple[Execution, ...], now_ms: int) -> Trade:
        """Fill a resting order at its own price from recorded depth that has come to it."""
        for execution in executions:
            self._take(order, execution, now_ms)
        shares = shares_of(executions)
        usd = collateral_of(order.limit, shares)
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
        return self._record(order, taker, (maker,), 0, now_ms)

    def _trade(self, order: Order, executions: tuple[Execution, ...], bucket_index: int, now_ms: int) -> Trade:
        usd, shares = usd_of(executions), shares_of(executions)
        price = average_price(usd, shares)
        taker = order_leg(order, price=price, shares=shares, usd=usd, fee=_fee(order, executions))
        makers = tuple(self._maker_leg(order, execution, now_ms) for execution in executions)
        return self._record(order, taker, makers, bucket_index, now_ms)

    def _maker_leg(self, order: Order, execution: Execution, now_ms: int) -> Leg:
        maker = execution.offer.order
        if maker is not None:
            return order_leg(maker, price=maker.limit, shares=execution.shares, usd=execution.maker_usd, fee=Usd.zero())
        self._take(order, execution, now_ms)
        return house_leg(
            order.market,
            order.token_id,
            opposite(order.side),
            price=execution.offer.price,
            shares=execution.shares,
            usd=execution.maker_usd,
            now_ms=now_ms,
        )

    def _take(self, order: Order, execution: Execution, now_ms: int) -> None:
        self._depth.take(order.token_id, order.side, execution.offer.price, execution.shares, now_ms)

    def _record(self, order: Order, taker: Leg, makers: tuple[Leg, ...], bucket_index: int, now_ms: int) -> Trade:
        sequence = len(self._records.trades())
        trade = new_trade(order.market, taker, makers, sequence=sequence, bucket_index=bucket_index, now_ms=now_ms)
        self._records.add_trade(trade)
        for leg in trade.settling_legs:
            _book(leg, trade)
        self._settlement.begin(trade)
        return trade


def _book(leg: Leg, trade: Trade) -> None:
    assert leg.order is not None
    order = leg.order
    order.fill(OrderFill(trade_id=trade.trade_id, matched_ms=trade.matched_ms, shares=leg.shares, usd=leg.usd))
    if is_filled(order.demand, ()):
        order.status = OrderStatus.MATCHED

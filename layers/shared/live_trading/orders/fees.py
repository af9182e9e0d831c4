"""The venue's taker fee: rate x (p(1-p))^exponent x shares, on top of a BUY, out of a SELL, five decimals.

Source: the venue's fee documentation and its contracts; makers pay nothing.
"""

from __future__ import annotations

from decimal import Decimal

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd

FEE_QUANTUM = Decimal("0.00001")


def fee_per_share(fees: FeeSchedule, price: Price) -> Decimal:
    """Dollars a share at one price, not rounded."""
    if not fees.rate:
        return Decimal(0)
    p = price.value
    return fees.rate * (p * (1 - p)) ** fees.exponent


def taker_fee(fees: FeeSchedule, price: Price, shares: Shares) -> Usd:
    """The fee of one match at one price, rounded half to even on five decimals as the venue does."""
    return Usd.nearest(fee_per_share(fees, price) * shares.value, FEE_QUANTUM)


def fee_bound_buy(fees: FeeSchedule, usd: Usd, limit_price: Price, tick: Price) -> Usd:
    """The most that spending `usd` at prices from one tick to the limit can cost in fees, rounded up.

    A dollar spent at p buys 1/p shares, so it costs rate x p^(exponent-1) x (1-p)^exponent: a cheaper fill means more
    shares and, up to exponent 1, a higher fee. One rounding step for each of a hundred price levels is added, because
    every match is rounded by itself.
    """
    if not fees.rate or not usd:
        return Usd.zero()
    worst = max(_per_dollar(fees, price) for price in _extremes(fees, limit_price.value, tick.value))
    levels = min(Decimal(100), limit_price.value / tick.value)
    slack = (FEE_QUANTUM / 2 * levels).quantize(FEE_QUANTUM, rounding="ROUND_CEILING")
    return Usd.ceil(usd.value * worst + slack, FEE_QUANTUM)


def fee_bound_sell(fees: FeeSchedule, shares: Shares) -> Usd:
    """The most that selling `shares` at any price can cost in fees: p(1-p) is largest at one half."""
    if not fees.rate:
        return Usd.zero()
    return Usd.ceil(fees.rate * Decimal("0.25") ** fees.exponent * shares.value, FEE_QUANTUM)


def _per_dollar(fees: FeeSchedule, price: Decimal) -> Decimal:
    return fees.rate * (price * (1 - price)) ** fees.exponent / price


def _extremes(fees: FeeSchedule, limit: Decimal, tick: Decimal) -> list[Decimal]:
    """Where p^(e-1)(1-p)^e can be largest on [tick, limit]: the ends, and the stationary point of e > 1."""
    points = [min(tick, limit), limit]
    if fees.exponent > 1:
        stationary = (fees.exponent - 1) / (2 * fees.exponent - 1)
        if tick < stationary < limit:
            points.append(stationary)
    return points

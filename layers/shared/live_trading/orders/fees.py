"""The venue's taker fee: rate x (p(1-p))^exponent x shares, on top of a BUY, out of a SELL, five decimals.

Source: the venue's fee documentation and its contracts; makers pay nothing.
"""

from __future__ import annotations

from decimal import Decimal

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd

FEE_QUANTUM = Decimal("0.00001")
# Every match is rounded by itself, so an order that meets many resting ones gathers a rounding from each.
MOST_MATCHES = 1000
_ROUNDING = FEE_QUANTUM / 2 * MOST_MATCHES


def fee_per_share(fees: FeeSchedule, price: Price) -> Decimal:
    """Dollars a share at one price, not rounded."""
    return _curve(fees, price.value)


def taker_fee(fees: FeeSchedule, price: Price, shares: Shares) -> Usd:
    """The fee of one match at one price, rounded half to even on five decimals as the venue does."""
    return Usd.nearest(fee_per_share(fees, price) * shares.value, FEE_QUANTUM)


def fee_bound_buy(fees: FeeSchedule, usd: Usd, limit_price: Price, tick: Price) -> Usd:
    """The most that spending `usd` at prices from one tick to the limit, in up to a thousand matches, costs in fees.

    A dollar spent at p buys 1/p shares, so it costs rate x p^(exponent-1) x (1-p)^exponent: a cheaper fill means more
    shares and, up to exponent 1, a higher fee. Rounded up.
    """
    if not fees.rate or not usd:
        return Usd.zero()
    worst = max(_curve(fees, price) / price for price in _extremes(fees, limit_price.value, tick.value))
    return _bound(usd.value * worst)


def fee_bound_sell(fees: FeeSchedule, shares: Shares) -> Usd:
    """The most that selling `shares` at any price, in up to a thousand matches, costs in fees.

    p(1-p) is largest at one half. Rounded up.
    """
    if not fees.rate or not shares:
        return Usd.zero()
    return _bound(_curve(fees, Decimal("0.5")) * shares.value)


def _bound(exact: Decimal) -> Usd:
    """Rounding to the nearest at most doubles a fee, and adds at most half a step to each match's."""
    return Usd.ceil(exact + min(exact, _ROUNDING), FEE_QUANTUM)


def _curve(fees: FeeSchedule, price: Decimal) -> Decimal:
    if not fees.exponent:
        return fees.rate
    return fees.rate * (price * (1 - price)) ** fees.exponent


def _extremes(fees: FeeSchedule, limit: Decimal, tick: Decimal) -> list[Decimal]:
    """Where p^(e-1)(1-p)^e can be largest on [tick, limit]: the ends, and the stationary point of e > 1."""
    points = [min(tick, limit), limit]
    if fees.exponent > 1:
        stationary = (fees.exponent - 1) / (2 * fees.exponent - 1)
        if tick < stationary < limit:
            points.append(stationary)
    return points

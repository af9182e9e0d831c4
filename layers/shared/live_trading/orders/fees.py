"""The venue's taker fee: rate x (p(1-p))^exponent x shares, on top of a BUY, out of a SELL, floored on five decimals.

Source: the venue's fee documentation, and recorded OrderFilled events of both exchanges, whose fees are all floored
and, where a trade met several prices, charged once at its average. Makers pay nothing. This is the expectation before
a trade has settled; what was charged is read from the receipt.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import BASE_UNITS, Price, Shares, Usd, notional, total_shares, total_usd

FEE_QUANTUM = Decimal("0.00001")
# For an exponent that is no whole number the power is no fraction: so many digits that flooring is right all the same.
_POWER_DIGITS = 60
_STEPS_A_DOLLAR = 100_000


def fee_per_share(fees: FeeSchedule, price: Price) -> Decimal:
    """Dollars a share at one price, not rounded."""
    return _curve(fees, price.value)


def is_same_fee(one: FeeSchedule, other: FeeSchedule) -> bool:
    """Whether both charge the same at every price."""
    return one == other or (not one.rate and not other.rate)


def dearer(one: FeeSchedule, other: FeeSchedule) -> FeeSchedule:
    """A schedule that charges at no price less than either of them.

    p(1 - p) is under one, so that the smaller exponent is the dearer one.
    """
    if not one.rate or not other.rate:
        return one if one.rate else other
    return FeeSchedule(rate=max(one.rate, other.rate), exponent=min(one.exponent, other.exponent))


def taker_fee(fees: FeeSchedule, price: Price, shares: Shares) -> Usd:
    """The fee of a trade at one price, floored on five decimals."""
    return _charged(fees, price.base_units, BASE_UNITS, shares)


def trade_fee(fees: FeeSchedule, matched: Sequence[tuple[Price, Shares]]) -> Usd:
    """The fee of a trade that met several resting orders: one, at the average price of what it met.

    The average is what the dollars that move make of the shares, exactly.
    """
    shares = total_shares([amount for _, amount in matched])
    if not shares:
        return Usd.zero()
    if len({price for price, _ in matched}) == 1:
        return taker_fee(fees, matched[0][0], shares)
    usd = total_usd([notional(price, amount) for price, amount in matched])
    return _charged(fees, usd.base_units, shares.base_units, shares)


def fee_bound_buy(fees: FeeSchedule, usd: Usd, limit_price: Price, tick: Price) -> Usd:
    """The most that spending `usd` at prices from one tick to the limit costs in fees, in however many trades.

    A dollar spent at p buys 1/p shares, so it costs rate x p^(exponent-1) x (1-p)^exponent: a cheaper fill means more
    shares and, up to exponent 1, a higher fee. Rounded up, while each charge is floored.
    """
    if not fees.rate or not usd:
        return Usd.zero()
    worst = max(_curve(fees, price) / price for price in _extremes(fees, limit_price.value, tick.value))
    return Usd.ceil(usd.value * worst, FEE_QUANTUM)


def fee_bound_sell(fees: FeeSchedule, shares: Shares) -> Usd:
    """The most that selling `shares` at any price costs in fees, in however many trades.

    p(1-p) is largest at one half. Rounded up, while each charge is floored.
    """
    if not fees.rate or not shares:
        return Usd.zero()
    return Usd.ceil(_curve(fees, Decimal("0.5")) * shares.value, FEE_QUANTUM)


def _charged(fees: FeeSchedule, paid: int, bought: int, shares: Shares) -> Usd:
    """The fee at an average price of `paid / bought`.

    Floors without rounding anything before: a fee that ends on the fifth decimal must not lose a step. In whole numbers
    throughout, because a fraction that is reduced at every step costs ten times as much.
    """
    if not fees.rate:
        return Usd.zero()
    curve, curve_parts = _power(paid * (bought - paid), bought * bought, fees.exponent)
    rate, rate_parts = fees.rate.as_integer_ratio()
    steps = curve * rate * shares.base_units * _STEPS_A_DOLLAR // (curve_parts * rate_parts * BASE_UNITS)
    return Usd(FEE_QUANTUM * steps)


def _power(top: int, bottom: int, exponent: Decimal) -> tuple[int, int]:
    """(top / bottom) ** exponent as a fraction, not reduced."""
    if exponent == exponent.to_integral_value() and exponent >= 0:
        return top ** int(exponent), bottom ** int(exponent)
    base = Fraction(top, bottom)
    with localcontext() as context:
        context.prec = _POWER_DIGITS
        return ((Decimal(base.numerator) / Decimal(base.denominator)) ** exponent).as_integer_ratio()


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

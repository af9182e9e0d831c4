"""Order amounts on the venue's grid: ticks, lots, decimals and minimums.

Source: the venue's clients, its documents and the texts of its refusals. A price lies on the tick grid in
[tick, 1 - tick]. A marketable order (FAK, FOK) gives at most two decimals, asks for at most four whatever the tick, and
needs a dollar; a resting order has sizes of two decimals, amounts as fine as its tick allows, and a minimum of shares.
Where shares are the size (every SELL, every resting order), the dollars are price times shares to the last unit, or
the venue calls the amounts invalid; so a size is cut until they are. The stake is never exceeded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from live_trading.nouns.markets import Market
from live_trading.nouns.money import PLACES, Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.fees import fee_bound_buy, fee_bound_sell

LOT = Decimal("0.01")
# The venue takes no GTD that ends within three minutes and ends each a minute early; the rest is the way to the venue.
GTD_VALID_FOR = timedelta(seconds=185)
MARKETABLE_TAKER = Decimal("0.0001")
MINIMUM_MARKETABLE_USD = Usd(1)
# Shares of a marketable BUY have four decimals: on a finer grid the two amounts could not tell a limit from the next.
FINEST_TICK = Decimal("0.0001")
_MARKETABLE_PLACES = 4
_SIZE_PLACES = 2
# At a price in whole tenths of a cent no more than 0.09 shares have to stay behind.
_EASY_STEP = Decimal("0.001")


class PriceOffGrid(ValueError):
    """A limit that is no multiple of the tick in [tick, 1 - tick]; the venue would refuse it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSmall:
    """No order: after rounding it would be under the venue's minimum. Both amounts are in `unit`."""

    reason: RejectionCode
    observed: Decimal
    minimum: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableTick:
    """No order: prices and amounts cannot be placed on this grid without a guess."""

    tick: Price


Unplanned = TooSmall | UnusableTick
"""Why there is no order."""


def is_usable_tick(tick: Price) -> bool:
    """Whether a grid can be computed from the tick itself: it divides a dollar and is no finer than 0.0001."""
    return tick.value >= FINEST_TICK and tick.value * 2 <= 1 and 1 % tick.value == 0


def floor_to_tick(price: Decimal, tick: Price) -> Price:
    """The highest price on the grid that is not above `price`, kept within [tick, 1 - tick]."""
    return _on_grid((price / tick.value).to_integral_value(rounding=ROUND_FLOOR) * tick.value, tick)


def ceil_to_tick(price: Decimal, tick: Price) -> Price:
    """The lowest price on the grid that is not below `price`, kept within [tick, 1 - tick]."""
    return _on_grid((price / tick.value).to_integral_value(rounding=ROUND_CEILING) * tick.value, tick)


def limit_for_buy(signal_price: Price, slippage_bound_fraction: Decimal, tick: Price) -> Price:
    """The most to pay: the signal's price plus the bound, rounded down, so that the bound is never passed.

    A bound below one tick gives one tick: the venue has no lower price.
    """
    return floor_to_tick(signal_price.value * (1 + slippage_bound_fraction), tick)


def limit_for_sell(signal_price: Price, slippage_bound_fraction: Decimal, tick: Price) -> Price:
    """The least to take: the signal's price less the bound, rounded up."""
    return ceil_to_tick(signal_price.value * (1 - slippage_bound_fraction), tick)


def limit_for_sale(
    best_bid: Price, slippage_bound_fraction: Decimal, shares: Shares, tick: Price, *, floor: Price | None = None
) -> Price | None:
    """The least to take when `shares` are sold at once into a book: the bound, but no price that spoils the order.

    As high as the venue's dollar needs it, and in tenths of a cent where such a price lies between the bound and the
    best bid: at a finer price the dollars of most sizes have too many decimals, and what is left of the size after
    that must still be worth the dollar. The best bid itself where no price gives it. None where the best bid is under
    the `floor`, below which nothing is sold.
    """
    top = floor_to_tick(best_bid.value, tick).value
    lowest = limit_for_sell(best_bid, slippage_bound_fraction, tick).value
    if floor is not None:
        if top < floor.value:
            return None
        lowest = max(lowest, ceil_to_tick(floor.value, tick).value)
    lot = Shares.floor(shares.value, LOT).value
    if lot * top < MINIMUM_MARKETABLE_USD.value:
        return Price(top)
    lowest = min(max(lowest, ceil_to_tick(MINIMUM_MARKETABLE_USD.value / lot, tick).value), top)
    return next(
        (price for price in _prices_up(lowest, top, tick.value) if _is_worth_the_dollar(shares, price)), Price(top)
    )


def _prices_up(lowest: Decimal, top: Decimal, tick: Decimal) -> Iterator[Price]:
    """The easy price, then the grid from `lowest` to `top`."""
    easy = (lowest / _EASY_STEP).to_integral_value(rounding=ROUND_CEILING) * _EASY_STEP
    if easy <= top and easy % tick == 0:
        yield Price(easy)
    for step in range(int((top - lowest) / tick) + 1):
        yield Price(lowest + step * tick)


def _is_worth_the_dollar(shares: Shares, price: Price) -> bool:
    return _sold_exactly(shares, price, _MARKETABLE_PLACES).value * price.value >= MINIMUM_MARKETABLE_USD.value


def plan_marketable_buy(
    *, market: Market, outcome_index: int, limit_price: Price, stake: Usd, order_type: OrderType
) -> OrderPlan | Unplanned:
    """A FAK or FOK that spends at most `stake` at `limit_price` or better.

    The fewest shares that it asks for are rounded down on four decimals, as the venue's clients do: the price that the
    two amounts imply is then a hair above the limit, never a tick, and so still crosses an offer at the limit itself.
    It needs a dollar; the market's minimum of shares is for resting orders. Raises ValueError for a resting order
    type, PriceOffGrid.
    """
    _require_marketable(order_type)
    if not is_usable_tick(market.tick_size):
        return UnusableTick(tick=market.tick_size)
    _require_on_grid(limit_price, market.tick_size)
    usd = Usd.floor(stake.value, LOT)
    if usd < MINIMUM_MARKETABLE_USD:
        return _below_minimum_amount(usd)
    shares = Shares.floor(usd.value / limit_price.value, MARKETABLE_TAKER)
    return _plan(market, outcome_index, Side.BUY, order_type, limit_price, usd, shares)


def plan_marketable_sell(
    *, market: Market, outcome_index: int, limit_price: Price, shares: Shares, order_type: OrderType
) -> OrderPlan | Unplanned:
    """A FAK or FOK that gives at most `shares` at `limit_price` or better; see `limit_for_sale` for that price.

    It needs a dollar at its limit and may be under the market's minimum of shares. Raises ValueError for a resting
    order type, PriceOffGrid.
    """
    _require_marketable(order_type)
    if not is_usable_tick(market.tick_size):
        return UnusableTick(tick=market.tick_size)
    _require_on_grid(limit_price, market.tick_size)
    lot = _sold_exactly(shares, limit_price, _MARKETABLE_PLACES)
    usd = Usd(lot.value * limit_price.value)
    if usd < MINIMUM_MARKETABLE_USD:
        return _below_minimum_amount(usd)
    return _plan(market, outcome_index, Side.SELL, order_type, limit_price, usd, lot)


def plan_limit(
    *,
    market: Market,
    outcome_index: int,
    side: Side,
    limit_price: Price,
    shares: Shares,
    order_type: OrderType,
    expiration: datetime | None,
) -> OrderPlan | Unplanned:
    """A GTC, or a GTD with its expiration, of at most `shares`.

    Raises ValueError where type and expiration do not fit together, PriceOffGrid.
    """
    if order_type not in (OrderType.GTC, OrderType.GTD) or (order_type is OrderType.GTD) != (expiration is not None):
        raise ValueError(f"{order_type} with expiration {expiration}")
    if not is_usable_tick(market.tick_size):
        return UnusableTick(tick=market.tick_size)
    _require_on_grid(limit_price, market.tick_size)
    lot = _sold_exactly(shares, limit_price, _amount_places(market.tick_size))
    usd = Usd(lot.value * limit_price.value)
    if lot < market.minimum_order_shares or not usd:
        return _below_minimum_size(lot, market)
    return _plan(market, outcome_index, side, order_type, limit_price, usd, lot, expiration)


def _plan(
    market: Market,
    outcome_index: int,
    side: Side,
    order_type: OrderType,
    limit_price: Price,
    usd: Usd,
    shares: Shares,
    expiration: datetime | None = None,
) -> OrderPlan:
    return OrderPlan(
        token_id=market.token_ids[outcome_index],
        condition_id=market.condition_id,
        version=market.version,
        outcome_index=outcome_index,
        side=side,
        order_type=order_type,
        limit_price=limit_price,
        usd=usd,
        shares=shares,
        fee_bound=(
            fee_bound_buy(market.fees, usd, limit_price, market.tick_size)
            if side is Side.BUY
            else fee_bound_sell(market.fees, shares)
        ),
        neg_risk=market.known_neg_risk,
        tick_size=market.tick_size,
        expiration=expiration,
    )


def _amount_places(tick: Price) -> int:
    """Decimals of a resting order's dollars: those of its price and those of its size, at most what the chain counts.

    For 0.1, 0.01, 0.005, 0.0025, 0.001 and 0.0001 these are the 3, 4, 5, 6, 5 and 6 of the venue's own table.
    """
    places = -int(tick.value.normalize().as_tuple().exponent)
    return min(places + _SIZE_PLACES, PLACES)


def _sold_exactly(shares: Shares, price: Price, places: int) -> Shares:
    """The most of `shares`, in whole hundredths, whose dollars at `price` have no more than `places` decimals."""
    _, hundredths = (price.value * LOT).scaleb(places).as_integer_ratio()
    return Shares.floor(shares.value // (LOT * hundredths) * LOT * hundredths)


def _on_grid(price: Decimal, tick: Price) -> Price:
    return Price(min(max(price, tick.value), 1 - tick.value))


def _require_marketable(order_type: OrderType) -> None:
    if order_type not in (OrderType.FAK, OrderType.FOK):
        raise ValueError(f"{order_type} rests: it has a size, not a stake")


def _require_on_grid(limit_price: Price, tick: Price) -> None:
    if floor_to_tick(limit_price.value, tick) != limit_price:
        raise PriceOffGrid(f"{limit_price} with a tick of {tick}")


def _below_minimum_amount(usd: Usd) -> TooSmall:
    return TooSmall(
        reason=RejectionCode.BELOW_MINIMUM_AMOUNT,
        observed=usd.value,
        minimum=MINIMUM_MARKETABLE_USD.value,
        unit="USD",
    )


def _below_minimum_size(shares: Shares, market: Market) -> TooSmall:
    return TooSmall(
        reason=RejectionCode.BELOW_MINIMUM_SIZE,
        observed=shares.value,
        minimum=market.minimum_order_shares.value,
        unit="shares",
    )

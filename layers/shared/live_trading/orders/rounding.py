"""Order amounts on the venue's grid: ticks, lots, decimals and minimums.

Source: the venue's clients and server checks. A price lies on the tick grid in [tick, 1 - tick]. A marketable order
(FAK, FOK) gives at most two decimals and asks for at most four, whatever the tick; a resting order has sizes of two
decimals and amounts as fine as its tick allows. The stake is never exceeded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from live_trading.nouns.markets import Market
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.fees import fee_bound_buy, fee_bound_sell

LOT = Decimal("0.01")
MARKETABLE_TAKER = Decimal("0.0001")
MINIMUM_MARKETABLE_USD = Usd(1)
_AMOUNT_PLACES = {
    Decimal("0.1"): 3,
    Decimal("0.01"): 4,
    Decimal("0.005"): 5,
    Decimal("0.0025"): 6,
    Decimal("0.001"): 5,
    Decimal("0.0001"): 6,
}


class UnknownTick(ValueError):
    """A tick that the venue's table does not have; nothing can be rounded to it safely."""


class PriceOffGrid(ValueError):
    """A limit that is no multiple of the tick in [tick, 1 - tick]; the venue would refuse it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSmall:
    """No order: after rounding it would be under the venue's minimum. Both amounts are in `unit`."""

    reason: RejectionCode
    observed: Decimal
    minimum: Decimal
    unit: str


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


def plan_marketable_buy(
    *, market: Market, outcome_index: int, limit_price: Price, stake: Usd, order_type: OrderType
) -> OrderPlan | TooSmall:
    """A FAK or FOK that spends at most `stake`, fees on top, at `limit_price` or better.

    The fewest shares that it asks for are rounded down on four decimals, as the venue's clients do: the price that the
    two amounts imply is then a hair above the limit, never a tick, and so still crosses an offer at the limit itself.
    Raises ValueError for a resting order type, UnknownTick, PriceOffGrid.
    """
    _require_marketable(order_type)
    _require_on_grid(limit_price, market.tick_size)
    usd = Usd.floor(stake.value, LOT)
    if usd < MINIMUM_MARKETABLE_USD:
        return _below_minimum_amount(usd)
    shares = Shares.floor(usd.value / limit_price.value, MARKETABLE_TAKER)
    if shares < market.minimum_order_shares:
        return _below_minimum_size(shares, market)
    return OrderPlan(
        token_id=market.token_ids[outcome_index],
        condition_id=market.condition_id,
        outcome_index=outcome_index,
        side=Side.BUY,
        order_type=order_type,
        limit_price=limit_price,
        usd=usd,
        shares=shares,
        fee_bound=fee_bound_buy(market.fees, usd, limit_price, market.tick_size),
        neg_risk=market.known_neg_risk,
        tick_size=market.tick_size,
    )


def plan_marketable_sell(
    *, market: Market, outcome_index: int, limit_price: Price, shares: Shares, order_type: OrderType
) -> OrderPlan | TooSmall:
    """A FAK or FOK that gives at most `shares` at `limit_price` or better.

    Raises ValueError for a resting order type, UnknownTick, PriceOffGrid.
    """
    _require_marketable(order_type)
    _require_on_grid(limit_price, market.tick_size)
    lot = Shares.floor(shares.value, LOT)
    usd = Usd.floor(lot.value * limit_price.value, MARKETABLE_TAKER)
    if lot < market.minimum_order_shares or not usd:
        return _below_minimum_size(lot, market)
    return OrderPlan(
        token_id=market.token_ids[outcome_index],
        condition_id=market.condition_id,
        outcome_index=outcome_index,
        side=Side.SELL,
        order_type=order_type,
        limit_price=limit_price,
        usd=usd,
        shares=lot,
        fee_bound=fee_bound_sell(market.fees, lot),
        neg_risk=market.known_neg_risk,
        tick_size=market.tick_size,
    )


def plan_limit(
    *,
    market: Market,
    outcome_index: int,
    side: Side,
    limit_price: Price,
    shares: Shares,
    order_type: OrderType,
    expiration: datetime | None,
) -> OrderPlan | TooSmall:
    """A GTC, or a GTD with its expiration, of at most `shares`.

    Raises ValueError where type and expiration do not fit together, UnknownTick, PriceOffGrid.
    """
    if order_type not in (OrderType.GTC, OrderType.GTD) or (order_type is OrderType.GTD) != (expiration is not None):
        raise ValueError(f"{order_type} with expiration {expiration}")
    _require_on_grid(limit_price, market.tick_size)
    lot = Shares.floor(shares.value, LOT)
    usd = Usd.floor(lot.value * limit_price.value, Decimal(1).scaleb(-_AMOUNT_PLACES[market.tick_size.value]))
    if lot < market.minimum_order_shares or not usd:
        return _below_minimum_size(lot, market)
    return OrderPlan(
        token_id=market.token_ids[outcome_index],
        condition_id=market.condition_id,
        outcome_index=outcome_index,
        side=side,
        order_type=order_type,
        limit_price=limit_price,
        usd=usd,
        shares=lot,
        fee_bound=(
            fee_bound_buy(market.fees, usd, limit_price, market.tick_size)
            if side is Side.BUY
            else fee_bound_sell(market.fees, lot)
        ),
        neg_risk=market.known_neg_risk,
        tick_size=market.tick_size,
        expiration=expiration,
    )


def _on_grid(price: Decimal, tick: Price) -> Price:
    return Price(min(max(price, tick.value), 1 - tick.value))


def _require_marketable(order_type: OrderType) -> None:
    if order_type not in (OrderType.FAK, OrderType.FOK):
        raise ValueError(f"{order_type} rests: it has a size, not a stake")


def _require_on_grid(limit_price: Price, tick: Price) -> None:
    if tick.value not in _AMOUNT_PLACES:
        raise UnknownTick(str(tick))
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

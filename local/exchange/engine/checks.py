"""What the venue checks of an order before it looks at the book: grid, decimals, sizes and expiration."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from local.exchange import errors
from local.exchange.engine.orders import MARKET_TYPES, Order
from local.exchange.terms import OrderType, Side
from local.exchange.units import BASE_UNITS, Price, Shares, Usd

MINIMUM_ORDER_SHARES = Shares(5)
MINIMUM_MARKETABLE_USD = Usd(1)
MINIMUM_LIFETIME_S = 180
EXPIRES_EARLY_S = 60
SHARE_PLACES = 2
MARKET_MAKER_PLACES = 2
MARKET_TAKER_PLACES = 4
# The larger amount of a market order is cut to four decimals, so its ratio can miss the grid by this much.
_ROUNDING = BASE_UNITS // 10_000


def limit_price(order_hash: str, side: Side, maker_amount: int, taker_amount: int, tick_size: Price) -> Price:
    """The grid price that the amounts state; Refused where they state none in [tick, 1 − tick]."""
    tick = tick_size.value
    if side is Side.BUY:
        stated = Decimal(maker_amount) / Decimal(taker_amount)
        price = (stated / tick).to_integral_value(ROUND_FLOOR) * tick
        is_on_grid = maker_amount < price * (taker_amount + _ROUNDING)
    else:
        stated = Decimal(taker_amount) / Decimal(maker_amount)
        price = (stated / tick).to_integral_value(ROUND_CEILING) * tick
        is_on_grid = taker_amount > price * maker_amount - _ROUNDING
    if not is_on_grid or not tick <= price <= 1 - tick:
        raise errors.breaks_tick_size(order_hash, stated, tick_size)
    return Price(price)


def check_amounts(order: Order, tick_size: Price) -> None:
    """Refuse amounts with more decimals than the order type allows."""
    maker_places, taker_places = _allowed_places(order, tick_size)
    if _places(order.maker_amount) <= maker_places and _places(order.taker_amount) <= taker_places:
        return
    is_market_buy = order.is_dollar_sized
    orders = "market buy orders" if is_market_buy else f"{order.side.lower()} orders"
    raise errors.invalid_amounts(orders, maker_places, taker_places)


def _allowed_places(order: Order, tick_size: Price) -> tuple[int, int]:
    if order.order_type in MARKET_TYPES:
        return MARKET_MAKER_PLACES, MARKET_TAKER_PLACES
    # a price on this tick times shares on two places
    dollars = _decimals(tick_size.value) + SHARE_PLACES
    return (dollars, SHARE_PLACES) if order.side is Side.BUY else (SHARE_PLACES, dollars)


def _places(base_units: int) -> int:
    return _decimals(Decimal(base_units) / BASE_UNITS)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def check_size(order: Order) -> None:
    """Refuse a resting order below the minimum number of shares; market orders have no such minimum."""
    if order.rests and order.shares < MINIMUM_ORDER_SHARES:
        raise errors.below_minimum_size(order.order_hash, order.shares.value, MINIMUM_ORDER_SHARES.value)


def check_marketable_amount(order: Order, matched: Usd) -> None:
    """Refuse under one dollar: market orders of either side, and a BUY that would match at once.

    `matched` is what would trade now; a SELL counts for what it gets where that is more than its limit asks.
    """
    applies = not order.rests or (order.side is Side.BUY and matched.is_positive)
    amount = order.usd if order.side is Side.BUY else max(order.usd, matched)
    if applies and amount < MINIMUM_MARKETABLE_USD:
        raise errors.below_minimum_amount(order.side, amount, MINIMUM_MARKETABLE_USD)


def check_expiration(order_type: OrderType, expiration_s: int, now_ms: int) -> None:
    """Refuse a GTD that ends in less than three minutes, and an expiration of any other type."""
    earliest_ms = now_ms + MINIMUM_LIFETIME_S * 1000
    is_valid = expiration_s * 1000 >= earliest_ms if order_type is OrderType.GTD else expiration_s == 0
    if not is_valid:
        raise errors.invalid_expiration()


def expiry_ms(expiration_s: int) -> int:
    """When the venue takes an order off the book, a minute before its expiration, in ms of its clock."""
    return (expiration_s - EXPIRES_EARLY_S) * 1000

"""What the venue checks of an order before it looks at the book: grid, decimals, sizes and expiration."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from types import MappingProxyType

from local.exchange import errors
from local.exchange.engine.orders import MARKET_TYPES, Order
from local.exchange.terms import OrderType, Side
from local.exchange.units import BASE_UNITS, Price, Shares, Usd

MINIMUM_ORDER_SHARES = Shares(5)
MINIMUM_MARKETABLE_USD = Usd(1)
EXPIRES_EARLY_S = 60
SHARE_PLACES = 2
MARKET_MAKER_PLACES = 2
MARKET_TAKER_PLACES = 4

# How many decimals the dollar side of a limit order may have on each tick.
AMOUNT_PLACES: Mapping[Decimal, int] = MappingProxyType(
    {
        Decimal("0.1"): 3,
        Decimal("0.01"): 4,
        Decimal("0.005"): 5,
        Decimal("0.0025"): 6,
        Decimal("0.001"): 5,
        Decimal("0.0001"): 6,
    }
)
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
    dollars = AMOUNT_PLACES[tick_size.value]
    return (dollars, SHARE_PLACES) if order.side is Side.BUY else (SHARE_PLACES, dollars)


def _places(base_units: int) -> int:
    exponent = (Decimal(base_units) / BASE_UNITS).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def check_size(order: Order) -> None:
    """Refuse a resting order below the minimum number of shares; market orders have no such minimum."""
    if order.rests and order.shares < MINIMUM_ORDER_SHARES:
        raise errors.below_minimum_size(order.order_hash, order.shares.value, MINIMUM_ORDER_SHARES.value)


def check_marketable_amount(order: Order, *, is_marketable: bool) -> None:
    """Refuse a BUY under one dollar that is a market order or would match at once."""
    applies = order.side is Side.BUY and (is_marketable or not order.rests)
    if applies and order.usd < MINIMUM_MARKETABLE_USD:
        raise errors.below_minimum_amount(order.usd, MINIMUM_MARKETABLE_USD)


def check_expiration(order_type: OrderType, expiration_s: int, now_ms: int) -> None:
    """Refuse a GTD that has expired, which it does a minute early, and an expiration of any other type."""
    is_valid = expiry_ms(expiration_s) > now_ms if order_type is OrderType.GTD else expiration_s == 0
    if not is_valid:
        raise errors.invalid_expiration()


def expiry_ms(expiration_s: int) -> int:
    """When the venue takes an order off the book, in ms of its clock."""
    return (expiration_s - EXPIRES_EARLY_S) * 1000

"""Which part of a venue trade is ours, for how many dollars, and at what fee.

As taker, our part is the sum of the resting orders that the trade met. One of them may rest on the other outcome's
token: its price p buys or sells ours at 1 - p, and the trade's own price is only an average. As maker, our part is our
element, in its own token and at its own price; the top level is somebody else's. The venue reports neither dollars nor
fees, so both are expected by its formulas (floored, one fee a trade) until the receipt of the trade's transaction tells
what moved.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd, average_price, notional, total_shares, total_usd
from live_trading.nouns.orders import Fill, LiquidityRole
from live_trading.nouns.trades import Side
from live_trading.orders.fees import trade_fee
from live_trading.polymarket.clob.account_rows import MakerPart, VenueTrade, VenueTrades
from live_trading.polymarket.clob.units import HUMAN, unit_of
from live_trading.polymarket.signing.order_payload import OwnOrder

# The size and its parts are printed with different precision; more than this is another trade's size.
_PRINTING = Decimal("0.01")
# What a venue may fill above an order for rounding, in dollars or shares.
_ROUNDING = Decimal("0.01")


def fills_of_order(found: VenueTrades, order_hash: str, fees: FeeSchedule, own: OwnOrder | None = None) -> list[Fill]:
    """Our fills of one order, one a venue trade, oldest first.

    With `own`, amounts are recognised as human decimals or base units; without it they are read as human decimals.
    Raises MalformedAnswer where a trade of this order cannot be read, because a fill left out is money left out.
    """
    for row in found.malformed:
        if order_hash in row.raw.lower():
            raise MalformedAnswer(f"a trade of order {order_hash}: {row.reason}", raw=row.raw)
    fills = [fill for trade in found.trades if (fill := _own_part(trade, order_hash, fees, own)) is not None]
    return sorted(fills, key=_place)


def _place(fill: Fill) -> tuple[datetime, Price, Shares, str]:
    """The venue tells the second; its ids are in no order, so they decide only between fills that are alike."""
    return fill.match_time, fill.price, fill.shares, fill.venue_trade_id


def orders_of_account(found: VenueTrades, address: str) -> dict[str, list[VenueTrade]]:
    """The trades by the hash of the order through which this account (lower case) took part in them."""
    orders: dict[str, list[VenueTrade]] = {}
    for trade in found.trades:
        hashes = {part.order_hash for part in trade.makers if part.account == address}
        if trade.is_taker:
            hashes.add(trade.taker_order_hash)
        for order_hash in sorted(hashes):
            orders.setdefault(order_hash, []).append(trade)
    return orders


def _own_part(trade: VenueTrade, order_hash: str, fees: FeeSchedule, own: OwnOrder | None) -> Fill | None:
    if trade.taker_order_hash == order_hash:
        return _taker_fill(trade, fees, own)
    parts = [part for part in trade.makers if part.order_hash == order_hash]
    return _maker_fill(trade, parts, own) if parts else None


def _taker_fill(trade: VenueTrade, fees: FeeSchedule, own: OwnOrder | None) -> Fill:
    legs = [(_price_for(trade.token_id, part), part.amount) for part in trade.makers]
    unit = _unit(trade, legs, own)
    parts = sum((amount for _, amount in legs), Decimal(0))
    if abs(parts - trade.size) * unit > _PRINTING:
        raise _odd(trade, f"a size of {trade.size}, but parts of {parts}")
    matched = _in_shares(legs, unit)
    return _fill(
        trade,
        order_hash=trade.taker_order_hash,
        token_id=trade.token_id,
        side=trade.side,
        matched=matched,
        fee=trade_fee(fees, matched),
        role=LiquidityRole.TAKER,
    )


def _maker_fill(trade: VenueTrade, parts: list[MakerPart], own: OwnOrder | None) -> Fill:
    legs = [(part.price, part.amount) for part in parts]
    return _fill(
        trade,
        order_hash=parts[0].order_hash,
        token_id=parts[0].token_id,
        side=parts[0].side,
        matched=_in_shares(legs, _unit(trade, legs, own)),
        fee=Usd.zero(),
        role=LiquidityRole.MAKER,
    )


def _fill(
    trade: VenueTrade,
    *,
    order_hash: str,
    token_id: str,
    side: Side,
    matched: list[tuple[Price, Shares]],
    fee: Usd,
    role: LiquidityRole,
) -> Fill:
    usd = total_usd([notional(price, shares) for price, shares in matched])
    shares = total_shares([shares for _, shares in matched])
    price = average_price(usd, shares)
    if price is None:
        raise _odd(trade, "a fill of no shares")
    return Fill(
        venue_trade_id=trade.venue_trade_id,
        order_hash=order_hash,
        token_id=token_id,
        side=side,
        shares=shares,
        price=price,
        usd=usd,
        fee=fee,
        role=role,
        status=trade.status,
        transaction_hash=trade.transaction_hash,
        match_time=trade.match_time,
    )


def _price_for(token_id: str, part: MakerPart) -> Price:
    """What a share of `token_id` costs against this resting order: both outcomes together are worth a dollar."""
    return part.price if part.token_id == token_id else Price(1 - part.price.value)


def _in_shares(legs: list[tuple[Price, Decimal]], unit: Decimal) -> list[tuple[Price, Shares]]:
    return [(price, Shares.nearest(amount * unit)) for price, amount in legs]


def _unit(trade: VenueTrade, legs: list[tuple[Price, Decimal]], own: OwnOrder | None) -> Decimal:
    if own is None:
        return HUMAN
    if own.is_dollar_sized:
        most, stated = own.usd.value, sum((price.value * amount for price, amount in legs), Decimal(0))
    else:
        most, stated = own.shares.value, sum((amount for _, amount in legs), Decimal(0))
    unit = unit_of(stated, most + _ROUNDING)
    if unit is None:
        raise _odd(trade, f"{stated} is more than our whole order")
    return unit


def _odd(trade: VenueTrade, complaint: str) -> MalformedAnswer:
    return MalformedAnswer(f"clob.trades: trade {trade.venue_trade_id}: {complaint}", raw=repr(trade))

"""Orders and trades in the venue's JSON. Amounts are human decimals as text, as production sends them."""

from __future__ import annotations

from typing import Any

from local.exchange.arithmetic import total_shares, total_usd
from local.exchange.engine.orders import Order, OrderStatus
from local.exchange.engine.trades import Leg, Placement, Trade
from local.exchange.json_values import plain
from local.exchange.terms import Side


def placement_row(placement: Placement) -> dict[str, Any]:
    """The answer to a post that was taken in; amounts are empty where nothing matched at once."""
    legs = [trade.taker for trade in placement.trades]
    dollars = plain(total_usd(leg.usd for leg in legs).value) if legs else ""
    shares = plain(total_shares(leg.shares for leg in legs).value) if legs else ""
    is_buy = placement.order.side is Side.BUY
    return {
        "errorMsg": "",
        "orderID": placement.order.order_hash,
        "takingAmount": shares if is_buy else dollars,
        "makingAmount": dollars if is_buy else shares,
        "status": placement.status,
        "transactionsHashes": [],
        "tradeIDs": [trade.trade_id for trade in placement.trades],
        "success": True,
    }


def refused_row(text: str) -> dict[str, Any]:
    """The element of a batch answer for an order that was not taken in."""
    return {
        "errorMsg": text,
        "orderID": "",
        "takingAmount": "",
        "makingAmount": "",
        "status": "",
        "transactionsHashes": [],
        "tradeIDs": [],
        "success": True,
    }


def order_row(order: Order, until_ms: int) -> dict[str, Any]:
    """One order as look-ups and lists show it, with the fills that were matched by `until_ms`."""
    known = [part.trade_id for part in order.fills if part.matched_ms <= until_ms]
    is_behind = order.rests and len(known) < len(order.fills) and order.status is OrderStatus.MATCHED
    status = OrderStatus.LIVE if is_behind else order.status
    return {
        "id": order.order_hash,
        "status": f"ORDER_STATUS_{status}",
        "owner": order.owner,
        "maker_address": order.account,
        "market": order.market.condition_id,
        "asset_id": order.token_id,
        "side": order.side.value,
        "original_size": plain(order.original_size),
        "size_matched": plain(order.size_matched(until_ms)),
        "price": plain(order.limit.value),
        "outcome": order.outcome,
        "expiration": str(order.expiration_s),
        "order_type": order.order_type.value,
        "associate_trades": known,
        "created_at": order.created_ms // 1000,
    }


def trade_row(trade: Trade, user: str, at_ms: int) -> dict[str, Any]:
    """One trade as the owner of one of its legs sees it, as it stood at `at_ms`.

    The top level is always the taker's; a maker's own part is its element of `maker_orders`. Fees are charged
    but not shown: `fee_rate_bps` is 0 in production also where a fee was taken.
    """
    taker, standing = trade.taker, trade.standing(at_ms)
    is_taker = any(leg is taker for leg in trade.legs_of_user(user))
    return {
        "id": trade.trade_id,
        "taker_order_id": taker.order_hash,
        "market": trade.market.condition_id,
        "asset_id": taker.token_id,
        "side": taker.side.value,
        "size": plain(taker.shares.value),
        "fee_rate_bps": "0",
        "price": plain(taker.price.value),
        "status": f"TRADE_STATUS_{standing.status}",
        "match_time": str(trade.matched_ms // 1000),
        "match_time_nano": str(trade.matched_ms * 1_000_000),
        "last_update": str(standing.since_ms // 1000),
        "outcome": taker.outcome,
        "bucket_index": trade.bucket_index,
        "owner": taker.owner,
        "maker_address": taker.account,
        "transaction_hash": standing.transaction_hash or "",
        "err_msg": standing.error,
        "trader_side": "TAKER" if is_taker else "MAKER",
        "maker_orders": [_maker_row(leg) for leg in trade.makers],
    }


def _maker_row(leg: Leg) -> dict[str, Any]:
    return {
        "order_id": leg.order_hash,
        "owner": leg.owner,
        "maker_address": leg.account,
        "matched_amount": plain(leg.shares.value),
        "price": plain(leg.price.value),
        "fee_rate_bps": "0",
        "asset_id": leg.token_id,
        "outcome": leg.outcome,
        "side": leg.side.value,
    }

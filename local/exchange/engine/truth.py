"""The venue's own view of accounts and orders, for checks from outside: nothing of it is on the wire."""

from __future__ import annotations

from typing import Any

from local.chain import STANDARD_EXCHANGE
from local.exchange.engine.funds import Holdings
from local.exchange.engine.order_rows import order_row
from local.exchange.engine.orders import Order
from local.exchange.engine.records import Records
from local.exchange.engine.trades import Leg, Trade
from local.exchange.json_values import plain
from local.exchange.units import Shares, Usd

_ALL_KNOWN_MS = 1 << 62


def all_orders(records: Records) -> list[dict[str, Any]]:
    """Every order id that was ever posted and how often; `status` is null for one that was not taken in."""
    return [_order_truth(records, order_hash) for order_hash in records.posted_hashes()]


def account_truth(records: Records, holdings: Holdings, account: str) -> dict[str, Any]:
    """What an account (lower case) holds on the chain, and its orders and trades, oldest first.

    Positions are those of every token that it ever traded, zero balances included.
    """
    trades = records.trades_of_account(account)
    legs = [(trade, leg) for trade in trades for leg in trade.settling_legs if leg.account == account]
    tokens = dict.fromkeys(leg.token_id for _, leg in legs)
    collateral = holdings.collateral(account, STANDARD_EXCHANGE).balance
    return {
        "address": account,
        "collateral_usd": str(Usd.of_base_units(collateral)),
        "positions": {
            token_id: str(Shares.of_base_units(holdings.tokens(account, token_id, STANDARD_EXCHANGE).balance))
            for token_id in tokens
        },
        "orders": [_order_truth(records, order.order_hash) for order in records.orders() if order.account == account],
        "trades": [_leg_truth(trade, leg) for trade, leg in legs],
    }


def _order_truth(records: Records, order_hash: str) -> dict[str, Any]:
    order = records.order(order_hash)
    posts = {"order_hash": order_hash, "posts_seen": records.posts_seen(order_hash)}
    if order is None:
        return {**posts, "accepted": False, "account": None, "status": None}
    return {**posts, "accepted": True, **_accepted_truth(order)}


def _accepted_truth(order: Order) -> dict[str, Any]:
    row = order_row(order, _ALL_KNOWN_MS)
    return {
        "account": order.account,
        "status": order.status.value,
        "side": order.side.value,
        "token_id": order.token_id,
        "condition_id": order.market.condition_id,
        "order_type": order.order_type.value,
        "limit_price": plain(order.limit.value),
        "original_size": row["original_size"],
        "size_matched": row["size_matched"],
        "matched_shares": str(order.matched_shares),
        "matched_usd": str(order.matched_usd),
        "trade_ids": list(order.trade_ids),
        "created_ms": order.created_ms,
    }


def _leg_truth(trade: Trade, leg: Leg) -> dict[str, Any]:
    return {
        "trade_id": trade.trade_id,
        "order_hash": leg.order_hash,
        "status": trade.status.value,
        "role": "TAKER" if leg is trade.taker else "MAKER",
        "side": leg.side.value,
        "token_id": leg.token_id,
        "price": plain(leg.price.value),
        "shares": str(leg.shares),
        "usd": str(leg.usd),
        "fee": str(leg.fee),
        "transaction_hash": trade.transaction_hash,
        "matched_ms": trade.matched_ms,
        "updated_ms": trade.updated_ms,
        "error": trade.error,
    }

"""The venue's refusals: HTTP status and text exactly as it words them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.exchange.json_values import plain
from local.exchange.terms import Side
from local.exchange.units import Price, Usd


class Refused(Exception):
    """A request that the venue answers with an error. `extra` are further fields of the JSON body."""

    def __init__(
        self,
        status: int,
        text: str,
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = dict(headers or {})
        self.body = {"error": text, **(extra or {})}


FOK_NOT_FILLED = "order couldn't be fully filled. FOK orders are fully filled or killed."
FAK_NOT_FILLED = (
    "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found."
)
MATCH_DELAYED = "order match delayed due to market conditions"


def unauthorized() -> Refused:
    return Refused(401, "Unauthorized/Invalid api key")


def invalid_login() -> Refused:
    return Refused(401, "Invalid L1 Request headers")


def invalid_payload() -> Refused:
    return Refused(400, "Invalid order payload")


def invalid_order_id() -> Refused:
    return Refused(400, "Invalid orderID")


def order_not_found() -> Refused:
    return Refused(404, "Order not found")


def too_many_orders(count: int, allowed: int) -> Refused:
    return Refused(400, f"Too many orders in payload: {count}, max allowed: {allowed}")


def too_many_cancels(allowed: int) -> Refused:
    return Refused(400, f"Too many orders in payload, max allowed: {allowed}")


def wrong_owner() -> Refused:
    return Refused(400, "the order owner has to be the owner of the API KEY")


def wrong_signer() -> Refused:
    return Refused(400, "the order signer address has to be the address of the API KEY")


def invalid_signature() -> Refused:
    return Refused(400, "invalid signature")


def version_mismatch() -> Refused:
    return Refused(400, "order_version_mismatch")


def address_banned(address: str) -> Refused:
    return Refused(400, f"'{address}' address banned")


def closed_only(address: str) -> Refused:
    return Refused(400, f"'{address}' address in closed only mode")


def deposit_wallet_required() -> Refused:
    return Refused(400, "maker address not allowed, please use the deposit wallet flow")


def duplicated(order_hash: str) -> Refused:
    return Refused(400, f"order {order_hash} is invalid. Duplicated.")


def breaks_tick_size(order_hash: str, price: Decimal, tick_size: Price) -> Refused:
    rule = plain(tick_size.value)
    text = f"order {order_hash} is invalid. Price ({plain(price)}) breaks minimum tick size rule: {rule}"
    return Refused(400, text)


def below_minimum_size(order_hash: str, size: Decimal, minimum: Decimal) -> Refused:
    text = f"order {order_hash} is invalid. Size ({plain(size)}) lower than the minimum: {plain(minimum)}"
    return Refused(400, text)


def invalid_amounts(orders: str, maker_places: int, taker_places: int) -> Refused:
    """`orders` says which kind of order has these bounds, as in `market buy orders`."""
    return Refused(
        400,
        f"invalid amounts, the {orders} maker amount supports a max accuracy of {maker_places} decimals, "
        f"taker amount a max of {taker_places} decimals",
    )


def below_minimum_amount(side: Side, amount: Usd, minimum: Usd) -> Refused:
    text = f"invalid amount for a marketable {side} order (${plain(amount.value)})"
    return Refused(400, f"{text}, min size: ${plain(minimum.value)}")


def invalid_expiration() -> Refused:
    return Refused(400, "invalid expiration")


def invalid_post_only() -> Refused:
    return Refused(400, "invalid post-only order: order crosses book")


def crosses_book(order_hash: str) -> Refused:
    return Refused(400, f"order {order_hash} crosses the book")


def balance_not_enough(*, balance: int, active: int, matched: int, amount: int) -> Refused:
    """All in base units. `active` is locked by open orders, `matched` by fills that have not settled."""
    held = f"balance: {balance}{_locks(active, matched)}"
    return Refused(400, _not_enough(f"the balance is not enough -> {held}, {_order_amount(amount)}"))


def allowance_not_enough(*, spender: str, allowance: int, active: int, matched: int, amount: int) -> Refused:
    """As `balance_not_enough`, for what `spender` may move."""
    held = f"spender: {spender}, allowance: {allowance}{_locks(active, matched)}"
    return Refused(400, _not_enough(f"the allowance is not enough -> {held}, {_order_amount(amount)}"))


def _not_enough(detail: str) -> str:
    return f"not enough balance / allowance: {detail}"


def _locks(active: int, matched: int) -> str:
    active_text = f", sum of active orders: {active}" if active else ""
    return active_text + (f", sum of matched orders: {matched}" if matched else "")


def _order_amount(amount: int) -> str:
    return f"order amount (inc. fees): {amount}"


def fok_not_filled() -> Refused:
    return Refused(400, FOK_NOT_FILLED)


def fak_not_filled() -> Refused:
    return Refused(400, FAK_NOT_FILLED)


def market_not_ready() -> Refused:
    return Refused(400, "the market is not yet ready to process new orders")


def match_delayed() -> Refused:
    return Refused(400, MATCH_DELAYED)


def canceled_on_chain() -> Refused:
    return Refused(400, "order canceled in the CTF exchange contract")


def orderbook_gone(token_id: str) -> Refused:
    return Refused(400, f"The orderbook {token_id} does not exist")


def no_orderbook() -> Refused:
    return Refused(404, "No orderbook exists for the requested token id")


def invalid_token_id() -> Refused:
    return Refused(400, "Invalid token id")


def invalid_side() -> Refused:
    return Refused(400, "Invalid side")


def invalid_batch() -> Refused:
    return Refused(400, "Invalid payload")


def batch_too_large() -> Refused:
    return Refused(400, "Payload exceeds the limit")


def market_not_found() -> Refused:
    return Refused(404, "market not found")


def invalid_market() -> Refused:
    return Refused(400, "Invalid market")


def geoblocked() -> Refused:
    return Refused(403, "Trading restricted in your region, please refer to available regions")


def engine_restarting() -> Refused:
    return Refused(425, "matching engine is restarting")


def rate_limited(retry_after_seconds: float, headers: Mapping[str, str] | None = None) -> Refused:
    told = {**(headers or {}), "Retry-After": f"{retry_after_seconds:g}"}
    return Refused(429, "Too Many Requests", headers=told)


def server_error() -> Refused:
    return Refused(500, "Internal server error")


def order_timed_out() -> Refused:
    return Refused(500, "order timed out")


def insert_failed() -> Refused:
    return Refused(500, "could not insert order")


def execution_failed() -> Refused:
    return Refused(500, "could not run the execution")


def trading_disabled() -> Refused:
    return Refused(503, "Trading is currently disabled. Check polymarket.com for updates")


def cancel_only() -> Refused:
    text = "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed."
    return Refused(503, text)


def post_only_mode(retry_after_seconds: float) -> Refused:
    return Refused(
        503,
        "post-only mode: only post-only orders and cancels are allowed",
        extra={"code": "post_only_mode", "retry_after_seconds": retry_after_seconds},
    )

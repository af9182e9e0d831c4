"""Order endpoints of the CLOB: post, cancel, look up, list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from local.exchange import errors
from local.exchange.engine.incoming import check_ownership, identify
from local.exchange.engine.order_rows import order_row, placement_row, refused_row, trade_row
from local.exchange.engine.orders import Order, OrderStatus, PostBody, parse_post
from local.exchange.engine.trades import Trade
from local.exchange.faults.faults import FaultKind
from local.exchange.identity.accounts import ApiKey
from local.exchange.wire.auth import Authentication
from local.exchange.wire.calls import Call, Handler
from local.exchange.wire.order_faults import refuse_entry, refuse_order
from local.exchange.wire.pages import page
from local.exchange.world import World

LARGEST_BATCH = 15
LARGEST_CANCEL_BATCH = 1000
_ORDER_ID = re.compile(r"0x[0-9a-fA-F]{64}")


class OrderRoutes:
    """Handlers of everything that is about an account's own orders and trades."""

    def __init__(self, world: World, authentication: Authentication) -> None:
        self._world = world
        self._authentication = authentication

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Handlers by (method, path)."""
        return {
            ("POST", "/order"): self._post_order,
            ("POST", "/orders"): self._post_orders,
            ("DELETE", "/order"): self._cancel_order,
            ("DELETE", "/orders"): self._cancel_orders,
            ("DELETE", "/cancel-all"): self._cancel_all,
            ("DELETE", "/cancel-market-orders"): self._cancel_market_orders,
            ("GET", "/data/order/{order_hash}"): self._find_order,
            ("GET", "/data/orders"): self._list_orders,
            ("GET", "/data/trades"): self._list_trades,
        }

    def note_posts(self, call: Call) -> None:
        """Count the order bodies of a call under their ids, whatever becomes of them."""
        if call.method != "POST" or call.path not in ("/order", "/orders"):
            return
        try:
            raw = call.json()
        except ValueError:
            return
        for item in raw if isinstance(raw, list) else [raw]:
            try:
                body = parse_post(item)
            except errors.Refused:
                continue
            market = self._world.markets.by_token(str(int(body.order.token_id)))
            if market is not None:
                self._world.engine.records.note_post(identify(body, market).order_hash)

    def _post_order(self, call: Call) -> dict[str, Any]:
        api_key = self._authentication.api_key(call)
        body = parse_post(_json(call))
        call.answer_headers.update(self._world.limits.order(api_key.address, 1))
        refuse_entry(self._world.faults, call, all_post_only=body.post_only)
        return self._place(call, api_key, body)

    def _post_orders(self, call: Call) -> list[dict[str, Any]]:
        api_key = self._authentication.api_key(call)
        raw = _json(call)
        if not isinstance(raw, list) or not raw:
            raise errors.invalid_payload()
        if len(raw) > LARGEST_BATCH:
            raise errors.too_many_orders(len(raw), LARGEST_BATCH)
        bodies = [parse_post(item) for item in raw]
        call.answer_headers.update(self._world.limits.order(api_key.address, len(bodies)))
        refuse_entry(self._world.faults, call, all_post_only=all(body.post_only for body in bodies))
        return [self._place_in_batch(call, api_key, body) for body in bodies]

    def _place_in_batch(self, call: Call, api_key: ApiKey, body: PostBody) -> dict[str, Any]:
        try:
            return self._place(call, api_key, body)
        except errors.Refused as refused:
            return refused_row(refused.text)

    def _place(self, call: Call, api_key: ApiKey, body: PostBody) -> dict[str, Any]:
        token_id = str(int(body.order.token_id))
        market = self._world.markets.by_token(token_id)
        if market is None:
            raise errors.orderbook_gone(token_id)
        incoming = identify(body, market)
        check_ownership(incoming, api_key)
        refuse_order(self._world.faults, call, incoming)
        return placement_row(self._world.engine.place(incoming, api_key.address))

    def _canceller(self, call: Call) -> ApiKey:
        """The API key of a request to cancel, which counts against its signer's limit."""
        api_key = self._authentication.api_key(call)
        call.answer_headers.update(self._world.limits.cancel(api_key.address))
        return api_key

    def _cancel_order(self, call: Call) -> dict[str, Any]:
        api_key = self._canceller(call)
        body = _json(call)
        if not isinstance(body, dict) or set(body) != {"orderID"}:
            raise errors.invalid_payload()
        return self._cancel(api_key, [body["orderID"]])

    def _cancel_orders(self, call: Call) -> dict[str, Any]:
        api_key = self._canceller(call)
        order_hashes = _json(call)
        if not isinstance(order_hashes, list) or not order_hashes:
            raise errors.invalid_payload()
        if len(order_hashes) > LARGEST_CANCEL_BATCH:
            raise errors.too_many_cancels(LARGEST_CANCEL_BATCH)
        return self._cancel(api_key, order_hashes)

    def _cancel_all(self, call: Call) -> dict[str, Any]:
        api_key = self._canceller(call)
        return self._cancel(api_key, [order.order_hash for order in self._open_orders(api_key)])

    def _cancel_market_orders(self, call: Call) -> dict[str, Any]:
        api_key = self._canceller(call)
        body = _json(call)
        is_well_formed = (
            isinstance(body, dict)
            and body
            and set(body) <= {"market", "asset_id"}
            and all(isinstance(value, str) for value in body.values())
        )
        if not is_well_formed:
            raise errors.invalid_payload()
        chosen = _matching(self._open_orders(api_key), body)
        return self._cancel(api_key, [order.order_hash for order in chosen])

    def _cancel(self, api_key: ApiKey, order_hashes: list[Any]) -> dict[str, Any]:
        if not all(isinstance(item, str) and _ORDER_ID.fullmatch(item) for item in order_hashes):
            raise errors.invalid_order_id()
        reasons = {
            item: self._world.engine.cancel(api_key.address, item.lower()) for item in dict.fromkeys(order_hashes)
        }
        return {
            "canceled": [item for item, reason in reasons.items() if reason is None],
            "not_canceled": {item: reason for item, reason in reasons.items() if reason is not None},
        }

    def _find_order(self, call: Call) -> dict[str, Any] | None:
        api_key = self._authentication.api_key(call)
        order_hash = str(call.path_parameters["order_hash"])
        if not _ORDER_ID.fullmatch(order_hash):
            raise errors.invalid_order_id()
        if self._world.faults.take(FaultKind.ORDER_LOOKUP_MISSING, call.method, call.path) is not None:
            return None
        order = self._world.engine.records.order(order_hash.lower())
        if order is None or order.user != api_key.address:
            raise errors.order_not_found()
        known_ms = self._known_ms()
        is_hidden = order.status is OrderStatus.KILLED or order.created_ms > known_ms
        return None if is_hidden else order_row(order, known_ms)

    def _list_orders(self, call: Call) -> dict[str, Any]:
        api_key = self._authentication.api_key(call)
        known_ms = self._known_ms()
        live = (
            order
            for order in self._open_orders(api_key)
            if order.status is OrderStatus.LIVE and order.created_ms <= known_ms
        )
        rows = [order_row(order, known_ms) for order in _matching(live, call.query)]
        return page(rows, call.query.get("next_cursor"))

    def _list_trades(self, call: Call) -> dict[str, Any]:
        api_key = self._authentication.api_key(call)
        after_s, before_s = _seconds(call, "after"), _seconds(call, "before")
        rows = [
            trade_row(trade, api_key.address, stood_ms)
            for trade, stood_ms in self._listed_trades()
            if _is_asked(trade, api_key.address, call)
            and (after_s is None or trade.matched_ms // 1000 >= after_s)
            and (before_s is None or trade.matched_ms // 1000 <= before_s)
        ]
        return page(rows, call.query.get("next_cursor"))

    def _known_ms(self) -> int:
        """Look-ups of orders are this far."""
        return self._world.timeline.now_ms() - self._world.lags.order_ms

    def _listed_trades(self) -> list[tuple[Trade, int]]:
        """What lists show by now, the last to appear first, and the moment as of which they show it."""
        now_ms = self._world.timeline.now_ms()
        late = [(trade, self._world.lags.of_trade_ms(trade.trade_id)) for trade in self._world.engine.records.trades()]
        listed = [(trade, lag_ms) for trade, lag_ms in reversed(late) if trade.matched_ms + lag_ms <= now_ms]
        listed.sort(key=lambda each: each[0].matched_ms + each[1], reverse=True)
        return [(trade, now_ms - lag_ms) for trade, lag_ms in listed]

    def _open_orders(self, api_key: ApiKey) -> Iterable[Order]:
        return [order for order in self._world.engine.records.open_orders() if order.user == api_key.address]


def _json(call: Call) -> Any:
    try:
        return call.json()
    except ValueError:
        raise errors.invalid_payload() from None


def _matching(orders: Iterable[Order], asked: Any) -> list[Order]:
    return [
        order
        for order in orders
        if asked.get("id", order.order_hash).lower() == order.order_hash
        and asked.get("market", order.market.condition_id).lower() == order.market.condition_id
        and asked.get("asset_id", order.token_id) == order.token_id
    ]


def _is_asked(trade: Trade, user: str, call: Call) -> bool:
    own_legs = trade.legs_of_user(user)
    asked_account = call.query.get("maker_address")
    tokens = {leg.token_id for leg in (trade.taker, *own_legs)}
    return (
        bool(own_legs)
        and (asked_account is None or any(leg.account == asked_account.lower() for leg in own_legs))
        and call.query.get("id", trade.trade_id) == trade.trade_id
        and call.query.get("market", trade.market.condition_id).lower() == trade.market.condition_id
        and (call.query.get("asset_id") is None or call.query["asset_id"] in tokens)
    )


def _seconds(call: Call, name: str) -> int | None:
    raw = call.query.get(name)
    if raw is None:
        return None
    if not raw.isascii() or not raw.isdigit():
        raise errors.Refused(400, "Invalid trade params payload")
    return int(raw)

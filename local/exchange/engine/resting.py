"""Orders that rest on the book, and what they offer to an order that comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from local.exchange.engine.matching import Offer
from local.exchange.engine.orders import Order
from local.exchange.tape.depth import Depth, mirrored, other_token
from local.exchange.terms import Side


class RestingOrders:
    """All resting orders by token, oldest first."""

    def __init__(self) -> None:
        self._by_token: dict[str, list[Order]] = {}

    def add(self, order: Order) -> None:
        self._by_token.setdefault(order.token_id, []).append(order)

    def remove(self, order: Order) -> None:
        """Take an order off the book; one that does not rest is left as it is."""
        orders = self._by_token.get(order.token_id, [])
        if order in orders:
            orders.remove(order)

    def of_token(self, token_id: str) -> tuple[Order, ...]:
        return tuple(self._by_token.get(token_id, ()))

    def by_priority(self, token_id: str) -> tuple[Order, ...]:
        """A token's orders, each side's best price first, then oldest first."""
        return tuple(sorted(self.of_token(token_id), key=_priority))

    def __iter__(self) -> Iterator[Order]:
        for orders in self._by_token.values():
            yield from orders


def offers_to(order: Order, resting: RestingOrders, depth: Depth, now_ms: int) -> list[Offer]:
    """Everything that `order` could take, best price first, then recorded depth, then oldest first.

    A BUY of the other outcome at q is an offer of this one at 1 − q, and a SELL likewise. An account's own
    orders are never offered to it.
    """
    recorded = [Offer(price=price, shares=shares) for price, shares in depth.levels(order.token_id, order.side, now_ms)]
    direct = resting.of_token(order.token_id)
    mirror = resting.of_token(other_token(order.market, order.token_id))
    ours = [
        *(
            Offer(price=maker.limit, shares=maker.remaining_shares, order=maker)
            for maker in _others(order, direct)
            if maker.side is not order.side
        ),
        *(
            Offer(price=mirrored(maker.limit), shares=maker.remaining_shares, order=maker, is_mirrored=True)
            for maker in _others(order, mirror)
            if maker.side is order.side
        ),
    ]
    return sorted([*recorded, *ours], key=lambda offer: _place(offer, order.side))


def _others(order: Order, makers: Iterable[Order]) -> Iterator[Order]:
    return (maker for maker in makers if maker.account != order.account)


def _priority(order: Order) -> tuple[object, int]:
    return -order.limit.value if order.side is Side.BUY else order.limit.value, order.sequence


def _place(offer: Offer, taker_side: Side) -> tuple[object, int]:
    best_first = offer.price.value if taker_side is Side.BUY else -offer.price.value
    return best_first, -1 if offer.order is None else offer.order.sequence

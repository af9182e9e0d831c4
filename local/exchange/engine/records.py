"""Every order and trade that the venue ever took in, and every order body that it saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from local.exchange.engine.orders import Order
from local.exchange.engine.trades import Trade


class Records:
    """Append-only; orders and trades change in place."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._trades: list[Trade] = []
        self._posts: Counter[str] = Counter()

    def note_post(self, order_hash: str) -> None:
        """Count one posted body, whatever becomes of it."""
        self._posts[order_hash] += 1

    def posts_seen(self, order_hash: str) -> int:
        """How many bodies with this order id were posted, refused and dropped ones included."""
        return self._posts[order_hash]

    def posted_hashes(self) -> tuple[str, ...]:
        """Every order id that was ever posted, in order of first appearance."""
        return tuple(self._posts)

    def add_order(self, order: Order) -> None:
        self._orders[order.order_hash] = order

    def add_trade(self, trade: Trade) -> None:
        self._trades.append(trade)

    def order(self, order_hash: str) -> Order | None:
        return self._orders.get(order_hash)

    def orders(self) -> tuple[Order, ...]:
        """Every order that reached matching, killed ones included, oldest first."""
        return tuple(self._orders.values())

    def open_orders(self) -> Iterator[Order]:
        """Orders that can still fill."""
        return (order for order in self._orders.values() if order.is_open)

    def trades(self) -> tuple[Trade, ...]:
        """Every trade, oldest first."""
        return tuple(self._trades)

    def unsettled(self) -> Iterator[Trade]:
        """Trades whose transfer is outstanding."""
        return (trade for trade in self._trades if trade.is_unsettled)

    def trades_of_account(self, account: str) -> tuple[Trade, ...]:
        """Trades in which an account (lower case) has a leg, oldest first."""
        return tuple(trade for trade in self._trades if any(leg.account == account for leg in trade.settling_legs))

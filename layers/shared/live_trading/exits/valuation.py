"""How far apart the sides of a book are."""

from __future__ import annotations

from decimal import Decimal

from live_trading.nouns.markets import OrderBook


def spread_fraction(book: OrderBook) -> Decimal | None:
    """The distance of bid and offer as a fraction of their middle; None without a bid.

    Where nobody offers, a share can still not cost more than the dollar that it may pay.
    """
    bid = book.best_bid
    if bid is None:
        return None
    ask = Decimal(1) if book.best_ask is None else book.best_ask.value
    return (ask - bid.value) / ((ask + bid.value) / 2)

"""An entry as the rules see it: what it may cost, and what the market looked like when it was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from live_trading.nouns.markets import OrderBook
from live_trading.nouns.money import Price, Shares, Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedEntry:
    """`reservation` is the most that it may cost, fees included; `stake` is without fees.

    `expected_price` is what a share would cost on average walking the book up to the limit, None where nothing is
    offered there; `depth` is all that is. `volatility` is None where it was not asked for or cannot be known.
    """

    reservation: Usd
    stake: Usd
    limit_price: Price
    signal_price: Price
    signal_age: timedelta
    max_signal_age: timedelta
    best_bid: Price | None
    best_ask: Price | None
    expected_price: Decimal | None
    depth: Usd
    volatility: Decimal | None


def expected_price(book: OrderBook, limit: Price, stake: Usd) -> Decimal | None:
    """Dollars a share on average for buying `stake` of what is offered at `limit` or better, None for nothing."""
    left, shares = stake.value, Decimal(0)
    for level in book.asks:
        if level.price > limit or not left:
            break
        taken = min(left, level.price.value * level.shares.value)
        shares += taken / level.price.value
        left -= taken
    return (stake.value - left) / shares if shares else None


def mark_price(book: OrderBook, shares: Shares) -> Price:
    """What a share would bring on average if all of them were sold into the bids now.

    Shares beyond the bids are worth the lowest of them; everything is worth nothing where nobody bids.
    """
    return book.executable_price(shares) or book.best_bid or Price(0)

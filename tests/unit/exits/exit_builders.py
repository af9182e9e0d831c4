"""Positions, books and rules for tests of exits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from live_trading.nouns.exits import ExitRules, OpenShares
from live_trading.nouns.markets import BookLevel, OrderBook
from live_trading.nouns.money import Price, Shares, Usd

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def a_book(*bids: tuple[str, str], asks: tuple[tuple[str, str], ...] = ()) -> OrderBook:
    """A book with these (price, shares), in any order."""
    return OrderBook(
        token_id="1",
        condition_id="0x" + "c" * 64,
        bids=tuple(sorted((level(*each) for each in bids), key=lambda each: each.price, reverse=True)),
        asks=tuple(sorted((level(*each) for each in asks), key=lambda each: each.price)),
        book_hash="hash",
        taken_at=NOON,
        tick_size=Price("0.01"),
        minimum_order_shares=Shares(5),
    )


def level(price: str, shares: str) -> BookLevel:
    return BookLevel(price=Price(price), shares=Shares(shares))


def a_position(
    shares: str = "100", paid: str = "50", *, sellable: str | None = None, due: str = "0", ends_in: int | None = None
) -> OpenShares:
    """Bought at noon; `ends_in` minutes later the market ends."""
    return OpenShares(
        shares=Shares(shares),
        sellable=Shares(shares if sellable is None else sellable),
        paid=Usd(paid),
        opened_at=NOON,
        due_to_trader=Shares(due),
        ends_at=None if ends_in is None else NOON + timedelta(minutes=ends_in),
    )


def at_once(**rules: object) -> ExitRules:
    """Rules whose value triggers need to be seen only once."""
    return ExitRules(trigger_observations=1, **rules)  # type: ignore[arg-type]


prices = st.integers(min_value=1, max_value=999).map(lambda each: Decimal(each) / 1000)
sizes = st.integers(min_value=1, max_value=10**9).map(lambda each: Decimal(each).scaleb(-6))
fractions = st.integers(min_value=0, max_value=100).map(lambda each: Decimal(each) / 100)
books = st.lists(st.tuples(prices, sizes), min_size=0, max_size=6).map(
    lambda bids: a_book(*((str(price), str(size)) for price, size in dict(bids).items()))
)

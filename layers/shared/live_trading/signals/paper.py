"""Paper fills: what a bet would have got from the book as it stood, or at the older fixed slippage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from live_trading.nouns.markets import FeeSchedule, Market, OrderBook
from live_trading.nouns.money import Price, Shares, Usd, average_price, notional, total_shares, total_usd
from live_trading.orders.fees import taker_fee, trade_fee
from live_trading.orders.rounding import limit_for_buy

FIXED_SLIPPAGE_FRACTION = Decimal("0.003")
# How far above the signal's price a paper bet may climb in the book, as a marketable live order would be bounded.
SLIPPAGE_BOUND_FRACTION = Decimal("0.03")
HIGHEST_PRICE = Decimal("0.9999")
SHARE_QUANTUM = Decimal("0.0001")
SMALLEST_STAKE = Usd("0.01")


class FillResult(StrEnum):
    FULL = "FULL"
    PARTIAL = "PARTIAL"
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFill:
    """What was bought or sold: `cost` without and `fee` in dollars; the book's hash and time are the evidence."""

    result: FillResult
    shares: Shares
    cost: Usd
    fee: Usd
    average_price: Price | None
    book_hash: str | None
    taken_at: datetime | None


def walk_book(book: OrderBook, limit_price: Price, stake: Usd, fees: FeeSchedule) -> PaperFill:
    """Spends up to `stake`, fees on top, on the book's offers at `limit_price` or better, best first.

    The fee is one, at the average price, as the venue charges a trade. The result is FULL where less than one cent of
    the stake is left: orders are sized in whole cents.
    """
    left = stake
    matched: list[tuple[Price, Shares]] = []
    for level in book.asks:
        if level.price > limit_price or not left.is_positive:
            break
        if not level.price or not level.shares.is_positive:
            continue
        taken = min(level.shares, Shares.floor(left.value / level.price.value, SHARE_QUANTUM))
        matched.append((level.price, taken))
        left -= notional(level.price, taken)
    shares, cost = total_shares([taken for _, taken in matched]), stake - left
    return PaperFill(
        result=_result(shares, left),
        shares=shares,
        cost=cost,
        fee=trade_fee(fees, matched),
        average_price=average_price(cost, shares),
        book_hash=book.book_hash,
        taken_at=book.taken_at,
    )


def fill_on(book: OrderBook, market: Market, signal_price: Price, stake: Usd) -> PaperFill:
    """What paper buys on a book for a signal at that price: the offers within its bound. The tick has to be usable."""
    limit = limit_for_buy(signal_price, SLIPPAGE_BOUND_FRACTION, book.tick_in(market))
    return walk_book(book, limit, stake, market.fees)


def walk_bids(book: OrderBook, limit_price: Price, shares: Shares, fees: FeeSchedule) -> PaperFill:
    """Sells up to `shares` into the book's bids at `limit_price` or better, best first; `cost` is what came in.

    The fee is one, at the average price, out of the proceeds. The result is FULL where nothing is left.
    """
    left = shares
    matched: list[tuple[Price, Shares]] = []
    for level in book.bids:
        if level.price < limit_price or not left.is_positive:
            break
        taken = min(level.shares, left)
        if taken.is_positive:
            matched.append((level.price, taken))
            left -= taken
    sold, proceeds = shares - left, total_usd([notional(price, taken) for price, taken in matched])
    return PaperFill(
        result=FillResult.NONE if not sold else FillResult.PARTIAL if left.is_positive else FillResult.FULL,
        shares=sold,
        cost=proceeds,
        fee=trade_fee(fees, matched),
        average_price=average_price(proceeds, sold),
        book_hash=book.book_hash,
        taken_at=book.taken_at,
    )


def fixed_slippage_fill(price: Price, stake: Usd, fees: FeeSchedule) -> PaperFill:
    """The older rule, for comparison: everything at once at price x 1.003, whatever the book holds."""
    paid = Price.nearest(min(HIGHEST_PRICE, price.value * (1 + FIXED_SLIPPAGE_FRACTION)))
    shares = Shares.floor(stake.value / paid.value, SHARE_QUANTUM) if paid else Shares.zero()
    cost = notional(paid, shares)
    return PaperFill(
        result=FillResult.FULL if shares else FillResult.NONE,
        shares=shares,
        cost=cost,
        fee=taker_fee(fees, paid, shares),
        average_price=average_price(cost, shares),
        book_hash=None,
        taken_at=None,
    )


def _result(shares: Shares, left: Usd) -> FillResult:
    if not shares:
        return FillResult.NONE
    return FillResult.FULL if left < SMALLEST_STAKE else FillResult.PARTIAL

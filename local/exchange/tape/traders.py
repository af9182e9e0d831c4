"""The scripted traders: who they are and how an order of theirs becomes fills on the tape.

They are synthetic and say so in every name they carry. Their prices and sizes are those that the recorded
book offers at the moment; they take nothing from the depth that other accounts see.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from eth_hash.auto import keccak

from local.exchange.arithmetic import collateral_of, taker_fee
from local.exchange.tape.listings import Listing
from local.exchange.tape.recorded import Levels, RawBook
from local.exchange.tape.tape import TapeTrade
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd

CENT = Decimal("0.01")
MINIMUM_TAKER_USD = Decimal(1)
MINIMUM_MAKER_SHARES = Decimal(5)


class Style(StrEnum):
    """How a scripted trader picks its trades."""

    FAVOURITE_LATE = "favourite-late"
    UNDERDOG_EARLY = "underdog-early"
    MOMENTUM = "momentum"
    SCALPER = "scalper"
    TINY = "tiny"
    WHALE = "whale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """A synthetic account. `typical_usd` is the middle of what it spends on one order."""

    address: str
    label: str
    style: Style
    typical_usd: Decimal


_TYPICAL_USD = {
    Style.FAVOURITE_LATE: Decimal(180),
    Style.UNDERDOG_EARLY: Decimal(60),
    Style.MOMENTUM: Decimal(110),
    Style.SCALPER: Decimal(75),
    Style.TINY: Decimal(3),
    Style.WHALE: Decimal(2200),
}


def make_traders(count: int, seed: int) -> tuple[Trader, ...]:
    """`count` traders, styles in turn; the same seed gives the same accounts."""
    styles = list(Style)
    return tuple(
        Trader(
            address="0x" + keccak(f"synthetic trader {seed} {index}".encode()).hex()[-40:],
            label=f"synthetic-{styles[index % len(styles)]}-{index + 1}",
            style=styles[index % len(styles)],
            typical_usd=_TYPICAL_USD[styles[index % len(styles)]],
        )
        for index in range(count)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order a trader would like to place: `usd` for a BUY, `shares` for a SELL.

    A taker takes levels up to `limit`; a maker is hit at the best price of its own side.
    """

    side: Side
    outcome_index: int
    usd: Decimal = Decimal(0)
    shares: Decimal = Decimal(0)
    limit: Price
    is_maker: bool = False


def fills_from_book(wish: Wish, book: RawBook, rng: random.Random) -> list[tuple[Price, Shares]]:
    """The fills that the recorded book gives an order, best price first; empty if it gives too little."""
    if wish.is_maker:
        return _maker_fill(wish, book)
    levels = book.asks if wish.side is Side.BUY else book.bids
    taken = _take(wish, levels)
    if sum((price.value * shares.value for price, shares in taken), Decimal(0)) < MINIMUM_TAKER_USD:
        return []
    return [part for fill in taken for part in _among_makers(fill, rng)]


def _take(wish: Wish, levels: Levels) -> list[tuple[Price, Shares]]:
    taken: list[tuple[Price, Shares]] = []
    usd, shares = wish.usd, wish.shares
    for price, offered in levels:
        if price > wish.limit if wish.side is Side.BUY else price < wish.limit:
            break
        wanted = usd / price.value if wish.side is Side.BUY else shares
        quantity = min(offered.value, wanted).quantize(CENT, rounding=ROUND_FLOOR)
        if quantity <= 0:
            break
        taken.append((price, Shares(quantity)))
        usd -= quantity * price.value
        shares -= quantity
    return taken


def _maker_fill(wish: Wish, book: RawBook) -> list[tuple[Price, Shares]]:
    own_side = book.bids if wish.side is Side.BUY else book.asks
    if not own_side or (own_side[0][0] > wish.limit if wish.side is Side.BUY else own_side[0][0] < wish.limit):
        return []
    price, resting = own_side[0]
    wanted = wish.usd / price.value if wish.side is Side.BUY else wish.shares
    quantity = min(resting.value, wanted).quantize(CENT, rounding=ROUND_FLOOR)
    return [(price, Shares(quantity))] if quantity >= MINIMUM_MAKER_SHARES else []


def _among_makers(fill: tuple[Price, Shares], rng: random.Random) -> list[tuple[Price, Shares]]:
    """One level met by one maker, or by two of the same size, whose fills then look exactly alike."""
    price, shares = fill
    half = (shares.value / 2).quantize(CENT, rounding=ROUND_FLOOR)
    if half < MINIMUM_MAKER_SHARES or rng.random() > 0.12:
        return [fill]
    rest = shares.value - 2 * half
    return [(price, Shares(half)), (price, Shares(half))] + ([(price, Shares(rest))] if rest else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class FillTimes:
    matched_ms: int
    settled_ms: int
    visible_ms: int


def fill_times(matched_ms: int, rng: random.Random) -> FillTimes:
    """Settled two to five seconds after the match; shown soon after that, now and then a minute late."""
    settled_ms = matched_ms + rng.randint(2000, 4500)
    late_ms = rng.randint(20_000, 75_000) if rng.random() < 0.06 else rng.randint(500, 6000)
    return FillTimes(matched_ms=matched_ms, settled_ms=settled_ms, visible_ms=settled_ms + late_ms)


def tape_trades(
    *,
    trader: Trader,
    listing: Listing,
    wish: Wish,
    fills: list[tuple[Price, Shares]],
    transaction_hash: str,
    times: FillTimes,
) -> list[TapeTrade]:
    """The tape's rows of one order: one a fill, all in one transaction."""
    return [
        TapeTrade(
            transaction_hash=transaction_hash,
            account=trader.address,
            side=wish.side,
            token_id=listing.asset_ids[wish.outcome_index],
            condition_id=listing.condition_id,
            outcome=listing.outcomes[wish.outcome_index],
            outcome_index=wish.outcome_index,
            price=price,
            shares=shares,
            usd=collateral_of(price, shares),
            fee=Usd.zero() if wish.is_maker else taker_fee(listing.fees, collateral_of(price, shares), shares),
            matched_ms=times.matched_ms,
            settled_ms=times.settled_ms,
            visible_ms=times.visible_ms,
            is_synthetic=True,
            is_maker=wish.is_maker,
        )
        for price, shares in fills
    ]


def synthetic_hash(*parts: object) -> str:
    """A hash that depends on its parts only, so that the same seed replays the same transactions."""
    return "0x" + keccak(":".join(str(part) for part in parts).encode()).hex()


def seeded(*parts: object) -> random.Random:
    """A random source that depends on its parts only."""
    return random.Random(":".join(str(part) for part in parts))  # noqa: S311

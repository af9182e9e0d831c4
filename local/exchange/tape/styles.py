"""What each style of scripted trader does at a moment of a market: pure, given a view and a random source."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from local.exchange.tape.recorded import RawBook
from local.exchange.tape.traders import Style, Trader, Wish
from local.exchange.terms import Side
from local.exchange.units import Price

LOWEST, HIGHEST = Price("0.01"), Price("0.99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    shares: Decimal
    average_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a trader sees: both outcomes' books now, their middles a minute ago, and what it holds.

    `seconds_left` is to the end of the market's window, negative after it.
    """

    books: tuple[RawBook, RawBook]
    middles_before: tuple[Decimal | None, Decimal | None]
    holdings: Mapping[int, Holding]
    seconds_left: int


def middle(book: RawBook | None) -> Decimal | None:
    """Half-way between best bid and best ask, None unless both sides are quoted."""
    if book is None or not book.bids or not book.asks:
        return None
    return (book.bids[0][0].value + book.asks[0][0].value) / 2


def act_times(style: Style, start_ms: int, end_ms: int, rng: random.Random) -> list[int]:
    """When a trader of this style looks at a market, in ms, ascending; empty if it leaves it out."""
    if rng.random() > _TAKES_PART[style]:
        return []
    return sorted(_TIMES[style](start_ms, end_ms, rng))


def decide(trader: Trader, view: View, rng: random.Random) -> list[Wish]:
    """The orders that a trader places now, often none."""
    return _DECISIONS[trader.style](trader, view, rng)


def _spend(trader: Trader, rng: random.Random) -> Decimal:
    return (trader.typical_usd * Decimal(str(round(rng.uniform(0.4, 1.8), 2)))).quantize(Decimal("0.01"))


def _ask(view: View, index: int) -> Price | None:
    asks = view.books[index].asks
    return asks[0][0] if asks else None


def _cheapest(view: View) -> tuple[int, Price] | None:
    quoted = [(ask, index) for index in (0, 1) if (ask := _ask(view, index)) is not None]
    return (min(quoted)[1], min(quoted)[0]) if quoted else None


def _dearest(view: View) -> tuple[int, Price] | None:
    quoted = [(ask, index) for index in (0, 1) if (ask := _ask(view, index)) is not None]
    return (max(quoted)[1], max(quoted)[0]) if quoted else None


def _up_to(price: Price, ticks: str) -> Price:
    return Price(min(price.value + Decimal(ticks), HIGHEST.value))


def _favourite_late(trader: Trader, view: View, rng: random.Random) -> list[Wish]:
    best = _dearest(view)
    if best is None or not Price("0.72") <= best[1] <= Price("0.96"):
        return []
    return [Wish(side=Side.BUY, outcome_index=best[0], usd=_spend(trader, rng), limit=_up_to(best[1], "0.02"))]


def _underdog_early(trader: Trader, view: View, rng: random.Random) -> list[Wish]:
    best = _cheapest(view)
    if best is None or not Price("0.15") <= best[1] <= Price("0.47"):
        return []
    is_maker = rng.random() < 0.5
    return [
        Wish(
            side=Side.BUY,
            outcome_index=best[0],
            usd=_spend(trader, rng),
            limit=best[1] if is_maker else _up_to(best[1], "0.01"),
            is_maker=is_maker,
        )
    ]


def _momentum(trader: Trader, view: View, rng: random.Random) -> list[Wish]:
    wishes: list[Wish] = []
    for index in (0, 1):
        now, before = middle(view.books[index]), view.middles_before[index]
        if now is None or before is None:
            continue
        held = view.holdings.get(index)
        ask = _ask(view, index)
        if held and held.shares > 0 and now <= held.average_price - Decimal("0.06"):
            wishes.append(_sell(index, held.shares))
        elif not view.holdings and ask is not None and ask <= Price("0.9") and now - before >= Decimal("0.05"):
            wishes.append(Wish(side=Side.BUY, outcome_index=index, usd=_spend(trader, rng), limit=_up_to(ask, "0.02")))
    return wishes


def _scalper(trader: Trader, view: View, rng: random.Random) -> list[Wish]:
    wishes: list[Wish] = []
    for index, held in view.holdings.items():
        bids = view.books[index].bids
        if held.shares <= 0 or not bids:
            continue
        gain = bids[0][0].value - held.average_price
        if view.seconds_left <= 90:
            wishes.append(_sell(index, held.shares))
        elif gain >= Decimal("0.04") or gain <= Decimal("-0.08"):
            part = Decimal(1) if gain < 0 else Decimal("0.5")
            wishes.append(_sell(index, max(held.shares * part, min(held.shares, Decimal(10)))))
    if any(held.shares > 0 for held in view.holdings.values()) or view.seconds_left <= 150:
        return wishes
    index = rng.choice((0, 1))
    ask = _ask(view, index)
    if ask is not None and Price("0.3") <= ask <= Price("0.7"):
        wishes.append(
            Wish(
                side=Side.BUY,
                outcome_index=index,
                usd=_spend(trader, rng),
                limit=_up_to(ask, "0.01"),
                is_maker=rng.random() < 0.35,
            )
        )
    return wishes


def _tiny(trader: Trader, view: View, rng: random.Random) -> list[Wish]:
    index = rng.choice((0, 1))
    ask = _ask(view, index)
    if ask is None or not Price("0.08") <= ask <= Price("0.92"):
        return []
    return [Wish(side=Side.BUY, outcome_index=index, usd=_spend(trader, rng), limit=_up_to(ask, "0.01"))]


def _whale(trader: Trader, view: View, rng: random.Random) -> list[Wish]:
    best = _dearest(view)
    if best is None or not Price("0.52") <= best[1] <= Price("0.88"):
        return []
    return [Wish(side=Side.BUY, outcome_index=best[0], usd=_spend(trader, rng), limit=_up_to(best[1], "0.04"))]


def _sell(index: int, shares: Decimal) -> Wish:
    return Wish(side=Side.SELL, outcome_index=index, shares=shares, limit=LOWEST)


def _between(earliest_ms: int, latest_ms: int, count: int) -> Callable[[random.Random], list[int]]:
    return lambda rng: [rng.randint(earliest_ms, latest_ms) for _ in range(count)]


_TAKES_PART = {
    Style.FAVOURITE_LATE: 0.9,
    Style.UNDERDOG_EARLY: 0.8,
    Style.MOMENTUM: 0.85,
    Style.SCALPER: 0.8,
    Style.TINY: 0.7,
    Style.WHALE: 0.6,
}

_TIMES: dict[Style, Callable[[int, int, random.Random], list[int]]] = {
    Style.FAVOURITE_LATE: lambda _, end, rng: _between(end - 400_000, end - 45_000, 2)(rng),
    Style.UNDERDOG_EARLY: lambda start, _, rng: _between(start + 10_000, start + 260_000, 1)(rng),
    Style.MOMENTUM: lambda start, end, rng: _between(start + 90_000, end - 60_000, 8)(rng),
    Style.SCALPER: lambda start, end, rng: [
        at + rng.randint(0, 40_000) for at in range(start - 120_000, end - 30_000, 75_000)
    ],
    Style.TINY: lambda start, end, rng: _between(start - 300_000, end - 60_000, 2)(rng),
    Style.WHALE: lambda start, end, rng: _between(start + 200_000, end - 150_000, 1)(rng),
}

_DECISIONS: dict[Style, Callable[[Trader, View, random.Random], list[Wish]]] = {
    Style.FAVOURITE_LATE: _favourite_late,
    Style.UNDERDOG_EARLY: _underdog_early,
    Style.MOMENTUM: _momentum,
    Style.SCALPER: _scalper,
    Style.TINY: _tiny,
    Style.WHALE: _whale,
}

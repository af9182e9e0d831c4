"""How much of a position is to be sold because a trader whom it was copied from sold theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from live_trading.nouns.money import Shares
from live_trading.nouns.trades import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderTrade:
    """A fill of a trader in one token."""

    at: datetime
    side: Side
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBuy:
    """Shares of ours that were bought after a trader."""

    at: datetime
    trader: str
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSale:
    """Shares of ours that left for another reason than a trader's sale."""

    at: datetime
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderReduction:
    """A trader gave up this fraction of what they held."""

    at: datetime
    trader: str
    fraction: Decimal


def reduction(held_before: Shares, sold: Shares, unknown: Decimal) -> Decimal:
    """The fraction of a trader's shares that a sale gave up, 0..1.

    `held_before` is the sum of their trades that we know of. Where they sold more than that they had shares that we
    know nothing of, and the fraction is `unknown`.
    """
    if not sold.is_positive:
        return Decimal(0)
    if sold > held_before:
        return unknown
    return sold.value / held_before.value


def reductions(trader: str, trades: Iterable[TraderTrade], unknown: Decimal) -> list[TraderReduction]:
    """What each sale of a trader gave up, from all of their trades in the token that we know, oldest first."""
    held = Shares.zero()
    found: list[TraderReduction] = []
    for trade in trades:
        if trade.side is Side.BUY:
            held += trade.shares
            continue
        given_up = reduction(held, trade.shares, unknown)
        found.append(TraderReduction(at=trade.at, trader=trader, fraction=given_up))
        held = held - min(held, trade.shares)
    return found


def still_held(trades: Iterable[TraderTrade]) -> Shares:
    """What a trader's known fills leave of a token, oldest first; sales of shares that nobody knew of leave nothing."""
    held = Shares.zero()
    for trade in trades:
        held = held + trade.shares if trade.side is Side.BUY else held - min(held, trade.shares)
    return held


_Event = OwnBuy | OwnSale | TraderReduction


def due(
    bought: Iterable[OwnBuy], sold: Iterable[OwnSale], given_up: Iterable[TraderReduction], already_sold: Shares
) -> Shares:
    """How many of our shares are still to be sold for traders' sales, in the order in which things happened.

    A trader's sale takes its fraction of what had been bought after them before it and is still there; what is bought
    later stays. Shares that left for another reason were everybody's in proportion. Shares `already_sold` for traders'
    sales count.
    """
    happened: list[tuple[datetime, int, _Event]] = [
        *((each.at, 0, each) for each in bought),
        *((each.at, 1, each) for each in sold),
        *((each.at, 2, each) for each in given_up),
    ]
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    owed = Decimal(0)
    for _, _, event in sorted(happened, key=lambda each: each[:2]):
        match event:
            case OwnBuy():
                held[event.trader] += event.shares.value
            case OwnSale():
                _shrink(held, event.shares.value)
            case TraderReduction():
                lost = held[event.trader] * event.fraction
                held[event.trader] -= lost
                owed += lost
    return Shares.floor(max(owed - already_sold.value, Decimal(0)))


def _shrink(held: defaultdict[str, Decimal], sold: Decimal) -> None:
    total = sum(held.values())
    if total > 0:
        stays = max(1 - sold / total, Decimal(0))
        for trader in held:
            held[trader] *= stays

"""How much of a position is to be sold because its trader sold theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from live_trading.nouns.money import Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEntry:
    """Shares of ours that were bought at a time."""

    at: datetime
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderReduction:
    """The trader gave up this fraction of what they held."""

    at: datetime
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


def due(entries: Iterable[OwnEntry], reductions: Iterable[TraderReduction], already_sold: Shares) -> Shares:
    """How many of our shares are still to be sold for the trader's sales, in the order in which things happened.

    A sale takes its fraction of what had been bought before it and not been given up since; what is bought later stays.
    Shares `already_sold` for this reason count.
    """
    happened: list[tuple[datetime, int, OwnEntry | TraderReduction]] = [(each.at, 0, each) for each in entries]
    happened += [(each.at, 1, each) for each in reductions]
    held = given_up = Decimal(0)
    for _, _, event in sorted(happened, key=lambda each: each[:2]):
        if isinstance(event, OwnEntry):
            held += event.shares.value
        else:
            lost = held * event.fraction
            given_up += lost
            held -= lost
    return Shares.floor(max(given_up - already_sold.value, Decimal(0)))

"""A limit that is on, with what is used of it and what gives it back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from live_trading.nouns.money import Usd
from live_trading.risk.results import RuleName

_PLACES = Decimal("0.000001")


class LimitUnit(StrEnum):
    """What a limit counts in."""

    USD = "USD"
    COUNT = "COUNT"
    FRACTION = "FRACTION"
    MULTIPLE = "MULTIPLE"
    PRICE = "PRICE"
    MILLISECONDS = "MILLISECONDS"
    SECONDS = "SECONDS"
    DAYS = "DAYS"
    PER_DAY = "PER_DAY"


class GivesBack(StrEnum):
    """What makes room again: the next day, week or month of the strategy's zone, or minute; positions that end; capital
    that comes in; a lock's release by hand, or its end after the cool-down.
    """

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    MINUTE = "MINUTE"
    POSITIONS = "POSITIONS"
    CAPITAL = "CAPITAL"
    RELEASE = "RELEASE"
    COOLDOWN = "COOLDOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestStakes:
    """The most that is held and may still be bought of one thing; of which, the rules ask at each entry.

    `wallet_market` is over all strategies of the wallet, `in_market` counts positions of the strategy.
    """

    position: Usd
    market: Usd
    event: Usd
    trader: Usd
    wallet_market: Usd
    in_market: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """A limit that is on. Where it is `at_most`, `observed` is what is used of it, of the largest where there are many.

    `observed` is None where it is not known, or is of an entry. `may_reach` tells that the limit itself still passes.
    """

    rule: RuleName
    unit: LimitUnit
    at_most: Decimal | None = None
    at_least: Decimal | None = None
    observed: Decimal | None = None
    may_reach: bool = True
    gives_back: GivesBack | None = None

    @property
    def used_fraction(self) -> Decimal | None:
        """The part of the limit that is used, 0 where nothing is; above 1 where more is than it allows."""
        if self.observed is None or not self.at_most:
            return None
        return (max(self.observed, Decimal(0)) / self.at_most).quantize(_PLACES, rounding=ROUND_CEILING)

    @property
    def has_room(self) -> bool | None:
        """Whether the next entry has room, however small it is; None where that is told by the entry alone."""
        if self.observed is None:
            return None
        if self.at_least is not None and self.observed < self.at_least:
            return False
        if self.at_most is None:
            return True
        return self.observed <= self.at_most if self.may_reach else self.observed < self.at_most

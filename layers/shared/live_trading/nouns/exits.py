"""Why a position is left or kept, the rules of it, and what is remembered of a position between two looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from live_trading.nouns.money import Price, Shares, Usd


class ExitReason(StrEnum):
    """Why shares are sold before their market resolves."""

    STOP_LOSS = "stop_loss"
    TRAILING_STOP = "trailing_stop"
    TAKE_PROFIT = "take_profit"
    MARKET_ENDS = "market_ends"
    TIME_STOP = "time_stop"
    TRADER_SOLD = "trader_sold"


class HoldReason(StrEnum):
    """Why nothing is sold at this look."""

    NOT_TRIGGERED = "not_triggered"
    CONFIRMING = "confirming"
    NOTHING_SELLABLE = "nothing_sellable"
    BOOK_UNAVAILABLE = "book_unavailable"
    BOOK_EMPTY = "book_empty"
    BOOK_THIN = "book_thin"
    SPREAD_TOO_WIDE = "spread_too_wide"
    BELOW_FLOOR = "below_floor"
    HELD_TO_RESOLUTION = "held_to_resolution"
    DUST = "dust"


NEEDS_SOMEBODY = frozenset(
    {HoldReason.BOOK_EMPTY, HoldReason.BOOK_THIN, HoldReason.SPREAD_TOO_WIDE, HoldReason.BELOW_FLOOR}
)
"""A rule has fired and its exit waits for a market that may not come."""


class ThinBookPolicy(StrEnum):
    """What an exit does when the bids do not take all of it: wait, sell what they take, or hold to the resolution."""

    WAIT = "WAIT"
    TAKE = "TAKE"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitRules:
    """When a strategy leaves its positions; None is off. Fractions are 0..1 of the average price paid.

    A value trigger (stop, take-profit, trailing) fires after `trigger_observations` looks in a row or after
    `trigger_after`, whichever comes first. The first exit asks for at least the lowest bid that its shares need less
    `limit_fraction`, each further one for `limit_step_fraction` less, and never for less than `floor_fraction` under
    what the position was worth a share when its trigger was first seen. With `bracket_take_profit` a sale at the
    take-profit's price rests at the venue meanwhile. `unknown_reduction_fraction` is what is sold of
    a position when its trader sold and how much that was of what they held is not known.
    """

    stop_loss_fraction: Decimal | None = None
    stop_loss_price: Price | None = None
    take_profit_fraction: Decimal | None = None
    take_profit_price: Price | None = None
    bracket_take_profit: bool = False
    trailing_stop_fraction: Decimal | None = None
    max_hold: timedelta | None = None
    leave_before_end: timedelta | None = None
    follow_trader: bool = False
    unknown_reduction_fraction: Decimal = Decimal(1)
    trigger_observations: int = 2
    trigger_after: timedelta | None = None
    max_spread_fraction: Decimal | None = None
    thin_book: ThinBookPolicy = ThinBookPolicy.WAIT
    limit_fraction: Decimal = Decimal("0.02")
    limit_step_fraction: Decimal = Decimal("0.02")
    floor_fraction: Decimal = Decimal("0.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenShares:
    """A position as the rules see it.

    `paid` is what the `shares` cost without fees; `sellable` are those that are settled and in no other sale;
    `due_to_trader` those that should be sold because the trader sold theirs. `ends_at` is the market's stated end.
    """

    shares: Shares
    sellable: Shares
    paid: Usd
    opened_at: datetime
    due_to_trader: Shares
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitWatch:
    """What is remembered of a position between two looks.

    `best` is the highest executable price a share so far. `trigger` is the value trigger that is being seen, since
    when, in how many looks in a row, and at what executable price it was first seen. `attempts` exits were placed
    for the reason `placed_for`, the first at an executable price of `placed_from`.
    """

    best: Price | None = None
    trigger: ExitReason | None = None
    since: datetime | None = None
    observations: int = 0
    first_seen_at: Price | None = None
    placed_for: ExitReason | None = None
    placed_from: Price | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Shares to sell now, why, and the least to take for one of them, before it is put on the market's grid."""

    reason: ExitReason
    shares: Shares
    limit: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitDecision:
    """`exit` is None where nothing is sold, and `hold` says why then; `executable` is what a share would fetch now."""

    exit: Exit | None
    hold: HoldReason | None
    watch: ExitWatch
    executable: Price | None

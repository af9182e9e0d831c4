"""The one decision on a position at one look: sell so much for this reason, or keep it for that one.

The same function for paper and live. What was seen before comes in and what is to be remembered goes out, so that the
same looks give the same exits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from live_trading.exits.triggers import VALUE_TRIGGERS, time_trigger, value_trigger
from live_trading.exits.valuation import spread_fraction
from live_trading.nouns.exits import (
    Exit,
    ExitDecision,
    ExitReason,
    ExitRules,
    ExitWatch,
    HoldReason,
    OpenShares,
    ThinBookPolicy,
)
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.money import Price, Shares


def decide(
    position: OpenShares, book: OrderBook | None, rules: ExitRules, watch: ExitWatch, now: datetime
) -> ExitDecision:
    """What to do about a position now; `book` is None where it could not be had. The position holds some shares.

    Value triggers come first, then the clock, then the trader; the first two sell all, the trader's sale its part.
    """
    if book is None:
        return _kept(HoldReason.BOOK_UNAVAILABLE, watch, None)
    price = book.executable_price(position.shares)
    if price is None:
        is_due = watch.trigger is not None or _without_price(position, rules, now) is not None
        return _kept(HoldReason.BOOK_EMPTY if is_due else HoldReason.NOT_TRIGGERED, watch, None)
    best = price if watch.best is None else max(watch.best, price)
    seen = value_trigger(position, rules, price, best)
    look = _Look(position, book, price, rules, _watched(replace(watch, best=best), seen, price, now))
    if seen is not None and look.is_sane and look.is_confirmed(now):
        return look.sold(seen, position.sellable)
    other = _without_price(position, rules, now)
    if other is not None:
        part = position.due_to_trader if other is ExitReason.TRADER_SOLD else position.sellable
        return look.sold(other, min(part, position.sellable))
    if seen is None:
        return look.kept(HoldReason.NOT_TRIGGERED)
    return look.kept(HoldReason.CONFIRMING if look.is_sane else HoldReason.SPREAD_TOO_WIDE)


def after_exit(decision: ExitDecision) -> ExitWatch:
    """What is remembered once the exit of a decision was placed: the next for the same reason asks for less."""
    watch, placed = decision.watch, decision.exit
    if placed is None:
        return watch
    if watch.placed_for is placed.reason:
        return replace(watch, attempts=watch.attempts + 1)
    return replace(watch, placed_for=placed.reason, placed_from=decision.executable, attempts=1)


@dataclass(frozen=True, slots=True)
class _Look:
    """A position at one moment, with what a share of it would fetch."""

    position: OpenShares
    book: OrderBook
    price: Price
    rules: ExitRules
    watch: ExitWatch

    @property
    def is_sane(self) -> bool:
        """Whether bid and offer are near enough for the price to mean something."""
        spread, most = spread_fraction(self.book), self.rules.max_spread_fraction
        return most is None or (spread is not None and spread <= most)

    def is_confirmed(self, now: datetime) -> bool:
        """Whether the value trigger was seen often or long enough."""
        if self.watch.observations >= self.rules.trigger_observations:
            return True
        after, since = self.rules.trigger_after, self.watch.since
        return after is not None and since is not None and now - since >= after

    def sold(self, reason: ExitReason, wanted: Shares) -> ExitDecision:
        """The exit of so many shares, or why the book allows none."""
        if not wanted.is_positive:
            return self.kept(HoldReason.NOTHING_SELLABLE)
        shares = self.book.takes(wanted)
        if shares < wanted and self.rules.thin_book is not ThinBookPolicy.TAKE:
            is_waiting = self.rules.thin_book is ThinBookPolicy.WAIT
            return self.kept(HoldReason.BOOK_THIN if is_waiting else HoldReason.HELD_TO_RESOLUTION)
        floor = Price.ceil(self._start(reason).value * (1 - self.rules.floor_fraction))
        if self.price < floor:
            return self.kept(HoldReason.BELOW_FLOOR)
        placed = Exit(reason=reason, shares=shares, limit=max(self._limit(reason, shares), floor))
        return ExitDecision(exit=placed, hold=None, watch=self.watch, executable=self.price)

    def kept(self, hold: HoldReason) -> ExitDecision:
        """Nothing is sold, for this reason."""
        return _kept(hold, self.watch, self.price)

    def _limit(self, reason: ExitReason, shares: Shares) -> Price:
        """Under the lowest bid that so many shares need, the further the more exits were placed for this reason."""
        lowest = self.book.marginal_price(shares) or self.price
        attempts = self.watch.attempts if self.watch.placed_for is reason else 0
        under = self.rules.limit_fraction + attempts * self.rules.limit_step_fraction
        return Price.ceil(lowest.value * max(1 - under, Decimal(0)))

    def _start(self, reason: ExitReason) -> Price:
        """What a share would have fetched when this reason was first seen."""
        if reason is self.watch.trigger and self.watch.first_seen_at is not None:
            return self.watch.first_seen_at
        if reason is self.watch.placed_for and self.watch.placed_from is not None:
            return self.watch.placed_from
        return self.price


def _without_price(position: OpenShares, rules: ExitRules, now: datetime) -> ExitReason | None:
    """The reason that needs no price: the clock first, because it sells all."""
    timed = time_trigger(position, rules, now)
    if timed is None and rules.follow_trader and position.due_to_trader.is_positive:
        return ExitReason.TRADER_SOLD
    return timed


def _watched(watch: ExitWatch, seen: ExitReason | None, price: Price, now: datetime) -> ExitWatch:
    """The watch after a look: a value trigger that is gone takes what was remembered of it along."""
    if seen is not None and seen is watch.trigger:
        return replace(watch, observations=watch.observations + 1)
    fresh = replace(
        watch,
        trigger=seen,
        since=None if seen is None else now,
        observations=0 if seen is None else 1,
        first_seen_at=None if seen is None else price,
    )
    if watch.placed_for in VALUE_TRIGGERS:
        return replace(fresh, placed_for=None, placed_from=None, attempts=0)
    return fresh


def _kept(hold: HoldReason, watch: ExitWatch, price: Price | None) -> ExitDecision:
    return ExitDecision(exit=None, hold=hold, watch=watch, executable=price)

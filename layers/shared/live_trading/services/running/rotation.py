"""Serves parts in turn while time lasts: least recently served first, whatever is left named in the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from live_trading.nouns.clock import Clock
from live_trading.services.running.budget import Budget
from live_trading.store.database import turns
from live_trading.store.database.connection import Database

PartT = TypeVar("PartT")


class Rotation:
    """The turns of one kind of parts, kept in the database under `name`."""

    def __init__(self, *, database: Database, clock: Clock, name: str) -> None:
        self._database = database
        self._clock = clock
        self._name = name

    def while_time_lasts(
        self,
        parts: Sequence[PartT],
        key: Callable[[PartT], str],
        *,
        budget: Budget,
        seconds_each: float,
        left: list[str],
    ) -> Iterator[PartT]:
        """Each part in turn, as long as `seconds_each` are left; the names of those not served are added to `left`.

        A part counts as served from its beginning: one that ends the run in the middle comes last in the next.
        """
        by_key = {key(part): part for part in parts}
        with self._database.reading() as reading:
            waiting = turns.in_turn(reading, self._name, list(by_key))
        while waiting and budget.has(seconds_each):
            name = waiting.pop(0)
            now = self._clock.now()
            with self._database.transaction() as transaction:
                turns.served(transaction, self._name, [name], now)
            yield by_key[name]
        left += waiting

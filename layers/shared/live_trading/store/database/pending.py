"""Answers that come with the next round trip: many questions that nobody waits for one by one travel together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from live_trading.store.database.connection import Row, Transaction

Told = TypeVar("Told")


class Pending(Generic[Told]):
    """What a question that was left for later is answered with."""

    def __init__(self, read: Callable[[list[Row]], Told]) -> None:
        self._read = read
        self._rows: list[Row] | None = None

    def take(self, rows: list[Row]) -> None:
        self._rows = rows

    @property
    def told(self) -> Told:
        """The answer. Raises LookupError before the question has travelled."""
        if self._rows is None:
            raise LookupError("the question has not been asked yet")
        return self._read(self._rows)


def ask(transaction: Transaction, sql: str, read: Callable[[list[Row]], Told], **parameters: object) -> Pending[Told]:
    """Leaves a question for the next round trip; `read` makes of its rows what is told."""
    pending = Pending(read)
    transaction.later(sql, check=pending.take, **parameters)
    return pending

"""The least that flattening takes for a share: a fraction of what it was worth when the lock began to flatten.

The mark is the one that was kept when the lock was put; of what was bought or first marked later, the mark of the first
look. What nobody has bid for since is held against its cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Price
from live_trading.risk.proposal import mark_price
from live_trading.services.following.sources import BookSource
from live_trading.services.running.failures import PART_FAILURES, failed_part
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Database
from live_trading.store.positions.held_positions import HeldPosition
from live_trading.store.risk import flatten_marks
from live_trading.store.risk.locks import LockRow


class FlattenFloor:
    """Knows the floors of one lock's sales."""

    def __init__(self, *, database: Database, clock: Clock, books: BookSource) -> None:
        self._database = database
        self._clock = clock
        self._books = books

    def of(self, lock: LockRow, strategy: LiveStrategy, held: Sequence[HeldPosition]) -> dict[str, Price]:
        """The least price by token; empty where the strategy has no floor."""
        fraction = strategy.rules.flatten_floor_fraction
        if fraction is None or not held:
            return {}
        with self._database.transaction() as transaction:
            marks = flatten_marks.of_lock(transaction, lock.lock_id, strategy.trading_wallet_id)
        missing = [position for position in held if position.token_id not in marks]
        if missing:
            marks |= self._first_look(lock, strategy, missing)
        return {position.token_id: floor_price(position, marks.get(position.token_id), fraction) for position in held}

    def _first_look(self, lock: LockRow, strategy: LiveStrategy, missing: Sequence[HeldPosition]) -> dict[str, Price]:
        try:
            books = self._books.books([position.token_id for position in missing])
        except PART_FAILURES as error:
            failed_part("marks of what is flattened", error)
            return {}
        seen = {
            position.token_id: mark_price(books[position.token_id], position.shares)
            for position in missing
            if position.token_id in books
        }
        marks = {token_id: mark for token_id, mark in seen.items() if mark}
        if marks:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                flatten_marks.keep(transaction, lock.lock_id, strategy.trading_wallet_id, marks, now)
        return marks


def floor_price(position: HeldPosition, mark: Price | None, fraction: Decimal) -> Price:
    """The fraction of the mark, or of the cost of a share where there is no mark. Pure."""
    worth = position.cost.value / position.shares.value if mark is None else mark.value
    return Price.ceil(min(worth, Decimal(1)) * fraction)

"""Whether followed traders have traded since the last pass: whoever stored it, and by whatever source."""

from __future__ import annotations

from collections.abc import Callable

from live_trading.services.running.failures import PART_FAILURES
from live_trading.store.database.connection import Database
from live_trading.store.feed import source_trades


class NewsLook:
    """Polls the fast source, and looks for trades that are in the store and were not when the last pass began.

    `is_blind` while the source fails: then only what others store is news, and a pass had better read the feeds.
    """

    def __init__(self, *, database: Database, poll: Callable[[], object]) -> None:
        self.is_blind = False
        self._database = database
        self._poll = poll
        self._known = 0

    def pass_begins(self) -> None:
        """What is stored by now, the pass sees; what comes later is news. Raises StoreUnavailable."""
        self._known = self._newest()

    def is_there(self) -> bool:
        """Whether there is something to pass on. Raises what the source raises where there is not."""
        try:
            self._poll()
        except PART_FAILURES:
            self.is_blind = True
            if self._newest() > self._known:
                return True
            raise
        self.is_blind = False
        return self._newest() > self._known

    def _newest(self) -> int:
        with self._database.reading() as transaction:
            return source_trades.newest_number(transaction)

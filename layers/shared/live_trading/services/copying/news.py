"""Whether followed traders have traded since the last pass: whoever stored it, and by whatever source."""

from __future__ import annotations

from collections import Counter

from live_trading.services.following.fills.chain_watch import ChainReport, ChainWatch
from live_trading.services.running.failures import PartFailure
from live_trading.store.database.connection import Database
from live_trading.store.feed import source_trades


class NewsLook:
    """Looks at the chain, and for trades that are in the store and were not when the last pass began.

    `is_blind` while the chain does not tell: then only what others store is news, and a pass had better read the feeds.
    `failures` are those of the last look that asked, `counts` what all looks found.
    """

    def __init__(self, *, database: Database, chain: ChainWatch) -> None:
        self.is_blind = False
        self.failures: list[PartFailure] = []
        self.counts: Counter[str] = Counter()
        self._database = database
        self._chain = chain
        self._known = 0

    def pass_begins(self) -> None:
        """What is stored by now, the pass sees; what comes later is news. Raises StoreUnavailable."""
        self._known = self._newest()

    def is_there(self) -> bool:
        """Whether there is something to pass on. Raises StoreUnavailable."""
        self._note(self._chain.poll())
        return self._newest() > self._known

    def _note(self, told: ChainReport) -> None:
        if told.rests:
            return
        self.is_blind = bool(told.failures)
        self.failures = told.failures
        self.counts += Counter(
            stored=told.stored,
            doubtful=told.doubtful,
            unknown_tokens=len(told.unknown_tokens),
            skipped_blocks=told.skipped,
            rewritten_blocks=told.rewritten,
            dropped=told.dropped,
        )

    def _newest(self) -> int:
        with self._database.reading() as transaction:
            return source_trades.newest_number(transaction)

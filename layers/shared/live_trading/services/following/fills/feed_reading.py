"""Reads the feed of many traders side by side, within what the venue allows, and waits for nobody who is slow.

The venue takes one trader a question.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import datetime

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import RetryLater
from live_trading.polymarket.data.feed_rows import FeedPage
from live_trading.services.following.sources import TradeFeed
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained

AT_ONCE = 8
# The venue allows 200 questions for trades in ten seconds, and records of traders are read by such questions too.
MOST_IN_A_WINDOW = 150
WINDOW_SECONDS = 10.0
# So long after the last answer of anybody, those who are still to answer are left to the next run.
PATIENCE_SECONDS = 3.0
SECONDS_A_TRADER = 3.0
_PAUSE_SECONDS = 0.25


@dataclass(slots=True, kw_only=True)
class FeedsRead:
    """By trader what the feed said. `asked` were asked, with or without an answer; time ran out for those `left`."""

    pages: dict[str, FeedPage] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


class FeedReader:
    """Asks for several traders at once."""

    def __init__(
        self,
        feed: TradeFeed,
        chance: Chance,
        *,
        pause: Callable[[float], None] | None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """`pause` waits while the venue's limit is used up; without it, where time stands still, nothing is paced."""
        self._feed = feed
        self._chance = chance
        self._pause = pause
        self._patience = patience_seconds
        self._asked_at: deque[float] = deque()

    def read(self, since: Sequence[tuple[str, datetime]], budget: Budget) -> FeedsRead:
        """Every fill of each trader from a moment on, asked for in this order; one trader's failure is its own."""
        result = FeedsRead()
        waiting = deque(since)
        pool = self._chance.side_by_side(AT_ONCE)
        try:
            self._read(waiting, pool, budget, result)
        finally:
            # An answer that nobody waits for any more may come whenever it likes.
            pool.shutdown(wait=False, cancel_futures=True)
        result.left += [trader for trader, _ in waiting]
        return result

    def _read(self, waiting: deque[tuple[str, datetime]], pool: Executor, budget: Budget, result: FeedsRead) -> None:
        running: dict[Future[FeedPage], str] = {}
        while running or waiting:
            while waiting and len(running) < AT_ONCE and self._may_ask():
                if not budget.has(SECONDS_A_TRADER):
                    break
                trader, moment = waiting.popleft()
                self._note_asked()
                result.asked.append(trader)
                running[pool.submit(self._feed.trades, trader, moment)] = trader
            if not running:
                if self._pause is None or self._may_ask() or not budget.has(SECONDS_A_TRADER):
                    return
                self._pause(_PAUSE_SECONDS)
                continue
            done, _ = wait(running, timeout=self._patience, return_when=FIRST_COMPLETED)
            if not done:
                self._give_up(list(running.values()), result)
                return
            for future in done:
                trader = running.pop(future)
                with contained(trader, result.failures):
                    result.pages[trader] = future.result()

    def _may_ask(self) -> bool:
        """Whether the venue's limit leaves room for one question more."""
        if self._pause is None:
            return True
        now = self._chance.elapsed()
        while self._asked_at and self._asked_at[0] <= now - WINDOW_SECONDS:
            self._asked_at.popleft()
        return len(self._asked_at) < MOST_IN_A_WINDOW

    def _note_asked(self) -> None:
        if self._pause is not None:
            self._asked_at.append(self._chance.elapsed())

    def _give_up(self, traders: Sequence[str], result: FeedsRead) -> None:
        for trader in traders:
            with contained(trader, result.failures):
                raise RetryLater(f"no answer for {self._patience} s after everybody else's")

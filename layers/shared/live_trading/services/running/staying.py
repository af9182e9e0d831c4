"""An invocation that stays: it passes again as soon as there is news, else at a steady beat, until its time is over.

One invocation at a time stays under a name. Its lease is short and renewed, so that after a killed one the next goes on
within seconds; one that begins while another ends waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LeaseLost
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, StoreUnavailable
from live_trading.store.database.leases import Lease

logger = logging.getLogger(__name__)

# So long a killed invocation keeps the next one from staying.
LEASE_SECONDS = 15
# A tick falls due while the invocation before it ends its last pass.
HANDOVER_SECONDS = 25.0
# What a pass needs to be begun.
SECONDS_A_PASS = 20.0


class Occasion(StrEnum):
    """Why a pass is made: its turn has come, or there is news."""

    BEAT = "beat"
    NEWS = "news"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Seconds between two looks for news, and between two passes without any."""

    look_seconds: float = 0.5
    pass_seconds: float = 20.0


@dataclass(slots=True, kw_only=True)
class Stayed:
    """How an invocation stayed; `ran` is False where another one did all the while.

    `passes` counts by occasion. `failures` are looks that failed since the last pass, each kind once.
    """

    ran: bool
    passes: dict[str, int] = field(default_factory=dict)
    failures: list[PartFailure] = field(default_factory=list)


class Stay:
    """Passes again and again under one name."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        elapsed: Callable[[], float],
        pause: Callable[[float], None],
        name: str,
        holder: str,
        beat: Beat,
    ) -> None:
        """`elapsed` are seconds that only grow, `pause` waits for so many; `holder` names this invocation."""
        self._database = database
        self._clock = clock
        self._elapsed = elapsed
        self._pause = pause
        self._name = name
        self._holder = holder
        self._beat = beat

    def run(
        self,
        seconds: float,
        budget: Budget,
        *,
        look: Callable[[], bool],
        act: Callable[[Occasion], None],
    ) -> Stayed:
        """Acts at once, then on every occasion until `seconds` are over or the budget has no room for a pass.

        `look` says whether there is news; a look that fails is no news. A pass that the database fails is made again at
        the next beat. Ends where another invocation has taken over. Raises what the last pass raised.
        """
        ends_at = self._elapsed() + seconds
        lease = self._taken(budget)
        stayed = Stayed(ran=lease is not None)
        if lease is None:
            return stayed
        keeper = LeaseKeeper(database=self._database, clock=self._clock, lease=lease, seconds=LEASE_SECONDS)
        occasion: Occasion | None = Occasion.BEAT
        failed: StoreUnavailable | None = None
        try:
            while occasion is not None:
                stayed.passes[occasion] = stayed.passes.get(occasion, 0) + 1
                stayed.failures.clear()
                failed = self._acted(act, occasion)
                occasion = self._next(keeper, stayed, look, ends_at, budget)
        except LeaseLost:
            logger.info("another invocation stays from here on", extra={"lease": self._name})
        finally:
            self._give_back(keeper.lease)
        if failed is not None:
            raise failed
        return stayed

    def _acted(self, act: Callable[[Occasion], None], occasion: Occasion) -> StoreUnavailable | None:
        try:
            act(occasion)
        except StoreUnavailable as error:
            logger.warning("a pass found no database", exc_info=True)
            return error
        return None

    def _next(
        self, keeper: LeaseKeeper, stayed: Stayed, look: Callable[[], bool], ends_at: float, budget: Budget
    ) -> Occasion | None:
        """Waits for the next occasion; None where none comes any more. Raises LeaseLost."""
        due_at = self._elapsed() + self._beat.pass_seconds
        while True:
            self._pause(self._beat.look_seconds)
            if self._elapsed() >= ends_at or not budget.has(SECONDS_A_PASS):
                return None
            try:
                keeper.keep()
                if self._is_news(look, stayed):
                    return Occasion.NEWS
            except StoreUnavailable:
                logger.warning("a look found no database", exc_info=True)
            if self._elapsed() >= due_at:
                return Occasion.BEAT

    def _is_news(self, look: Callable[[], bool], stayed: Stayed) -> bool:
        failures: list[PartFailure] = []
        with contained("looks for news", failures):
            return look()
        stayed.failures += [each for each in failures if each not in stayed.failures]
        return False

    def _taken(self, budget: Budget) -> Lease | None:
        """The lease, once whoever has it has ended."""
        gives_up_at = self._elapsed() + HANDOVER_SECONDS
        while True:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                lease = leases.acquire(transaction, self._name, self._holder, now, LEASE_SECONDS)
            if lease is not None or self._elapsed() >= gives_up_at or not budget.has(SECONDS_A_PASS):
                return lease
            self._pause(self._beat.look_seconds)

    def _give_back(self, lease: Lease) -> None:
        """So that the next one need not wait; without a database it does, for as long as the lease has left."""
        now = self._clock.now()
        try:
            with self._database.transaction() as transaction:
                leases.release(transaction, lease, now)
        except StoreUnavailable:
            logger.warning("a lease could not be given back", extra={"lease": self._name})

"""Jobs that somebody asked for: handed on to an invocation of their own, run once, and watched for a while.

A caller waits for so long and no longer; the job goes on. Its row says how it goes: one run claims it, so that an event
that comes twice does nothing the second time, and the claim lasts as long as its invocation can live, so that one that
was killed shows as interrupted and may be asked for again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError, RetryLater
from live_trading.store.database.connection import Database
from live_trading.store.watch import job_requests
from live_trading.store.watch.job_requests import AskedJob, JobRequest, JobState

logger = logging.getLogger(__name__)

# Lambda drops an event that is older than a minute.
BEGINS_WITHIN = timedelta(seconds=75)
# The clock of the claim and the time-out are not the same clock.
AFTER_ITS_TIME = timedelta(seconds=5)

Note = Callable[[Mapping[str, Any]], None]
"""Keeps what a run has done so far."""
Run = Callable[[JobRequest, Note], dict[str, Any]]
"""Runs a job that is claimed: its report, ready for JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job failed, as its caller is told: a code, and words without our insides."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Seconds between two looks at a job that is waited for: the first, and the longest."""

    first: float = 0.05
    longest: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDesk:
    """Hands jobs on, runs them, watches them.

    `invoke` gives this function an event, None where it cannot; `failure_of` words an error. `elapsed` are seconds that
    only grow and `pause` waits for so many.
    """

    database: Database
    clock: Clock
    invoke: Callable[[Mapping[str, Any]], None] | None
    failure_of: Callable[[Exception], Failure]
    elapsed: Callable[[], float]
    pause: Callable[[float], None]
    looks: Looks = field(default_factory=Looks)

    def hand_on(self, job_id: UUID) -> bool:
        """True where an invocation of its own was asked for; it may still not come."""
        if self.invoke is None:
            return False
        try:
            self.invoke({"job_request": str(job_id)})
        except RetryLater:
            logger.warning("a job could not be handed on", exc_info=True, extra={"job_id": str(job_id)})
            return False
        return True

    def run(
        self, job_id: UUID, run: Run, *, of: Collection[AskedJob], holder: str, seconds: float
    ) -> JobRequest | None:
        """The job after this run of at most so many seconds; None where it is not this run's to do.

        What it raises is kept as its failure. Raises StoreUnavailable where the claim cannot be made; a job whose end
        cannot be written down will show as interrupted.
        """
        now = self.clock.now()
        with self.database.transaction() as transaction:
            request = job_requests.claim(
                transaction,
                job_id,
                of=of,
                holder=holder,
                now=now,
                alive_until=now + timedelta(seconds=seconds) + AFTER_ITS_TIME,
            )
        if request is None:
            return None
        try:
            report = run(request, lambda progress: self._note(job_id, holder, progress))
        except Exception as error:
            logger.exception("a job that was asked for failed", extra={"job_id": str(job_id)})
            failed = self.failure_of(error)
            with self._written(job_id):
                now = self.clock.now()
                with self.database.transaction() as transaction:
                    job_requests.fail(
                        transaction, job_id, holder, error_code=failed.code, error_text=failed.text, now=now
                    )
            return replace(request, state=JobState.FAILED, error_code=failed.code, error_text=failed.text)
        with self._written(job_id):
            now = self.clock.now()
            with self.database.transaction() as transaction:
                job_requests.finish(transaction, job_id, holder, report, now)
        return replace(request, state=JobState.DONE, report=report)

    def watched(self, job_id: UUID, seconds: float) -> JobRequest:
        """The job once it has ended, or as it stands after so many seconds. Raises StoreUnavailable."""
        gives_up_at, pause = self.elapsed() + seconds, self.looks.first
        while True:
            now = self.clock.now()
            with self.database.reading() as reading:
                request = job_requests.get(reading, job_id, now)
            left = gives_up_at - self.elapsed()
            if not request.is_open or left <= 0:
                return request
            self.pause(min(pause, left))
            pause = min(pause * 2, self.looks.longest)

    def _note(self, job_id: UUID, holder: str, progress: Mapping[str, Any]) -> None:
        with self._written(job_id), self.database.transaction() as transaction:
            job_requests.note_progress(transaction, job_id, holder, progress)

    @contextmanager
    def _written(self, job_id: UUID) -> Iterator[None]:
        """What the job did counts, written down or not."""
        try:
            yield
        except LiveTradingError:
            logger.exception("how a job stands could not be written down", extra={"job_id": str(job_id)})

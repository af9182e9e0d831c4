"""Remembers how each run of a job ended, and tells of parts that fail in run after run.

A job's lease only says that it began: one that dies in every run holds it too. Parts that fail once, because the venue
restarts, need nobody; those that go on failing do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from live_trading.nouns.alerts import AlertType, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError
from live_trading.services.running.failures import PartFailure
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import alerts, job_runs
from live_trading.store.watch.job_runs import FailingPart

logger = logging.getLogger(__name__)

TELL_AFTER_RUNS = 3
CRITICAL_AFTER = timedelta(minutes=15)
_LONGEST_ERROR = 500
Report = TypeVar("Report")


class JobWatch:
    """Runs jobs and keeps what became of them."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def run(self, job: str, run: Callable[[], Report]) -> Report:
        """The job's report. A run that another invocation was at is none. Raises what the job raises."""
        started: list[datetime] = []
        self._note(lambda transaction, now: _started(transaction, job, now, started))
        try:
            report = run()
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
            self._note(lambda transaction, now: job_runs.note_died(transaction, job, said, now))
            raise
        if getattr(report, "ran", True):
            self._note(lambda transaction, now: _completed(transaction, job, report, now, started))
        return report

    def _note(self, write: Callable[[Transaction, datetime], None]) -> None:
        """What the job did counts, noted or not: a database that is away shows as the job's silence."""
        try:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                write(transaction, now)
        except LiveTradingError:
            logger.exception("how a run stands could not be noted")


def failures_in(report: object) -> Iterator[PartFailure]:
    """Every part failure of a report and of the reports in it."""
    if isinstance(report, PartFailure):
        yield report
    elif is_dataclass(report):
        for each in fields(report):
            yield from failures_in(getattr(report, each.name))
    elif isinstance(report, list | tuple):
        for one in report:
            yield from failures_in(one)


def _started(transaction: Transaction, job: str, now: datetime, started: list[datetime]) -> None:
    started.append(now)
    job_runs.note_started(transaction, job, now)


def _completed(transaction: Transaction, job: str, report: object, now: datetime, started: Sequence[datetime]) -> None:
    """A run whose start could not be noted took no time that is known."""
    job_runs.note_completed(transaction, job, now, now - started[0] if started else timedelta())
    failed = [(each.part, each.error, each.message) for each in failures_in(report)]
    for part in job_runs.note_parts(transaction, job, failed, now):
        alerts.resolve_alert(transaction, alert_type=AlertType.PART_FAILURE, subject=_subject(part), at=now)
    for part in job_runs.failing(transaction, job):
        if part.failed_runs >= TELL_AFTER_RUNS:
            _tell(transaction, part, now)


def _tell(transaction: Transaction, part: FailingPart, now: datetime) -> None:
    is_old = now - part.failing_since >= CRITICAL_AFTER
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.PART_FAILURE,
        severity=Severity.CRITICAL if is_old else Severity.WARNING,
        subject=_subject(part),
        title=f"{part.job}: {part.part} fails",
        message=(
            f"{part.part} has failed in {part.failed_runs} runs of {part.job} since {part.failing_since:%Y-%m-%d %H:%M}"
            f" UTC, last with {part.error}: {part.message}. The other parts go on. Nothing has to be repeated by hand: "
            "the next run tries it again; look at what the error names (a key, a secret, an endpoint, a row)."
        ),
        at=now,
    )


def _subject(part: FailingPart) -> str:
    return f"{part.job}: {part.part}"

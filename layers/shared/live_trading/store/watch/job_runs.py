"""How the last runs of each job ended, and which parts of it fail in run after run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

# So many runs without a failure say that a part works again: one run may not have come to it.
QUIET_RUNS = 3
# More failing parts than this in one run have one cause, and the first of them name it.
MOST_PARTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """When a job last started and completed, and how long that took; since when it fails, how often and why."""

    last_started_at: datetime
    last_completed_at: datetime | None
    failing_since: datetime | None
    failed_runs: int
    last_error: str | None
    last_milliseconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingPart:
    """A part of a job that fails, in how many runs since when, and what its last error said."""

    job: str
    part: str
    error: str
    message: str
    failing_since: datetime
    last_failed_at: datetime
    failed_runs: int


def note_started(transaction: Transaction, job: str, now: datetime) -> None:
    """Remembers that a run began."""
    transaction.execute(
        """
        INSERT INTO job_runs (job, last_started_at) VALUES (:job, :now)
        ON CONFLICT (job) DO UPDATE SET last_started_at = excluded.last_started_at
        """,
        job=job,
        now=now,
    )


def note_completed(transaction: Transaction, job: str, now: datetime, took: timedelta) -> None:
    """Remembers that a run came to its end, whatever parts of it failed, and how long it took."""
    transaction.execute(
        """
        UPDATE job_runs SET
            last_completed_at = :now, last_milliseconds = :took, failing_since = NULL, failed_runs = 0,
            last_error = NULL
        WHERE job = :job
        """,
        job=job,
        now=now,
        took=max(took // timedelta(milliseconds=1), 0),
    )


def note_died(transaction: Transaction, job: str, error: str, now: datetime) -> None:
    """Remembers that a run ended with an error."""
    transaction.execute(
        """
        UPDATE job_runs SET
            failing_since = coalesce(failing_since, :now), failed_runs = failed_runs + 1, last_error = :error
        WHERE job = :job
        """,
        job=job,
        error=error,
        now=now,
    )


def note_parts(
    transaction: Transaction, job: str, failed: Sequence[tuple[str, str, str]], now: datetime
) -> list[FailingPart]:
    """Counts the parts (name, error, message) that failed in a run; those that worked again are returned and gone."""
    distinct = list({part: (part, error, message) for part, error, message in failed}.values())[:MOST_PARTS]
    transaction.execute(
        """
        INSERT INTO failing_parts AS known (
            job, part, error, message, failing_since, last_failed_at, failed_runs
        )
        SELECT :job, part, error, message, :now, :now, 1
        FROM unnest(:parts::text[], :errors::text[], :messages::text[]) AS failed (part, error, message)
        ON CONFLICT (job, part) DO UPDATE SET
            error = excluded.error, message = excluded.message, last_failed_at = excluded.last_failed_at,
            failed_runs = known.failed_runs + 1, quiet_runs = 0
        """,
        job=job,
        now=now,
        parts=[part for part, _, _ in distinct],
        errors=[error for _, error, _ in distinct],
        messages=[message for _, _, message in distinct],
    )
    transaction.execute(
        "UPDATE failing_parts SET quiet_runs = quiet_runs + 1 WHERE job = :job AND last_failed_at < :now",
        job=job,
        now=now,
    )
    rows = transaction.rows(
        "DELETE FROM failing_parts WHERE job = :job AND quiet_runs >= :quiet RETURNING *", job=job, quiet=QUIET_RUNS
    )
    return _parts(rows)


_FAILING = "SELECT * FROM failing_parts WHERE :job::text IS NULL OR job = :job ORDER BY failing_since, job, part"


def failing(transaction: Transaction, job: str) -> list[FailingPart]:
    """The parts of a job that fail now, the oldest trouble first."""
    return _parts(transaction.rows(_FAILING, job=job))


def ask_failing(transaction: Transaction) -> Pending[list[FailingPart]]:
    """The parts of every job that fail now, the oldest trouble first."""
    return ask(transaction, _FAILING, _parts, job=None)


def ask_of_jobs(transaction: Transaction) -> Pending[dict[str, JobRun]]:
    """Every job that ever started."""
    return ask(transaction, "SELECT * FROM job_runs", _runs)


def _runs(rows: list[Row]) -> dict[str, JobRun]:
    return {row["job"]: JobRun(**{name: row[name] for name in JobRun.__dataclass_fields__}) for row in rows}


def _parts(rows: list[Row]) -> list[FailingPart]:
    return [FailingPart(**{name: row[name] for name in FailingPart.__dataclass_fields__}) for row in rows]

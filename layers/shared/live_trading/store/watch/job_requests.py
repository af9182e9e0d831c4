"""Jobs that somebody asked for: written before they are begun, claimed by one run, and ended by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction


class AskedJob(StrEnum):
    """What can be asked for; but for the kill switch these are the functions of the same names."""

    EXECUTE = "lt-execute"
    RESOLVE = "lt-resolve"
    REDEMPTIONS = "lt-redemptions"
    KILL_SWITCH = "kill-switch"


class JobState(StrEnum):
    """INTERRUPTED never began in its time, or its run died: what of it was done shows where it was done."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"


OPEN_STATES = frozenset({JobState.QUEUED, JobState.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One job as it stands at the moment of looking.

    `asked` is what it was asked with, `progress` what it has said on its way, `report` what came of it. It can be alive
    until `alive_until`; `error_code` and `error_text` say why it failed.
    """

    job_id: UUID
    job: AskedJob
    owner_id: str
    is_for_everybody: bool
    asked: dict[str, Any]
    state: JobState
    asked_at: datetime
    alive_until: datetime
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    progress: dict[str, Any] | None = None
    report: dict[str, Any] | None = None
    error_code: str | None = None
    error_text: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can still end."""
        return self.state in OPEN_STATES


# An open one past its time is over: nobody is left who would say so.
_SELECT = """
    SELECT
        job_id, job, owner_id, is_for_everybody, asked, asked_at, begun_at, ended_at, alive_until, progress, report,
        error_code, error_text,
        CASE WHEN state IN ('QUEUED', 'RUNNING') AND alive_until < :now THEN 'INTERRUPTED' ELSE state END AS state
    FROM job_requests
"""

_OF_PAGE = """
    WHERE job_id = ANY(ARRAY(
        (
            SELECT job_id FROM job_requests
            WHERE owner_id = :owner_id AND (asked_at, job_id) < (coalesce(:at::timestamptz, 'infinity'), :last::uuid)
            ORDER BY asked_at DESC, job_id DESC LIMIT :limit
        )
        UNION
        (
            SELECT job_id FROM job_requests
            WHERE
                is_for_everybody AND :also_for_everybody::boolean
                AND (asked_at, job_id) < (coalesce(:at::timestamptz, 'infinity'), :last::uuid)
            ORDER BY asked_at DESC, job_id DESC LIMIT :limit
        )
    ))
    ORDER BY asked_at DESC, job_id DESC LIMIT :limit
"""


def insert(transaction: Transaction, request: JobRequest) -> None:
    """Writes a job that waits to be begun."""
    transaction.execute(
        """
        INSERT INTO job_requests (job_id, job, owner_id, is_for_everybody, asked, state, asked_at, alive_until)
        VALUES (:job_id, :job, :owner_id, :is_for_everybody, :asked::jsonb, :state, :asked_at, :alive_until)
        """,
        job_id=request.job_id,
        job=request.job,
        owner_id=request.owner_id,
        is_for_everybody=request.is_for_everybody,
        asked=request.asked,
        state=JobState.QUEUED,
        asked_at=request.asked_at,
        alive_until=request.alive_until,
    )


def claim(
    transaction: Transaction,
    job_id: UUID,
    *,
    of: Collection[AskedJob],
    holder: str,
    now: datetime,
    alive_until: datetime,
) -> JobRequest | None:
    """Takes a waiting job of one of these kinds for a run that ends by `alive_until`.

    None where another run has taken it, where its time to begin is over, and where there is none.
    """
    taken = transaction.execute(
        """
        UPDATE job_requests SET state = 'RUNNING', begun_at = :now, holder = :holder, alive_until = :alive_until
        WHERE job_id = :job_id AND state = 'QUEUED' AND alive_until >= :now AND job = ANY(:of::text[])
        """,
        job_id=job_id,
        of=list(of),
        holder=holder,
        now=now,
        alive_until=alive_until,
    )
    return get(transaction, job_id, now) if taken else None


def note_progress(transaction: Transaction, job_id: UUID, holder: str, progress: Mapping[str, Any]) -> None:
    """Keeps what a run has done so far."""
    transaction.execute(
        """
        UPDATE job_requests SET progress = :progress::jsonb
        WHERE job_id = :job_id AND state = 'RUNNING' AND holder = :holder
        """,
        job_id=job_id,
        holder=holder,
        progress=dict(progress),
    )


def finish(transaction: Transaction, job_id: UUID, holder: str, report: Mapping[str, Any], now: datetime) -> None:
    """Ends a job with its report."""
    transaction.execute(
        """
        UPDATE job_requests SET state = 'DONE', report = :report::jsonb, ended_at = :now
        WHERE job_id = :job_id AND state = 'RUNNING' AND holder = :holder
        """,
        job_id=job_id,
        holder=holder,
        report=dict(report),
        now=now,
    )


def fail(
    transaction: Transaction, job_id: UUID, holder: str, *, error_code: str, error_text: str, now: datetime
) -> None:
    """Ends a job that failed, with the code and the words that its caller is told."""
    transaction.execute(
        """
        UPDATE job_requests SET state = 'FAILED', error_code = :error_code, error_text = :error_text, ended_at = :now
        WHERE job_id = :job_id AND state = 'RUNNING' AND holder = :holder
        """,
        job_id=job_id,
        holder=holder,
        error_code=error_code,
        error_text=error_text,
        now=now,
    )


def interrupt(transaction: Transaction, job_id: UUID, now: datetime) -> None:
    """Writes down that an open job is over because its time is."""
    transaction.execute(
        """
        UPDATE job_requests SET state = 'INTERRUPTED', ended_at = :now
        WHERE job_id = :job_id AND state IN ('QUEUED', 'RUNNING') AND alive_until < :now
        """,
        job_id=job_id,
        now=now,
    )


def get(transaction: Transaction, job_id: UUID, now: datetime) -> JobRequest:
    """A job that there is, whosever it is. Raises LookupError."""
    found = find_any(transaction, job_id, now)
    if found is None:
        raise LookupError("no such job")
    return found


def find_any(transaction: Transaction, job_id: UUID, now: datetime) -> JobRequest | None:
    """A job, whosever it is."""
    row = transaction.row(_SELECT + "WHERE job_id = :job_id", job_id=job_id, now=now)
    return None if row is None else _request(row)


def find(
    transaction: Transaction, job_id: UUID, owner_id: str, *, also_for_everybody: bool, now: datetime
) -> JobRequest | None:
    """An owner's job, or one that is for everybody where those are meant too."""
    row = transaction.row(
        _SELECT
        + """
        WHERE job_id = :job_id AND (owner_id = :owner_id OR (is_for_everybody AND :also_for_everybody::boolean))
        """,
        job_id=job_id,
        owner_id=owner_id,
        also_for_everybody=also_for_everybody,
        now=now,
    )
    return None if row is None else _request(row)


def page(
    transaction: Transaction,
    owner_id: str,
    *,
    also_for_everybody: bool,
    asked: PageAsked,
    now: datetime,
) -> list[JobRequest]:
    """A page of an owner's jobs, and of those for everybody where they are meant too; the newest first."""
    rows = transaction.rows(
        _SELECT + _OF_PAGE,
        owner_id=owner_id,
        also_for_everybody=also_for_everybody,
        at=asked.after_at,
        last=asked.after_id,
        limit=asked.rows_to_read,
        now=now,
    )
    return [_request(row) for row in rows]


def _request(row: Row) -> JobRequest:
    return JobRequest(**{**row, "job": AskedJob(row["job"]), "state": JobState(row["state"])})

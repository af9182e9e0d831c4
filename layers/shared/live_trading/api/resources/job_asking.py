"""Asking for a job: it is written down under the caller's key, handed on, and waited for as long as a caller waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.api.once import Answer, Caller, kept_answer, once
from live_trading.api.problems import Problem, ProblemCode, problem_of
from live_trading.api.views.watch.job_views import job_view
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LiveTradingError
from live_trading.services.running.asked_jobs import BEGINS_WITHIN, Failure, JobDesk, Run
from live_trading.services.running.trail import Key, along
from live_trading.store.database import audit
from live_trading.store.database.audit import Whence, asked_from
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import job_requests
from live_trading.store.watch.job_requests import AskedJob, JobRequest, JobState

_JOB_ID = "job_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for, with whatever the job needs to know, ready for JSON."""

    job: AskedJob
    is_for_everybody: bool
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """The invocation that serves the request: its name in leases, and how long it lives."""

    holder: str
    seconds_left: float


class JobAsking:
    """Asks for jobs, and has those done that were asked for. Methods raise Problem; the store's errors pass through."""

    def __init__(
        self, *, database: Database, clock: Clock, desk: JobDesk, new_id: Callable[[], UUID], answer_within: float
    ) -> None:
        """A caller waits for `answer_within` seconds."""
        self._database = database
        self._clock = clock
        self._desk = desk
        self._new_id = new_id
        self._answer_within = answer_within

    def job_under_key(self, caller: Caller) -> JobRequest | None:
        """The job that this key has asked for, unless it may be asked for again under it."""
        kept = kept_answer(self._database, caller)
        if kept is None:
            return None
        now = self._clock.now()
        with self._database.reading() as reading:
            job = _job_of(reading, kept, now)
        return None if job is None or is_left_undone(job) else job

    def done_in_time(self, caller: Caller, wanted: Wanted, run: Run, mine: Mine) -> JobRequest:
        """The job once it has ended, or as it stands when the caller can wait no longer; then it goes on.

        It is run by an invocation of its own, and by this one where there can be none. Under a key that has asked for
        one before it is that one, unless that failed, was interrupted, or could not do everything.
        """
        ends_at = self.ends_at()
        job_id, is_new = self.asked(caller, wanted)
        if is_new and not self._desk.hand_on(job_id):
            ended = self.carry_out(job_id, {wanted.job: run}, mine)
            if ended is not None:
                return ended
        return self.watched(job_id, ends_at)

    def asked(self, caller: Caller, wanted: Wanted) -> tuple[UUID, bool]:
        """The job's id, and whether it is a new one that somebody has to run."""
        now, new_id = self._clock.now(), self._new_id()

        def effect(transaction: Transaction) -> Answer:
            _write(transaction, new_id, caller, wanted, now)
            return Answer(status=202, body={_JOB_ID: str(new_id)})

        def may_be_asked_again(transaction: Transaction, kept: Answer) -> bool:
            job = _job_of(transaction, kept, now)
            if job is None:
                return True
            job_requests.interrupt(transaction, job.job_id, now)
            return is_left_undone(job)

        kept = once(self._database, caller, now, effect, is_over=may_be_asked_again)
        job_id = UUID(kept.body[_JOB_ID])
        return job_id, job_id == new_id

    def carry_out(self, job_id: UUID, runs: Mapping[AskedJob, Run], mine: Mine) -> JobRequest | None:
        """Runs a job that waits, as what its caller asked for; None where another run has it, or it is too late."""

        def run(request: JobRequest, note: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
            whence = Whence(**request.asked["whence"]) if request.asked["whence"] is not None else None
            keys = {Key.JOB_ID: job_id, Key.REQUEST_ID: None if whence is None else whence.request_id}
            with along(keys), asked_from(whence):
                return runs[request.job](request, note)

        return self._desk.run(job_id, run, of=runs.keys(), holder=mine.holder, seconds=mine.seconds_left)

    def hand_on(self, job_id: UUID) -> bool:
        """True where an invocation of its own will run it."""
        return self._desk.hand_on(job_id)

    def ends_at(self) -> float:
        """Until when a caller who asks now waits, in the seconds that only grow."""
        return self._desk.elapsed() + self._answer_within

    def watched(self, job_id: UUID, ends_at: float) -> JobRequest:
        """The job once it has ended, or as it stands when the caller waits no longer."""
        return self._desk.watched(job_id, ends_at - self._desk.elapsed())


def _write(transaction: Transaction, job_id: UUID, caller: Caller, wanted: Wanted, now: datetime) -> None:
    whence = None if caller.whence is None else asdict(caller.whence)
    job_requests.insert(
        transaction,
        JobRequest(
            job_id=job_id,
            job=wanted.job,
            owner_id=caller.owner_id,
            is_for_everybody=wanted.is_for_everybody,
            asked={"whence": whence, "given": dict(wanted.given)},
            state=JobState.QUEUED,
            asked_at=now,
            alive_until=now + BEGINS_WITHIN,
        ),
    )
    audit.record(
        transaction,
        actor=caller.owner_id,
        action="job_asked",
        subject_type="job",
        subject_id=str(job_id),
        before=None,
        after={"job": wanted.job, "given": dict(wanted.given)},
        cause="asked",
        at=now,
    )


def _job_of(transaction: Transaction, kept: Answer, now: datetime) -> JobRequest | None:
    """None for an answer that was kept of no job, or of one that is kept no more."""
    if _JOB_ID not in kept.body:
        return None
    return job_requests.find_any(transaction, UUID(kept.body[_JOB_ID]), now)


def is_left_undone(job: JobRequest) -> bool:
    """Whether a repetition has something to do: it failed, was interrupted, or its report names what is not done."""
    return job.state in (JobState.FAILED, JobState.INTERRUPTED) or bool((job.report or {}).get("not_done"))


def failure_of(error: Exception) -> Failure:
    """What is kept of an error that a job ended with: as a caller is told, nothing of our insides."""
    if not isinstance(error, LiveTradingError):
        return Failure(code=ProblemCode.INTERNAL, text="the request could not be carried out")
    problem = problem_of(error)
    return Failure(code=problem.code, text=problem.message)


def place_of(job_id: UUID) -> dict[str, str]:
    """The header that names the job."""
    return {"location": f"/api/jobs/{job_id}"}


def answer_of(job: JobRequest) -> Answer:
    """200 with the report of one that is done, 202 with the job where it goes on.

    Raises Problem where it failed, with what it failed of, or was interrupted (OUTCOME_UNKNOWN).
    """
    if job.state is JobState.DONE:
        return Answer(status=200, body=job.report or {}, headers=place_of(job.job_id))
    if job.is_open:
        return Answer(status=202, body={**job_view(job)}, headers=place_of(job.job_id))
    raise trouble_of(job)


def trouble_of(job: JobRequest) -> Problem:
    """What is wrong with a job that ended without a report."""
    facts = {_JOB_ID: str(job.job_id), "current_state": job.state}
    if job.state is JobState.FAILED:
        return Problem(ProblemCode(job.error_code or ProblemCode.INTERNAL), job.error_text or "it failed", facts=facts)
    text = "its run ended without saying what became of it, or never began; it may be asked for again"
    return Problem(ProblemCode.OUTCOME_UNKNOWN, text, facts=facts)

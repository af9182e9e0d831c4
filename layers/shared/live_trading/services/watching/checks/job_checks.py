"""Jobs: whether each comes to its end in time, and which of their parts fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import (
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    Unit,
    at,
    count_of,
    healthy,
)
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import job_runs
from live_trading.store.watch.health import own_state
from live_trading.store.watch.job_runs import FailingPart, JobRun

HEALTH = "health"
PERIODS: Mapping[str, timedelta] = MappingProxyType(
    {
        "ft-sync": timedelta(minutes=1),
        "lt-execute": timedelta(minutes=2),
        "lt-resolve": timedelta(minutes=10),
        "lt-redemptions": timedelta(minutes=10),
        "ft-resolve": timedelta(minutes=10),
        HEALTH: timedelta(minutes=5),
        "alerts": timedelta(minutes=1),
        "retention": timedelta(hours=1),
    }
)
"""How often each job's schedule calls it, as the template says."""
_STAYS = "lt-execute"
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """A job as it stands: its runs, None where it never began, and whole periods without a completed one."""

    job: str
    period_seconds: int
    run: JobRun | None
    missed_runs: int

    @property
    def took(self) -> timedelta | None:
        """How long its last completed run took; None where that is not known."""
        if self.run is None or self.run.last_milliseconds is None:
            return None
        return self.run.last_milliseconds * _MILLISECOND


def standing(runs: Mapping[str, JobRun], since: datetime | None, now: datetime) -> list[JobStanding]:
    """Every job; runs are missed from `since` on, and never where that is None."""
    return [_standing(job, period, runs.get(job), since, now) for job, period in PERIODS.items()]


def _standing(job: str, period: timedelta, run: JobRun | None, since: datetime | None, now: datetime) -> JobStanding:
    completed = None if run is None else run.last_completed_at
    silent = timedelta() if since is None else now - (completed or since)
    return JobStanding(
        job=job, period_seconds=period // timedelta(seconds=1), run=run, missed_runs=max(silent // period, 0)
    )


def jobs(transaction: Transaction, look: Look) -> Judge:
    """A job is silent when none of its runs has come to its end for too long, counted from the first launch."""
    runs, since, failing = (
        job_runs.ask_of_jobs(transaction),
        own_state.ask_trading_since(transaction),
        job_runs.ask_failing(transaction),
    )

    def judge() -> Sequence[Finding]:
        parts = _failing_parts(failing.told)
        if since.told is None:
            return [parts]
        # Whoever reads this sees that health runs; its own silence is told by an alarm outside.
        all_jobs = [each for each in standing(runs.told, since.told, look.now) if each.job != HEALTH]
        return [parts, *(_job(each, look) for each in all_jobs)]

    return judge


def _failing_parts(failing: Sequence[FailingPart]) -> Finding:
    if not failing:
        return Finding(
            name=CheckName.FAILING_PARTS,
            status=HealthStatus.HEALTHY,
            detail="none",
            figures=(count_of(0),),
            alerts=False,
        )
    named = "; ".join(f"{each.job}: {each.part} since {at(each.failing_since)}" for each in failing[:5])
    return Finding(
        name=CheckName.FAILING_PARTS,
        status=HealthStatus.WARNING,
        detail=f"{len(failing)} fail: {named}",
        open_detail=f"{len(failing)} fail",
        figures=(count_of(len(failing)),),
        alerts=False,
    )


def _job(each: JobStanding, look: Look) -> Finding:
    run, limits = each.run, look.limits
    if run is not None and run.failing_since is not None and run.failed_runs >= limits.dead_runs:
        said = f"its last {run.failed_runs} runs died, since {at(run.failing_since)}"
        return Finding(
            name=CheckName.JOB,
            subject=each.job,
            status=HealthStatus.CRITICAL,
            detail=f"{said}: {run.last_error}",
            open_detail=said,
            figures=(count_of(run.failed_runs, "failed_runs", limits.dead_runs), _missed(each, look)),
            advice="look at its log",
        )
    said, is_slow = _pace(each, look)
    is_silent = each.missed_runs >= limits.missed_runs
    figures = [_missed(each, look)]
    if each.took is not None:
        figures.append(_took(each.took, _longest(each, look)))
    if not is_silent and not is_slow:
        return healthy(CheckName.JOB, said, *figures, subject=each.job)
    return Finding(
        name=CheckName.JOB,
        subject=each.job,
        status=HealthStatus.WARNING,
        detail=said,
        figures=tuple(figures),
        advice="look at its log, then at the schedule"
        if is_silent
        else "look at its report for what takes its time and at `left` for what time ran out for",
    )


def _pace(each: JobStanding, look: Look) -> tuple[str, bool]:
    completed = None if each.run is None else each.run.last_completed_at
    if completed is None:
        return "never completed a run", False
    said = f"last completed {(look.now - completed).total_seconds():.0f} s ago"
    if each.took is None:
        return said, False
    longest = _longest(each, look)
    if each.took <= longest:
        return f"{said}, in {each.took.total_seconds():.1f} s", False
    return f"{said}; it took {each.took.total_seconds():.1f} s, and its share is {longest.total_seconds():.1f} s", True


def _longest(each: JobStanding, look: Look) -> timedelta:
    """The share of its period that a run may take; a job that stays by intent has that on top of it."""
    stays = look.stays if each.job == _STAYS else timedelta()
    share = each.period_seconds * 1000 * look.limits.slow_job_fraction
    return int(share) * _MILLISECOND + stays


def _missed(each: JobStanding, look: Look) -> Figure:
    return count_of(each.missed_runs, "missed_runs", look.limits.missed_runs)


def _took(took: timedelta, longest: timedelta) -> Figure:
    return Figure(
        name="took",
        observed=Decimal(took // _MILLISECOND),
        limit=Decimal(longest // _MILLISECOND),
        unit=Unit.MILLISECONDS,
    )

"""How the API shows what the checks of health found."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from live_trading.api.shapes import DecimalText, IdAnswer, MomentAnswer, NextCursor
from live_trading.services.watching.checks.job_checks import JobStanding
from live_trading.services.watching.checkup import HealthReport
from live_trading.services.watching.findings import Figure, Finding
from live_trading.store.watch.health.guard_figures import GuardFigures

Status = Literal["HEALTHY", "WARNING", "CRITICAL"]


class OpenHealthView(TypedDict):
    """Whether the system is up."""

    status: Status


class FigureView(TypedDict):
    """One thing that a check saw, null where it is not known, and its limit, null where it has none."""

    name: str
    observed: DecimalText | None
    limit: DecimalText | None
    unit: str


class FindingView(TypedDict):
    """What one check says. `since` is when it was first kept as it stands, null where that has not been yet."""

    check: str
    subject: str | None
    status: Status
    since: MomentAnswer | None
    detail: str
    advice: str | None
    figures: list[FigureView]


class JobView(TypedDict):
    """How a job stands; what has not happened is null. Only an admin sees what its last error said."""

    job: str
    period_seconds: int
    last_started_at: MomentAnswer | None
    last_completed_at: MomentAnswer | None
    last_milliseconds: int | None
    missed_runs: int
    failed_runs: int
    failing_since: MomentAnswer | None
    last_error: str | None


class HealthView(TypedDict):
    """Every check that the caller may see, and the worst of them. `as_of` is null where the clock is away."""

    status: Status
    as_of: MomentAnswer | None
    findings: list[FindingView]
    jobs: list[JobView]


class GuardView(TypedDict):
    """Of so many of a strategy's newest decisions in which a guard had its say, the shares with data and refused by it.

    A share is null where there was no such decision.
    """

    lt_strategy_id: IdAnswer
    strategy: str
    kind: Literal["CHECK", "RISK_RULE"]
    guard: str
    decisions: int
    with_data: int
    with_data_fraction: DecimalText | None
    bit: int
    bit_fraction: DecimalText | None
    counted_at: MomentAnswer


class GuardsView(TypedDict):
    """A page of guards, by strategy, kind and name."""

    guards: list[GuardView]
    next_cursor: NextCursor


def open_health_view(report: HealthReport) -> OpenHealthView:
    """Up or not, and nothing else."""
    return {"status": report.status.value}


def health_view(report: HealthReport, *, is_admin: bool) -> HealthView:
    """A report as one may see it: it is cut to its reader before."""
    since = report.since or {}
    return {
        "status": report.status.value,
        "as_of": None if report.as_of is None else report.as_of.isoformat(),
        "findings": [
            _finding(each, None if each.check not in since else since[each.check].isoformat())
            for each in report.findings
        ],
        "jobs": [_job(each, is_admin=is_admin) for each in report.jobs],
    }


def _finding(finding: Finding, since: str | None) -> FindingView:
    return {
        "check": finding.name.value,
        "subject": finding.subject,
        "status": finding.status.value,
        "since": since,
        "detail": finding.detail,
        "advice": finding.advice or None,
        "figures": [_figure(each) for each in finding.figures],
    }


def _figure(figure: Figure) -> FigureView:
    return {
        "name": figure.name,
        "observed": None if figure.observed is None else f"{figure.observed:f}",
        "limit": None if figure.limit is None else f"{figure.limit:f}",
        "unit": figure.unit.value,
    }


def _job(job: JobStanding, *, is_admin: bool) -> JobView:
    run = job.run
    completed = None if run is None else run.last_completed_at
    failing = None if run is None else run.failing_since
    return {
        "job": job.job,
        "period_seconds": job.period_seconds,
        "last_started_at": None if run is None else run.last_started_at.isoformat(),
        "last_completed_at": None if completed is None else completed.isoformat(),
        "last_milliseconds": None if run is None else run.last_milliseconds,
        "missed_runs": job.missed_runs,
        "failed_runs": 0 if run is None else run.failed_runs,
        "failing_since": None if failing is None else failing.isoformat(),
        "last_error": None if run is None or not is_admin else run.last_error,
    }


def guard_view(figures: GuardFigures) -> GuardView:
    """One guard of a strategy."""
    count = figures.count
    return {
        "lt_strategy_id": str(count.lt_strategy_id),
        "strategy": figures.strategy,
        "kind": count.kind.value,
        "guard": count.guard,
        "decisions": count.decisions,
        "with_data": count.with_data,
        "with_data_fraction": _share(count.share_with_data),
        "bit": count.bit,
        "bit_fraction": _share(count.share_bit),
        "counted_at": figures.counted_at.isoformat(),
    }


def _share(share: object) -> str | None:
    return None if share is None else str(share)

"""Jobs that were asked for, as the API shows them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import IdAnswer, MomentAnswer, NextCursor
from live_trading.store.watch.job_requests import AskedJob, JobRequest, JobState


def _facts(what: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["object", "null"], "description": what})


def _one_of(members: type[AskedJob | JobState]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [each.value for each in members]})


class JobErrorView(TypedDict):
    """Why a job failed; its code is one of a problem's."""

    code: str
    message: str


class JobView(TypedDict):
    """A job as it stands.

    One that is QUEUED or RUNNING is alive until `alive_until` at most; past that it is INTERRUPTED: what of it was done
    shows where it was done, and it may be asked for again.
    """

    job_id: IdAnswer
    job: Annotated[str, _one_of(AskedJob)]
    state: Annotated[str, _one_of(JobState)]
    asked_by: str
    is_for_everybody: bool
    asked_at: MomentAnswer
    begun_at: MomentAnswer | None
    ended_at: MomentAnswer | None
    alive_until: MomentAnswer
    progress: Annotated[dict[str, Any] | None, _facts("what has been done so far, where the job tells it")]
    report: Annotated[dict[str, Any] | None, _facts("what came of it, once it is done")]
    error: JobErrorView | None


class JobsView(TypedDict):
    """A page of jobs."""

    jobs: list[JobView]
    next_cursor: NextCursor


def job_view(job: JobRequest) -> JobView:
    error: JobErrorView | None = None
    if job.error_code is not None:
        error = {"code": job.error_code, "message": job.error_text or ""}
    return {
        "job_id": str(job.job_id),
        "job": job.job,
        "state": job.state,
        "asked_by": job.owner_id,
        "is_for_everybody": job.is_for_everybody,
        "asked_at": job.asked_at.isoformat(),
        "begun_at": None if job.begun_at is None else job.begun_at.isoformat(),
        "ended_at": None if job.ended_at is None else job.ended_at.isoformat(),
        "alive_until": job.alive_until.isoformat(),
        "progress": job.progress,
        "report": job.report,
        "error": error,
    }

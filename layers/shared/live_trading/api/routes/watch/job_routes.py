"""Jobs that were asked for: how they go, and what came of them."""

from __future__ import annotations

from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.once import Answer, Caller
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.query import PageQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.watch.job_views import JobsView, JobView, job_view
from live_trading.nouns.clock import Clock
from live_trading.nouns.pages import Place
from live_trading.store.database.connection import Database
from live_trading.store.watch import job_requests


class JobsRead:
    """A caller's own jobs; with the scope `admin` also those that are for everybody. Methods raise Problem."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(self, caller: Caller, paging: Paging) -> Answer:
        """The newest first."""
        now = self._clock.now()
        with self._database.reading() as reading:
            found = job_requests.page(
                reading, caller.owner_id, also_for_everybody=caller.is_admin, asked=paging.asked, now=now
            )
        page = paging.cut(found, lambda job: Place(at=job.asked_at, row=str(job.job_id)))
        body: JobsView = {"jobs": [job_view(job) for job in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)

    def one(self, caller: Caller, job_id: UUID) -> Answer:
        """One job as it stands."""
        now = self._clock.now()
        with self._database.reading() as reading:
            job = job_requests.find(reading, job_id, caller.owner_id, also_for_everybody=caller.is_admin, now=now)
        if job is None:
            raise not_found("job")
        return Answer(status=200, body=job_view(job))


ROUTES = Routes[JobsRead]("jobs_read")


@ROUTES.get("/api/jobs", query=PageQuery, answers=JobsView, example=Example(query={"limit": "20"}))
def _list(jobs: JobsRead, request: Request) -> Answer:
    """The jobs that the caller has asked for, the newest first.

    With the scope `admin` also those of others that are for everybody.
    """
    return jobs.page(request.caller, request.paging(request.asked(PageQuery)))


@ROUTES.get("/api/jobs/<job_id>", answers=JobView, refuses=(ProblemCode.NOT_FOUND,))
def _one(jobs: JobsRead, request: Request) -> Answer:
    """How a job goes, and what came of it."""
    return jobs.one(request.caller, request.id("job_id", "job"))

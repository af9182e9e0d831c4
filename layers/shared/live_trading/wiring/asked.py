"""Runs that somebody asks for: over the API, answered in time; and by the event that hands them on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from live_trading.api import responses
from live_trading.api.reporting import JOBS
from live_trading.api.requests import known_by
from live_trading.api.resources.job_asking import Mine, Wanted, answer_of
from live_trading.api.responses import answered
from live_trading.api.routing import admitted
from live_trading.nouns.errors import LiveTradingError
from live_trading.services.running.asked_jobs import Run
from live_trading.services.running.budget import Budget
from live_trading.services.running.trail import Key, along
from live_trading.store.watch.job_requests import AskedJob
from live_trading.wiring.deadline import answered_in_time
from live_trading.wiring.jobs import measured

if TYPE_CHECKING:
    from live_trading.wiring.composition import Parts

Pass = Callable[[Budget], object]
"""One run of a job within a budget; its report."""


def is_asked(event: Mapping[str, Any]) -> bool:
    """True for the event that hands a job on."""
    return "job_request" in event


def ask(event: dict[str, Any], context: Any, job: AskedJob, run: Pass, parts: Parts) -> dict[str, Any]:
    """What the HTTP API answers to a request for a run, which is for everybody and needs the scope `admin`.

    The report where the run ends in time, else the job, which goes on in an invocation of its own. Where there can be
    none the run is made here, within the time that the caller waits.
    """
    with known_by(event, context.aws_request_id):
        try:
            request = admitted(event, {}, JOBS[job])
            budget = answered_in_time(context, parts.settings.answer_within_seconds)
            done = parts.job_asking.done_in_time(
                request.caller,
                Wanted(job=job, is_for_everybody=True, given={}),
                pass_of(job, lambda: run(budget), parts),
                mine(context),
            )
            return answered(answer_of(done), event).as_event()
        except LiveTradingError as error:
            return responses.refused(error, event).as_event()


def carry_on(event: Mapping[str, Any], context: Any, runs: Mapping[AskedJob, Run], parts: Parts) -> dict[str, Any]:
    """Runs the job that is handed on by this event; nothing where another invocation has it, or it comes too late."""
    with along({Key.INVOCATION_ID: context.aws_request_id}):
        done = parts.job_asking.carry_out(UUID(event["job_request"]), runs, mine(context))
    return {"job_request": event["job_request"], "ran": done is not None}


def pass_of(job: AskedJob, run: Callable[[], object], parts: Parts) -> Run:
    """A run as a job that is asked for, counted and noted like one of the schedule."""

    def carried_out(_request: object, _note: object) -> dict[str, Any]:
        with along({Key.JOB: job}):
            return measured(job, run, parts)

    return carried_out


def mine(context: Any) -> Mine:
    """This invocation."""
    return Mine(holder=context.aws_request_id, seconds_left=context.get_remaining_time_in_millis() / 1000)

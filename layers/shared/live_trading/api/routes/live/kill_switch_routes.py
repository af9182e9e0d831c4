"""The kill switch behind the API: what was stopped, cancelled and sold, and what could not be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.fields import Reasoned, Switch
from live_trading.api.once import Answer, Caller
from live_trading.api.problems import ProblemCode
from live_trading.api.resources.job_asking import JobAsking, Mine, Wanted, place_of
from live_trading.api.routing import Request, Routes
from live_trading.api.views.live.pulled_views import StopFacts, StopView, stop_facts, stop_facts_of_job
from live_trading.nouns.errors import OutcomeUnknown, RetryLater
from live_trading.services.guarding.kill_switch import KillSwitch, StopReport
from live_trading.services.running.asked_jobs import Note
from live_trading.store.watch.job_requests import AskedJob, JobRequest, JobState

_INTERRUPTED = (
    "the job that did the rest was interrupted: the next lt-execute goes on, because the locks say how far; or ask "
    "again"
)


class PullKillSwitch(Body):
    """Why everything stops, and whether what is held is sold too.

    What stops is all that the token may stop: everybody's with the scope `admin`, unless `only_mine` is set; else the
    caller's own.
    """

    reason: Reasoned
    flatten: Switch = False
    only_mine: Switch = False


class KillSwitchApi:
    """Pulls the switch. Errors of parts are in the answer, with status 207, and never raised."""

    def __init__(self, switch: KillSwitch, asking: JobAsking, mine: Mine) -> None:
        self._switch = switch
        self._asking = asking
        self._mine = mine

    def pull(self, caller: Caller, body: PullKillSwitch) -> Answer:
        """Stops everything; pulling twice does everything again and puts no second lock.

        Entries are stopped first, and by this invocation. The rest is a job, which goes on when the caller has been
        told what is done so far; where no other invocation can be had, or there is no database, it is done here. The
        venue is asked to cancel from here too, because another invocation may take seconds to begin. Raises Problem
        (IDEMPOTENCY_KEY_REUSED).
        """
        ends_at = self._asking.ends_at()
        everybody = caller.is_admin and not body.only_mine
        known = self._known(caller)
        if known is not None:
            return _answer(known, stop_facts(StopReport()))
        done = self._switch.stop(caller.owner_id, reason=body.reason, flatten=body.flatten, everybody=everybody)
        given = {
            "reason": body.reason,
            "flatten": body.flatten,
            "everybody": everybody,
            "lock_ids": done.lock_ids,
            "not_done": done.not_done,
        }
        wanted = Wanted(job=AskedJob.KILL_SWITCH, is_for_everybody=everybody, given=given)
        try:
            job_id, ended = self._asked(caller, wanted)
        except (RetryLater, OutcomeUnknown):
            self._switch.carry_out(caller.owner_id, done, flatten=body.flatten, everybody=everybody)
            return _said(stop_facts(done), None, everybody=everybody)
        if ended is not None:
            return _answer(ended, stop_facts(done))
        return self._waited_for(caller, job_id, done, ends_at, everybody=everybody)

    def carry_on(self, request: JobRequest, note: Note) -> dict[str, Any]:
        """What is left once entries are stopped, as a job; its report."""
        given = request.asked["given"]
        done = StopReport(lock_ids=list(given["lock_ids"]), not_done=list(given["not_done"]))
        self._switch.carry_out(
            request.owner_id,
            done,
            flatten=given["flatten"],
            everybody=given["everybody"],
            tell=lambda so_far: note(stop_facts(so_far)),
        )
        return {**stop_facts(done)}

    def _asked(self, caller: Caller, wanted: Wanted) -> tuple[UUID, JobRequest | None]:
        """The job that does the rest; as it ended where it was done here, None where another invocation has it."""
        job_id, is_new = self._asking.asked(caller, wanted)
        if not is_new or self._asking.hand_on(job_id):
            return job_id, None
        return job_id, self._asking.carry_out(job_id, {AskedJob.KILL_SWITCH: self.carry_on}, self._mine)

    def _waited_for(self, caller: Caller, job_id: UUID, done: StopReport, ends_at: float, *, everybody: bool) -> Answer:
        cancels = self._switch.cancels_under_way(caller.owner_id, everybody=everybody)
        try:
            job = self._asking.watched(job_id, ends_at)
        except RetryLater:
            cancels.so_far(done)
            done.not_done.append(f"looking how job {job_id} goes: the database is away; it goes on where it can")
            return _said(stop_facts(done), None, everybody=everybody)
        cancels.so_far(done)
        return _answer(job, stop_facts(done))

    def _known(self, caller: Caller) -> JobRequest | None:
        """What this key has asked for before; nobody knows without a database, and then it is done again."""
        try:
            return self._asking.job_under_key(caller)
        except (RetryLater, OutcomeUnknown):
            return None


def _answer(job: JobRequest, here: StopFacts) -> Answer:
    """What the job has done by now, with what was done `here` before it or beside it."""
    given = job.asked["given"]
    told = job.report or job.progress
    facts = here if told is None else stop_facts_of_job(told)
    cancelled = {*facts["cancelled"], *here["cancelled"]}
    facts = {
        **facts,
        "lock_ids": given["lock_ids"],
        "cancelled": sorted(cancelled),
        "refused": {order: why for order, why in facts["refused"].items() if order not in cancelled},
        "not_done": [*facts["not_done"], *_undone(job)],
    }
    return _said(facts, job, everybody=given["everybody"])


def _undone(job: JobRequest) -> list[str]:
    if job.state is JobState.FAILED:
        return [f"the job that did the rest failed: {job.error_text}"]
    return [_INTERRUPTED] if job.state is JobState.INTERRUPTED else []


def _said(facts: StopFacts, job: JobRequest | None, *, everybody: bool) -> Answer:
    body: StopView = {
        "entries_stopped": bool(facts["lock_ids"]),
        "stopped_for": "everybody" if everybody else "the caller",
        **facts,
        "job_id": None if job is None else str(job.job_id),
        "job_state": None if job is None else job.state,
    }
    headers = {} if job is None else place_of(job.job_id)
    return Answer(status=_status(facts, job), body=body, headers=headers)


def _status(facts: StopFacts, job: JobRequest | None) -> int:
    """202 where a job, or a run that holds a wallet, does the rest; 207 where something could not be done."""
    if job is not None and job.is_open:
        return 202
    if facts["not_done"]:
        return 207
    return 202 if facts["exit_wish_ids"] else 200


ROUTES = Routes[KillSwitchApi]("kill_switch", is_by_invocation=True)


@ROUTES.post(
    "/api/lt/kill-switch",
    body=PullKillSwitch,
    needs_key=True,
    answers=StopView,
    statuses=(200, 202, 207),
    refuses=(ProblemCode.IDEMPOTENCY_KEY_REUSED,),
    example=Example(body={"reason": "the market is upside down", "flatten": False, "only_mine": True}),
)
def _pull(switch: KillSwitchApi, request: Request) -> Answer:
    """Stops everything, cancels everything, and sells everything where asked.

    Entries are stopped before anything else, for everybody with the scope `admin` unless `only_mine` is set. 200: all
    of it is done. 202: entries are stopped, and the job or the runs that hold wallets do the rest; the answer says
    what is done so far. 207: `not_done` says what could not be done; the locks make each lt-execute try again, and so
    does the same request under the same key.
    """
    return switch.pull(request.caller, request.body(PullKillSwitch))

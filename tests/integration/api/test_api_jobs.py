"""Jobs behind the API: whose they are, how they stand, that each runs once, and what is told of one that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.api.once import Answer, Caller
from live_trading.api.problems import Problem, ProblemCode
from live_trading.api.resources.job_asking import JobAsking, Mine, Wanted, answer_of, failure_of
from live_trading.aws.own_function import NotInvoked, invoke_own
from live_trading.nouns.errors import RetryLater
from live_trading.services.running.asked_jobs import BEGINS_WITHIN, JobDesk, Note
from live_trading.store.database.connection import Database
from live_trading.store.watch import job_requests, old_rows
from live_trading.store.watch.job_requests import AskedJob, JobRequest, JobState
from tests.integration.api.gate_fixtures import Everything
from tests.integration.api_fixtures import OWNER, STRANGER, Api

pytestmark = [pytest.mark.integration, pytest.mark.health]

CALLER = Caller(owner_id=OWNER, idempotency_key="key", request_hash="0" * 64, is_admin=True)
MINE = Mine(holder="an invocation", seconds_left=100)
A_PASS = Wanted(job=AskedJob.RESOLVE, is_for_everybody=True, given={})


class Hands:
    """Asking over a clock that stands still until it is told, whose waiting is what happens meanwhile."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.at = datetime(2026, 11, 27, 12, tzinfo=UTC)
        self.ticks = 0.0
        self.handed: list[UUID] = []
        self.can_hand_on = True
        self.meanwhile: list[Any] = []
        self.done = 0
        desk = JobDesk(
            database=database,
            clock=self,
            invoke=self.invoke,
            failure_of=failure_of,
            elapsed=lambda: self.ticks,
            pause=self.pause,
        )
        self.asking = JobAsking(database=database, clock=self, desk=desk, new_id=uuid4, answer_within=5)

    def now(self) -> datetime:
        return self.at

    def invoke(self, event: Mapping[str, Any]) -> None:
        if not self.can_hand_on:
            raise NotInvoked("not allowed")
        self.handed.append(UUID(event["job_request"]))

    def pause(self, seconds: float) -> None:
        self.ticks += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def report(self, _request: JobRequest, note: Note) -> dict[str, Any]:
        self.done += 1
        note({"so_far": self.done})
        return {"ran": True, "done": self.done}

    def fail(self, _request: JobRequest, _note: Note) -> dict[str, Any]:
        raise RetryLater("the venue is away at 10.0.0.7")

    def ask(self, caller: Caller = CALLER) -> JobRequest:
        return self.asking.done_in_time(caller, A_PASS, self.report, MINE)

    def arrive(self, job_id: UUID, run: Any = None) -> JobRequest | None:
        """The event of a job."""
        return self.asking.carry_out(job_id, {AskedJob.RESOLVE: run or self.report}, MINE)


@pytest.fixture
def hands(database: Database) -> Hands:
    return Hands(database)


def test_a_job_that_ends_while_its_caller_waits_is_answered_with_its_report(hands: Hands) -> None:
    hands.meanwhile = [lambda: hands.arrive(hands.handed[0])]

    answer = answer_of(hands.ask())

    assert (answer.status, answer.body) == (200, {"ran": True, "done": 1})
    assert answer.headers == {"location": f"/api/jobs/{hands.handed[0]}"}


def test_a_caller_waits_so_long_and_no_longer(hands: Hands) -> None:
    asked = hands.ask()

    answer = answer_of(asked)
    assert (answer.status, answer.body["state"], hands.ticks) == (202, "QUEUED", 5)


def test_where_nothing_can_be_handed_on_the_run_is_made_in_the_request(hands: Hands) -> None:
    hands.can_hand_on = False

    assert answer_of(hands.ask()) == Answer(
        status=200, body={"ran": True, "done": 1}, headers=answer_of(hands.ask()).headers
    )
    assert hands.done == 1


def test_outside_of_lambda_and_in_sam_local_nothing_is_invoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    with pytest.raises(NotInvoked):
        invoke_own({})
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "live-trading-lt-execute")
    monkeypatch.setenv("AWS_SAM_LOCAL", "true")
    with pytest.raises(NotInvoked):
        invoke_own({})


def test_an_event_that_comes_twice_runs_the_job_once(hands: Hands) -> None:
    job_id = hands.ask().job_id

    first, second = hands.arrive(job_id), hands.arrive(job_id)

    assert (first is not None and first.state, second, hands.done) == (JobState.DONE, None, 1)


def test_an_event_that_comes_too_late_does_nothing(hands: Hands) -> None:
    job_id = hands.ask().job_id
    hands.at += BEGINS_WITHIN + timedelta(seconds=1)

    assert hands.arrive(job_id) is None
    with pytest.raises(Problem) as told:
        answer_of(hands.asking.watched(job_id, hands.ticks))
    assert told.value.code is ProblemCode.OUTCOME_UNKNOWN
    assert told.value.facts == {"job_id": str(job_id), "current_state": "INTERRUPTED"}


def test_an_event_of_another_function_s_job_is_left_to_that_function(hands: Hands) -> None:
    job_id = hands.ask().job_id

    assert hands.asking.carry_out(job_id, {AskedJob.EXECUTE: hands.report}, MINE) is None
    assert hands.arrive(job_id) is not None


def test_the_same_key_is_answered_by_the_same_job(hands: Hands) -> None:
    first = hands.ask()
    second = hands.ask()
    hands.arrive(first.job_id)
    third = hands.ask()

    assert first.job_id == second.job_id == third.job_id
    assert (len(hands.handed), third.state) == (1, JobState.DONE)
    with pytest.raises(Problem) as reused:
        hands.ask(replace(CALLER, request_hash="1" * 64))
    assert reused.value.code is ProblemCode.IDEMPOTENCY_KEY_REUSED


def test_without_a_key_every_request_is_a_job(hands: Hands) -> None:
    nameless = replace(CALLER, idempotency_key=None)

    assert hands.ask(nameless).job_id != hands.ask(nameless).job_id


def test_a_run_that_was_killed_is_interrupted_once_it_can_not_live_any_more(hands: Hands) -> None:
    class Killed(BaseException):
        pass

    def die(_request: JobRequest, _note: Note) -> dict[str, Any]:
        raise Killed

    job_id = hands.ask().job_id
    with pytest.raises(Killed):
        hands.arrive(job_id, die)
    running = hands.ask()
    hands.at += timedelta(seconds=106)

    again = hands.ask()

    assert (running.job_id, running.state) == (job_id, JobState.RUNNING)
    assert again.job_id != job_id
    with hands.database.transaction() as transaction:
        dead = job_requests.get(transaction, job_id, hands.at)
    assert (dead.state, dead.ended_at) == (JobState.INTERRUPTED, hands.at)


def test_a_failure_is_told_without_our_insides_and_may_be_asked_for_again(hands: Hands) -> None:
    job_id = hands.ask().job_id
    hands.arrive(job_id, hands.fail)

    with hands.database.transaction() as transaction:
        failed = job_requests.get(transaction, job_id, hands.at)
    with pytest.raises(Problem) as told:
        answer_of(failed)

    assert (told.value.code, "10.0.0.7" in told.value.message) == (ProblemCode.UNAVAILABLE, False)
    assert hands.ask().job_id != job_id


def test_progress_is_seen_while_it_runs(hands: Hands) -> None:
    seen: list[JobRequest] = []

    def run(request: JobRequest, note: Note) -> dict[str, Any]:
        note({"wallets": 1})
        seen.append(hands.asking.watched(request.job_id, hands.ticks))
        return {}

    hands.arrive(hands.ask().job_id, run)

    assert [(each.state, each.progress) for each in seen] == [(JobState.RUNNING, {"wallets": 1})]


def test_a_job_is_its_asker_s_own_and_one_for_everybody_an_admin_s_too(hands: Hands, api: Api) -> None:

    nameless = replace(CALLER, idempotency_key=None)
    for_everybody, _ = hands.asking.asked(nameless, A_PASS)
    own, _ = hands.asking.asked(nameless, replace(A_PASS, job=AskedJob.KILL_SWITCH, is_for_everybody=False))

    def seen(owner: str, scopes: str) -> set[str]:
        listed = api.call("GET", "/api/jobs", owner=owner, scopes=scopes).body["jobs"]
        one_by_one = {
            str(job)
            for job in (for_everybody, own)
            if api.call("GET", f"/api/jobs/{job}", owner=owner, scopes=scopes).status == 200
        }
        assert {each["job_id"] for each in listed} == one_by_one
        return one_by_one

    assert seen(OWNER, "read") == {str(for_everybody), str(own)}
    assert seen(STRANGER, "read trade") == set()
    assert seen(STRANGER, "admin") == {str(for_everybody)}


def test_jobs_are_turned_page_by_page(hands: Hands, api: Api) -> None:
    nameless = replace(CALLER, idempotency_key=None)
    made: list[str] = []
    for _ in range(3):
        hands.at += timedelta(seconds=1)
        made.append(str(hands.asking.asked(nameless, A_PASS)[0]))

    first = api.call("GET", "/api/jobs?limit=2", scopes="admin").body
    rest = api.call("GET", f"/api/jobs?limit=2&cursor={first['next_cursor']}", scopes="admin").body

    assert [each["job_id"] for each in (*first["jobs"], *rest["jobs"])] == made[::-1]
    assert rest["next_cursor"] is None


def test_old_jobs_go_and_one_that_may_live_stays(hands: Hands) -> None:
    hands.ask(replace(CALLER, idempotency_key=None))
    soon, later = hands.at + timedelta(seconds=10), hands.at + timedelta(days=31)

    with hands.database.transaction() as transaction:
        young = old_rows.asked_jobs(transaction, soon, soon)
        old = old_rows.asked_jobs(transaction, later, later)

    assert (young.rows, old.rows) == (0, 1)


def test_the_switch_is_a_job_too_and_pulled_once_under_its_key(nothing: Everything) -> None:
    pulled = [
        nothing.ask("lt-execute", "POST", "/api/lt/kill-switch", {"reason": "a drill"}, scopes="admin", key="stop")
        for _ in range(2)
    ]

    assert [each.status for each in pulled] == [200, 200]
    assert pulled[0].body == pulled[1].body
    assert pulled[0].body["job_state"] == "DONE"
    assert pulled[0].headers["location"] == f"/api/jobs/{pulled[0].body['job_id']}"

"""What takes more than one transaction is done once under its key: claimed before, kept after, free if it failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from live_trading.api.once import CLAIM_LASTS, INCOMPLETE, Answer, Caller, once_acting
from live_trading.api.problems import Problem, ProblemCode
from live_trading.nouns.errors import RetryLater
from live_trading.store.database.connection import Database, StoreUnavailable
from tests.integration.api.gate_fixtures import Everything

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]
CALLER = Caller(owner_id="owner", idempotency_key="key", request_hash="0" * 64)
OTHER = Caller(owner_id="owner", idempotency_key="key", request_hash="1" * 64)


class Hands:
    """A clock, and an act that counts how often it was done."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.at = datetime(2026, 11, 26, 12, tzinfo=UTC)
        self.done = 0

    def now(self) -> datetime:
        return self.at

    def act(self, status: int = 200) -> Answer:
        self.done += 1
        return Answer(status=status, body={"done": self.done})

    def ask(self, caller: Caller = CALLER, *, status: int = 200) -> Answer:
        return once_acting(self.database, caller, self, lambda: self.act(status))


@pytest.fixture
def hands(database: Database) -> Hands:
    return Hands(database)


def test_the_first_answer_is_given_again(hands: Hands) -> None:
    first, again = hands.ask(), hands.ask()

    assert (first, hands.done) == (again, 1)
    with pytest.raises(Problem) as reused:
        hands.ask(OTHER)
    assert reused.value.code is ProblemCode.IDEMPOTENCY_KEY_REUSED


def test_without_a_key_every_request_acts(hands: Hands) -> None:
    nameless = Caller(owner_id="owner", idempotency_key=None, request_hash="0" * 64)

    assert [hands.ask(nameless).body["done"] for _ in range(2)] == [1, 2]


def test_a_repetition_meanwhile_is_told_that_it_is_being_done(hands: Hands) -> None:
    said: list[Problem] = []

    def act() -> Answer:
        for caller in (CALLER, OTHER):
            with pytest.raises(Problem) as refused:
                hands.ask(caller)
            said.append(refused.value)
        return hands.act()

    once_acting(hands.database, CALLER, hands, act)

    assert [each.code for each in said] == [ProblemCode.WRONG_STATE, ProblemCode.IDEMPOTENCY_KEY_REUSED]
    assert (said[0].facts, hands.done) == ({"current_state": "running"}, 1)


def test_what_failed_may_be_repeated(hands: Hands) -> None:
    def fail() -> Answer:
        raise RetryLater("the venue is away")

    with pytest.raises(RetryLater):
        once_acting(hands.database, CALLER, hands, fail)

    assert hands.ask().body == {"done": 1}


def test_what_could_not_all_be_done_is_done_by_the_repetition(hands: Hands) -> None:
    assert hands.ask(status=INCOMPLETE).body == {"done": 1}
    assert hands.ask().body == {"done": 2}
    assert hands.ask().body == {"done": 2}


def test_a_process_that_died_does_not_hold_the_key_for_ever(hands: Hands) -> None:
    with hands.database.transaction() as transaction:
        transaction.execute(
            "INSERT INTO idempotency_claims VALUES ('owner', 'key', :hash, :now)", hash="0" * 64, now=hands.at
        )
    hands.at += CLAIM_LASTS - timedelta(seconds=1)
    with pytest.raises(Problem):
        hands.ask()
    hands.at += timedelta(seconds=1)

    assert hands.ask().body == {"done": 1}


def test_what_is_done_is_answered_although_the_answer_could_not_be_kept(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Database) -> Any:
        raise StoreUnavailable("away")

    def act() -> Answer:
        monkeypatch.setattr(Database, "transaction", gone)
        return hands.act()

    assert once_acting(hands.database, CALLER, hands, act).body == {"done": 1}
    monkeypatch.undo()
    with pytest.raises(Problem) as refused:
        hands.ask()
    assert (refused.value.facts, hands.done) == ({"current_state": "running"}, 1)


def test_a_database_that_is_away_keeps_nobody_from_the_kill_switch(
    nothing: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Database) -> Any:
        raise StoreUnavailable("away")

    monkeypatch.setattr(Database, "transaction", gone)

    pulled = nothing.ask("lt-execute", "POST", "/api/lt/kill-switch", {"reason": "a drill"}, key="stop")
    run = nothing.ask("lt-resolve", "POST", "/api/lt/resolve", scopes="admin", key="run")

    assert (pulled.status, pulled.body["entries_stopped"]) == (207, False)
    assert (run.status, run.error["code"]) == (503, "unavailable")

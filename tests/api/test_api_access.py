"""Every route of the document at the real front door: who is let in, and that another's things are not there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import httpx
import pytest

from live_trading.api.examples import NUMBER_SCHEMA, PATH_PARTS
from live_trading.api.scopes import ANY_OF, Scope
from tests.api.contract import Operation, operations
from tests.api.people import EVERYBODY_S, SCOPES, Person, World, unchanged_things
from tests.api.requests_of import Asked, example_of, parts_of, with_ids
from tests.api.tokens import ACCEPTED, REFUSED

pytestmark = [pytest.mark.e2e, pytest.mark.api_access]

CLOSED = [each for each in operations() if "x-scope" in each.said]
# What everybody shares: traders are followed for all, tokens are the venue's, and versions are counted from one.
SHARED = {"trader_address", "token_id", "source_trade_id", "version"}
# The audit is of everybody to whoever has the scope admin.
OPEN_TO_ADMIN = {"/api/lt/audit/{audit_id}"}
OF_SOMEBODY = [each for each in operations() if set(parts_of(each)) - SHARED]


def needed(operation: Operation) -> Scope:
    return Scope(operation.said["x-scope"])


def sent(world: World, asked: Asked, token: str | None) -> httpx.Response:
    """The answer, which has nothing of the second person's in it."""
    response = world.ask(
        asked.method, asked.path, token=token, body=asked.body, query=asked.query, headers=asked.headers
    )
    shown = response.text + str(response.headers)
    leaked = sorted(mark for mark in world.marks if mark in shown)
    assert not leaked, f"{asked.method} {asked.path} tells {leaked}: {response.text[:2000]}"
    return response


def all_as(expected: int, said: dict[str, httpx.Response]) -> None:
    """Every answer has this status; what has not is told by its route."""
    assert {
        name: (answer.status_code, answer.text[:300]) for name, answer in said.items() if answer.status_code != expected
    } == {}


def test_only_the_health_of_the_whole_is_open() -> None:
    assert [each.name for each in operations() if each not in CLOSED] == ["GET /health"]
    assert len(CLOSED) > 45


@pytest.mark.parametrize("kind", REFUSED)
def test_no_route_opens_to_a_token_that_is_not_good(world: World, kind: str) -> None:
    before = unchanged_things(world, world.first)

    said = {each.name: sent(world, example_of(each, world.first.own), REFUSED[kind](world)) for each in CLOSED}

    all_as(401, said)
    assert {answer.text for answer in said.values()} == {'{"message":"Unauthorized"}'}
    assert {answer.headers["www-authenticate"].split(" ")[0] for answer in said.values()} == {"Bearer"}
    assert unchanged_things(world, world.first) == before


@pytest.mark.parametrize("kind", ACCEPTED)
def test_a_good_token_may_look_in_several_ways(world: World, kind: str) -> None:
    assert world.ask("GET", "/api/lt/strategies", token=ACCEPTED[kind](world)).status_code == 200


def test_a_token_may_stand_without_the_word_bearer(world: World) -> None:
    token = world.token(world.first, "read")
    for header in (token, f"bearer {token}", f"BEARER {token}"):
        answer = world.ask("GET", "/api/lt/strategies", token=None, headers={"authorization": header})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "scopes",
    [
        (),
        ("readers", "traders", "administrators"),
        ("other-server/read", "other-server/trade", "other-server/admin"),
        ("read/live-trading", "live-trading", "live-trading/", "READ", "*"),
        ("read",),
        ("trade",),
        ("live-trading/read",),
        ("live-trading/trade",),
    ],
    ids=" ".join,
)
def test_a_token_opens_what_its_scopes_say_and_no_more(world: World, scopes: tuple[str, ...]) -> None:
    held = {
        Scope(name.removeprefix("live-trading/")) for name in scopes if name.removeprefix("live-trading/") in SCOPES
    }
    shut = [each for each in CLOSED if not held & set(ANY_OF[needed(each)])]
    before = unchanged_things(world, world.first)

    said = {
        each.name: sent(world, example_of(each, world.first.own), world.token(world.first, *scopes)) for each in shut
    }

    assert len(shut) > 0
    all_as(403, said)
    assert {answer.text for answer in said.values()} == {'{"message":"Forbidden"}'}
    assert unchanged_things(world, world.first) == before


@pytest.mark.parametrize("scopes", [("read",), ("read", "trade"), SCOPES], ids=" ".join)
def test_what_is_another_s_is_answered_like_what_nobody_has(world: World, scopes: tuple[str, ...]) -> None:
    token, first, second = world.token(world.first, *scopes), world.first, world.second
    before = unchanged_things(world, second)
    lies = []

    for operation in OF_SOMEBODY:
        if "admin" in scopes and operation.path in OPEN_TO_ADMIN:
            continue
        if not set(scopes) & set(ANY_OF[needed(operation)]):
            continue
        for names in others(operation, second):
            theirs = sent(world, example_of(operation, first.own | {name: second.own[name] for name in names}), token)
            nobody_s = sent(world, example_of(operation, first.own | {name: NOBODY_S[name] for name in names}), token)
            if theirs.status_code != 404 or told(theirs) != told(nobody_s):
                lies.append((operation.name, theirs.status_code, theirs.text[:300], nobody_s.text[:300]))

    assert lies == []
    assert unchanged_things(world, second) == before


NOBODY_S = dict.fromkeys(PATH_PARTS, "00000000-0000-4000-8000-000000000000") | {
    name: "987654" for name, (schema, _) in PATH_PARTS.items() if schema is NUMBER_SCHEMA
}
"""An id that nothing has, by the name of what it would be of."""


def others(operation: Operation, second: Person) -> Iterator[list[str]]:
    """The parts of the path, some or all of them, that may be somebody else's."""
    parts = [name for name in parts_of(operation) if name not in SHARED]
    assert all(name in second.own for name in parts), f"the second person has nothing for {operation.path}"
    for count in range(1, len(parts) + 1):
        yield from map(list, combinations(parts, count))


def told(response: httpx.Response) -> Any:
    """The problem without the request's own id."""
    return {**response.json(), "request_id": ""}


@pytest.mark.parametrize("scopes", [("read",), ("read", "trade"), SCOPES], ids=" ".join)
def test_no_answer_about_one_s_own_has_anything_of_another_s(world: World, scopes: tuple[str, ...]) -> None:
    looks = [each for each in CLOSED if each.method == "GET" and set(scopes) & set(ANY_OF[needed(each)])]

    for operation in looks:
        if "admin" in scopes and operation.path in EVERYBODY_S:
            continue
        asked = example_of(operation, world.first.own)
        sent(world, asked, world.token(world.first, *scopes))
        sent(world, Asked(method="GET", path=asked.path), world.token(world.first, *scopes))


@pytest.mark.parametrize("scopes", [("read", "trade"), SCOPES], ids=" ".join)
def test_another_s_id_in_a_body_or_a_parameter_reaches_nothing(world: World, scopes: tuple[str, ...]) -> None:
    token = world.token(world.first, *scopes)
    before = unchanged_things(world, world.second)
    tried, lies = 0, []

    for operation in CLOSED:
        if not set(scopes) & set(ANY_OF[needed(operation)]):
            continue
        for asked in with_ids(operation, world.first.own, world.second.own):
            answer = sent(world, asked, token)
            tried += 1
            is_refused = 400 <= answer.status_code < 500
            if not is_refused and not (asked.method == "GET" and answer.status_code == 200):
                lies.append((operation.name, asked.query, asked.body, answer.status_code, answer.text[:300]))

    assert lies == []
    assert tried > 3
    assert unchanged_things(world, world.second) == before

"""What comes over the wire without being a request is refused by every route as it is documented, and does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.api.contract import Operation, document, operations
from tests.api.odd_requests import METHODS, Odd, odd_bodies, odd_headers, odd_parts, odd_queries
from tests.api.people import SCOPES, World, unchanged_things
from tests.api.requests_of import example_of, parts_of

pytestmark = [pytest.mark.e2e, pytest.mark.api_fuzz]

READS = [each for each in operations() if each.method == "GET"]
TAKES_A_BODY = [each for each in operations() if "requestBody" in each.said]
# Good as it is, but for a type that nobody looks at.
MAY_BE_READ = {"of no type that there is", "of no type at all", "as parts without a boundary"}


def sent(world: World, operation: Operation, odd: Odd, *, path: str | None = None) -> httpx.Response:
    """The answer, held to the document, with nothing in it of what went wrong inside."""
    asked = example_of(operation, world.first.own)
    query = f"?{odd.query}" if odd.query else ""
    response = world.ask(
        operation.method,
        f"{path or asked.path}{query}",
        token=world.token(world.first, *SCOPES),
        content=odd.content,
        headers={**dict.fromkeys(asked.headers, uuid4().hex), **odd.headers},
    )
    for inside in ("Traceback", "pg8000", "live_trading.", "SELECT ", "/layers/", 'File "'):
        assert inside not in response.text, f"{operation.name}, {odd.what}: {response.text[:500]}"
    return response


def wrongly(said: Iterator[tuple[Operation, Odd, httpx.Response]], *allowed: int) -> list[tuple[str, str, int, str]]:
    return [
        (operation.name, odd.what, answer.status_code, answer.text[:300])
        for operation, odd, answer in said
        if answer.status_code not in allowed
    ]


def test_a_body_that_is_none_is_refused_by_every_route_and_does_nothing(world: World) -> None:
    before = unchanged_things(world, world.first)

    said = (
        (operation, odd, sent(world, operation, odd))
        for operation in TAKES_A_BODY
        for odd in odd_bodies(example_of(operation, world.first.own).body)
        if odd.what not in MAY_BE_READ
    )

    assert wrongly(said, 400, 404, 409, 413, 422) == []
    assert unchanged_things(world, world.first) == before


def test_what_stands_behind_the_question_mark_is_read_or_refused(world: World) -> None:
    said = (
        (operation, odd, sent(world, operation, odd))
        for operation in READS
        for odd in odd_queries(tuple(each["name"] for each in operation.said["parameters"] if each["in"] == "query"))
    )

    assert wrongly(said, 200, 404, 422, 503) == []


def test_headers_of_any_kind_are_read_or_refused(world: World) -> None:
    said = (
        (operation, odd, sent(world, operation, odd))
        for operation in (READS[0], READS[len(READS) // 2], READS[-1])
        for odd in odd_headers()
    )

    assert wrongly(said, 200, 304, 400, 406, 422, 503) == []


def test_a_part_of_a_path_that_is_no_id_is_not_found(world: World) -> None:
    def asked() -> Iterator[tuple[Operation, Odd, httpx.Response]]:
        for operation in operations():
            for name in parts_of(operation):
                for part in odd_parts():
                    path = example_of(operation, world.first.own | {name: part}).path
                    odd = Odd(what=f"{name} is {part[:40]}", content=good(operation, world))
                    yield operation, odd, sent(world, operation, odd, path=path)

    assert wrongly(asked(), 404, 422) == []


def good(operation: Operation, world: World) -> bytes | None:
    body = example_of(operation, world.first.own).body
    return None if body is None else httpx.Request("POST", "http://x", json=body).content


def test_a_method_that_a_path_has_not_is_not_found(world: World) -> None:
    """As the gateway answers what is not among its routes."""
    lies = []
    for path, methods in document()["paths"].items():
        concrete = example_of(next(each for each in operations() if each.path == path), world.first.own).path
        for method in METHODS:
            if method.lower() not in methods:
                answer = world.ask(method, concrete, token=world.token(world.first, *SCOPES))
                if answer.status_code != 404:
                    lies.append((method, path, answer.status_code, answer.text[:200]))

    assert lies == []

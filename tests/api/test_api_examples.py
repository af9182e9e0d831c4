"""Every example of the document is a real request: sent through the front door, it is answered with success."""

from __future__ import annotations

import pytest

from tests.api.contract import Operation, operations
from tests.api.people import SCOPES, World
from tests.api.preparing import PREPARATIONS, prepared
from tests.api.requests_of import example_of

pytestmark = [pytest.mark.e2e, pytest.mark.api_access]


# What stops everything comes last.
IN_TURN = sorted(operations(), key=lambda each: each.path.endswith("/kill-switch"))


@pytest.mark.parametrize("operation", IN_TURN, ids=lambda each: each.said["operationId"])
def test_an_example_is_answered_with_success(world: World, operation: Operation) -> None:
    asked = example_of(operation, prepared(world, operation.name))
    token = world.token(world.first, *SCOPES)

    answer = world.ask(asked.method, asked.path, token=token, body=asked.body, query=asked.query, headers=asked.headers)

    documented = [int(status) for status in operation.said["responses"] if status.startswith("2")]
    # Each of the people has a break, so the health of the whole is critical.
    is_ill = operation.path.endswith("/health") and answer.status_code == 503
    assert answer.status_code in documented or is_ill, answer.text


def test_what_is_prepared_is_prepared_for_a_route() -> None:
    assert set(PREPARATIONS) <= {each.name for each in operations()}

"""Two identical requests under one key at the same moment act once, through the front door, for every POST."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.contract import Operation, operations
from tests.api.people import SCOPES, World
from tests.api.preparing import prepared
from tests.api.requests_of import Asked, example_of

pytestmark = [pytest.mark.e2e, pytest.mark.api_access, pytest.mark.money_faults]

# What stops everything comes last.
POSTS = sorted(
    (each for each in operations() if each.method == "POST"), key=lambda each: each.path.endswith("/kill-switch")
)
# What goes on after the answer is named by it; all else is as it stands by then.
AS_IT_STANDS = {"/api/lt/strategies/{lt_strategy_id}/positions/{token_id}/close": ("exit_wish_id", "lt_order_id")}
# Pulled twice it does everything again, by the job that goes on, and puts no second lock.
KILL_SWITCH = "/api/lt/kill-switch"
# They compute and write nothing, so that there is nothing to keep.
ONLY_READS = {"/api/lt/strategies/{lt_strategy_id}/risk/check"}


@pytest.mark.parametrize("operation", POSTS, ids=lambda each: each.said["operationId"])
def test_two_at_once_under_one_key_act_once(world: World, operation: Operation) -> None:
    asked = example_of(operation, prepared(world, operation.name))
    asked.headers["idempotency-key"] = uuid.uuid4().hex
    before = audited(world)

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: sent(world, asked), range(2)))
    done = audited(world)
    again = sent(world, asked)

    good = [answer for answer in both if answer.is_success]
    others = [answer for answer in both if not answer.is_success]
    assert good != [], [answer.text for answer in both]
    # The other one has the same answer, or is told that the first is still at it.
    assert all(said(operation, answer) == said(operation, good[0]) for answer in good)
    assert [answer.json()["error"].get("current_state") for answer in others] == ["running"] * len(others)
    if operation.path == KILL_SWITCH:
        assert world.rows(_DOUBLED_LOCKS) == []
        return
    new = done[len(before) :]
    assert len(set(new)) == len(new), "something was written twice"
    if good[0].status_code != httpx.codes.MULTI_STATUS and operation.path not in ONLY_READS:
        assert said(operation, again) == said(operation, good[0])
        assert audited(world) == done


def sent(world: World, asked: Asked) -> httpx.Response:
    token = world.token(world.first, *SCOPES)
    return world.ask(asked.method, asked.path, token=token, body=asked.body, query=asked.query, headers=asked.headers)


def said(operation: Operation, answer: httpx.Response) -> tuple[int, Any]:
    """What has to be the same of two answers."""
    body = answer.json()
    if operation.path in {*ONLY_READS, KILL_SWITCH}:
        return answer.is_success, None
    named = next((name for name in AS_IT_STANDS.get(operation.path, ()) if name in body), None)
    return answer.status_code, body if named is None else body[named]


_DOUBLED_LOCKS = """
SELECT scope, scope_id FROM locks WHERE reason = 'kill_switch' AND released_at IS NULL
GROUP BY scope, scope_id HAVING count(*) > 1
"""


def audited(world: World) -> list[str]:
    """Every line of the first person's audit, oldest first, without its number and its time."""
    rows = world.rows(
        """
        SELECT action, subject_type, subject_id, after_state, cause FROM audit_log WHERE actor = :subject
        ORDER BY audit_log_id
        """,
        subject=world.first.subject,
    )
    return [json.dumps(row, default=str, sort_keys=True) for row in rows]

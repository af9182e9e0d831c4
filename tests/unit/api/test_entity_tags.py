"""What a GET is answered has an entity tag; an update may say by it what it changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from live_trading.api.once import Answer
from live_trading.api.problems import Problem, ProblemCode, require_unchanged
from live_trading.api.requests import expected_edits
from live_trading.api.responses import HttpAnswer, answered, refused


def event(method: str = "GET", **headers: str) -> dict[str, Any]:
    return {
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"requestId": "req-1", "http": {"method": method}},
    }


def asked(body: dict[str, Any], edit_token: str | None = None, **headers: str) -> HttpAnswer:
    return answered(Answer(status=200, body=body, edit_token=edit_token), event(**headers))


def test_the_same_answer_is_not_sent_twice_to_whoever_has_it() -> None:
    first = asked({"orders": []})

    again = asked({"orders": []}, if_none_match=f'W/"other", {first.headers["etag"]}')

    assert (again.status, again.text) == (304, "")
    assert again.headers["etag"] == first.headers["etag"]


def test_another_answer_is_sent_in_full() -> None:
    first = asked({"orders": []})

    assert asked({"orders": [1]}, if_none_match=first.headers["etag"]).status == 200


def test_an_answer_to_a_post_is_never_left_out() -> None:
    first = answered(Answer(status=201, body={}), event("POST"))

    assert "etag" not in first.headers
    assert answered(Answer(status=201, body={}), event("POST", if_none_match="*")).status == 201


def test_an_update_goes_by_what_can_be_edited_and_not_by_what_moves_by_itself() -> None:
    seen = asked({"name": "a", "balance": "1"}, "ab12").headers["etag"]
    moved = asked({"name": "a", "balance": "2"}, "ab12").headers["etag"]

    assert seen != moved
    assert expected_edits(event("PATCH", if_match=seen)) == expected_edits(event("PATCH", if_match=moved)) == {"ab12"}


@pytest.mark.parametrize("given", ['W/"ab12-cd"', '"ab12"', "ab12", "", '"-cd"'])
def test_a_tag_that_names_no_edit_matches_nothing(given: str) -> None:
    expected = expected_edits(event("PATCH", if_match=given))

    with pytest.raises(Problem) as changed:
        require_unchanged(expected, "ab12")

    assert changed.value.code is ProblemCode.CHANGED_SINCE


@pytest.mark.parametrize("headers", [{}, {"if_match": "*"}, {"if_match": '"ee-ff", "ab12-cd"'}])
def test_without_an_expectation_and_with_one_that_fits_it_is_changed(headers: dict[str, str]) -> None:
    require_unchanged(expected_edits(event("PATCH", **headers)), "ab12")


def test_a_problem_names_its_request_and_can_be_read_by_both_words() -> None:
    said = refused(Problem(ProblemCode.CHANGED_SINCE, "it has been changed since"), event("PATCH"))

    body = json.loads(said.text)
    assert said.headers["content-type"] == "application/problem+json"
    assert said.headers["x-request-id"] == body["request_id"] == "req-1"
    assert (said.status, body["status"], body["error"]["code"]) == (412, 412, "changed_since")

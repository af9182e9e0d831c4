"""From an answer or an error of a service to an answer of the HTTP API, and one log line for each that matters.

Every answer has the id of its request. What a GET is answered has an entity tag, so that whoever asks again and again
is told what has changed and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Logger

from live_trading.api.described import JSON
from live_trading.api.gate.fairness import RETRY_AFTER
from live_trading.api.once import Answer, TextAnswer
from live_trading.api.problems import Problem, ProblemCode, problem_body, problem_of, status_of
from live_trading.api.requests import request_id_of
from live_trading.nouns.errors import LiveTradingError

logger = Logger()
RETRY_AFTER_SECONDS = 10
PROBLEM_JSON = "application/problem+json"
_NOT_MODIFIED = 304
_HASH_DIGITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What goes over the wire; the names of headers are in lower case."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_event(self) -> dict[str, Any]:
        """The same as a function answers the HTTP API."""
        return {
            "statusCode": self.status,
            "headers": dict(self.headers),
            "body": self.text,
            "isBase64Encoded": False,
        }


def answered(answer: Answer | TextAnswer, event: Mapping[str, Any]) -> HttpAnswer:
    """A success; nothing but its status where a GET names the entity tag that the caller has already."""
    if isinstance(answer, TextAnswer):
        text, media_type, headers, edit_token = answer.text, answer.media_type, dict(answer.headers), None
    else:
        text, media_type, headers, edit_token = json.dumps(answer.body), JSON, dict(answer.headers), answer.edit_token
    headers |= {"content-type": media_type, "x-request-id": request_id_of(event), "cache-control": "no-store"}
    is_look = event["requestContext"]["http"]["method"] == "GET"
    if is_look or edit_token is not None:
        digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]
        headers["etag"] = f'"{digest}"' if edit_token is None else f'"{edit_token}-{digest}"'
    if is_look and _has_it(event, headers["etag"]):
        return HttpAnswer(status=_NOT_MODIFIED, text="", headers=headers)
    return HttpAnswer(status=answer.status, text=text, headers=headers)


def refused(error: LiveTradingError, event: Mapping[str, Any]) -> HttpAnswer:
    """Any of our errors: the caller's own in full, ours without what they say of our insides."""
    problem = problem_of(error)
    if status_of(problem) >= 500:
        logger.error("request failed", exc_info=error, extra={"error": type(error).__name__})
    return _problem(problem, event)


def unknown_route(event: Mapping[str, Any]) -> HttpAnswer:
    """A path or method that the API does not have."""
    return _problem(Problem(ProblemCode.NOT_FOUND, "there is no such route"), event)


def failed(error: Exception, event: Mapping[str, Any]) -> HttpAnswer:
    """A defect of ours: logged with its trace, and nothing of it told."""
    logger.error("request failed", exc_info=error, extra={"error": type(error).__name__})
    return _problem(Problem(ProblemCode.INTERNAL, "the request could not be carried out"), event)


def _problem(problem: Problem, event: Mapping[str, Any]) -> HttpAnswer:
    status = status_of(problem)
    request_id = request_id_of(event)
    headers = {"content-type": PROBLEM_JSON, "x-request-id": request_id, "cache-control": "no-store"}
    if RETRY_AFTER in problem.facts or status == 503:
        headers["retry-after"] = str(problem.facts.get(RETRY_AFTER, RETRY_AFTER_SECONDS))
    return HttpAnswer(status=status, text=json.dumps(problem_body(problem, request_id)), headers=headers)


def _has_it(event: Mapping[str, Any], entity_tag: str) -> bool:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    known = [each.strip().removeprefix("W/") for each in str(headers.get("if-none-match", "")).split(",")]
    return entity_tag in known

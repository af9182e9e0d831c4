"""From an answer or an error of a service to a response of the HTTP API, and one log line for each that matters."""

from __future__ import annotations

import json

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from live_trading.api.once import Answer
from live_trading.api.problems import Problem, ProblemCode, problem_body, problem_of, status_of
from live_trading.nouns.errors import LiveTradingError

logger = Logger()
RETRY_AFTER_SECONDS = 10


def answered(answer: Answer) -> Response[str]:
    """A success."""
    return _json(answer.status, answer.body)


def refused(error: LiveTradingError) -> Response[str]:
    """Any of our errors: the caller's own in full, ours without what they say of our insides."""
    problem = problem_of(error)
    if status_of(problem) >= 500:
        logger.error("request failed", exc_info=error, extra={"error": type(error).__name__})
    return _problem(problem)


def unknown_route(_error: NotFoundError) -> Response[str]:
    """A path or method that the API does not have."""
    return _problem(Problem(ProblemCode.NOT_FOUND, "there is no such route"))


def failed(error: Exception) -> Response[str]:
    """A defect of ours: logged with its trace, and nothing of it told."""
    logger.error("request failed", exc_info=error, extra={"error": type(error).__name__})
    return _problem(Problem(ProblemCode.INTERNAL, "the request could not be carried out"))


def _problem(problem: Problem) -> Response[str]:
    status = status_of(problem)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
    return _json(status, problem_body(problem), headers)


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> Response[str]:
    return Response(
        status_code=status, content_type="application/json", body=json.dumps(body), headers=dict(headers or {})
    )

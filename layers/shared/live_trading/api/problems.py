"""What a caller of the API is told when a request comes to nothing: one shape for every error.

Services raise errors of the domain, resources problems; how they look in HTTP is here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from live_trading.nouns.errors import (
    DoesNotFit,
    GiveUp,
    LiveTradingError,
    NoSuch,
    OutcomeUnknown,
    RetryLater,
    WrongState,
)


class ProblemCode(StrEnum):
    """Stable names of what is wrong; the message may change, these do not."""

    NOT_JSON = "not_json"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    WRONG_STATE = "wrong_state"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    CHANGED_SINCE = "changed_since"
    IDEMPOTENCY_KEY_REQUIRED = "idempotency_key_required"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    BODY_TOO_LARGE = "body_too_large"
    INVALID = "invalid"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"


STATUS = {
    ProblemCode.NOT_JSON: 400,
    ProblemCode.IDEMPOTENCY_KEY_REQUIRED: 400,
    ProblemCode.UNAUTHENTICATED: 401,
    ProblemCode.FORBIDDEN: 403,
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.ALREADY_EXISTS: 409,
    ProblemCode.WRONG_STATE: 409,
    ProblemCode.INSUFFICIENT_FUNDS: 409,
    ProblemCode.IDEMPOTENCY_KEY_REUSED: 409,
    ProblemCode.CHANGED_SINCE: 412,
    ProblemCode.BODY_TOO_LARGE: 413,
    ProblemCode.INVALID: 422,
    ProblemCode.TOO_MANY_REQUESTS: 429,
    ProblemCode.INTERNAL: 500,
    ProblemCode.UNAVAILABLE: 503,
    ProblemCode.OUTCOME_UNKNOWN: 503,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One field that is wrong, why, and what it may be; `field` is a dotted path, `allowed` may be unsaid."""

    field: str
    reason: str
    allowed: str | None = None


class Problem(GiveUp):
    """A request that is refused; nothing was written.

    `facts` are further keys of the error, such as `existing_id` or `current_state`.
    """

    def __init__(
        self,
        code: ProblemCode,
        message: str,
        *,
        fields: Sequence[FieldProblem] = (),
        facts: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = tuple(fields)
        self.facts = dict(facts or {})


def not_found(what: str, *, field: str | None = None) -> Problem:
    """An id that does not exist, or is somebody else's: the two are not told apart."""
    fields = [] if field is None else [FieldProblem(field=field, reason=f"no such {what}")]
    return Problem(ProblemCode.NOT_FOUND, f"no such {what}", fields=fields)


def already_exists(message: str, *, existing_id: object | None) -> Problem:
    """A create that would be the second of its kind; names the first where that is the caller's own."""
    facts = {} if existing_id is None else {"existing_id": str(existing_id)}
    return Problem(ProblemCode.ALREADY_EXISTS, message, facts=facts)


def invalid(*fields: FieldProblem) -> Problem:
    """A body or query whose fields do not fit."""
    names = ", ".join(dict.fromkeys(field.field for field in fields))
    return Problem(ProblemCode.INVALID, f"the request does not fit: {names}", fields=fields)


def require_unchanged(expected: Collection[str] | None, edit_token: str) -> None:
    """Nothing where the thing is as the caller's If-Match says, or where that says nothing.

    Raises Problem (CHANGED_SINCE) where somebody has changed it since the caller looked.
    """
    if expected is not None and edit_token not in expected:
        raise Problem(
            ProblemCode.CHANGED_SINCE, "it has been changed since; look at it again, and change what it is then"
        )


def key_missing(header: str, allowed: str) -> Problem:
    """A request that would act a second time if it were repeated, without the header that tells the two apart."""
    return Problem(
        ProblemCode.IDEMPOTENCY_KEY_REQUIRED,
        f"this request has to carry the header {header}",
        fields=[FieldProblem(field=header, reason="is missing", allowed=allowed)],
    )


def problem_of(error: LiveTradingError) -> Problem:
    """Any of our errors as a problem, without what it says of our insides."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, NoSuch):
        return not_found(error.what)
    if isinstance(error, WrongState):
        facts = {} if error.current_state is None else {"current_state": error.current_state}
        return Problem(ProblemCode.WRONG_STATE, str(error), facts=facts)
    if isinstance(error, DoesNotFit):
        return invalid(FieldProblem(field=error.field, reason=error.reason, allowed=error.allowed))
    if isinstance(error, RetryLater):
        return Problem(ProblemCode.UNAVAILABLE, "a part of the system is away; nothing was written, try again later")
    if isinstance(error, OutcomeUnknown):
        return Problem(
            ProblemCode.OUTCOME_UNKNOWN,
            "the connection was lost while committing; repeat the request with the same Idempotency-Key, or look first",
        )
    return Problem(ProblemCode.INTERNAL, "the request could not be carried out")


def status_of(problem: Problem) -> int:
    """The HTTP status."""
    return STATUS[problem.code]


def problem_body(problem: Problem, request_id: str) -> dict[str, Any]:
    """The JSON body: problem details of RFC 9457, and in `error` what a program goes by.

    `error` has `code`, `message`, `fields` and the facts of the code. `request_id` is what the log knows it by.
    """
    fields = [{"field": each.field, "reason": each.reason, "allowed": each.allowed} for each in problem.fields]
    return {
        "type": f"/docs#{problem.code}",
        "title": problem.code.replace("_", " ").capitalize(),
        "status": status_of(problem),
        "detail": problem.message,
        "request_id": request_id,
        "error": {"code": problem.code, "message": problem.message, "fields": fields, **problem.facts},
    }

"""Which problems a route may answer with: those that the gate finds by itself, and those that it declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live_trading.api.described import JSON, Described, NoBody
from live_trading.api.gate.fairness import URGENT
from live_trading.api.problems import STATUS, ProblemCode

_MEANING = {
    400: "The request cannot be read.",
    401: "There is no token, or none that is accepted.",
    403: "The token lacks the scope.",
    404: "There is no such thing, or it is somebody else's.",
    409: "Its state, or that of something that it needs, does not allow it.",
    412: "It has been changed since; If-Match names another state.",
    413: "The body is too large.",
    422: "Something does not fit; `error.fields` names each.",
    429: "Too many requests; try again later.",
    500: "A defect of this system; `request_id` finds it in the log.",
    503: "A part of the system is away, or the outcome is unknown; `error.code` tells which.",
}
_NAMES = {
    400: "Unreadable",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "ChangedSince",
    413: "TooLarge",
    422: "Invalid",
    429: "TooMany",
    500: "Internal",
    503: "Unavailable",
}
# What the gateway answers by itself has its own shape.
_OF_THE_GATEWAY = {401, 403, 404, 413, 429, 500, 503}
_ALWAYS = (
    ProblemCode.NOT_JSON,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.INVALID,
    ProblemCode.INTERNAL,
    ProblemCode.UNAVAILABLE,
)

PROBLEM_SCHEMA: dict[str, Any] = {
    "description": "Problem details of RFC 9457; `error` is what a program goes by, with further keys by its code.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id", "error"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "what the log knows the request by"},
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string", "enum": [code.value for code in ProblemCode]},
                "message": {"type": "string"},
                "fields": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "reason", "allowed"],
                        "properties": {
                            "field": {"type": "string"},
                            "reason": {"type": "string"},
                            "allowed": {"type": ["string", "null"]},
                        },
                    },
                },
            },
        },
    },
}
GATEWAY_SCHEMA: dict[str, Any] = {
    "description": "What the gateway says before a function is asked.",
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}


def refusals_of(route: Described) -> dict[int, list[ProblemCode]]:
    """The codes of every status that is no success, in the order of the statuses."""
    codes = {*_ALWAYS, *route.refuses}
    if route.scope is not None:
        codes |= {ProblemCode.UNAUTHENTICATED, ProblemCode.FORBIDDEN}
        if (route.method, route.path) not in URGENT:
            codes.add(ProblemCode.TOO_MANY_REQUESTS)
    if "<" in route.path or any(name.endswith("_id") for name in route.query.model_fields):
        codes.add(ProblemCode.NOT_FOUND)
    if route.method != "GET":
        codes |= {ProblemCode.IDEMPOTENCY_KEY_REUSED, ProblemCode.WRONG_STATE, ProblemCode.OUTCOME_UNKNOWN}
    if route.body is not NoBody:
        codes |= {ProblemCode.NOT_FOUND, ProblemCode.ALREADY_EXISTS, ProblemCode.OUTCOME_UNKNOWN}
    if route.needs_key:
        codes.add(ProblemCode.IDEMPOTENCY_KEY_REQUIRED)
    if route.has_edit_token and route.method != "GET":
        codes.add(ProblemCode.CHANGED_SINCE)
    by_status: dict[int, list[ProblemCode]] = {429: []}
    for code in ProblemCode:
        if code in codes:
            by_status.setdefault(STATUS[code], []).append(code)
    return dict(sorted(by_status.items()))


def reference_to(status: int) -> dict[str, str]:
    """The shared response of such a status."""
    return {"$ref": f"#/components/responses/{_NAMES[status]}"}


def shared_responses() -> dict[str, Any]:
    """Every response that is no success, by the name that operations refer to."""
    return {_NAMES[status]: _response(status) for status in _MEANING}


def _response(status: int) -> dict[str, Any]:
    content: dict[str, Any] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if status in _OF_THE_GATEWAY:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/GatewayMessage"}}
    return {"description": _MEANING[status], "content": content}


def also_refused(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of an answer whose status stands for a refusal too."""
    problem = _response(503)["content"]
    either = [content[JSON]["schema"], problem[JSON]["schema"]]
    return {**problem, JSON: {"schema": {"anyOf": either}}}

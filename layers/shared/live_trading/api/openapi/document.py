"""The whole document: OpenAPI 3.1, sorted so that two builds of the same routes are the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from live_trading.api.body import Changes
from live_trading.api.described import CSV, HTML, JSON, Described, NoBody
from live_trading.api.examples import PATH_PARTS
from live_trading.api.openapi.refusals import (
    GATEWAY_SCHEMA,
    PROBLEM_SCHEMA,
    also_refused,
    reference_to,
    refusals_of,
    shared_responses,
)
from live_trading.api.openapi.schemas import Schemas

VERSION = "1"
_PART = re.compile(r"<([a-z_]+)>")
_TEXT = {CSV: {"type": "string"}, HTML: {"type": "string"}}
_INTRODUCTION = """\
Live trading of paper-proven copy strategies on Polymarket.

Money, shares and prices are text with an exact decimal number. Times are ISO 8601 in UTC. Lists are newest first and
come in pages: `next_cursor` of one asks for the next as `cursor`, under the same filters. Every POST, PUT and
PATCH takes an `Idempotency-Key`: the same request under the same key is answered as it was the first time, another one
is refused. What a GET answers has an `ETag`: `If-None-Match` asks only for what has changed, and `If-Match` of an
update says what it changes. Every answer carries `x-request-id`. A problem has its `error.code`; `x-problem-codes`
lists those of a route by status.
"""


def document(routes: Iterable[tuple[str, Described]]) -> dict[str, Any]:
    """The OpenAPI document of these routes, each with the function that serves it."""
    found = [route for _function, route in routes]
    schemas = Schemas(
        [model for route in found for model in (route.body, route.query)],
        [route.answers for route in found if route.answers is not None],
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in found:
        paths.setdefault(_PART.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Live trading", "version": VERSION, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(
                sorted({**schemas.shared, "Problem": PROBLEM_SCHEMA, "GatewayMessage": GATEWAY_SCHEMA}.items())
            ),
            "responses": shared_responses(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of the issuer, with the scopes read, trade or admin; each includes those "
                    "before it.",
                }
            },
        },
    }


def text_of_document(made: dict[str, Any]) -> str:
    """The document as it is kept in the repository."""
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _operation(route: Described, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "tags": [_tag(route.path)],
        "summary": route.summary,
        "parameters": list(_parameters(route, schemas)),
        "responses": {**_refusals(route), **_successes(route, schemas)},
        "x-problem-codes": _problem_codes(route),
    }
    if route.detail:
        operation["description"] = route.detail
    if route.scope is None:
        operation["security"] = []
    else:
        operation["x-scope"] = route.scope.value
    if route.body is not NoBody:
        operation["requestBody"] = _body(route, schemas)
    return operation


def operation_id(route: Described) -> str:
    """The route's name: its method and path in one word."""
    return re.sub(r"[^a-z]+", "_", f"{route.method} {route.path}".lower()).strip("_")


def _tag(path: str) -> str:
    parts = [part for part in path.split("/") if part not in ("", "api", "lt", "ft")]
    return parts[0] if parts else "system"


def _parameters(route: Described, schemas: Schemas) -> Iterator[dict[str, Any]]:
    for name in _PART.findall(route.path):
        schema, example = PATH_PARTS[name]
        yield {"name": name, "in": "path", "required": True, "schema": dict(schema), "example": example}
    for name, schema, is_needed in schemas.fields_of(route.query):
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": is_needed, "schema": schema}
        if name in route.example.query:
            parameter["example"] = route.example.query[name]
        yield parameter
    if route.method != "GET":
        yield _header("Idempotency-Key", "^[!-~]{1,200}$", is_needed=route.needs_key)
    if route.has_edit_token and route.method != "GET":
        yield _header("If-Match")
    if route.method == "GET":
        yield _header("If-None-Match")


def _header(name: str, pattern: str | None = None, *, is_needed: bool = False) -> dict[str, Any]:
    """A header; one without a pattern may be anything, and what it cannot be read as counts for nothing."""
    schema = {"type": "string"} if pattern is None else {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": is_needed, "schema": schema}


def _body(route: Described, schemas: Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schemas.of_body(route.body)}
    if route.example.body is not None:
        content["example"] = route.example.body
    return {"required": _is_needed(route), "content": {JSON: content}}


def _is_needed(route: Described) -> bool:
    return issubclass(route.body, Changes) or any(field.is_required() for field in route.body.model_fields.values())


def _successes(route: Described, schemas: Schemas) -> dict[str, Any]:
    shown = schemas.of_answer(route.answers) if route.answers is not None else {"type": "object"}
    content = {media: {"schema": _TEXT.get(media, shown)} for media in route.media}
    headers: dict[str, Any] = {"x-request-id": {"schema": {"type": "string"}}}
    if route.method == "GET" or route.has_edit_token:
        headers["etag"] = {"schema": {"type": "string"}}
    made: dict[str, Any] = {
        str(status): {
            "description": _SUCCESS[status],
            "headers": headers,
            "content": content if status < 400 else also_refused(content),
        }
        for status in route.statuses
    }
    if route.method == "GET":
        made["304"] = {"description": "It is what If-None-Match names.", "headers": headers}
    return made


_SUCCESS = {
    200: "Done, or found.",
    201: "Created.",
    202: "Taken up; the rest is done without the caller.",
    207: "Done in part; the answer says what could not be done.",
    503: "Something is CRITICAL; or a part of the system is away, and the answer is a problem.",
}


def _refusals(route: Described) -> dict[str, Any]:
    return {str(status): reference_to(status) for status in refusals_of(route)}


def _problem_codes(route: Described) -> dict[str, list[str]]:
    return {str(status): [code.value for code in codes] for status, codes in refusals_of(route).items() if codes}

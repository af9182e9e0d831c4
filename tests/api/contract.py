"""Holds every answer that a test gets to what the OpenAPI document says of its route.

In: method, path, status, headers and text of one answer, whatever brought it.
Out: nothing, or an AssertionError that names the route, the status and the place in the body that is a lie.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from local.openapi import KEPT

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "application/problem+json"
# Of a body that is wrong in many places the first few tell what is wrong.
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path, as the document describes it."""

    method: str
    path: str
    said: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def matches(self, path: str) -> bool:
        return _pattern(self.path).fullmatch(path) is not None


@functools.cache
def document() -> dict[str, Any]:
    """The document that is kept in the repository, and served."""
    read: dict[str, Any] = json.loads(KEPT.read_text())
    return read


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Every operation, those with fewer path parameters first, as the gateway chooses."""
    found = [
        Operation(method=method.upper(), path=path, said=said)
        for path, methods in document()["paths"].items()
        for method, said in methods.items()
        if method in METHODS
    ]
    return tuple(sorted(found, key=lambda each: each.path.count("{")))


def operation_of(method: str, path: str) -> Operation | None:
    """The operation that a request takes; None where the document has none."""
    bare = path.partition("?")[0]
    return next((each for each in operations() if each.method == method.upper() and each.matches(bare)), None)


def hold(method: str, path: str, *, status: int, headers: Mapping[str, str], text: str) -> None:
    """Nothing for an answer that the document allows, or to a request of which it says nothing."""
    operation = operation_of(method, path)
    if operation is None:
        return
    lies = list(_lies(operation, status, {name.lower(): value for name, value in headers.items()}, text))
    assert not lies, "\n".join([f"{operation.name} answered {status}, which openapi.json does not allow:", *lies])


def _lies(operation: Operation, status: int, headers: Mapping[str, str], text: str) -> Iterator[str]:
    responses = operation.said["responses"]
    if str(status) not in responses:
        yield f"status {status} is not among {', '.join(responses)}: {text[:500]}"
        return
    response = _resolved(responses[str(status)])
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_the_gateway_s = status >= 400 and media_type == "application/json"
    for name in () if is_the_gateway_s else response.get("headers", {"x-request-id": None}):
        if not headers.get(name):
            yield f"there is no header {name}"
    content = response.get("content")
    if content is None:
        if text:
            yield f"a body where there is none: {text[:200]}"
        return
    if media_type not in content:
        yield f"content type {media_type!r} is not among {', '.join(content)}"
        return
    if media_type.endswith("json"):
        yield from _wrong_places(operation, status, media_type, text)
    if media_type == PROBLEM:
        yield from _wrong_code(operation, status, text)


def _wrong_places(operation: Operation, status: int, media_type: str, text: str) -> Iterator[str]:
    try:
        body = json.loads(text)
    except ValueError:
        yield f"no JSON: {text[:200]}"
        return
    validator = _validator(operation.method, operation.path, str(status), media_type)
    for number, error in enumerate(validator.iter_errors(body)):
        if number == _MOST_TOLD:
            return
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
        yield f"body{place}: {error.message[:500]}"


def _wrong_code(operation: Operation, status: int, text: str) -> Iterator[str]:
    code = json.loads(text).get("error", {}).get("code")
    codes = operation.said["x-problem-codes"].get(str(status), [])
    if code not in codes:
        yield f"the code {code!r} is not among {', '.join(codes)}"


@functools.cache
def _validator(method: str, path: str, status: str, media_type: str) -> jsonschema_rs.Validator:
    said = document()["paths"][path][method.lower()]
    schema = _resolved(said["responses"][status])["content"][media_type]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document()["components"]}, validate_formats=True)


@functools.cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)))


def _resolved(response: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in response:
        return response
    found: Mapping[str, Any] = document()["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return found

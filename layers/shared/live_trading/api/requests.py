"""From an event of the HTTP API (payload 2.0) to who asks, and to a JSON object with exact numbers."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, NoReturn

from live_trading.api.once import Caller, request_hash
from live_trading.api.problems import FieldProblem, Problem, ProblemCode, invalid, key_missing
from live_trading.api.scopes import Scope, scopes_of
from live_trading.services.running.trail import Key, along
from live_trading.store.database.audit import Whence, asked_from

MOST_BODY_BYTES = 256 * 1024
_MOST_DIGITS = 100
# What an issuer may call somebody: printable, without white space, short enough to be a name in a log.
_SUBJECT_TEXT = re.compile(r"[\x21-\x7e]{1,255}")
_ENTITY_TAG = re.compile(r'(?<!W/)"([0-9a-f]+)-[0-9a-f]+"')
_KEY_HEADER = "Idempotency-Key"
_KEY_ALLOWED = "1 to 200 visible ASCII characters without spaces"
_KEY_TEXT = re.compile(r"[\x21-\x7e]{1,200}")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_LONGEST_AGENT = 300
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def owner_of(event: Mapping[str, Any]) -> str:
    """The subject of the token that the authorizer checked. Raises Problem where there is none."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    subject = authorizer.get("jwt", {}).get("claims", {}).get("sub")
    if not isinstance(subject, str) or not _SUBJECT_TEXT.fullmatch(subject):
        raise Problem(ProblemCode.UNAUTHENTICATED, "the token names no subject that can be an owner")
    return subject


def key_of(event: Mapping[str, Any], *, is_needed: bool = False) -> str | None:
    """The Idempotency-Key, None where there is none. Raises Problem for one that cannot be kept, or is missing."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    key: str | None = headers.get("idempotency-key")
    if key is None:
        if is_needed:
            raise key_missing(_KEY_HEADER, _KEY_ALLOWED)
        return None
    if not _KEY_TEXT.fullmatch(key):
        raise invalid(FieldProblem(field=_KEY_HEADER, reason="does not fit", allowed=_KEY_ALLOWED))
    return key


def request_id_of(event: Mapping[str, Any]) -> str:
    """What the gateway calls this request."""
    return str(event.get("requestContext", {}).get("requestId", ""))


def whence_of(event: Mapping[str, Any]) -> Whence:
    """Where the request comes from, as the gateway saw it; what a caller says of that in headers counts for nothing."""
    http = event.get("requestContext", {}).get("http", {})
    agent = _UNPRINTABLE.sub("?", str(http.get("userAgent") or ""))[:_LONGEST_AGENT]
    return Whence(request_id=request_id_of(event), source_ip=str(http.get("sourceIp") or ""), user_agent=agent)


@contextmanager
def known_by(event: Mapping[str, Any], invocation_id: str | None) -> Iterator[None]:
    """What is logged and recorded in the block belongs to this request; outside of Lambda there is no invocation."""
    with (
        along({Key.REQUEST_ID: request_id_of(event), Key.INVOCATION_ID: invocation_id}),
        asked_from(whence_of(event)),
    ):
        yield


def query_of(event: Mapping[str, Any]) -> dict[str, str]:
    """What stands behind the question mark; one that is given twice has both values, with a comma."""
    given: dict[str, str] = dict(event.get("queryStringParameters") or {})
    _refuse_unstorable(given, "")
    return given


def expected_edits(event: Mapping[str, Any]) -> frozenset[str] | None:
    """The edit tokens that If-Match names, None without it or with a star.

    An entity tag of this API is `"<edit token>-<hash of the answer>"`; one that has no edit token matches nothing.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    given = headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    return frozenset(found.group(1) for found in _ENTITY_TAG.finditer(given))


def is_admin(event: Mapping[str, Any]) -> bool:
    """Whether the token may see and do what concerns everybody."""
    return Scope.ADMIN in scopes_of(event)


def caller_of(event: Mapping[str, Any], body: Mapping[str, object]) -> Caller:
    """Who asks, under which Idempotency-Key. Raises Problem for a key that cannot be kept."""
    http = event["requestContext"]["http"]
    return Caller(
        owner_id=owner_of(event),
        idempotency_key=key_of(event),
        request_hash=request_hash(http["method"], event["rawPath"], body),
        is_admin=is_admin(event),
        whence=whence_of(event),
    )


def required_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """The body as a JSON object. Raises Problem where it is missing or is something else."""
    text = _text(event)
    if not text.strip():
        _not_json("a JSON object is expected, the body is empty")
    return _object(text)


def json_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same, an empty object where the body is left out."""
    text = _text(event)
    return _object(text) if text.strip() else {}


def _text(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    try:
        raw = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (binascii.Error, ValueError):
        _not_json("the body cannot be read")
    if len(raw) > MOST_BODY_BYTES:
        raise Problem(ProblemCode.BODY_TOO_LARGE, f"the body has more than {MOST_BODY_BYTES} bytes")
    try:
        return str(raw.decode())
    except UnicodeDecodeError:
        _not_json("the body is not UTF-8")


def _object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(
            text,
            parse_float=_number,
            parse_int=_whole_number,
            parse_constant=_no_constant,
            object_pairs_hook=_without_doubled_keys,
        )
    except (ValueError, RecursionError):
        # A nest of many thousand brackets ends here too.
        _not_json("the body is not JSON")
    if not isinstance(read, dict):
        _not_json("a JSON object is expected")
    _refuse_unstorable(read, "")
    return read


def _without_doubled_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        _not_json("a key is given twice")
    return read


def _number(text: str) -> Decimal:
    """An exact number; one that no decimal can hold is none, so that the field that it stands in refuses it by name."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("NaN")


def _whole_number(text: str) -> int | Decimal:
    """A whole number, or a decimal that is in nobody's range: Python reads no int of thousands of digits."""
    return int(text) if len(text) <= _MOST_DIGITS else _number(text)


def _no_constant(name: str) -> Decimal:
    """NaN and infinities, which are no numbers of JSON: left to the field, which refuses them by its name."""
    return Decimal(name)


def _refuse_unstorable(value: object, field: str) -> None:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise invalid(FieldProblem(field=field, reason="has a character that is no text", allowed="Unicode text"))
    if isinstance(value, dict):
        for name, each in value.items():
            if _UNSTORABLE.search(name):
                raise invalid(FieldProblem(field=field or "body", reason="has a key that is no text"))
            _refuse_unstorable(each, f"{field}.{name}".lstrip("."))
    if isinstance(value, list):
        for place, each in enumerate(value):
            _refuse_unstorable(each, f"{field}.{place}")


def _not_json(message: str) -> NoReturn:
    raise Problem(ProblemCode.NOT_JSON, message)

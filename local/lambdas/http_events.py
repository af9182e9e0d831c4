"""HTTP requests as API Gateway's payload format 2.0, and a handler's answer as an HTTP response."""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from local.lambdas.routing import Match
from local.lambdas.template.intrinsics import ACCOUNT_ID, REGION

_API_ID = "local"
_DOMAIN = f"{_API_ID}.execute-api.{REGION}.amazonaws.com"
_TEXT_TYPES = ("application/json", "application/javascript", "application/xml")


class MalformedAnswer(ValueError):
    """A handler's answer that API Gateway cannot make a response of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorized:
    """What the authorizer learnt from a token."""

    claims: Mapping[str, Any]
    scopes: tuple[str, ...] | None


def http_event(request: Request, body: bytes, match: Match, authorized: Authorized | None) -> dict[str, Any]:
    """The event that a function gets for a request."""
    headers = _headers(request)
    cookies = [part.strip() for part in headers.pop("cookie", "").split(";") if part.strip()]
    query = _joined(parse_qsl(request.url.query, keep_blank_values=True))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": match.route.key,
        "rawPath": request.url.path,
        "rawQueryString": request.url.query,
        "headers": headers,
        "requestContext": _context(request, headers, match, authorized),
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if match.parameters:
        event["pathParameters"] = dict(match.parameters)
    if body:
        event["isBase64Encoded"] = not _is_text(headers.get("content-type", ""), body)
        event["body"] = base64.b64encode(body).decode() if event["isBase64Encoded"] else body.decode()
    return event


def http_response(payload: bytes) -> Response:
    """A handler's answer as a response; MalformedAnswer where it is neither format 2.0 nor a plain JSON value."""
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise MalformedAnswer("not JSON") from error
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Response(payload, media_type="application/json")
    response = Response(_body(answer), status_code=_status(answer["statusCode"]))
    response.headers.setdefault("content-type", "text/plain;charset=UTF-8")
    for name, value in (answer.get("headers") or {}).items():
        response.headers[name.lower()] = str(value).lower() if isinstance(value, bool) else str(value)
    for cookie in answer.get("cookies") or []:
        response.headers.append("set-cookie", cookie)
    return response


def _status(value: Any) -> int:
    try:
        status = int(value)
    except (TypeError, ValueError) as error:
        raise MalformedAnswer(f"statusCode is {value!r}") from error
    if not 100 <= status <= 599:
        raise MalformedAnswer(f"statusCode is {value!r}")
    return status


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedAnswer("body is not a string")
    if not answer.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedAnswer("body is not base64") from error


def _headers(request: Request) -> dict[str, str]:
    assert request.client is not None
    received = _joined([(name.lower(), value) for name, value in request.headers.items()])
    return {
        "x-forwarded-for": request.client.host,
        "x-forwarded-port": str(request.url.port),
        "x-forwarded-proto": request.url.scheme,
        **received,
    }


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        values[name].append(value)
    return {name: ",".join(several) for name, several in values.items()}


def _is_text(content_type: str, body: bytes) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    if not (media_type.startswith("text/") or media_type in _TEXT_TYPES or media_type.endswith(("+json", "+xml"))):
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _context(
    request: Request, headers: Mapping[str, str], match: Match, authorized: Authorized | None
) -> dict[str, Any]:
    assert request.client is not None
    now = time.time()
    context: dict[str, Any] = {
        "accountId": ACCOUNT_ID,
        "apiId": _API_ID,
        "domainName": _DOMAIN,
        "domainPrefix": _API_ID,
        "http": {
            "method": request.method,
            "path": request.url.path,
            "protocol": f"HTTP/{request.scope['http_version']}",
            "sourceIp": request.client.host,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": uuid.uuid4().hex[:16],
        "routeKey": match.route.key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }
    if authorized is not None:
        claims = {name: _claim_text(value) for name, value in authorized.claims.items()}
        scopes = None if authorized.scopes is None else list(authorized.scopes)
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": scopes}}
    return context


def _claim_text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_claim_text(item) for item in value)}]"
    return value if isinstance(value, str) else json.dumps(value)

"""The front door answers as API Gateway's HTTP API does: routes, tokens, events and errors."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.lambda_host_fixtures import AUDIENCE, RunningHost

pytestmark = pytest.mark.integration

UNAUTHORIZED = (401, {"message": "Unauthorized"})


def call(host: RunningHost, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
    headers = {**more.pop("headers", {}), **({"authorization": f"Bearer {token}"} if token is not None else {})}
    return host.http.request(method, f"{host.front_door_url}{path}", headers=headers, **more)


def answered(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()


def claims_of(host: RunningHost, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": host.issuer.url, "sub": "ann", "aud": AUDIENCE, "iat": now, "exp": now + 60, **changes}


def test_an_open_route_needs_no_token(lambda_host: RunningHost) -> None:
    response = call(lambda_host, "GET", "/health?a=1&a=2&b=", headers={"Cookie": "x=1; y=2", "X-Thing": "Value"})

    event = response.json()["event"]
    assert response.status_code == 200
    assert event["version"] == "2.0"
    assert event["routeKey"] == "GET /health"
    assert event["rawPath"] == "/health"
    assert event["rawQueryString"] == "a=1&a=2&b="
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["cookies"] == ["x=1", "y=2"]
    assert event["headers"]["x-thing"] == "Value"
    assert "cookie" not in event["headers"]
    assert event["requestContext"]["http"]["method"] == "GET"
    assert "authorizer" not in event["requestContext"]
    assert "body" not in event


def test_a_good_token_opens_a_route_and_its_claims_reach_the_function(lambda_host: RunningHost) -> None:
    token = lambda_host.issuer.token("ann")

    response = call(lambda_host, "PUT", "/things/a%20b", token, json={"n": 1})

    event = response.json()["event"]
    jwt_facts = event["requestContext"]["authorizer"]["jwt"]
    assert event["routeKey"] == "ANY /things/{id}"
    assert event["pathParameters"] == {"id": "a b"}
    assert json.loads(event["body"]) == {"n": 1}
    assert event["isBase64Encoded"] is False
    assert jwt_facts["claims"]["sub"] == "ann"
    assert jwt_facts["claims"]["exp"].isdigit()
    assert jwt_facts["scopes"] is None


def test_a_body_that_is_not_text_arrives_as_base64(lambda_host: RunningHost) -> None:
    token = lambda_host.issuer.token("ann")

    response = call(lambda_host, "POST", "/things/1", token, content=b"\xff\x00", headers={"content-type": "image/png"})

    event = response.json()["event"]
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00"


def test_a_request_without_a_token_is_unauthorized(lambda_host: RunningHost) -> None:
    assert answered(call(lambda_host, "GET", "/things/1")) == UNAUTHORIZED


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "e30.e30."])
def test_garbage_is_unauthorized(lambda_host: RunningHost, token: str) -> None:
    assert answered(call(lambda_host, "GET", "/things/1", token)) == UNAUTHORIZED


def test_a_token_for_another_audience_is_unauthorized(lambda_host: RunningHost) -> None:
    token = lambda_host.issuer.token("ann", audience="another")

    assert answered(call(lambda_host, "GET", "/things/1", token)) == UNAUTHORIZED


def test_an_expired_token_is_unauthorized(lambda_host: RunningHost) -> None:
    token = lambda_host.issuer.token("ann", lifetime_seconds=-1)

    assert answered(call(lambda_host, "GET", "/things/1", token)) == UNAUTHORIZED


def test_a_token_without_signature_is_unauthorized(lambda_host: RunningHost) -> None:
    key_id = jwt.get_unverified_header(lambda_host.issuer.token("ann"))["kid"]
    token = jwt.encode(claims_of(lambda_host), "", algorithm="none", headers={"kid": key_id})

    assert answered(call(lambda_host, "GET", "/things/1", token)) == UNAUTHORIZED


def test_a_token_of_another_key_under_the_issuers_key_id_is_unauthorized(lambda_host: RunningHost) -> None:
    key_id = jwt.get_unverified_header(lambda_host.issuer.token("ann"))["kid"]
    own_key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    token = jwt.encode(claims_of(lambda_host), own_key, algorithm="RS256", headers={"kid": key_id})

    assert answered(call(lambda_host, "GET", "/things/1", token)) == UNAUTHORIZED


def test_a_token_signed_with_a_shared_secret_is_unauthorized(lambda_host: RunningHost) -> None:
    key_id = jwt.get_unverified_header(lambda_host.issuer.token("ann"))["kid"]
    token = jwt.encode(claims_of(lambda_host), "s" * 32, algorithm="HS256", headers={"kid": key_id})

    assert answered(call(lambda_host, "GET", "/things/1", token)) == UNAUTHORIZED


def test_a_tampered_token_is_unauthorized(lambda_host: RunningHost) -> None:
    header, _, signature = lambda_host.issuer.token("ann").split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims_of(lambda_host, sub="root")).encode()).decode().rstrip("=")

    assert answered(call(lambda_host, "GET", "/things/1", f"{header}.{forged}.{signature}")) == UNAUTHORIZED


def test_a_route_with_a_scope_is_forbidden_without_it(lambda_host: RunningHost) -> None:
    without = lambda_host.issuer.token("ann", scopes=["read"])
    with_scope = lambda_host.issuer.token("ann", scopes=["read", "trade"])

    assert answered(call(lambda_host, "GET", "/scoped", without)) == (403, {"message": "Forbidden"})
    allowed = call(lambda_host, "GET", "/scoped", with_scope).json()
    assert allowed["event"]["requestContext"]["authorizer"]["jwt"]["scopes"] == ["trade"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("POST", "/health"), ("GET", "/things/1/more")])
def test_an_unknown_route_is_not_found_even_without_a_token(lambda_host: RunningHost, method: str, path: str) -> None:
    assert answered(call(lambda_host, method, path)) == (404, {"message": "Not Found"})


def test_a_body_over_ten_megabytes_is_refused(lambda_host: RunningHost) -> None:
    response = call(lambda_host, "POST", "/misbehave", content=b"x" * (10 * 1024 * 1024 + 1))

    assert answered(response) == (413, {"message": "Request Entity Too Large"})


def test_status_headers_cookies_and_body_of_an_answer_are_passed_on(lambda_host: RunningHost) -> None:
    response = call(lambda_host, "POST", "/misbehave", json={"how": "well"})

    assert (response.status_code, response.text) == (201, "made")
    assert response.headers["x-how"] == "well"
    assert response.headers["set-cookie"] == "a=b"


@pytest.mark.parametrize("how", ["raise", "exit", "answer nonsense"])
def test_a_function_that_fails_is_an_internal_server_error(lambda_host: RunningHost, how: str) -> None:
    response = call(lambda_host, "POST", "/misbehave", json={"how": how})

    assert answered(response) == (500, {"message": "Internal Server Error"})


def test_a_flood_is_held_as_the_gateway_does_and_leaves_room_for_what_has_its_own(lambda_host: RunningHost) -> None:
    """Three at once, and then a request in hours: whatever route, with a good token or none."""
    too_many = (429, {"message": "Too Many Requests"})
    before = [call(lambda_host, "GET", f"/narrow/{each}").status_code for each in range(2)]
    unauthorized = answered(call(lambda_host, "GET", "/narrow"))

    flood = [answered(call(lambda_host, "GET", f"/narrow/{each}")) for each in range(4)]

    assert (before, unauthorized) == ([200, 200], UNAUTHORIZED)
    assert flood == [too_many] * 4
    assert answered(call(lambda_host, "GET", "/narrow", lambda_host.issuer.token("ann"))) == too_many
    stops = [call(lambda_host, "POST", "/narrow/stop").status_code for _ in range(3)]
    assert stops == [200, 200, 429]
    assert call(lambda_host, "GET", "/health").status_code == 200

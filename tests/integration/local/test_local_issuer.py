"""The local issuer gives tokens to machines and to pages as RFC 6749 and 7636 say, and the front door takes them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from local.machine.patience import HANG_SECONDS
from local.stack.issuer import LocalIssuer
from local.stack.issuer.clients import MACHINE_CLIENT_ID, PAGE_CLIENT_ID, Client, is_loopback
from local.stack.issuer.codes import CODE_SECONDS, Codes, SignedIn, challenge_of
from local.stack.issuer.errors import OAuthError
from tests.integration.lambda_host_fixtures import AUDIENCE, RunningHost

pytestmark = [pytest.mark.integration, pytest.mark.api_access]

REDIRECT = "http://127.0.0.1:8787/signed-in?from=here"
VERIFIER = "a-verifier-of-forty-three-characters-or-more"
READER = Client(client_id="reader:1", secret="s/e+c r%et", scopes=("read",))
MACHINE_FORM = {"grant_type": "client_credentials"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An issuer with one client more, and who asks it."""

    issuer: LocalIssuer
    http: httpx.Client

    @property
    def machine(self) -> tuple[str, str]:
        return MACHINE_CLIENT_ID, self.issuer.machine_secret

    def ask(self, form: Any, auth: tuple[str, str] | None = None, **more: Any) -> httpx.Response:
        return self.http.post(self.issuer.token_url, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT, **more)

    def authorize(self, **changes: str | None) -> httpx.Response:
        asked = {
            "response_type": "code",
            "client_id": PAGE_CLIENT_ID,
            "redirect_uri": REDIRECT,
            "scope": "read",
            "state": "a state & more",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return self.http.get(f"{self.issuer.url}/oauth2/authorize", params=given)

    def code(self, **changes: str | None) -> str:
        return returned(self.authorize(**changes))["code"]

    def claims(self, token: str, *, audience: str = AUDIENCE) -> dict[str, Any]:
        keys = jwt.PyJWKClient(self.discovery()["jwks_uri"])
        found: dict[str, Any] = jwt.decode(
            token, keys.get_signing_key_from_jwt(token), algorithms=["RS256"], audience=audience
        )
        return found

    def discovery(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"{self.issuer.url}/.well-known/openid-configuration").json()
        return found


def returned(response: httpx.Response) -> dict[str, str]:
    """What the browser brings back to the page."""
    assert response.status_code == 302, response.text
    location = response.headers["location"]
    assert location.startswith(REDIRECT)
    return dict(parse_qsl(urlsplit(location).query))


def code_form(code: str, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": PAGE_CLIENT_ID,
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **changes,
    }


def refused(response: httpx.Response) -> tuple[int, str]:
    assert set(response.json()) == {"error", "error_description"}
    assert response.headers["cache-control"] == "no-store"
    return response.status_code, response.json()["error"]


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with LocalIssuer(audience=AUDIENCE, clients=[READER]) as issuer, httpx.Client(timeout=HANG_SECONDS) as http:
        yield Desk(issuer=issuer, http=http)


def test_the_discovery_document_says_where_and_how(desk: Desk) -> None:
    found = desk.discovery()

    assert found["issuer"] == desk.issuer.url
    assert found["token_endpoint"] == desk.issuer.token_url
    assert found["grant_types_supported"] == ["authorization_code", "client_credentials"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert desk.http.get(found["authorization_endpoint"]).status_code == 400
    assert desk.http.get(found["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"


def test_a_machine_gets_a_token_that_names_it_as_subject(desk: Desk) -> None:
    response = desk.ask({**MACHINE_FORM, "scope": "read trade"}, desk.machine)

    granted = response.json()
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert {**granted, "access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "read trade",
    }
    claims = desk.claims(granted["access_token"])
    assert (claims["sub"], claims["client_id"]) == (MACHINE_CLIENT_ID, MACHINE_CLIENT_ID)
    assert (claims["scope"], claims["token_use"]) == ("read trade", "access")
    assert claims["exp"] - claims["iat"] == 3600


def test_a_secret_may_stand_in_the_form_and_no_scope_means_all_of_the_client_s(desk: Desk) -> None:
    form = {**MACHINE_FORM, "client_id": READER.client_id, "client_secret": READER.secret}

    assert desk.ask(form).json()["scope"] == "read"


def test_basic_credentials_are_encoded_as_a_form_first(desk: Desk) -> None:
    encoded = base64.b64encode(b"reader%3A1:s%2Fe%2Bc+r%25et").decode()

    answer = desk.ask(MACHINE_FORM, headers={"authorization": f"Basic {encoded}"})

    assert answer.json()["scope"] == "read"


@pytest.mark.parametrize(
    ("form", "headers", "expected"),
    [
        ({}, {}, (400, "invalid_request")),
        (MACHINE_FORM, {}, (401, "invalid_client")),
        ({**MACHINE_FORM, "client_id": MACHINE_CLIENT_ID}, {}, (401, "invalid_client")),
        ({**MACHINE_FORM, "client_id": MACHINE_CLIENT_ID, "client_secret": "wrong"}, {}, (401, "invalid_client")),
        ({**MACHINE_FORM, "client_id": "nobody", "client_secret": ""}, {}, (401, "invalid_client")),
        ({**MACHINE_FORM, "client_id": PAGE_CLIENT_ID, "client_secret": "any"}, {}, (401, "invalid_client")),
        (MACHINE_FORM, {"authorization": "Basic !!!"}, (401, "invalid_client")),
        (MACHINE_FORM, {"authorization": "Bearer abc"}, (401, "invalid_client")),
        ({**MACHINE_FORM, "client_id": PAGE_CLIENT_ID}, {}, (400, "unauthorized_client")),
        ({"client_id": PAGE_CLIENT_ID}, {}, (400, "invalid_request")),
        ({"client_id": PAGE_CLIENT_ID, "grant_type": "password"}, {}, (400, "unsupported_grant_type")),
        ({"client_id": PAGE_CLIENT_ID, "grant_type": "authorization_code"}, {}, (400, "invalid_request")),
        (code_form("no-such-code"), {}, (400, "invalid_grant")),
        ({"grant_type": ["a", "b"]}, {}, (400, "invalid_request")),
        (MACHINE_FORM, {"content-type": "application/json"}, (400, "invalid_request")),
        ({"grant_type": "x" * 20_000}, {}, (400, "invalid_request")),
    ],
)
def test_what_gets_no_token_is_told_in_the_words_of_the_rfc(
    desk: Desk, form: dict[str, Any], headers: dict[str, str], expected: tuple[int, str]
) -> None:
    response = desk.ask(form, headers=headers)

    assert refused(response) == expected
    asks_again = expected[0] == 401 and "authorization" in headers
    assert response.headers.get("www-authenticate") == ('Basic realm="issuer"' if asks_again else None)


def test_a_machine_has_the_scopes_that_it_was_registered_with_and_no_other(desk: Desk) -> None:
    for scope in ("trade", "read trade", "openid", "read  trade"):
        answer = desk.ask({**MACHINE_FORM, "scope": scope}, (READER.client_id.replace(":", "%3A"), "s%2Fe%2Bc+r%25et"))
        assert refused(answer) == (400, "invalid_scope")


def test_two_proofs_at_once_are_refused(desk: Desk) -> None:
    both = desk.ask({**MACHINE_FORM, "client_secret": desk.issuer.machine_secret}, desk.machine)
    another = desk.ask({**MACHINE_FORM, "client_id": "reader:1"}, desk.machine)

    assert (refused(both), refused(another)) == ((400, "invalid_request"), (400, "invalid_request"))


def test_a_page_gets_a_token_for_the_person_in_front_of_it(desk: Desk) -> None:
    back = returned(desk.authorize(scope="openid read trade", nonce="a nonce"))
    assert (back["state"], back["iss"], back["from"]) == ("a state & more", desk.issuer.url, "here")

    granted = desk.ask(code_form(back["code"])).json()

    assert granted["scope"] == "read trade"
    assert desk.claims(granted["access_token"])["sub"] == "operator"
    who = desk.claims(granted["id_token"], audience=PAGE_CLIENT_ID)
    assert (who["sub"], who["nonce"], who["token_use"]) == ("operator", "a nonce", "id")


def test_somebody_else_may_sit_at_the_machine(desk: Desk) -> None:
    granted = desk.ask(code_form(desk.code(login_hint="ann", scope=None))).json()

    assert desk.claims(granted["access_token"])["sub"] == "ann"
    assert granted["scope"] == "read trade admin"
    assert "id_token" not in granted


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "another-verifier-of-forty-three-characters!"},
        {"code_verifier": "short"},
        {"redirect_uri": "http://127.0.0.1:8787/elsewhere"},
        {"client_id": "reader:1", "client_secret": READER.secret},
    ],
)
def test_a_code_that_is_not_used_as_agreed_is_spent(desk: Desk, changes: dict[str, str]) -> None:
    code = desk.code()

    assert refused(desk.ask(code_form(code, **changes))) == (400, "invalid_grant")
    assert refused(desk.ask(code_form(code))) == (400, "invalid_grant")


def test_a_code_is_good_once(desk: Desk) -> None:
    code = desk.code()

    assert desk.ask(code_form(code)).status_code == 200
    assert refused(desk.ask(code_form(code))) == (400, "invalid_grant")


def test_a_code_is_over_after_a_minute() -> None:
    now = [100.0]
    codes = Codes(lambda: now[0])
    signed_in = SignedIn(
        subject="ann", client_id="page", redirect_uri=REDIRECT, scopes=("read",), challenge=challenge_of(VERIFIER)
    )
    agreed = {"client_id": "page", "redirect_uri": REDIRECT, "verifier": VERIFIER}
    early, late = codes.give(signed_in), codes.give(signed_in)

    now[0] += CODE_SECONDS - 1
    assert codes.take(early, **agreed) == signed_in
    now[0] += 1
    with pytest.raises(OAuthError):
        codes.take(late, **agreed)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "too short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "read everything"}, "invalid_scope"),
    ],
)
def test_what_is_wrong_with_a_sign_in_is_told_to_the_page(
    desk: Desk, changes: dict[str, str | None], error: str
) -> None:
    back = returned(desk.authorize(**changes))

    assert (back["error"], back["state"]) == (error, "a state & more")
    assert "code" not in back


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": MACHINE_CLIENT_ID},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1:8787/\r\nset-cookie: a=b"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
def test_nobody_is_sent_to_a_place_that_is_not_this_machine(desk: Desk, changes: dict[str, str | None]) -> None:
    response = desk.authorize(**changes)

    assert response.status_code == 400
    assert "location" not in response.headers


@pytest.mark.parametrize(
    ("redirect_uri", "expected"),
    [
        ("http://localhost/", True),
        ("http://[::1]:9000/back", True),
        ("http://localhost:notaport/", False),
        ("http://user@localhost/", False),
        ("http://localhost/#part", False),
        ("https://localhost/", False),
        ("http://2130706433/", False),
        ("", False),
    ],
)
def test_a_page_of_this_machine_is_one_on_a_loopback_address(redirect_uri: str, expected: bool) -> None:
    assert is_loopback(redirect_uri) is expected


def test_a_page_of_another_origin_may_ask(desk: Desk) -> None:
    before = desk.http.options(desk.issuer.token_url)
    answer = desk.ask(code_form(desk.code()))

    assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, "*")
    assert before.headers["access-control-allow-headers"] == "authorization, content-type"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_challenge_is_that_of_the_rfc() -> None:
    """The example of RFC 7636, appendix B."""
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_front_door_takes_a_machine_s_token_and_a_page_s_but_not_what_says_who_signed_in(
    lambda_host: RunningHost,
) -> None:
    door = Desk(issuer=lambda_host.issuer, http=lambda_host.http)
    machine = door.ask({**MACHINE_FORM, "scope": "trade"}, door.machine).json()["access_token"]
    page = door.ask(code_form(door.code(scope="openid trade"))).json()

    def scoped(token: str) -> httpx.Response:
        url = f"{lambda_host.front_door_url}/scoped"
        return lambda_host.http.get(url, headers={"authorization": f"Bearer {token}"})

    claims = scoped(machine).json()["event"]["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (claims["sub"], claims["scope"]) == (MACHINE_CLIENT_ID, "trade")
    assert scoped(page["access_token"]).status_code == 200
    assert scoped(page["id_token"]).status_code == 401


def test_nothing_that_is_served_has_the_secret_or_a_private_key(desk: Desk) -> None:
    served = "".join(
        desk.http.get(f"{desk.issuer.url}/.well-known/{name}").text
        for name in ("openid-configuration", "jwks.json", "nothing")
    )

    assert desk.issuer.machine_secret not in served
    assert '"d"' not in served

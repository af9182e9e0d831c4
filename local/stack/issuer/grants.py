"""The two endpoints that give something: `authorize` a code for a person, `token` a token for a code or a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

from local.stack.issuer.clients import Client, Clients, is_loopback
from local.stack.issuer.codes import Codes, SignedIn
from local.stack.issuer.errors import OAuthError, OAuthErrorCode

TOKEN_SECONDS = 3_600
OPENID = "openid"
FORM = "application/x-www-form-urlencoded"


class Tokens(Protocol):
    """Signs what was granted."""

    def access_token(self, subject: str, *, client_id: str, scopes: Sequence[str], lifetime_seconds: int) -> str: ...

    def id_token(self, subject: str, *, client_id: str, nonce: str | None, lifetime_seconds: int) -> str: ...


class TokenEndpoint:
    """Answers POST /oauth2/token."""

    def __init__(self, clients: Clients, codes: Codes, tokens: Tokens) -> None:
        self._clients = clients
        self._codes = codes
        self._tokens = tokens

    def answer(self, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        """The token of a form, with how long it lasts. Raises OAuthError."""
        client = self._clients.proved(form, authorization)
        grants: dict[str, Callable[[Client, Mapping[str, str]], dict[str, Any]]] = {
            "client_credentials": self._for_a_machine,
            "authorization_code": self._for_a_person,
        }
        grant_type = _needed(form, "grant_type")
        if grant_type not in grants:
            raise OAuthError(OAuthErrorCode.UNSUPPORTED_GRANT_TYPE, f"grant_type is one of {', '.join(grants)}")
        return grants[grant_type](client, form)

    def _for_a_machine(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        """A token in whose `sub` is the client itself."""
        if client.secret is None:
            raise OAuthError(OAuthErrorCode.UNAUTHORIZED_CLIENT, "a client without a secret takes codes only")
        return self._granted(client.client_id, client, client.scopes_for(form.get("scope")))

    def _for_a_person(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        signed_in = self._codes.take(
            _needed(form, "code"),
            client_id=client.client_id,
            redirect_uri=_needed(form, "redirect_uri"),
            verifier=_needed(form, "code_verifier"),
        )
        scopes = tuple(name for name in signed_in.scopes if name != OPENID)
        granted = self._granted(signed_in.subject, client, scopes)
        if OPENID in signed_in.scopes:
            granted["id_token"] = self._tokens.id_token(
                signed_in.subject, client_id=client.client_id, nonce=signed_in.nonce, lifetime_seconds=TOKEN_SECONDS
            )
        return granted

    def _granted(self, subject: str, client: Client, scopes: Sequence[str]) -> dict[str, Any]:
        token = self._tokens.access_token(
            subject, client_id=client.client_id, scopes=scopes, lifetime_seconds=TOKEN_SECONDS
        )
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": " ".join(scopes),
        }


class AuthorizeEndpoint:
    """Answers GET /oauth2/authorize, and signs in whoever sits at this machine without asking for a password."""

    def __init__(self, clients: Clients, codes: Codes, *, issuer: str, local_user: str) -> None:
        self._clients = clients
        self._codes = codes
        self._issuer = issuer
        self._local_user = local_user

    def redirect(self, asked: Mapping[str, str]) -> str:
        """Where the browser goes next, with a code or with what is wrong.

        Raises OAuthError where the client or the redirect itself is not to be trusted, so that nothing is sent there.
        """
        client = self._clients.page(asked.get("client_id"))
        redirect_uri = _needed(asked, "redirect_uri")
        if not is_loopback(redirect_uri):
            raise OAuthError(OAuthErrorCode.INVALID_REQUEST, "redirect_uri leads to no page of this machine")
        try:
            told = {"code": self._code(client, redirect_uri, asked)}
        except OAuthError as error:
            told = error.body()
        state = {"state": asked["state"]} if "state" in asked else {}
        separator = "&" if "?" in redirect_uri else "?"
        return f"{redirect_uri}{separator}{urlencode({**told, **state, 'iss': self._issuer})}"

    def _code(self, client: Client, redirect_uri: str, asked: Mapping[str, str]) -> str:
        if _needed(asked, "response_type") != "code":
            raise OAuthError(OAuthErrorCode.UNSUPPORTED_RESPONSE_TYPE, "response_type is code")
        challenge = _needed(asked, "code_challenge")
        if asked.get("code_challenge_method") != "S256":
            raise OAuthError(OAuthErrorCode.INVALID_REQUEST, "code_challenge_method is S256")
        names = (asked["scope"].split(" ") if "scope" in asked else []) or None
        own = None if names is None else " ".join(name for name in names if name != OPENID) or None
        scopes = (*client.scopes_for(own), *([OPENID] if names is not None and OPENID in names else []))
        return self._codes.give(
            SignedIn(
                subject=asked.get("login_hint", self._local_user),
                client_id=client.client_id,
                redirect_uri=redirect_uri,
                scopes=scopes,
                challenge=challenge,
                nonce=asked.get("nonce"),
            )
        )


def form_of(text: str) -> dict[str, str]:
    """The fields of a form or of a query. Raises OAuthError for one that is there twice (RFC 6749, section 3.1)."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise OAuthError(OAuthErrorCode.INVALID_REQUEST, f"this is not {FORM}") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise OAuthError(OAuthErrorCode.INVALID_REQUEST, "a parameter is given twice")
    # One without a value counts as left out.
    return {name: value for name, value in fields.items() if value}


def _needed(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise OAuthError(OAuthErrorCode.INVALID_REQUEST, f"{name} is missing")
    return fields[name]

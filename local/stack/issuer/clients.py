"""Who may ask for tokens, how he proves it is him, and which scopes he may have."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus, urlsplit

from local.stack.issuer.errors import OAuthError, OAuthErrorCode

MACHINE_CLIENT_ID = "live-trading-machine"
PAGE_CLIENT_ID = "live-trading-page"
SCOPES = ("read", "trade", "admin")
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,2000}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Client:
    """A registered program. One without a secret is a page: it takes codes, proved by PKCE, and nothing else."""

    client_id: str
    secret: str | None
    scopes: tuple[str, ...] = SCOPES

    def scopes_for(self, asked: str | None) -> tuple[str, ...]:
        """The scopes of its token: those that are asked for, or all of its own. Raises OAuthError for any other."""
        if asked is None:
            return self.scopes
        names = tuple(dict.fromkeys(asked.split(" ")))
        unknown = [name for name in names if name not in self.scopes]
        if unknown:
            allowed = " ".join(self.scopes)
            raise OAuthError(OAuthErrorCode.INVALID_SCOPE, f"this client may have {allowed}")
        return names


class Clients:
    """Every client by its id."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients = {client.client_id: client for client in clients}

    def page(self, client_id: str | None) -> Client:
        """A page's client, which proves itself by nothing but its redirect. Raises OAuthError."""
        found = self._clients.get(client_id or "")
        if found is None or found.secret is not None:
            raise OAuthError(OAuthErrorCode.INVALID_CLIENT, "no page is registered under this client_id")
        return found

    def proved(self, form: Mapping[str, str], authorization: str | None) -> Client:
        """Who asks, by HTTP Basic or by the fields of the form; a page needs no secret. Raises OAuthError."""
        client_id, secret = _credentials(form, authorization)
        found = self._clients.get(client_id)
        expected = None if found is None else found.secret
        is_right = hmac.compare_digest((secret or "").encode(), (expected or "").encode())
        if found is None or not is_right:
            raise OAuthError(OAuthErrorCode.INVALID_CLIENT, "there is no such client, or its secret is another")
        return found


def is_loopback(redirect_uri: str) -> bool:
    """Whether it leads to a page on this machine, on whatever port (RFC 8252, section 7.3)."""
    if not _VISIBLE.fullmatch(redirect_uri):
        return False
    try:
        parts = urlsplit(redirect_uri)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and host in _LOOPBACK_NAMES and not parts.fragment and not parts.username


def _credentials(form: Mapping[str, str], authorization: str | None) -> tuple[str, str | None]:
    if authorization is None:
        if "client_id" not in form:
            raise OAuthError(OAuthErrorCode.INVALID_CLIENT, "the client does not say who it is")
        return form["client_id"], form.get("client_secret")
    client_id, secret = _basic(authorization)
    if "client_secret" in form:
        raise OAuthError(OAuthErrorCode.INVALID_REQUEST, "the client proves itself in two ways")
    if form.get("client_id", client_id) != client_id:
        raise OAuthError(OAuthErrorCode.INVALID_REQUEST, "client_id is another than that of the header")
    return client_id, secret


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise OAuthError(OAuthErrorCode.INVALID_CLIENT, "the Authorization header is not HTTP Basic")
    return unquote_plus(client_id), unquote_plus(secret)

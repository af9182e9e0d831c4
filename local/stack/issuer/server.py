"""HTTP in front of the issuer's documents and endpoints; pages of other origins may ask."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from local.stack.issuer.errors import OAuthError, OAuthErrorCode
from local.stack.issuer.grants import FORM, AuthorizeEndpoint, TokenEndpoint, form_of

DISCOVERY_PATH = "/.well-known/openid-configuration"
KEYS_PATH = "/.well-known/jwks.json"
AUTHORIZE_PATH = "/oauth2/authorize"
TOKEN_PATH = "/oauth2/token"  # noqa: S105 (a path)
_MOST_FORM_BYTES = 16 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the issuer answers with."""

    documents: Callable[[], Mapping[str, Mapping[str, Any]]]
    authorize: AuthorizeEndpoint
    token: TokenEndpoint


class IssuerHandler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, served: Served, *arguments: Any) -> None:
        self._served = served
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == AUTHORIZE_PATH:
            self._authorize(query)
            return
        document = self._served.documents().get(path)
        self._json(200 if document is not None else 404, document or {"message": "Not Found"})

    def do_POST(self) -> None:
        if self.path.partition("?")[0] != TOKEN_PATH:
            self.close_connection = True
            self._json(404, {"message": "Not Found"})
            return
        authorization = self.headers.get("Authorization")
        try:
            granted = self._served.token.answer(self._form(), authorization)
        except OAuthError as error:
            is_unproved = error.code is OAuthErrorCode.INVALID_CLIENT
            asks = {"WWW-Authenticate": 'Basic realm="issuer"'} if is_unproved and authorization is not None else {}
            self._json(401 if is_unproved else 400, error.body(), asks)
            return
        self._json(200, granted)

    def do_OPTIONS(self) -> None:
        """What a browser asks before a page of another origin may post."""
        self._headers(204, {"Access-Control-Allow-Headers": "authorization, content-type", "Content-Length": "0"})

    def _authorize(self, query: str) -> None:
        try:
            location = self._served.authorize.redirect(form_of(query))
        except OAuthError as error:
            self._json(400, error.body())
            return
        self._headers(302, {"Location": location, "Content-Length": "0"})

    def _form(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _MOST_FORM_BYTES:
            # What was sent is not read, so nothing that comes after it can be either.
            self.close_connection = True
            raise OAuthError(OAuthErrorCode.INVALID_REQUEST, f"a form of at most {_MOST_FORM_BYTES} bytes is expected")
        body = self.rfile.read(int(length))
        if self.headers.get_content_type() != FORM:
            raise OAuthError(OAuthErrorCode.INVALID_REQUEST, f"the form has to be {FORM}")
        return form_of(body.decode("latin-1"))

    def _json(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        encoded = json.dumps(body).encode()
        self._headers(
            status,
            {
                "Content-Type": "application/json",
                "Content-Length": str(len(encoded)),
                # Tokens are nobody else's to keep.
                "Cache-Control": "no-store",
                **(headers or {}),
            },
        )
        self.wfile.write(encoded)

    def _headers(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Access-Control-Allow-Origin": "*", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the name of the base class)
        """Keep requests, which have codes in them, out of the stack's output."""

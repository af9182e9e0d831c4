"""A small issuer of JSON web tokens, so that the API's authorizer has real signatures to check.

Serves the discovery document and the public key; signs with an RSA key that is generated at its start and kept
in memory only.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.machine.ports import LOOPBACK

DISCOVERY_PATH = "/.well-known/openid-configuration"
KEYS_PATH = "/.well-known/jwks.json"
_ALGORITHM = "RS256"
_DAY_SECONDS = 86_400


class LocalIssuer:
    """Issues tokens for one audience. `url` is what stands in their `iss`."""

    def __init__(self, *, audience: str) -> None:
        self._audience = audience
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self._key_id = uuid.uuid4().hex
        self._server: ThreadingHTTPServer | None = None
        self._url = ""

    @property
    def url(self) -> str:
        return self._url

    def start(self) -> str:
        """Serve on a free loopback port and return the issuer's URL."""
        self._server = ThreadingHTTPServer((LOOPBACK, 0), partial(_Documents, self._documents))
        self._server.daemon_threads = True
        self._url = f"http://{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="issuer", daemon=True).start()
        return self._url

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def token(
        self,
        subject: str,
        *,
        audience: str | None = None,
        scopes: Sequence[str] = (),
        lifetime_seconds: int = _DAY_SECONDS,
    ) -> str:
        """A signed token for `subject`; a negative lifetime gives one that has expired."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._url,
            "sub": subject,
            "aud": audience or self._audience,
            "iat": min(now, now + lifetime_seconds),
            "exp": now + lifetime_seconds,
            "jti": uuid.uuid4().hex,
        }
        if scopes:
            claims["scope"] = " ".join(scopes)
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self._key_id})

    def _documents(self) -> dict[str, dict[str, Any]]:
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {
            DISCOVERY_PATH: {
                "issuer": self._url,
                "jwks_uri": f"{self._url}{KEYS_PATH}",
                "id_token_signing_alg_values_supported": [_ALGORITHM],
            },
            KEYS_PATH: {"keys": [{**public, "kid": self._key_id, "use": "sig", "alg": _ALGORITHM}]},
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Documents(BaseHTTPRequestHandler):
    """Answers GET with the document at a path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, documents: Any, *arguments: Any) -> None:
        self._documents = documents
        super().__init__(*arguments)

    def do_GET(self) -> None:
        document = self._documents().get(self.path)
        body = json.dumps(document if document is not None else {"message": "Not Found"}).encode()
        self.send_response(200 if document is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 (the name of the base class)
        """Keep the two documents' requests out of the stack's output."""

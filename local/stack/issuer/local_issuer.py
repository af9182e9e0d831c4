"""The issuer itself: its key, which is made at its start and kept in memory only, its clients, and what it signs."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from http.server import ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.machine.ports import LOOPBACK
from local.stack.issuer.clients import MACHINE_CLIENT_ID, PAGE_CLIENT_ID, SCOPES, Client, Clients
from local.stack.issuer.codes import Codes
from local.stack.issuer.grants import OPENID, AuthorizeEndpoint, TokenEndpoint
from local.stack.issuer.server import AUTHORIZE_PATH, DISCOVERY_PATH, KEYS_PATH, TOKEN_PATH, IssuerHandler, Served

_ALGORITHM = "RS256"
_DAY_SECONDS = 86_400
_LOCAL_USER = "operator"


class LocalIssuer:
    """Issues tokens for one audience. `url` is what stands in their `iss`.

    Registered are a machine, whose secret is `machine_secret`, and a page of this machine, which signs in `local_user`;
    `clients` are further ones.
    """

    def __init__(self, *, audience: str, local_user: str = _LOCAL_USER, clients: Sequence[Client] = ()) -> None:
        self._audience = audience
        self._local_user = local_user
        self.machine_secret = secrets.token_urlsafe(32)
        machine = Client(client_id=MACHINE_CLIENT_ID, secret=self.machine_secret)
        self._clients = Clients([machine, Client(client_id=PAGE_CLIENT_ID, secret=None), *clients])
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self._key_id = uuid.uuid4().hex
        self._server: ThreadingHTTPServer | None = None
        self._url = ""

    @property
    def url(self) -> str:
        return self._url

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return f"{self._url}{TOKEN_PATH}"

    def start(self) -> str:
        """Serve on a free loopback port and return the issuer's URL."""
        codes = Codes(time.monotonic)
        # The port is known once the server has it, and the handler has to know the issuer's address.
        self._server = ThreadingHTTPServer((LOOPBACK, 0), IssuerHandler)
        self._server.daemon_threads = True
        self._url = f"http://{LOOPBACK}:{self._server.server_port}"
        served = Served(
            documents=self._documents,
            authorize=AuthorizeEndpoint(self._clients, codes, issuer=self._url, local_user=self._local_user),
            token=TokenEndpoint(self._clients, codes, self),
        )
        self._server.RequestHandlerClass = partial(IssuerHandler, served)
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
        changes: Mapping[str, object] = MappingProxyType({}),
    ) -> str:
        """A signed token for `subject`; a negative lifetime gives one that has expired.

        `changes` are claims that stand in place of the usual ones; None leaves one out.
        """
        claims = {"sub": subject, "aud": audience or self._audience, **_scope(scopes)}
        return self._signed(claims, lifetime_seconds=lifetime_seconds, changes=changes)

    def access_token(self, subject: str, *, client_id: str, scopes: Sequence[str], lifetime_seconds: int) -> str:
        """A token of the token endpoint, which says for whom and to which client it was given (RFC 9068)."""
        claims = {"sub": subject, "aud": self._audience, "client_id": client_id, "token_use": "access"}
        return self._signed({**claims, **_scope(scopes)}, lifetime_seconds=lifetime_seconds)

    def id_token(self, subject: str, *, client_id: str, nonce: str | None, lifetime_seconds: int) -> str:
        """What tells the page who signed in; it opens nothing, because it is for the page."""
        claims = {"sub": subject, "aud": client_id, "token_use": "id", **({} if nonce is None else {"nonce": nonce})}
        return self._signed(claims, lifetime_seconds=lifetime_seconds)

    def _signed(
        self,
        claims: Mapping[str, object],
        *,
        lifetime_seconds: int,
        changes: Mapping[str, object] = MappingProxyType({}),
    ) -> str:
        now = int(time.time())
        times = {"iat": min(now, now + lifetime_seconds), "exp": now + lifetime_seconds}
        whole = {"iss": self._url, **claims, **times, "jti": uuid.uuid4().hex, **changes}
        said = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(said, self._key, algorithm=_ALGORITHM, headers={"kid": self._key_id})

    def _documents(self) -> dict[str, dict[str, Any]]:
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {
            DISCOVERY_PATH: {
                "issuer": self._url,
                "jwks_uri": f"{self._url}{KEYS_PATH}",
                "authorization_endpoint": f"{self._url}{AUTHORIZE_PATH}",
                "token_endpoint": self.token_url,
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "scopes_supported": [OPENID, *SCOPES],
                "subject_types_supported": ["public"],
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


def _scope(scopes: Sequence[str]) -> dict[str, str]:
    return {"scope": " ".join(scopes)} if scopes else {}

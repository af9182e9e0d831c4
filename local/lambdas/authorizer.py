"""The JWT authorizer of the HTTP API: signature, issuer, audience, times and scopes, as API Gateway checks them."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt

from local.lambdas.http_events import Authorized
from local.lambdas.template.application import JwtAuthorizer

_ALGORITHMS = ["RS256", "RS384", "RS512"]
_DISCOVERY = "/.well-known/openid-configuration"
_REFETCH_SECONDS = 5.0


class Unauthorized(Exception):
    """No token, or none that can be accepted."""


class Forbidden(Exception):
    """A good token without a scope that the route asks for."""


class _Keys:
    """The public keys of one issuer, fetched when first needed and again for a key that is not known."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer.rstrip("/")
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None

    async def find(self, key_id: str) -> jwt.PyJWK:
        is_stale = self._fetched_at is None or time.monotonic() - self._fetched_at > _REFETCH_SECONDS
        if key_id not in self._keys and is_stale:
            await self._fetch()
        if key_id not in self._keys:
            raise Unauthorized("the token's key is not the issuer's")
        return self._keys[key_id]

    async def _fetch(self) -> None:
        try:
            async with httpx.AsyncClient(timeout=5) as http:
                discovery = (await http.get(f"{self._issuer}{_DISCOVERY}")).raise_for_status().json()
                document = (await http.get(discovery["jwks_uri"])).raise_for_status().json()
        except httpx.HTTPError as error:
            raise Unauthorized(f"the issuer's keys cannot be fetched: {error}") from error
        self._keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys if key.key_id}
        self._fetched_at = time.monotonic()


class Gatekeeper:
    """Checks tokens for the authorizers of one API."""

    def __init__(self) -> None:
        self._issuers: dict[str, _Keys] = {}

    async def check(self, authorizer: JwtAuthorizer, header: str | None, scopes: tuple[str, ...]) -> Authorized:
        """The claims of the token in an Authorization header. Raises Unauthorized or Forbidden."""
        token = _token(header)
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = await self._keys_of(authorizer.issuer).find(str(key_id))
            claims = jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=authorizer.issuer,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthorized(str(error)) from error
        _check_audience(claims, authorizer.audiences)
        return Authorized(claims=claims, scopes=_granted(claims, scopes))

    def _keys_of(self, issuer: str) -> _Keys:
        return self._issuers.setdefault(issuer, _Keys(issuer))


def _token(header: str | None) -> str:
    if not header:
        raise Unauthorized("no token")
    scheme, _, rest = header.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else header


def _check_audience(claims: dict[str, Any], allowed: tuple[str, ...]) -> None:
    audience = claims.get("aud", claims.get("client_id"))
    named = audience if isinstance(audience, list) else [audience]
    if not set(named) & set(allowed):
        raise Unauthorized("the token is for another audience")


def _granted(claims: dict[str, Any], wanted: tuple[str, ...]) -> tuple[str, ...] | None:
    if not wanted:
        return None
    held = claims.get("scope", claims.get("scp", ""))
    names = held if isinstance(held, list) else str(held).split()
    granted = tuple(name for name in names if name in wanted)
    if not granted:
        raise Forbidden("the token lacks the scope")
    return granted

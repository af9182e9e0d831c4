"""Tokens that open nothing, each wrong in one way, and those that open a route although they look unusual."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.stack.assembly import AUDIENCE
from tests.api.people import SCOPES, World

Made = Callable[[World], str | None]
_ALL = " ".join(SCOPES)
_MINUTE = 60


def changed(**changes: object) -> Made:
    """A token of the issuer's with these claims in place of the usual ones; None leaves one out."""
    return lambda world: _changed(world, changes)


def later(claim: str) -> Made:
    """A token whose claim is a minute ahead."""

    def made(world: World) -> str:
        return _changed(world, {claim: int(time.time()) + _MINUTE})

    return made


def lasting(seconds: int) -> Made:
    """A token that is over so many seconds from now."""
    return lambda world: world.issuer.token(world.first.subject, scopes=SCOPES, lifetime_seconds=seconds)


def of_another_key(world: World) -> str:
    return jwt.encode(_claims(world), _another_key(), algorithm="RS256", headers={"kid": _key_id(world)})


def of_a_key_that_nobody_knows(world: World) -> str:
    return jwt.encode(_claims(world), _another_key(), algorithm="RS256", headers={"kid": "nobody-s"})


def without_a_signature(world: World) -> str:
    return jwt.encode(_claims(world), None, algorithm="none", headers={"kid": _key_id(world)})


def signed_with_the_public_key(world: World) -> str:
    """A gate that lets the token say how it is checked takes the public key for a shared secret."""
    public = world.issuer._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # The library refuses to sign with such a key, so it is done by hand.
    header = {"alg": "HS256", "typ": "JWT", "kid": _key_id(world)}
    signed = f"{_part(header)}.{_part(_claims(world))}"
    return f"{signed}.{_text(hmac.digest(public, signed.encode(), hashlib.sha256))}"


def with_more_than_was_signed(world: World) -> str:
    header, _, signature = world.token(world.first, "read").split(".")
    return f"{header}.{_part(_claims(world))}.{signature}"


REFUSED: Mapping[str, Made] = MappingProxyType(
    {
        "none": lambda _: None,
        "an empty one": lambda _: "",
        "garbage": lambda _: "garbage",
        "three parts of garbage": lambda _: "a.b.c",
        "half of one": lambda world: world.token(world.first, *SCOPES)[:-40],
        "one that is over": lasting(-_MINUTE),
        "one that is over this second": lasting(0),
        "one that is not valid yet": later("nbf"),
        "one that is given later": later("iat"),
        "one that is never over": changed(exp=None),
        "one for another audience": changed(aud="another"),
        "one for other audiences": changed(aud=["another", "and one more"]),
        "one for nobody": changed(aud=None),
        "one for another audience and the right client": changed(aud="another", client_id=AUDIENCE),
        "one for another client": changed(aud=None, client_id="another"),
        "one of another issuer": changed(iss="https://issuer.example.com"),
        "one of the issuer with a slash": lambda world: _changed(world, {"iss": f"{world.issuer.url}/"}),
        "one of no issuer": changed(iss=None),
        "one of another key": of_another_key,
        "one of a key that nobody knows": of_a_key_that_nobody_knows,
        "one without a signature": without_a_signature,
        "one signed with the public key": signed_with_the_public_key,
        "one with more than was signed": with_more_than_was_signed,
    }
)
"""What the gateway answers with 401."""

ACCEPTED: Mapping[str, Made] = MappingProxyType(
    {
        "for several audiences": changed(aud=["another", AUDIENCE]),
        "of Cognito's shape": changed(aud=None, client_id=AUDIENCE, token_use="access"),
        "with its scopes in scp": changed(scope=None, scp=list(SCOPES)),
        "given this second": lambda world: _changed(world, {"nbf": int(time.time())}),
        "with scopes of a resource server": changed(scope="live-trading/read"),
    }
)
"""What opens a route that needs `read`."""


def _changed(world: World, changes: Mapping[str, object]) -> str:
    return world.issuer.token(world.first.subject, scopes=SCOPES, changes=changes)


def _claims(world: World) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": world.issuer.url,
        "sub": world.first.subject,
        "aud": AUDIENCE,
        "scope": _ALL,
        "iat": now,
        "exp": now + _MINUTE,
    }


def _key_id(world: World) -> str:
    return str(jwt.get_unverified_header(world.token(world.first, "read"))["kid"])


def _another_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def _part(value: Mapping[str, object]) -> str:
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")

"""Scopes of a token: `read` looks, `trade` acts on what is the caller's own, `admin` on what is everybody's.

The gateway checks them by the template and the code checks them again, so that neither's mistake opens anything.
Issuers whose scopes belong to a resource server, as Cognito's do, say `live-trading/read`; the same word behind any
other name is another server's and opens nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from live_trading.api.problems import Problem, ProblemCode

_SEPARATORS = re.compile(r"[\s,\[\]]+")


class Scope(StrEnum):
    """In rising order: whoever has one may do what those before it allow."""

    READ = "read"
    TRADE = "trade"
    ADMIN = "admin"


ANY_OF: Mapping[Scope, tuple[Scope, ...]] = MappingProxyType(
    {
        Scope.READ: (Scope.READ, Scope.TRADE, Scope.ADMIN),
        Scope.TRADE: (Scope.TRADE, Scope.ADMIN),
        Scope.ADMIN: (Scope.ADMIN,),
    }
)
"""Which scopes open a route that needs the key."""

RESOURCE_SERVER = "live-trading"


def names_of(scope: Scope) -> tuple[str, str]:
    """What a token may call it."""
    return scope.value, f"{RESOURCE_SERVER}/{scope.value}"


def names_that_open(needed: Scope) -> tuple[str, ...]:
    """What the gateway looks for in a token for a route that needs the scope: any of it suffices."""
    plain, of_the_server = zip(*(names_of(scope) for scope in ANY_OF[needed]), strict=True)
    return (*plain, *of_the_server)


def scopes_of(event: Mapping[str, Any]) -> frozenset[Scope]:
    """The scopes of the token that the authorizer checked; unknown ones count for nothing."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    claims = authorizer.get("jwt", {}).get("claims", {})
    named = set(_SEPARATORS.split(str(claims.get("scope", claims.get("scp", "")))))
    return frozenset(scope for scope in Scope if named & set(names_of(scope)))


def require(event: Mapping[str, Any], needed: Scope) -> None:
    """Raises Problem: UNAUTHENTICATED where there is no token at all, FORBIDDEN where it opens no such route."""
    if not event.get("requestContext", {}).get("authorizer"):
        raise Problem(ProblemCode.UNAUTHENTICATED, "the request has no token")
    if not scopes_of(event) & set(ANY_OF[needed]):
        raise Problem(
            ProblemCode.FORBIDDEN, f"the token lacks the scope {needed}", facts={"needs_one_of": list(ANY_OF[needed])}
        )

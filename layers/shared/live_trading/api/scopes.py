"""Scopes of a token: `read` looks, `trade` acts on what is the caller's own, `admin` on what is everybody's.

The gateway checks them by the template and the code checks them again, so that neither's mistake opens anything.
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


def scopes_of(event: Mapping[str, Any]) -> frozenset[Scope]:
    """The scopes of the token that the authorizer checked; unknown ones count for nothing."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    claims = authorizer.get("jwt", {}).get("claims", {})
    named = set(_SEPARATORS.split(str(claims.get("scope", claims.get("scp", "")))))
    return frozenset(scope for scope in Scope if scope.value in named)


def require(event: Mapping[str, Any], needed: Scope) -> None:
    """Raises Problem: UNAUTHENTICATED where there is no token at all, FORBIDDEN where it opens no such route."""
    if not event.get("requestContext", {}).get("authorizer"):
        raise Problem(ProblemCode.UNAUTHENTICATED, "the request has no token")
    if not scopes_of(event) & set(ANY_OF[needed]):
        raise Problem(
            ProblemCode.FORBIDDEN, f"the token lacks the scope {needed}", facts={"needs_one_of": list(ANY_OF[needed])}
        )

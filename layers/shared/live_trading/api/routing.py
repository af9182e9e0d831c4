"""Routes as values: what a resource answers to which method and path, bound to HTTP by `serving`.

Every request goes through one gate (`admitted`): token, scope, Idempotency-Key, body. A route declares what it needs of
each, and one that declares no body takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from live_trading.api.body import Body
from live_trading.api.fields import number_in_path, parsed, path_id, path_token_id, switch_in_query
from live_trading.api.once import Answer, Caller
from live_trading.api.requests import caller_of, json_body, key_of, owner_of, required_body
from live_trading.api.scopes import Scope, require

_Model = TypeVar("_Model", bound=BaseModel)
Resource = TypeVar("Resource")


class NoBody(Body):
    """What a route without a body takes: nothing, or an empty object."""


class Once(StrEnum):
    """Who sees to it that a request acts once under its key.

    IN_ITS_TRANSACTION: the resource, which keeps the answer together with what it wrote. CLAIMED: the gate, because the
    effects lie outside of one transaction. CLAIMED_IF_POSSIBLE: the same, and it acts although the database is away,
    because what stops trading must not wait for it.
    """

    IN_ITS_TRANSACTION = "IN_ITS_TRANSACTION"
    CLAIMED = "CLAIMED"
    CLAIMED_IF_POSSIBLE = "CLAIMED_IF_POSSIBLE"


class Request:
    """One request as a route function asks it. Every member raises Problem for what does not fit."""

    def __init__(self, event: Mapping[str, Any], in_path: Mapping[str, str]) -> None:
        """`event` is one of the HTTP API, payload 2.0; `in_path` are the path's named parts."""
        self._event = event
        self._in_path = in_path

    def require(self, scope: Scope) -> None:
        """Nothing, for a token that names an owner and has the scope or one above it."""
        owner_of(self._event)
        require(self._event, scope)

    @property
    def owner(self) -> str:
        """The subject of the token."""
        return owner_of(self._event)

    @property
    def caller(self) -> Caller:
        """The owner with the Idempotency-Key and what it names: method, path and body."""
        return caller_of(self._event, self._json)

    def body(self, model: type[_Model]) -> _Model:
        """The body, which has to be there."""
        return parsed(model, required_body(self._event))

    def body_or_defaults(self, model: type[_Model]) -> _Model:
        """The body, or the model's defaults where it is left out."""
        return parsed(model, self._json)

    def id(self, name: str, what: str) -> UUID:
        """An id in the path; `what` it is of is told where there can be no such thing."""
        return path_id(self._in_path[name], what)

    def number(self, name: str, what: str) -> int:
        """A row's number in the path, which is one of `what`."""
        return number_in_path(self._in_path[name], name, what)

    def token_id(self, name: str) -> str:
        """An outcome token in the path."""
        return path_token_id(self._in_path[name], name)

    def query(self, name: str) -> str | None:
        """A parameter behind the question mark, None where it is not given."""
        given: str | None = (self._event.get("queryStringParameters") or {}).get(name)
        return given

    def switch(self, name: str) -> bool:
        """A parameter that is true or false, and false where it is not given."""
        return switch_in_query(self.query(name), name)

    @cached_property
    def _json(self) -> dict[str, Any]:
        return json_body(self._event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[Resource]):
    """One method and path, what a request has to bring, and the function that answers.

    Named parts of the path stand in angle brackets. `needs_key` where a repetition without an Idempotency-Key would act
    a second time.
    """

    method: str
    path: str
    scope: Scope
    body: type[BaseModel]
    needs_key: bool
    once: Once
    answer: Callable[[Resource, Request], Answer]


def admitted(
    event: Mapping[str, Any],
    in_path: Mapping[str, str],
    *,
    scope: Scope | None,
    body: type[BaseModel] = NoBody,
    needs_key: bool = False,
) -> Request:
    """The request, let in: with a token of that scope, a key where one is needed, and no body but one that fits.

    An open route has no scope. A body that is left out is one without fields here; whether it may be is the route's
    affair. Raises Problem with what is wrong first, before anything is looked up or done.
    """
    request = Request(event, in_path)
    if scope is not None:
        request.require(scope)
    key_of(event, is_needed=needs_key)
    if json_body(event):
        request.body_or_defaults(body)
    return request


_Answer = Callable[[Resource, Request], Answer]


class Routes(Generic[Resource]):
    """The routes of one resource, in the order in which they are written."""

    def __init__(self, part: str, *, is_by_invocation: bool = False) -> None:
        """`part` names the resource among the composition's parts; by invocation where it acts under a lease."""
        self.part = part
        self.is_by_invocation = is_by_invocation
        self._routes: list[Route[Resource]] = []

    def __iter__(self) -> Iterator[Route[Resource]]:
        return iter(self._routes)

    def get(self, path: str) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        return self._adding(path, "GET", Scope.READ)

    def post(
        self,
        path: str,
        *,
        body: type[BaseModel] = NoBody,
        needs_key: bool = False,
        once: Once = Once.IN_ITS_TRANSACTION,
    ) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        return self._adding(path, "POST", Scope.TRADE, body, needs_key=needs_key, once=once)

    def put(self, path: str, *, body: type[BaseModel] = NoBody) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        return self._adding(path, "PUT", Scope.TRADE, body)

    def patch(self, path: str, *, body: type[BaseModel] = NoBody) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        return self._adding(path, "PATCH", Scope.TRADE, body)

    def _adding(
        self,
        path: str,
        method: str,
        scope: Scope,
        body: type[BaseModel] = NoBody,
        *,
        needs_key: bool = False,
        once: Once = Once.IN_ITS_TRANSACTION,
    ) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        def add(answer: _Answer[Resource]) -> _Answer[Resource]:
            self._routes.append(
                Route(
                    method=method,
                    path=path,
                    scope=scope,
                    body=body,
                    needs_key=needs_key,
                    once=once,
                    answer=answer,
                )
            )
            return answer

        return add

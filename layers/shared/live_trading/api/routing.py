"""Routes as values: what a resource answers to which method and path, bound to HTTP by `serving`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from live_trading.api.fields import number_in_path, parsed, path_id, path_token_id
from live_trading.api.once import Answer, Caller
from live_trading.api.requests import caller_of, json_body, owner_of, required_body
from live_trading.api.scopes import Scope, require

_Model = TypeVar("_Model", bound=BaseModel)
Resource = TypeVar("Resource")


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
        """A row's number in the path."""
        return number_in_path(self._in_path[name], what)

    def token_id(self, name: str) -> str:
        """An outcome token in the path."""
        return path_token_id(self._in_path[name])

    def query(self, name: str) -> str | None:
        """A parameter behind the question mark, None where it is not given."""
        given: str | None = (self._event.get("queryStringParameters") or {}).get(name)
        return given

    @cached_property
    def _json(self) -> dict[str, Any]:
        return json_body(self._event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[Resource]):
    """One method and path, the scope that it needs, and the function that answers.

    Named parts of the path stand in angle brackets.
    """

    method: str
    path: str
    scope: Scope
    answer: Callable[[Resource, Request], Answer]


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

    def post(self, path: str) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        return self._adding(path, "POST", Scope.TRADE)

    def put(self, path: str) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        return self._adding(path, "PUT", Scope.TRADE)

    def patch(self, path: str) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        return self._adding(path, "PATCH", Scope.TRADE)

    def _adding(self, path: str, method: str, scope: Scope) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        def add(answer: _Answer[Resource]) -> _Answer[Resource]:
            self._routes.append(Route(method=method, path=path, scope=scope, answer=answer))
            return answer

        return add

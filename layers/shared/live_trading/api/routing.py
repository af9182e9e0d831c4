"""Routes as values: what a resource answers to which method and path, bound to HTTP by `serving`.

Every request goes through one gate (`admitted`): token, scope, Idempotency-Key, parameters, body. A route declares what
it needs of each, and one that declares none takes none.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypedDict, TypeVar, Unpack
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel

from live_trading.api.described import JSON, Described, Example
from live_trading.api.fields import number_in_path, parsed, path_address, path_id, path_token_id
from live_trading.api.once import Answer, Caller, TextAnswer
from live_trading.api.paging import Paging, paging_of
from live_trading.api.problems import ProblemCode
from live_trading.api.query import PageQuery, Query
from live_trading.api.requests import caller_of, expected_edits, json_body, key_of, owner_of, query_of, required_body
from live_trading.api.scopes import Scope, require

_Model = TypeVar("_Model", bound=BaseModel)
_Asked = TypeVar("_Asked", bound=Query)
Resource = TypeVar("Resource")


class Once(StrEnum):
    """Who sees to it that a request acts once under its key.

    IN_ITS_TRANSACTION: the resource, which keeps the answer together with what it wrote. CLAIMED: the gate, because the
    effects lie outside of one transaction.
    """

    IN_ITS_TRANSACTION = "IN_ITS_TRANSACTION"
    CLAIMED = "CLAIMED"


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

    def address(self, name: str) -> str:
        """A trader's or a wallet's address in the path, in lower case."""
        return path_address(self._in_path[name], name)

    def asked(self, model: type[_Asked]) -> _Asked:
        """The parameters behind the question mark."""
        return parsed(model, query_of(self._event))

    def paging(self, asked: PageQuery) -> Paging:
        """The page of this list that is asked for."""
        return paging_of(self._event["rawPath"], query_of(self._event), size=asked.limit, cursor=asked.cursor)

    @property
    def expected_edits(self) -> frozenset[str] | None:
        """What If-Match says the thing has to be before it is changed; None where it may be anything."""
        return expected_edits(self._event)

    @property
    def wants(self) -> str:
        """The first media type that Accept names; JSON where there is none."""
        headers = {name.lower(): value for name, value in (self._event.get("headers") or {}).items()}
        return str(headers.get("accept", JSON)).split(",")[0].split(";")[0].strip().lower()

    def page_as_text(self, text: str, media_type: str, next_cursor: str | None) -> TextAnswer:
        """A page of a list that is no JSON: its headers say how to ask for the next, where there is one."""
        if next_cursor is None:
            return TextAnswer(text=text, media_type=media_type)
        asked = urlencode({**query_of(self._event), "cursor": next_cursor})
        link = f'<{self._event["rawPath"]}?{asked}>; rel="next"'
        return TextAnswer(text=text, media_type=media_type, headers={"x-next-cursor": next_cursor, "link": link})

    @cached_property
    def _json(self) -> dict[str, Any]:
        return json_body(self._event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Described, Generic[Resource]):
    """A route with the function that answers, and who sees to it that it acts once."""

    answer: Callable[[Resource, Request], Answer | TextAnswer]
    once: Once = Once.IN_ITS_TRANSACTION


def admitted(event: Mapping[str, Any], in_path: Mapping[str, str], described: Described) -> Request:
    """The request, let in: with a token of that scope, a key where one is needed, parameters and a body that fit.

    Whether a body may be left out is the route's affair. Raises Problem with what is wrong first, before anything is
    looked up or done.
    """
    request = Request(event, in_path)
    if described.scope is not None:
        request.require(described.scope)
    key_of(event, is_needed=described.needs_key)
    request.asked(described.query)
    if json_body(event):
        request.body_or_defaults(described.body)
    return request


_Answer = Callable[[Resource, Request], Answer | TextAnswer]


class Declared(TypedDict, total=False):
    """What a route says of itself beside its method, its path and the docstring of its function; see `Described`.

    Without `scope` a GET needs READ and everything else TRADE.
    """

    scope: Scope
    body: type[BaseModel]
    query: type[Query]
    answers: Any
    statuses: tuple[int, ...]
    refuses: tuple[ProblemCode, ...]
    needs_key: bool
    has_edit_token: bool
    media: tuple[str, ...]
    example: Example
    once: Once


class Routes(Generic[Resource]):
    """The routes of one resource, in the order in which they are written; their docstrings are the document's."""

    def __init__(self, part: str, *, is_by_invocation: bool = False) -> None:
        """`part` names the resource among the composition's parts; by invocation where it acts under a lease."""
        self.part = part
        self.is_by_invocation = is_by_invocation
        self._routes: list[Route[Resource]] = []

    def __iter__(self) -> Iterator[Route[Resource]]:
        return iter(self._routes)

    def get(self, path: str, **declared: Unpack[Declared]) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        """A route that only looks."""
        return self._adding("GET", path, Scope.READ, declared)

    def post(self, path: str, **declared: Unpack[Declared]) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        """A route that creates or acts."""
        return self._adding("POST", path, Scope.TRADE, declared)

    def put(self, path: str, **declared: Unpack[Declared]) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        """A route that replaces."""
        return self._adding("PUT", path, Scope.TRADE, declared)

    def patch(self, path: str, **declared: Unpack[Declared]) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        """A route that changes what it names."""
        return self._adding("PATCH", path, Scope.TRADE, declared)

    def _adding(
        self, method: str, path: str, usual: Scope, declared: Declared
    ) -> Callable[[_Answer[Resource]], _Answer[Resource]]:
        def add(answer: _Answer[Resource]) -> _Answer[Resource]:
            summary, detail = _said_of(answer)
            given = Declared(scope=usual) | declared
            self._routes.append(Route(method=method, path=path, answer=answer, summary=summary, detail=detail, **given))
            return answer

        return add


def _said_of(answer: Callable[..., object]) -> tuple[str, str]:
    """The first line of the docstring, and what comes after it."""
    summary, _, detail = (inspect.getdoc(answer) or "").partition("\n")
    return summary.strip(), detail.strip()

"""What a route is to its caller, as a value: the gate lets requests in by it, and the document is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from live_trading.api.body import Body
from live_trading.api.problems import ProblemCode
from live_trading.api.query import NoQuery, Query
from live_trading.api.scopes import Scope

JSON = "application/json"
CSV = "text/csv"
HTML = "text/html"


class NoBody(Body):
    """What a route without a body takes: nothing, or an empty object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request that is answered with success once what its ids name is there; ids are those of `api/examples.py`."""

    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One method and path, what a request has to bring, and everything that may come back.

    Named parts of the path stand in angle brackets. An open route has no scope. `answers` is the TypedDict of the body
    of every success, whose status is one of `statuses`; `refuses` are the problems beyond those that the gate finds by
    itself. `needs_key` where a repetition without an Idempotency-Key would act a second time. With `has_edit_token` an
    update may say by If-Match what it changes. `media` are the types of the answer, the usual one first.
    """

    method: str
    path: str
    scope: Scope | None
    summary: str
    detail: str = ""
    body: type[BaseModel] = NoBody
    query: type[Query] = NoQuery
    answers: Any = None
    statuses: tuple[int, ...] = (200,)
    refuses: tuple[ProblemCode, ...] = ()
    needs_key: bool = False
    has_edit_token: bool = False
    media: tuple[str, ...] = (JSON,)
    example: Example = Example()

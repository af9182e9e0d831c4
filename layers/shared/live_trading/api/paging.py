"""Pages of lists: what a caller asks for, and the opaque cursor that the next page is asked for with.

A cursor belongs to one list under one set of filters. It names a row and no offset, so that rows that are added in
between move nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, TypeVar

from live_trading.api.problems import FieldProblem, Problem, invalid
from live_trading.nouns.pages import PageAsked, Place

_Row = TypeVar("_Row")
_ALLOWED = "the next_cursor of a page of this list, under the same filters"
_NOT_FILTERS = ("cursor", "limit")
_SEAL_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[_Row]):
    """The rows of one page, and what the next is asked for with; None where this is the last."""

    rows: Sequence[_Row]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """A page that is asked for, of the list that `seal` stands for."""

    asked: PageAsked
    seal: str

    def cut(self, found: Sequence[_Row], place: Callable[[_Row], Place]) -> Page[_Row]:
        """The page out of the rows that were read, which are one more than it holds where there is another."""
        rows = found[: self.asked.size]
        has_more = len(found) > self.asked.size
        return Page(rows=rows, next_cursor=self._cursor(place(rows[-1])) if has_more else None)

    def holding(self, size: int) -> Paging:
        """The same page with fewer rows: what is behind them comes with the next."""
        return replace(self, asked=replace(self.asked, size=size))

    def cut_of(self, found: Sequence[_Row], place: Callable[[_Row], Place], *, looked_to: Place | None) -> Page[_Row]:
        """The same of a list that looks at a bounded part of its rows for those that fit.

        Where that part held too few of them the next page goes on from `looked_to`, the last row that was looked at.
        """
        page = self.cut(found, place)
        if page.next_cursor is not None or looked_to is None:
            return page
        return Page(rows=page.rows, next_cursor=self._cursor(looked_to))

    def _cursor(self, place: Place) -> str:
        at = None if place.at is None else place.at.isoformat()
        text = json.dumps([self.seal, at, place.row], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def paging_of(path: str, query: Mapping[str, str], *, size: int, cursor: str | None) -> Paging:
    """The page that a request asks for. Raises Problem for a cursor of another list, or that is none."""
    seal = _seal(path, query)
    after = None if cursor is None else _place(cursor, seal)
    return Paging(asked=PageAsked(size=size, after=after), seal=seal)


def _seal(path: str, query: Mapping[str, str]) -> str:
    filters = {name: value for name, value in query.items() if name not in _NOT_FILTERS}
    return hashlib.sha256(json.dumps([path, filters], sort_keys=True).encode()).hexdigest()[:_SEAL_DIGITS]


def _place(cursor: str, seal: str) -> Place:
    try:
        sealed, at, row = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        moment = None if at is None else datetime.fromisoformat(at)
        place = Place(at=None if moment is None else moment.astimezone(UTC), row=row)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError):
        raise _refused() from None
    if sealed != seal or not isinstance(row, str) or (moment is not None and moment.tzinfo is None):
        raise _refused()
    return place


def _refused() -> Problem:
    return invalid(FieldProblem(field="cursor", reason="is no cursor of this list", allowed=_ALLOWED))

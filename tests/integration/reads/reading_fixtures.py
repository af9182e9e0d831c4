"""Reads of the API as somebody who turns pages asks them, as JSON and as tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from functions.strategy_api import app
from tests.integration.api_fixtures import Api, Reply, http_event, reply_of

READER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A page of a table: its rows by column, and what asks for the next one."""

    rows: list[dict[str, str]]
    next_cursor: str | None
    headers: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Asks as one owner."""

    owner: str = READER

    def get(self, path: str, *, owner: str | None = None, scopes: str = "read") -> Any:
        """The body of a success."""
        status, body = self.answer(path, owner=owner, scopes=scopes)
        assert status == 200, body
        return body

    def status(self, path: str, *, owner: str | None = None, scopes: str = "read") -> int:
        return self.answer(path, owner=owner, scopes=scopes)[0]

    def answer(self, path: str, *, owner: str | None = None, scopes: str = "read") -> tuple[int, Any]:
        """The status and the body, which is JSON."""
        sent = self._send(path, owner, scopes, "application/json")
        return sent.status, sent.body

    def pages(self, path: str, of: str, *, limit: int) -> Iterator[list[Any]]:
        """The rows of each page, up to the last one."""
        cursor = None
        while True:
            body = self.get(_with(path, limit=limit, cursor=cursor))
            yield body[of]
            cursor = body["next_cursor"]
            if cursor is None:
                return

    def table(self, path: str, *, owner: str | None = None) -> Table:
        """One page as CSV."""
        sent = self._send(path, owner, "read", "text/csv")
        assert sent.status == 200, sent.body
        assert sent.headers["content-type"].startswith("text/csv")
        return Table(
            rows=list(csv.DictReader(io.StringIO(sent.body, newline=""))),
            next_cursor=sent.headers.get("x-next-cursor"),
            headers=sent.headers,
            text=sent.body,
        )

    def tables(self, path: str, *, limit: int) -> Iterator[list[dict[str, str]]]:
        """The rows of each page of a table, by the links that lead from one to the next."""
        asked: str | None = _with(path, limit=limit)
        while asked is not None:
            page = self.table(asked)
            yield page.rows
            link = page.headers.get("link")
            assert (link is None) == (page.next_cursor is None)
            asked = None if link is None else link.removeprefix("<").removesuffix('>; rel="next"')

    def _send(self, path: str, owner: str | None, scopes: str, accept: str) -> Reply:
        event = http_event("GET", path, owner=owner or self.owner, scopes=scopes)
        event["headers"]["accept"] = accept
        answered = app.handler(event, SimpleNamespace(aws_request_id="test", function_name="strategy-api"))
        return reply_of(event, answered)


def _with(path: str, **asked: object) -> str:
    added = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
    return f"{path}{'&' if '?' in path else '?'}{added}"


@pytest.fixture
def reads(api: Api) -> Reads:
    """The reads of the owner whose strategies a risk desk makes."""
    return Reads()

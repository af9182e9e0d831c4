"""The exchange behind a door of its own: its answers may be altered on their way, or not come at all.

For what the simulator must not do: rows that cannot be read, rows that come twice, a catalogue that is away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from live_trading.wiring.composition import Parts
from local.machine.patience import HANG_SECONDS
from tests.e2e.live_fixtures import LiveDesk
from tests.settlement.parts.loopback_fixtures import QuietHandler, serving

_HOP = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "content-encoding"})


class AlteredVenue:
    """What happens on the way; a test changes it between runs.

    `alter` is by path what is done to an answer, `away` are paths that are not answered; `asked` are the questions that
    came, in their order, as path and query.
    """

    def __init__(self) -> None:
        self.alter: dict[str, Callable[[Any], Any]] = {}
        self.away: set[str] = set()
        self.asked: list[tuple[str, dict[str, str]]] = []

    def questions(self, path: str) -> list[dict[str, str]]:
        """The queries of one path, in their order; what was asked before is forgotten."""
        found = [query for asked, query in self.asked if asked == path]
        self.asked = []
        return found


@contextmanager
def behind_a_door(desk: LiveDesk) -> Iterator[tuple[LiveDesk, AlteredVenue]]:
    """The desk, its product talking to order book and catalogue through the door."""
    venue = AlteredVenue()
    with _serving(venue, desk.stack.clob_url) as clob_url, _serving(venue, desk.settings["GAMMA_URL"]) as gamma_url:
        parts = Parts({**desk.settings, "CLOB_URL": clob_url, "GAMMA_URL": gamma_url})
        try:
            yield replace(desk, parts=parts, database=parts.database), venue
        finally:
            parts.database.close()


@contextmanager
def _serving(venue: AlteredVenue, behind: str) -> Iterator[str]:
    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802
            self._pass_on()

        def do_POST(self) -> None:  # noqa: N802
            self._pass_on()

        def do_DELETE(self) -> None:  # noqa: N802
            self._pass_on()

        def _pass_on(self) -> None:
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            venue.asked.append((parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}))
            if parts.path in venue.away:
                self.answers(503, b'{"error": "away"}')
                return
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            answer = httpx.request(
                self.command, behind + self.path, content=content, headers=headers, timeout=HANG_SECONDS
            )
            body = answer.content
            if parts.path in venue.alter and answer.is_success:
                body = json.dumps(venue.alter[parts.path](answer.json())).encode()
            self.answers(answer.status_code, body)

    with serving(Handler) as url:
        yield url

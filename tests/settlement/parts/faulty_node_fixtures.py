"""A real HTTP hop before the node that a test can make fail at any request, before or after the node has seen it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from local.machine.patience import HANG_SECONDS
from tests.settlement.parts.fault_fixtures import Faults, Lost, Moment
from tests.settlement.parts.loopback_fixtures import QuietHandler, serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Exception):
    """The node answers with an error of its own."""

    code: int
    message: str


@dataclass(slots=True, kw_only=True)
class FaultyNode(Faults):
    """Passes requests on, and shows Lost and Refusal. `refuses_overrides` makes it one that knows no such thing."""

    node_url: str
    url: str = ""
    refuses_overrides: bool = False

    def look_at(self, asked: dict[str, Any]) -> None:
        if self.refuses_overrides and len(asked["params"]) > 2:
            raise Refusal(code=-32602, message="too many arguments, want at most 2")


@contextmanager
def faulty_node(node_url: str) -> Iterator[FaultyNode]:
    """A hop in front of a node, on a free loopback port."""
    node = FaultyNode(node_url=node_url)
    forward = httpx.Client(timeout=HANG_SECONDS)

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.body()
            asked = json.loads(body)
            # A batch asks one thing of many: it counts as one request.
            calls = asked if isinstance(asked, list) else [asked]
            method = calls[0]["method"]
            node.methods.append(method)
            number = len(node.methods)
            try:
                for call in calls:
                    node.look_at(call)
                node.tell(number, method, Moment.BEFORE)
                answer = forward.post(node_url, content=body, headers={"Content-Type": "application/json"}).content
                node.tell(number, method, Moment.AFTER)
            except Lost:
                self.close_connection = True
                return
            except Refusal as refusal:
                refused = [_refused(call, refusal) for call in calls]
                answer = json.dumps(refused if isinstance(asked, list) else refused[0]).encode()
            self.answers(200, answer)

    with serving(Handler) as node.url:
        yield node
    forward.close()


def _refused(asked: dict[str, Any], refusal: Refusal) -> dict[str, Any]:
    error = {"code": refusal.code, "message": refusal.message}
    return {"jsonrpc": "2.0", "id": asked["id"], "error": error}

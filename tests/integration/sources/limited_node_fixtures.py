"""A hop before the node that refuses questions for logs in the words of providers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from local.machine.patience import HANG_SECONDS
from tests.settlement.parts.loopback_fixtures import QuietHandler, serving

TOO_MANY_BLOCKS = (-32600, "eth_getLogs is limited to a 10 block range")
TOO_MANY_TOPICS = (-32602, "exceed max addresses or topics per search position")


@dataclass(slots=True, kw_only=True)
class LimitedNode:
    """`refused` counts refusals by a limit; what the node `says` it says to everything."""

    url: str = ""
    most_blocks: int | None = None
    most_topics: int | None = None
    says: tuple[int, str] | None = None
    methods: list[str] = field(default_factory=list)
    refused: int = 0

    def refusal(self, asked: dict[str, Any]) -> tuple[int, str] | None:
        """What the node refuses a question with, None where it answers."""
        if self.says is not None:
            return self.says
        if asked["method"] != "eth_getLogs":
            return None
        (where,) = asked["params"]
        blocks = int(where["toBlock"], 16) - int(where["fromBlock"], 16) + 1
        if self.most_blocks is not None and blocks > self.most_blocks:
            self.refused += 1
            return TOO_MANY_BLOCKS
        if self.most_topics is not None and len(where["topics"][2]) > self.most_topics:
            self.refused += 1
            return TOO_MANY_TOPICS
        return None


@contextmanager
def limited_node(node_url: str) -> Iterator[LimitedNode]:
    """The hop, on a free loopback port."""
    node = LimitedNode()
    forward = httpx.Client(timeout=HANG_SECONDS)

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802
            asked = json.loads(self.body())
            answers = [self._answer(each) for each in (asked if isinstance(asked, list) else [asked])]
            self.answers(200, json.dumps(answers if isinstance(asked, list) else answers[0]).encode())

        def _answer(self, asked: dict[str, Any]) -> Any:
            node.methods.append(asked["method"])
            refusal = node.refusal(asked)
            if refusal is None:
                return forward.post(node_url, json=asked).json()
            code, message = refusal
            return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": code, "message": message}}

    with serving(Handler) as node.url:
        yield node
    forward.close()

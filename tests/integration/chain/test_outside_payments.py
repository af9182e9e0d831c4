"""How far back a payment by somebody else is looked for: to the block that resolved the market, however long ago."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from live_trading.chain.abi import address_topic
from live_trading.chain.contracts import CONDITION_RESOLUTION, TRANSFER_SINGLE
from live_trading.chain.reading.reader import ChainReader
from local.chain import ADDRESSES
from tests.settlement.parts.loopback_fixtures import QuietHandler, serving

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

ACCOUNT, REDEEMER = "0x" + "a1" * 20, "0x" + "b2" * 20
CONDITION = "0x" + "c1" * 32
TOKEN = 7001
DAY = 43_200
HEAD = 40 * DAY


def paid_at(block: int) -> str:
    """The hash of the transaction that took the tokens in that block."""
    return f"0x{block:064x}"


class Node:
    """A node whose chain has one resolution, and the wallet's tokens leaving it in some blocks."""

    def __init__(self, *, resolved_at: int | None, left_at: tuple[int, ...]) -> None:
        self.resolved_at = resolved_at
        self.left_at = left_at
        self.requests = 0
        self.ranges: list[tuple[int, int]] = []

    def answer(self, asked: Any) -> Any:
        method, params = asked["method"], asked["params"]
        if method == "eth_blockNumber":
            return hex(HEAD)
        if method == "eth_getTransactionReceipt":
            return self._receipt(int(params[0], 16))
        assert method == "eth_getLogs"
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        assert last - first < 2_000
        if params[0]["topics"][0] == CONDITION_RESOLUTION:
            is_there = self.resolved_at is not None and first <= self.resolved_at <= last
            return [{"transactionHash": paid_at(0)}] if is_there and params[0]["topics"][1] == CONDITION else []
        self.ranges.append((first, last))
        return [_transfer(block) for block in self.left_at if first <= block <= last]

    def _receipt(self, block: int) -> Any:
        return {
            "transactionHash": paid_at(block),
            "blockNumber": hex(block),
            "status": "0x1",
            "gasUsed": "0x1",
            "effectiveGasPrice": "0x1",
            "logs": [_transfer(block)],
        }


def _transfer(block: int) -> dict[str, Any]:
    return {
        "address": ADDRESSES.conditional_tokens.lower(),
        "topics": [TRANSFER_SINGLE, address_topic(REDEEMER), address_topic(ACCOUNT), address_topic("0x" + "00" * 20)],
        "data": "0x" + f"{TOKEN:064x}" + f"{10_000_000:064x}",
        "transactionHash": paid_at(block),
    }


@contextmanager
def reading(node: Node) -> Iterator[ChainReader]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802
            asked = json.loads(self.body())
            node.requests += 1
            answers = [
                {"jsonrpc": "2.0", "id": each["id"], "result": node.answer(each)}
                for each in (asked if isinstance(asked, list) else [asked])
            ]
            self.answers(200, json.dumps(answers if isinstance(asked, list) else answers[0]).encode())

    with serving(Handler) as url:
        yield ChainReader(url, ADDRESSES)


def found(node: Node, condition_id: str | None) -> list[int]:
    with reading(node) as reader:
        receipts = reader.leaving_transactions(ACCOUNT, [str(TOKEN)], condition_id=condition_id)
        return [receipt.block_number for receipt in receipts]


def test_a_payment_of_a_month_ago_is_found() -> None:
    """Two days of blocks were looked through, and an older payment was never booked."""
    resolved_at = HEAD - 31 * DAY
    node = Node(resolved_at=resolved_at, left_at=(resolved_at + 100,))

    assert found(node, CONDITION) == [resolved_at + 100]
    assert node.requests < 100


def test_nothing_is_looked_for_before_the_resolution() -> None:
    resolved_at = HEAD - 3 * DAY
    node = Node(resolved_at=resolved_at, left_at=(HEAD - 10 * DAY,))

    assert found(node, CONDITION) == []
    oldest = min(first for first, _ in node.ranges)
    assert resolved_at - DAY < oldest <= resolved_at


def test_every_block_since_the_resolution_is_looked_through_once() -> None:
    node = Node(resolved_at=HEAD - 3 * DAY, left_at=())

    found(node, CONDITION)

    ranges = sorted(node.ranges, reverse=True)
    assert ranges == node.ranges
    assert [last for _, last in ranges[1:]] == [first - 1 for first, _ in ranges[:-1]]
    assert ranges[0][1] == HEAD


def test_a_young_payment_costs_few_questions() -> None:
    node = Node(resolved_at=HEAD - 10 * DAY, left_at=(HEAD - 5,))
    with reading(node) as reader:
        first = next(iter(reader.leaving_transactions(ACCOUNT, [str(TOKEN)], condition_id=CONDITION)))

    assert first.block_number == HEAD - 5
    assert node.requests <= 5


def test_pairs_that_were_merged_by_hand_have_no_resolution_to_stop_at() -> None:
    node = Node(resolved_at=None, left_at=(HEAD - 20 * DAY,))

    assert found(node, None) == [HEAD - 20 * DAY]

"""A node that answers one log, receipt or number wrongly: that one is not believed, and the others are read."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from live_trading.chain.abi import address_topic, hex_text
from live_trading.chain.contracts import TRANSFER_SINGLE
from live_trading.chain.errors import RpcAnswerLost
from live_trading.chain.reading.reader import ChainReader
from live_trading.nouns.errors import MalformedAnswer
from local.chain import ADDRESSES
from local.machine.patience import HANG_SECONDS

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

WALLET = "0x" + "1a" * 20
STRANGER = "0x" + "2b" * 20
GOOD, BAD = "0x" + "77" * 32, "0x" + "78" * 32
TOKEN = 12345

Answers = dict[str, Callable[[list[Any]], Any]]


@contextmanager
def node(answers: Answers) -> Iterator[str]:
    """A JSON-RPC node that answers what was written down."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            result = answers[asked["method"]](asked["params"])
            content = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=HANG_SECONDS)


def transfer(transaction_hash: str, *, sender: str, receiver: str, **changes: Any) -> dict[str, Any]:
    words = TOKEN.to_bytes(32, "big") + (1_000_000).to_bytes(32, "big")
    return {
        "address": ADDRESSES.conditional_tokens,
        "topics": [TRANSFER_SINGLE, address_topic(STRANGER), address_topic(sender), address_topic(receiver)],
        "data": hex_text(words),
        "transactionHash": transaction_hash,
    } | changes


def receipt(transaction_hash: str, **changes: Any) -> dict[str, Any]:
    return {
        "transactionHash": transaction_hash,
        "blockNumber": "0x64",
        "status": "0x1",
        "gasUsed": "0x1",
        "effectiveGasPrice": "0x1",
        "logs": [transfer(transaction_hash, sender=WALLET, receiver=STRANGER)],
    } | changes


BAD_LOGS: list[Any] = [
    None,
    "a log",
    {},
    transfer(BAD, sender=STRANGER, receiver=WALLET, data="0xzz"),
    transfer(BAD, sender=STRANGER, receiver=WALLET, data=None),
    transfer(BAD, sender=STRANGER, receiver=WALLET, data=hex_text(TOKEN.to_bytes(32, "big") + b"\xff" * 32)),
    transfer(BAD, sender=STRANGER, receiver=WALLET, topics=None),
]


@pytest.mark.parametrize("bad", BAD_LOGS)
def test_a_token_that_arrived_is_seen_beside_a_log_that_cannot_be_read(bad: Any) -> None:
    logs = [bad, transfer(GOOD, sender=STRANGER, receiver=WALLET)]
    with node({"eth_blockNumber": lambda _: "0x64", "eth_getLogs": lambda _: logs}) as url:
        found, looked_to = ChainReader(url, ADDRESSES).arrived_tokens(WALLET, 99)

    assert (list(found), looked_to) == ([str(TOKEN)], 100)


@pytest.mark.parametrize("changes", [{"logs": None}, {"logs": [None]}, {"logs": [{"address": 1}]}, {"status": None}])
def test_a_receipt_of_another_shape_is_a_malformed_answer_or_none_yet(changes: dict[str, Any]) -> None:
    answers: Answers = {
        "eth_blockNumber": lambda _: "0x64",
        "eth_getTransactionReceipt": lambda _: receipt(BAD, **changes),
    }
    with node(answers) as url, pytest.raises((MalformedAnswer, RpcAnswerLost)):
        ChainReader(url, ADDRESSES).receipt(BAD, WALLET)


def test_a_payment_is_found_beside_logs_and_a_receipt_that_cannot_be_read() -> None:
    logs = [transfer(GOOD, sender=WALLET, receiver=STRANGER), transfer(BAD, sender=WALLET, receiver=STRANGER), {}]
    receipts = {GOOD: receipt(GOOD), BAD: receipt(BAD, logs=[None])}
    answers: Answers = {
        "eth_blockNumber": lambda _: "0x64",
        "eth_getLogs": lambda _: logs,
        "eth_getTransactionReceipt": lambda asked: receipts[asked[0]],
    }
    with node(answers) as url:
        found = list(ChainReader(url, ADDRESSES).leaving_transactions(WALLET, [str(TOKEN)]))

    assert [each.transaction_hash for each in found] == [GOOD]


def test_a_balance_that_nobody_can_have_is_a_malformed_answer() -> None:
    with node({"eth_call": lambda _: "0x" + "ff" * 32}) as url, pytest.raises(MalformedAnswer):
        ChainReader(url, ADDRESSES).collateral_balance(WALLET)

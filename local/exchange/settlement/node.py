"""The relayer's own way to the chain: JSON-RPC, calls and their reverts, without the product's client."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx
from eth_abi.abi import decode

_ERROR_TEXT = "0x08c379a0"


class CallReverted(RuntimeError):
    """The contract refuses a call; `reason` is its text, or its revert data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Node:
    """One node, at whatever address it has at the moment."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ids = count(1)

    def call(self, method: str, *params: object) -> Any:
        """The `result` of one request. Raises CallReverted with the reason where the node reports a revert."""
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        answer = httpx.post(self._url, json=body, timeout=10).raise_for_status().json()
        error = answer.get("error")
        if error is not None:
            raise CallReverted(_reason(error))
        return answer["result"]

    def read(self, target: str, data: bytes, *, sender: str | None = None) -> bytes:
        """What a contract would answer to a call."""
        message = {"to": target, "data": "0x" + data.hex()} | ({"from": sender} if sender else {})
        return bytes.fromhex(self.call("eth_call", message, "latest")[2:])

    def read_number(self, target: str, data: bytes) -> int:
        """The answer as a number; 0 where no contract stands."""
        return int.from_bytes(self.read(target, data)[:32], "big")


def _reason(error: dict[str, Any]) -> str:
    data = error.get("data")
    if not isinstance(data, str) or data in ("", "0x"):
        return str(error.get("message", ""))
    if not data.startswith(_ERROR_TEXT):
        return data
    (text,) = decode(["string"], bytes.fromhex(data[len(_ERROR_TEXT) :]))
    return str(text)

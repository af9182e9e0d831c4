"""Many reads in few requests, through Multicall3 (`aggregate3`).

One `eth_call` reads hundreds of values at one block. A JSON-RPC batch would read each at its own moment, is
counted call by call by providers, and is refused by some of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_hash.auto import keccak

from live_trading.chain.abi import WORD, Call, hex_bytes, hex_text
from live_trading.chain.errors import ContractMissing, Reverted
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.errors import MalformedAnswer

# 500 calls are about 225 kB of request and far below the gas that nodes give an eth_call.
CALLS_PER_REQUEST = 500

_SELECTOR = keccak(b"aggregate3((address,bool,bytes)[])")[:4]


class Multicall:
    """Reads through the Multicall3 contract at `address`."""

    def __init__(self, rpc: JsonRpc, address: str) -> None:
        self._rpc = rpc
        self._address = address

    def read(self, calls: Sequence[Call]) -> list[bytes]:
        """Each call's answer, in order; one request for every 500.

        Raises ContractMissing where Multicall3 does not stand at its address, Reverted where a call fails.
        """
        answers: list[bytes] = []
        for call, (succeeded, answer) in zip(calls, self.try_read(calls), strict=True):
            if not succeeded:
                raise Reverted(f"read of {call.target} with {call.data[:10]}: {hex_text(answer)}")
            answers.append(answer)
        return answers

    def try_read(self, calls: Sequence[Call]) -> list[tuple[bool, bytes]]:
        """(success, return data) of each call, in order; one request for every 500. Raises ContractMissing."""
        results: list[tuple[bool, bytes]] = []
        for start in range(0, len(calls), CALLS_PER_REQUEST):
            results += self._read_some(calls[start : start + CALLS_PER_REQUEST])
        return results

    def _read_some(self, calls: Sequence[Call]) -> list[tuple[bool, bytes]]:
        request = Call(target=self._address, data=hex_text(encode_aggregate(calls)))
        raw = self._rpc.contract_read(request)
        if not raw:
            raise ContractMissing(f"no Multicall3 at {self._address}")
        results = decode_results(raw)
        if len(results) != len(calls):
            raise MalformedAnswer(f"asked {len(calls)} calls, got {len(results)} answers", raw=hex_text(raw[:256]))
        return results


def encode_aggregate(calls: Sequence[Call]) -> bytes:
    """Calldata of `aggregate3`, each call allowed to fail on its own."""
    bodies = [_encode_call(call) for call in calls]
    offsets: list[bytes] = []
    position = len(calls) * WORD
    for body in bodies:
        offsets.append(_word(position))
        position += len(body)
    return _SELECTOR + _word(WORD) + _word(len(calls)) + b"".join(offsets) + b"".join(bodies)


def decode_results(raw: bytes) -> list[tuple[bool, bytes]]:
    """(success, return data) of each call. Raises MalformedAnswer where offsets or lengths leave the answer."""
    try:
        start = _uint_at(raw, 0)
        total = _uint_at(raw, start)
        base = start + WORD
        return [_decode_result(raw, base + _uint_at(raw, base + index * WORD)) for index in range(total)]
    except IndexError as error:
        raise MalformedAnswer("a multicall answer that ends early", raw=hex_text(raw[:256])) from error


def _encode_call(call: Call) -> bytes:
    data = hex_bytes(call.data)
    padding = -len(data) % WORD
    target = hex_bytes(call.target, length=20).rjust(WORD, b"\0")
    return target + _word(1) + _word(3 * WORD) + _word(len(data)) + data + bytes(padding)


def _decode_result(raw: bytes, at: int) -> tuple[bool, bytes]:
    data_at = at + _uint_at(raw, at + WORD)
    length = _uint_at(raw, data_at)
    data = raw[data_at + WORD : data_at + WORD + length]
    if len(data) != length:
        raise IndexError(data_at)
    return _uint_at(raw, at) == 1, data


def _uint_at(raw: bytes, at: int) -> int:
    word = raw[at : at + WORD]
    if len(word) != WORD:
        raise IndexError(at)
    return int.from_bytes(word, "big")


def _word(value: int) -> bytes:
    return value.to_bytes(WORD, "big")

"""The little of the contract ABI that the product needs, without a library.

Covers static words (address, bytes32, bytes31, uint256, bool) and one-dimensional `uint256[]` arguments. Importing a
general ABI library costs a function that only reads payout vectors more than half of its cold start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eth_hash.auto import keccak

from live_trading.nouns.errors import MalformedAnswer

WORD = 32
MAX_UINT256 = (1 << 256) - 1

Argument = str | int | bool | Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a contract: `target` address and `data`, both lower-case hex with 0x."""

    target: str
    data: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a contract, such as `balanceOf(address,uint256)`."""

    signature: str
    selector: bytes = field(init=False)
    inputs: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        types = self.signature[self.signature.index("(") + 1 : -1]
        object.__setattr__(self, "selector", keccak(self.signature.encode())[:4])
        object.__setattr__(self, "inputs", tuple(types.split(",")) if types else ())

    def call(self, target: str, *arguments: Argument) -> Call:
        """The call with these arguments, in the order of the signature.

        Addresses and bytes32 are hex text. Raises ValueError for an argument that does not fit its type.
        """
        if len(arguments) != len(self.inputs):
            raise ValueError(f"{self.signature} takes {len(self.inputs)} arguments, got {len(arguments)}")
        head: list[bytes] = []
        tail = b""
        for kind, argument in zip(self.inputs, arguments, strict=True):
            if kind == "uint256[]":
                head.append(_uint(len(self.inputs) * WORD + len(tail)))
                tail += _uint_array(argument)
            else:
                head.append(_static(kind, argument))
        data = self.selector + b"".join(head) + tail
        return Call(target=hex_text(hex_bytes(target, length=20)), data=hex_text(data))


def hex_bytes(text: str, *, length: int | None = None) -> bytes:
    """The bytes of 0x-prefixed hex text; ValueError where it is none, or not `length` bytes long."""
    if not text.startswith("0x"):
        raise ValueError(f"not 0x-prefixed hex: {text[:80]!r}")
    raw = bytes.fromhex(text[2:])
    if length is not None and len(raw) != length:
        raise ValueError(f"expected {length} bytes, got {len(raw)}: {text[:80]!r}")
    return raw


def hex_text(raw: bytes) -> str:
    """Lower-case hex with 0x."""
    return "0x" + raw.hex()


def decode_uint(raw: bytes) -> int:
    """The single uint256 of an answer. Raises MalformedAnswer, also for the empty answer of a missing contract."""
    if len(raw) != WORD:
        raise MalformedAnswer(f"expected one word, got {len(raw)} bytes", raw=hex_text(raw))
    return int.from_bytes(raw, "big")


def decode_bool(raw: bytes) -> bool:
    """The single bool of an answer. Raises MalformedAnswer."""
    value = decode_uint(raw)
    if value not in (0, 1):
        raise MalformedAnswer(f"expected a bool, got {value}", raw=hex_text(raw))
    return value == 1


def event_topic(signature: str) -> str:
    """The first topic of an event's logs, from its signature without `indexed` and names."""
    return hex_text(keccak(signature.encode()))


def address_topic(address: str) -> str:
    """An address as an indexed topic."""
    return hex_text(hex_bytes(address, length=20).rjust(WORD, b"\0"))


def _static(kind: str, argument: Argument) -> bytes:
    if kind == "bool" and isinstance(argument, bool):
        return _uint(int(argument))
    if kind == "uint256" and isinstance(argument, int) and not isinstance(argument, bool):
        return _uint(argument)
    if kind == "address" and isinstance(argument, str):
        return hex_bytes(argument, length=20).rjust(WORD, b"\0")
    if kind == "bytes32" and isinstance(argument, str):
        return hex_bytes(argument, length=WORD)
    if kind == "bytes31" and isinstance(argument, str):
        return hex_bytes(argument, length=31).ljust(WORD, b"\0")
    raise ValueError(f"{argument!r} is no {kind}")


def _uint(value: int) -> bytes:
    if not 0 <= value <= MAX_UINT256:
        raise ValueError(f"outside uint256: {value}")
    return value.to_bytes(WORD, "big")


def _uint_array(argument: Argument) -> bytes:
    match argument:
        case str() | int():
            raise ValueError(f"{argument!r} is no uint256[]")
        case values:
            return _uint(len(values)) + b"".join(_uint(value) for value in values)

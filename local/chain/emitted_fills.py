"""Blocks at the venue's own time, with the fills of scripted traders as an exchange's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_hash.auto import keccak

from live_trading.chain.abi import hex_bytes, hex_text
from live_trading.chain.rpc import JsonRpc
from local.chain.deployment import FILL_EMITTER, OPERATOR
from local.chain.settlement import OrderSide

_FILLED = "(bytes32,address,address,uint8,uint256,uint256,uint256,uint256)"
_EMIT = keccak(f"emitFills({_FILLED}[])".encode())[:4]
_GAS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EmittedFill:
    """One order's fill in base units; `making` is what its account gives. Who was met is not told."""

    order_hash: str
    account: str
    side: OrderSide
    token_id: int
    making: int
    taking: int
    fee: int

    def values(self) -> tuple[object, ...]:
        """The fields of the contract's struct; the exchange itself stands for the other side, as in a taker's event."""
        parties = (self.account, FILL_EMITTER)
        amounts = (self.token_id, self.making, self.taking, self.fee)
        return (hex_bytes(self.order_hash, length=32), *parties, int(self.side), *amounts)


class VenueBlocks:
    """Makes the blocks of a chain whose time is the venue's."""

    def __init__(self, rpc_url: str) -> None:
        self._rpc = JsonRpc(rpc_url)

    def start(self, seconds: int) -> None:
        """Sets the chain's time, also back, to seconds since the epoch, and makes a block there."""
        self._rpc.call("evm_setTime", seconds)
        self._rpc.call("evm_mine", seconds)

    def block(self, seconds: int, groups: Sequence[Sequence[EmittedFill]]) -> list[str]:
        """One block at this time with a transaction for each group, whose hashes are returned.

        What others have sent meanwhile may have made the node's own clock go on: it is set back.
        """
        self._rpc.call("evm_setTime", seconds)
        if not groups:
            self._rpc.call("evm_mine", seconds)
            return []
        self._rpc.call("evm_setAutomine", False)  # noqa: FBT003 (the node's own parameter)
        try:
            hashes = [str(self._rpc.call("eth_sendTransaction", _message(group))) for group in groups]
            self._rpc.call("evm_mine", seconds)
        finally:
            self._rpc.call("evm_setAutomine", True)  # noqa: FBT003
        return hashes


def _message(fills: Sequence[EmittedFill]) -> dict[str, str]:
    data = _EMIT + encode([f"{_FILLED}[]"], [[fill.values() for fill in fills]])
    return {"from": OPERATOR, "to": FILL_EMITTER, "data": hex_text(data), "gas": hex(_GAS)}

"""Fills as the exchange stand-ins settle them, and how they fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak

from live_trading.chain.abi import Call, event_topic, hex_bytes, hex_text
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side

ORDER_FILLED = event_topic("OrderFilled(bytes32,address,address,uint8,uint256,uint256,uint256,uint256,bytes32,bytes32)")
_SETTLE = keccak(b"settle((bytes32,address,uint8,uint256,bytes32,uint256,uint256,uint256)[])")[:4]
_SIDES = {Side.BUY: 0, Side.SELL: 1}
_WORD = 32

_ERRORS = ("InsufficientBalance()", "InsufficientAllowance()", "SettlementBroken()", "TokenNotOfCondition()")
_ERROR_NAMES = {hex_text(keccak(text.encode())[:4]): text.removesuffix("()") for text in _ERRORS}
BROKEN = "SettlementBroken"


class SettlementReverted(RuntimeError):
    """The settlement is on the chain and failed: nothing of it moved.

    `reason` is the contracts' own, `transaction_hash` that of the reverted transaction.
    """

    def __init__(self, reason: str, transaction_hash: str) -> None:
        super().__init__(f"settlement {transaction_hash} reverted: {reason}")
        self.reason = reason
        self.transaction_hash = transaction_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class FillToSettle:
    """One order's part of a trade. A BUY pays `usd` and `fee` on top; of a SELL `fee` is taken out of `usd`."""

    order_hash: str
    account: str
    side: Side
    token_id: str
    condition_id: str
    usd: Usd
    shares: Shares
    fee: Usd

    def words(self) -> bytes:
        """The fill as the contract's struct."""
        return b"".join(
            (
                hex_bytes(self.order_hash, length=_WORD),
                hex_bytes(self.account, length=20).rjust(_WORD, b"\0"),
                _word(_SIDES[self.side]),
                _word(int(self.token_id)),
                hex_bytes(self.condition_id, length=_WORD),
                _word(self.usd.base_units),
                _word(self.shares.base_units),
                _word(self.fee.base_units),
            )
        )


def settle_call(exchange: str, fills: Sequence[FillToSettle]) -> Call:
    """The operator's call that settles all of these fills or none."""
    data = _SETTLE + _word(_WORD) + _word(len(fills)) + b"".join(fill.words() for fill in fills)
    return Call(target=exchange, data=hex_text(data))


def reason_text(reason: str) -> str:
    """The name of one of our own errors, any other revert reason unchanged."""
    return _ERROR_NAMES.get(reason, reason)


def _word(value: int) -> bytes:
    return value.to_bytes(_WORD, "big")

"""One match as the exchange contracts settle it, and how it fails.

Amounts are integers of base units throughout: what is stated here is what moves, to the unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from eth_hash.auto import keccak

from live_trading.chain.abi import Call, event_topic, hex_bytes, hex_text
from local.chain.deployment import HOUSE

ORDER_FILLED = event_topic("OrderFilled(bytes32,address,address,uint8,uint256,uint256,uint256,uint256,bytes32,bytes32)")
_ORDER = "(uint256,address,address,uint256,uint256,uint256,uint8,uint8,uint256,bytes32,bytes32,bytes)"
_FILL = "(uint256,uint256,uint256)"
_MATCH_TYPES = ["bytes32", _ORDER, f"{_ORDER}[]", _FILL, f"{_FILL}[]"]
_MATCH_ORDERS = keccak(f"matchOrders({','.join(_MATCH_TYPES)})".encode())[:4]
_WORD = 32
_NO_WORD = "0x" + "00" * _WORD

_ERRORS = (
    "AlreadyResolved",
    "AmountsDoNotBalance",
    "FeeExceedsMaxRate",
    "FillsMismatch",
    "InsufficientAllowance",
    "InsufficientBalance",
    "InvalidSignature",
    "MakingGtRemaining",
    "NoSuchCondition",
    "NotAdmin",
    "NotApproved",
    "NotOperator",
    "NotOracle",
    "NotReceived",
    "NotRelayer",
    "NotResolved",
    "NotRouter",
    "OnlyUnpaused",
    "OrderAlreadyFilled",
    "OrdersDoNotCross",
    "PriceWorseThanSigned",
    "SettlementBroken",
    "TokenNotOfCondition",
    "ZeroAmount",
)
_ERROR_NAMES = {hex_text(keccak(f"{name}()".encode())[:4]): name for name in _ERRORS}
BROKEN = "SettlementBroken"


class SettlementReverted(RuntimeError):
    """The settlement is on the chain and failed: nothing of it moved.

    `reason` is the contracts' own, `transaction_hash` that of the reverted transaction.
    """

    def __init__(self, reason: str, transaction_hash: str) -> None:
        super().__init__(f"settlement {transaction_hash} reverted: {reason}")
        self.reason = reason
        self.transaction_hash = transaction_hash


class OrderSide(IntEnum):
    """A side as an order's signed field has it."""

    BUY = 0
    SELL = 1


class CountedInBaseUnits(Protocol):
    """An amount of money or shares that knows its integer."""

    @property
    def base_units(self) -> int: ...


class NamedSide(Protocol):
    """A side that says BUY or SELL."""

    @property
    def value(self) -> str: ...


Amount = int | CountedInBaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOrder:
    """An order with its maker's signature, as it came in. Addresses and 32-byte words are 0x-hex."""

    salt: int
    maker: str
    signer: str
    token_id: int
    maker_amount: int
    taker_amount: int
    side: OrderSide
    signature_type: int
    timestamp: int
    metadata: str = _NO_WORD
    builder: str = _NO_WORD
    signature: bytes = b""

    def values(self) -> tuple[object, ...]:
        """The fields of the contract's struct."""
        return (
            self.salt,
            self.maker,
            self.signer,
            self.token_id,
            self.maker_amount,
            self.taker_amount,
            int(self.side),
            self.signature_type,
            self.timestamp,
            hex_bytes(self.metadata, length=_WORD),
            hex_bytes(self.builder, length=_WORD),
            self.signature,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FillToSettle:
    """One order's part of a trade. A BUY pays `usd` and `fee` on top; of a SELL `fee` is taken out of `usd`.

    `order` is what its maker signed; the exchange refuses the fill where the order does not allow it. `condition_id`
    may have the 31 bytes of protocol v2. The trade's taker is the fill that is no maker's, recorded depth where all
    are.
    """

    order_hash: str
    account: str
    side: NamedSide
    token_id: str
    condition_id: str
    usd: Amount
    shares: Amount
    fee: Amount
    order: SignedOrder | None = None
    is_maker: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    order: SignedOrder
    making: int
    taking: int
    fee: int = 0


def match_call(exchange: str, fills: Sequence[FillToSettle]) -> Call:
    """The operator's call that settles all of these fills or none; what they lack, recorded depth gives or takes.

    Raises ValueError where a fill has no signed order, two fills are the taker's, or recorded depth, as the taker,
    would meet two makers.
    """
    from eth_abi.abi import encode

    takers = [_matched(fill) for fill in fills if not fill.is_maker]
    makers = [_matched(fill) for fill in fills if fill.is_maker]
    if len(takers) > 1:
        raise ValueError("a trade has one taker")
    if takers:
        taker = takers[0]
        makers += _depth_against(taker, makers)
    else:
        (resting,) = makers
        (taker,) = _depth_against(resting, ())
    data = _MATCH_ORDERS + encode(
        _MATCH_TYPES,
        [
            hex_bytes(fills[0].condition_id).ljust(_WORD, b"\0"),
            taker.order.values(),
            [maker.order.values() for maker in makers],
            (taker.making, taker.taking, taker.fee),
            [(maker.making, maker.taking, maker.fee) for maker in makers],
        ],
    )
    return Call(target=exchange, data=hex_text(data))


def reason_text(reason: str) -> str:
    """The name of one of our own errors, any other revert reason unchanged."""
    return _ERROR_NAMES.get(reason, reason)


def base_units(amount: Amount) -> int:
    """The integer of an amount."""
    return amount if isinstance(amount, int) else amount.base_units


def _matched(fill: FillToSettle) -> _Matched:
    if fill.order is None:
        raise ValueError(f"nobody signed the order {fill.order_hash}")
    usd, shares = base_units(fill.usd), base_units(fill.shares)
    making, taking = (usd, shares) if OrderSide[fill.side.value] is OrderSide.BUY else (shares, usd)
    return _Matched(order=fill.order, making=making, taking=taking, fee=base_units(fill.fee))


def _depth_against(order: _Matched, others: Sequence[_Matched]) -> list[_Matched]:
    """Recorded depth as the other side of what is left of `order` when `others` are matched with it."""
    shares, usd = _shares_and_usd(order)
    for other in others:
        other_shares, other_usd = _shares_and_usd(other)
        is_same_token = other.order.token_id == order.order.token_id
        shares -= other_shares
        usd -= other_usd if is_same_token else other_shares - other_usd
    if shares <= 0:
        return []
    side = OrderSide(1 - order.order.side)
    making, taking = (usd, shares) if side is OrderSide.BUY else (shares, usd)
    depth = SignedOrder(
        salt=order.order.salt,
        maker=HOUSE,
        signer=HOUSE,
        token_id=order.order.token_id,
        maker_amount=making,
        taker_amount=taking,
        side=side,
        signature_type=0,
        timestamp=0,
    )
    return [_Matched(order=depth, making=making, taking=taking)]


def _shares_and_usd(matched: _Matched) -> tuple[int, int]:
    if matched.order.side is OrderSide.BUY:
        return matched.taking, matched.making
    return matched.making, matched.taking

"""A signed order as it is stored, and the same order again when it is posted or recognised in an answer.

The stored form is the venue's order object plus its order type, as JSON-ready text: whatever order its keys come back
in, the official client builds the same bytes from it, so posting twice is posting the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import OrderType, SignedOrder
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType
from live_trading.polymarket.signing.order_hash import OrderFields
from live_trading.polymarket.signing.signing_policy import LARGEST_SALT
from live_trading.polymarket.wire.field_types import WireModel, read

if TYPE_CHECKING:
    from polymarket.models.clob.orders import SignedOrder as ClientOrder

_Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,78}$")]
_WireAddress = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]
_Word = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{64}$")]
_Signature = Annotated[str, StringConstraints(pattern=r"^0x([0-9a-f]{2})+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOrder:
    """What we know of our own order, to recognise it in the venue's numbers."""

    side: Side
    order_type: OrderType
    usd: Usd
    shares: Shares

    @property
    def is_dollar_sized(self) -> bool:
        """Whether the venue sizes it in dollars; every other order has a number of shares."""
        return self.side is Side.BUY and self.order_type in (OrderType.FAK, OrderType.FOK)


class _Payload(WireModel):
    """The stored order, exact in every field."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)

    salt: Annotated[int, Field(ge=0, lt=LARGEST_SALT)]
    maker: _WireAddress
    signer: _WireAddress
    token_id: _Digits
    maker_amount: _Digits
    taker_amount: _Digits
    side: Literal["BUY", "SELL"]
    expiration: _Digits
    signature_type: Annotated[int, Field(ge=0, le=3)]
    timestamp: _Digits
    metadata: _Word
    builder: _Word
    signature: _Signature
    order_type: Literal["FAK", "FOK", "GTC", "GTD"]
    post_only: bool


def payload_of(
    order: OrderFields, signature: str, order_type: OrderType, expiration: datetime | None
) -> dict[str, str | int | bool]:
    """The stored form. Addresses get their checksum here, because the venue's clients post them so."""
    from eth_utils.address import to_checksum_address

    return {
        "salt": order.salt,
        "maker": to_checksum_address(order.maker),
        "signer": to_checksum_address(order.signer),
        "tokenId": str(order.token_id),
        "makerAmount": str(order.maker_amount),
        "takerAmount": str(order.taker_amount),
        "side": str(order.side),
        "expiration": "0" if expiration is None else str(int(expiration.timestamp())),
        "signatureType": int(order.signature_type),
        "timestamp": str(order.timestamp),
        "metadata": order.metadata,
        "builder": order.builder,
        "signature": signature,
        "orderType": str(order_type),
        "postOnly": False,
    }


def fields_of(signed: SignedOrder) -> OrderFields:
    """The signed part of a stored order. Raises MalformedAnswer where it is not one."""
    payload = _payload(signed)
    return OrderFields(
        salt=payload.salt,
        maker=payload.maker,
        signer=payload.signer,
        token_id=int(payload.token_id),
        maker_amount=int(payload.maker_amount),
        taker_amount=int(payload.taker_amount),
        side=Side(payload.side),
        signature_type=SignatureType(payload.signature_type),
        timestamp=int(payload.timestamp),
        metadata=payload.metadata,
        builder=payload.builder,
    )


def own_order(signed: SignedOrder) -> OwnOrder:
    """What a stored order offers and asks for. Raises MalformedAnswer where it is not one."""
    payload = _payload(signed)
    gives, gets = int(payload.maker_amount), int(payload.taker_amount)
    usd, shares = (gives, gets) if payload.side == "BUY" else (gets, gives)
    return OwnOrder(
        side=Side(payload.side),
        order_type=OrderType(payload.order_type),
        usd=Usd.of_base_units(usd),
        shares=Shares.of_base_units(shares),
    )


def client_order(signed: SignedOrder) -> ClientOrder:
    """The official client's order, equal for every copy of the same stored order. Raises MalformedAnswer."""
    from polymarket.models.clob.orders import SignedOrder as ClientOrder
    from polymarket.models.types import ClobAssetId
    from polymarket.types import EvmAddress, HexString

    payload = _payload(signed)
    return ClientOrder(
        builder=HexString(payload.builder),
        expiration=int(payload.expiration),
        maker=EvmAddress(payload.maker),
        maker_amount=int(payload.maker_amount),
        metadata=HexString(payload.metadata),
        order_type=payload.order_type,
        salt=payload.salt,
        side=payload.side,
        signature=HexString(payload.signature),
        signature_type=payload.signature_type,
        signer=EvmAddress(payload.signer),
        taker_amount=int(payload.taker_amount),
        timestamp=int(payload.timestamp),
        token_id=cast("ClobAssetId", payload.token_id),
        post_only=payload.post_only,
    )


def _payload(signed: SignedOrder) -> _Payload:
    return read(_Payload, signed.payload, f"the stored order {signed.order_hash}")

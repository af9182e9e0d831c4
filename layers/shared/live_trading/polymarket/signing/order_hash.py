"""The order as EIP-712 typed data, and its hash, which is the venue's order id.

The hash is that of the plain order for every signature type, also where a deposit wallet signs a wrapper around it
(type 3). Computed here and not asked of the client, because it must be known before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from live_trading.nouns.errors import GiveUp
from live_trading.nouns.markets import ProtocolVersion, is_position_id
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import SignatureType
from live_trading.polymarket.endpoints import VenueEndpoints

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

EXCHANGE_NAME = "Polymarket CTF Exchange"
ZERO_WORD = "0x" + "00" * 32
ORDER_FIELDS = (
    ("salt", "uint256"),
    ("maker", "address"),
    ("signer", "address"),
    ("tokenId", "uint256"),
    ("makerAmount", "uint256"),
    ("takerAmount", "uint256"),
    ("side", "uint8"),
    ("signatureType", "uint8"),
    ("timestamp", "uint256"),
    ("metadata", "bytes32"),
    ("builder", "bytes32"),
)
ORDER_TYPE = f"Order({','.join(f'{kind} {name}' for name, kind in ORDER_FIELDS)})"
_DOMAIN_FIELDS = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)


class WireSide(IntEnum):
    """The side as the contract counts it."""

    BUY = 0
    SELL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeDomain:
    """Which exchange contract on which chain an order is signed for; `version` is its EIP-712 version."""

    chain_id: int
    version: str
    contract: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFields:
    """The signed part of an order. Amounts are base units, `timestamp` is in milliseconds, addresses are hex."""

    salt: int
    maker: str
    signer: str
    token_id: int
    maker_amount: int
    taker_amount: int
    side: Side
    signature_type: SignatureType
    timestamp: int
    metadata: str = ZERO_WORD
    builder: str = ZERO_WORD


class NoExchange(GiveUp):
    """No exchange is known to trade this token; nothing can be signed for it."""


def exchange_domain(
    endpoints: VenueEndpoints, token_id: str, *, version: ProtocolVersion, neg_risk: bool
) -> ExchangeDomain:
    """The exchange that trades a market's token, by the market's version: v2 has one, neg risk or not.

    Raises NoExchange for an unknown version, for a token of v2 that no PositionManager can keep (the venue's own client
    goes by the id alone, and balances are looked up by it), and where v2 could be entered but not redeemed.
    """
    if version is ProtocolVersion.UNKNOWN or (version is ProtocolVersion.V2 and not is_position_id(token_id)):
        raise NoExchange(f"token {token_id} in a market of version {version}")
    if version is ProtocolVersion.V2 and not endpoints.trades_v2:
        raise NoExchange("the contracts that keep and redeem tokens of protocol v2 are not configured")
    if version is ProtocolVersion.V2:
        return ExchangeDomain(chain_id=endpoints.chain_id, version="3", contract=endpoints.exchange_v3)
    contract = endpoints.neg_risk_exchange if neg_risk else endpoints.standard_exchange
    return ExchangeDomain(chain_id=endpoints.chain_id, version="2", contract=contract)


def order_hash(order: OrderFields, domain: ExchangeDomain) -> str:
    """The order's id at the venue, lower-case hex."""
    return hash_of(plain_order(order, domain))


def hash_of(message: SignableMessage) -> str:
    """The id of an order that is encoded already (`plain_order`)."""
    from eth_utils.crypto import keccak

    return "0x" + keccak(b"\x19" + message.version + message.header + message.body).hex()


def plain_order(order: OrderFields, domain: ExchangeDomain) -> SignableMessage:
    """The order for signature types 0 to 2: `header` is the exchange's domain separator, `body` the struct hash."""
    from eth_account.messages import encode_typed_data

    return encode_typed_data(
        full_message={
            "types": {"EIP712Domain": typed(_DOMAIN_FIELDS), "Order": typed(ORDER_FIELDS)},
            "primaryType": "Order",
            "domain": domain_message(domain),
            "message": order_message(order),
        }
    )


def typed(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Fields in the form that typed data wants them."""
    return [{"name": name, "type": kind} for name, kind in fields]


def domain_types() -> list[dict[str, str]]:
    return typed(_DOMAIN_FIELDS)


def domain_message(domain: ExchangeDomain) -> dict[str, Any]:
    return {
        "name": EXCHANGE_NAME,
        "version": domain.version,
        "chainId": domain.chain_id,
        "verifyingContract": domain.contract,
    }


def order_message(order: OrderFields) -> Mapping[str, Any]:
    return {
        "salt": order.salt,
        "maker": order.maker,
        "signer": order.signer,
        "tokenId": order.token_id,
        "makerAmount": order.maker_amount,
        "takerAmount": order.taker_amount,
        "side": int(WireSide[order.side]),
        "signatureType": int(order.signature_type),
        "timestamp": order.timestamp,
        "metadata": order.metadata,
        "builder": order.builder,
    }

"""EIP-712 hashes and signatures as the venue checks them: orders, deposit wallets and the L1 login.

Everything is encoded here from the type strings, independently of the clients that sign.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from local.chain.deployment import CHAIN_ID
from local.exchange.identity.contracts import SigningDomain

ORDER_TYPE = (
    "Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,"
    "uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"
)
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_AUTH_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId)"
_AUTH_TYPE = "ClobAuth(address address,string timestamp,uint256 nonce,string message)"
_AUTH_MESSAGE = "This message attests that I control the given wallet"
_WRAPPED_TYPE = (
    "TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,"
    "bytes32 salt)" + ORDER_TYPE
)
_SIGNATURE_LENGTH = 65


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFields:
    """The signed part of an order. Addresses and 32-byte words are 0x-hex; `side` is 0 to buy, 1 to sell."""

    salt: int
    maker: str
    signer: str
    token_id: int
    maker_amount: int
    taker_amount: int
    side: int
    signature_type: int
    timestamp: int
    metadata: str
    builder: str


def order_hash(fields: OrderFields, domain: SigningDomain) -> str:
    """The EIP-712 hash that is the order's id, whatever its signature type (lower-case hex)."""
    return "0x" + _digest(_exchange_separator(domain), _order_struct(fields)).hex()


def order_signer(fields: OrderFields, domain: SigningDomain, signature: bytes) -> str | None:
    """Who signed a plain order (types 0, 1, 2), lower case; None for an unusable signature."""
    return _recover(_digest(_exchange_separator(domain), _order_struct(fields)), signature)


def deposit_wallet_signer(fields: OrderFields, domain: SigningDomain, signature: bytes) -> str | None:
    """Who signed for the deposit wallet that is the order's signer (type 3, ERC-7739), lower case.

    None where the signature is unusable or its trailer names another exchange, other contents or another
    type than the order's own.
    """
    separator, contents = _exchange_separator(domain), _order_struct(fields)
    content_type = ORDER_TYPE.encode()
    trailer = separator + contents + content_type + len(content_type).to_bytes(2, "big")
    inner, given_trailer = signature[:_SIGNATURE_LENGTH], signature[_SIGNATURE_LENGTH:]
    if given_trailer != trailer:
        return None
    wrapped = keccak(
        keccak(_WRAPPED_TYPE.encode())
        + contents
        + keccak(b"DepositWallet")
        + keccak(b"1")
        + _word(CHAIN_ID)
        + _address(fields.signer)
        + bytes(32)
    )
    return _recover(_digest(separator, wrapped), inner)


def login_signer(address: str, timestamp: str, nonce: int, signature: bytes) -> str | None:
    """Who signed an L1 login (ClobAuth) for `address`, lower case; None for an unusable signature."""
    separator = keccak(keccak(_AUTH_DOMAIN_TYPE.encode()) + keccak(b"ClobAuthDomain") + keccak(b"1") + _word(CHAIN_ID))
    message = keccak(
        keccak(_AUTH_TYPE.encode())
        + _address(address)
        + keccak(timestamp.encode())
        + _word(nonce)
        + keccak(_AUTH_MESSAGE.encode())
    )
    return _recover(_digest(separator, message), signature)


def _order_struct(fields: OrderFields) -> bytes:
    return keccak(
        keccak(ORDER_TYPE.encode())
        + _word(fields.salt)
        + _address(fields.maker)
        + _address(fields.signer)
        + _word(fields.token_id)
        + _word(fields.maker_amount)
        + _word(fields.taker_amount)
        + _word(fields.side)
        + _word(fields.signature_type)
        + _word(fields.timestamp)
        + bytes.fromhex(fields.metadata[2:])
        + bytes.fromhex(fields.builder[2:])
    )


def _exchange_separator(domain: SigningDomain) -> bytes:
    return keccak(
        keccak(_DOMAIN_TYPE.encode())
        + keccak(b"Polymarket CTF Exchange")
        + keccak(domain.version.encode())
        + _word(CHAIN_ID)
        + _address(domain.exchange)
    )


def _digest(separator: bytes, struct: bytes) -> bytes:
    return keccak(b"\x19\x01" + separator + struct)


def _recover(digest: bytes, signature: bytes) -> str | None:
    if len(signature) != _SIGNATURE_LENGTH:
        return None
    recovery = signature[64]
    vrs = signature[:64] + bytes([recovery - 27 if recovery in (27, 28) else recovery])
    try:
        public_key = Signature(vrs).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return None
    return str(public_key.to_address())


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _address(value: str) -> bytes:
    return bytes(12) + bytes.fromhex(value[2:])

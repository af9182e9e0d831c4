"""Signing behind one interface, and the key that must never be seen.

Not responsible for whether a thing may be signed, nor for where the key is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from live_trading.chain.abi import hex_bytes, hex_text
from live_trading.chain.errors import UnusableKey

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFields:
    """An EIP-1559 transaction before its signature; fees are wei per gas."""

    chain_id: int
    nonce: int
    target: str
    data: str
    gas: int
    max_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """The bytes to broadcast and the hash that they will be known by, both lower-case hex."""

    signed: str
    transaction_hash: str


class Signer(Protocol):
    """Whatever holds a key: a local key, a KMS key, a session key."""

    @property
    def address(self) -> str:
        """The signing address, lower case."""
        ...

    def sign_transaction(self, fields: TransactionFields) -> SignedTransaction:
        """The signed bytes of a transaction from `address`; nothing is sent."""
        ...

    def sign_typed_data(self, domain: Mapping[str, Any], types: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        """The 65-byte EIP-712 signature in hex; `types` leaves the domain's own type out."""
        ...

    def sign_message(self, message: bytes) -> str:
        """The 65-byte signature of a personal message (EIP-191) in hex."""
        ...


class LocalKeySigner:
    """A key in memory. It is in no repr, message, pickle or copy of this object."""

    __slots__ = ("_account",)

    def __init__(self, private_key: str) -> None:
        """`private_key` is 32 bytes of hex. Raises UnusableKey, without the text, where it is anything else."""
        self._account = _account_of(private_key)

    @property
    def address(self) -> str:
        """The address of the key, lower case."""
        return str(self._account.address).lower()

    def sign_transaction(self, fields: TransactionFields) -> SignedTransaction:
        """The signed bytes of an EIP-1559 transaction of value 0."""
        from eth_utils.address import to_checksum_address

        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": fields.chain_id,
                "nonce": fields.nonce,
                "to": to_checksum_address(fields.target),
                "value": 0,
                "data": hex_bytes(fields.data),
                "gas": fields.gas,
                "maxFeePerGas": fields.max_fee,
                "maxPriorityFeePerGas": fields.priority_fee,
                "accessList": [],
            }
        )
        return SignedTransaction(
            signed=hex_text(bytes(signed.raw_transaction)), transaction_hash=hex_text(bytes(signed.hash))
        )

    def sign_typed_data(self, domain: Mapping[str, Any], types: Mapping[str, Any], message: Mapping[str, Any]) -> str:
        """The 65-byte EIP-712 signature in hex."""
        signed = self._account.sign_typed_data(dict(domain), dict(types), dict(message))
        return hex_text(bytes(signed.signature))

    def sign_message(self, message: bytes) -> str:
        """The 65-byte signature of a personal message in hex."""
        from eth_account.messages import encode_defunct

        return hex_text(bytes(self._account.sign_message(encode_defunct(primitive=message)).signature))

    def __repr__(self) -> str:
        return f"LocalKeySigner({self.address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is neither pickled nor copied")


def _account_of(private_key: str) -> LocalAccount:
    from eth_account import Account
    from eth_utils.exceptions import ValidationError

    account: LocalAccount | None = None
    # The library pads a key with a digit missing, which is the key of somebody else.
    if _KEY.fullmatch(private_key):
        try:
            account = Account.from_key(private_key)
        except (ValueError, ValidationError):
            # The library's message may quote the key, so neither it nor its traceback goes on.
            account = None
    if account is None:
        raise UnusableKey("the private key is not 32 bytes of hex")
    return account

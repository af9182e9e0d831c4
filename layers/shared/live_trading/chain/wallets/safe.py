"""A Gnosis Safe 1.3.0: its owner's typed-data signature, its `execTransaction`, and several calls in one MultiSend.

The Safe reverts when its inner call does, so a transaction of status 1 did all that was signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_hash.auto import keccak

from live_trading.chain.abi import WORD, Call, Function, hex_bytes, hex_text
from live_trading.chain.errors import ContractMissing
from live_trading.chain.wallets.signer import Signer

NOBODY = "0x" + "00" * 20
SAFE_NONCE = Function("nonce()")

_EXEC = keccak(b"execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)")[:4]
_MULTI_SEND = keccak(b"multiSend(bytes)")[:4]
_CALL = 0
_DELEGATE_CALL = 1
_FIELDS = (
    ("to", "address"),
    ("value", "uint256"),
    ("data", "bytes"),
    ("operation", "uint8"),
    ("safeTxGas", "uint256"),
    ("baseGas", "uint256"),
    ("gasPrice", "uint256"),
    ("gasToken", "address"),
    ("refundReceiver", "address"),
    ("nonce", "uint256"),
)
_TYPES = {"SafeTx": [{"name": name, "type": kind} for name, kind in _FIELDS]}


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeTransaction:
    """What the owner signs; `operation` is 1 for the delegate call into MultiSend."""

    safe: str
    target: str
    data: str
    operation: int
    nonce: int


def safe_transaction(safe: str, calls: Sequence[Call], nonce: int, multisend: str | None) -> SafeTransaction:
    """One call as it is, several through MultiSend. Raises ContractMissing where several need one that is not known."""
    if len(calls) == 1:
        return SafeTransaction(safe=safe, target=calls[0].target, data=calls[0].data, operation=_CALL, nonce=nonce)
    if multisend is None:
        raise ContractMissing("no MultiSend is configured")
    data = hex_text(_MULTI_SEND + _word(WORD) + _bytes(b"".join(_packed(call) for call in calls)))
    return SafeTransaction(safe=safe, target=multisend, data=data, operation=_DELEGATE_CALL, nonce=nonce)


def typed_data(transaction: SafeTransaction, chain_id: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(domain, types, message) of EIP-712, as Safe 1.3.0 hashes them."""
    domain = {"chainId": chain_id, "verifyingContract": transaction.safe}
    message = {
        "to": transaction.target,
        "value": 0,
        "data": hex_bytes(transaction.data),
        "operation": transaction.operation,
        "safeTxGas": 0,
        "baseGas": 0,
        "gasPrice": 0,
        "gasToken": NOBODY,
        "refundReceiver": NOBODY,
        "nonce": transaction.nonce,
    }
    return domain, dict(_TYPES), message


def signed_by_owner(transaction: SafeTransaction, signer: Signer, chain_id: int) -> str:
    """The owner's 65-byte signature in hex."""
    return signer.sign_typed_data(*typed_data(transaction, chain_id))


def exec_call(transaction: SafeTransaction, signature: str) -> Call:
    """The call that makes the Safe do it; anybody may send it."""
    data, proof = _bytes(hex_bytes(transaction.data)), _bytes(hex_bytes(signature))
    head_size = 10 * WORD
    head = b"".join(
        (
            hex_bytes(transaction.target, length=20).rjust(WORD, b"\0"),
            _word(0),
            _word(head_size),
            _word(transaction.operation),
            _word(0) * 3,
            bytes(WORD) * 2,
            _word(head_size + len(data)),
        )
    )
    return Call(target=transaction.safe, data=hex_text(_EXEC + head + data + proof))


def _packed(call: Call) -> bytes:
    data = hex_bytes(call.data)
    return bytes([_CALL]) + hex_bytes(call.target, length=20) + _word(0) + _word(len(data)) + data


def _bytes(raw: bytes) -> bytes:
    return _word(len(raw)) + raw + bytes(-len(raw) % WORD)


def _word(value: int) -> bytes:
    return value.to_bytes(WORD, "big")

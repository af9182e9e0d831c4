"""What a relayer payload asks for, once its owner's signature fits: whose wallet, which calls, what executes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_hash.auto import keccak

from local.chain.deployment import CHAIN_ID, SAFE_MULTISEND

NOBODY = "0x" + "00" * 20
PROXY_GAS_LIMIT = 1_000_000
_EXECUTE = keccak(b"execute(address[],bytes[])")[:4]
_MULTI_SEND = keccak(b"multiSend(bytes)")[:4]
_SAFE_EXEC_TYPES = (
    "address", "uint256", "bytes", "uint8", "uint256", "uint256", "uint256", "address", "address", "bytes",
)  # fmt: skip
_SAFE_EXEC = keccak(f"execTransaction({','.join(_SAFE_EXEC_TYPES)})".encode())[:4]
_SAFE_FIELDS = (
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
_BATCH_TYPES = {
    "Call": (("target", "address"), ("value", "uint256"), ("data", "bytes")),
    "Batch": (("wallet", "address"), ("nonce", "uint256"), ("deadline", "uint256"), ("calls", "Call[]")),
}
_PACKED_HEAD = 1 + 20 + 32 + 32


class BadPayload(Exception):
    """The owner did not sign this, or it is of no known kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerCall:
    """One call that the wallet makes; `target` is lower case."""

    target: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """What is asked: the wallet (lower case), its calls, and the outer call that does them."""

    wallet: str
    calls: tuple[InnerCall, ...]
    outer: InnerCall


def read_payload(payload: dict[str, Any]) -> Relayed:
    """The checked content of a payload. Raises BadPayload."""
    owner = str(payload["from"]).lower()
    match str(payload["type"]):
        case "SAFE":
            return _safe(payload, owner)
        case "WALLET":
            return _deposit_wallet(payload, owner)
        case "PROXY":
            return _proxy(payload, owner)
    raise BadPayload(f"unknown type {payload['type']}")


def _safe(payload: dict[str, Any], owner: str) -> Relayed:
    wallet, target = str(payload["proxyWallet"]).lower(), str(payload["to"]).lower()
    data, operation = _raw(str(payload["data"])), int(payload["signatureParams"]["operation"])
    signature = _raw(str(payload["signature"]))
    message = {
        "to": target,
        "value": 0,
        "data": data,
        "operation": operation,
        "safeTxGas": 0,
        "baseGas": 0,
        "gasPrice": 0,
        "gasToken": NOBODY,
        "refundReceiver": NOBODY,
        "nonce": int(payload["nonce"]),
    }
    domain = {"chainId": CHAIN_ID, "verifyingContract": wallet}
    signable = encode_typed_data(domain, {"SafeTx": _fields(_SAFE_FIELDS)}, message)
    digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
    # a Safe tells a personal message from typed data by a recovery id raised by four
    _expect(owner, encode_defunct(primitive=digest), signature[:64] + bytes([signature[64] - 4]))
    arguments = encode(_SAFE_EXEC_TYPES, [target, 0, data, operation, 0, 0, 0, NOBODY, NOBODY, signature])
    calls = _unpacked(data) if target == SAFE_MULTISEND else (InnerCall(target=target, data=data),)
    return Relayed(wallet=wallet, calls=calls, outer=InnerCall(target=wallet, data=_SAFE_EXEC + arguments))


def _unpacked(data: bytes) -> tuple[InnerCall, ...]:
    """The calls that MultiSend makes: operation, target, value, length and data, packed."""
    if data[:4] != _MULTI_SEND:
        return ()
    (packed,) = decode(["bytes"], data[4:])
    calls: list[InnerCall] = []
    while packed:
        length = int.from_bytes(packed[_PACKED_HEAD - 32 : _PACKED_HEAD], "big")
        inner = packed[_PACKED_HEAD : _PACKED_HEAD + length]
        calls.append(InnerCall(target="0x" + packed[1:21].hex(), data=inner))
        packed = packed[_PACKED_HEAD + length :]
    return tuple(calls)


def _deposit_wallet(payload: dict[str, Any], owner: str) -> Relayed:
    parameters = payload["depositWalletParams"]
    wallet, asked = str(parameters["depositWallet"]).lower(), list(parameters["calls"])
    message = {
        "wallet": wallet,
        "nonce": int(payload["nonce"]),
        "deadline": int(parameters["deadline"]),
        "calls": [
            {"target": each["target"], "value": int(each["value"]), "data": _raw(str(each["data"]))} for each in asked
        ],
    }
    domain = {"name": "DepositWallet", "version": "1", "chainId": CHAIN_ID, "verifyingContract": wallet}
    types = {name: _fields(fields) for name, fields in _BATCH_TYPES.items()}
    _expect(owner, encode_typed_data(domain, types, message), _raw(str(payload["signature"])))
    calls = tuple(InnerCall(target=str(each["target"]).lower(), data=_raw(str(each["data"]))) for each in asked)
    return Relayed(wallet=wallet, calls=calls, outer=_execute(wallet, calls))


def _proxy(payload: dict[str, Any], owner: str) -> Relayed:
    wallet, parameters = str(payload["proxyWallet"]).lower(), payload["signatureParams"]
    data = _raw(str(payload["data"]))
    digest = keccak(
        b"rlx:"
        + _raw(owner)
        + _raw(str(payload["to"]))
        + data
        + bytes(64)
        + PROXY_GAS_LIMIT.to_bytes(32, "big")
        + int(payload["nonce"]).to_bytes(32, "big")
        + _raw(str(parameters["relayHub"]))
        + _raw(str(parameters["relay"]))
    )
    _expect(owner, encode_defunct(primitive=digest), _raw(str(payload["signature"])))
    (asked,) = decode(["(uint8,address,uint256,bytes)[]"], data[4:])
    calls = tuple(InnerCall(target=str(each[1]).lower(), data=bytes(each[3])) for each in asked)
    return Relayed(wallet=wallet, calls=calls, outer=_execute(wallet, calls))


def _execute(wallet: str, calls: tuple[InnerCall, ...]) -> InnerCall:
    arguments = encode(["address[]", "bytes[]"], [[call.target for call in calls], [call.data for call in calls]])
    return InnerCall(target=wallet, data=_EXECUTE + arguments)


def _expect(owner: str, signable: Any, signature: bytes) -> None:
    if str(Account.recover_message(signable, signature=signature)).lower() != owner:
        raise BadPayload("invalid signature")


def _fields(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]


def _raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))

"""What an owner signs so that the venue's relayer executes calls of a wallet, for each kind of wallet.

The payloads are those of the venue's official client, field by field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_hash.auto import keccak

from live_trading.chain.abi import WORD, Call, hex_bytes, hex_text
from live_trading.chain.wallets.safe import NOBODY, safe_transaction, typed_data
from live_trading.chain.wallets.signer import Signer

PROXY_GAS_LIMIT = 1_000_000
_PROXY = keccak(b"proxy((uint8,address,uint256,bytes)[])")[:4]
_PROXY_CALL = 1
_BATCH_TYPES = {
    "Call": [
        {"name": "target", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "data", "type": "bytes"},
    ],
    "Batch": [
        {"name": "wallet", "type": "address"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
        {"name": "calls", "type": "Call[]"},
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayContracts:
    """Whom the relayer calls, lower case; those of wallets that are not used may be None."""

    safe_multisend: str | None
    proxy_factory: str | None
    deposit_wallet_factory: str | None
    relay_hub: str | None


def safe_payload(
    *, wallet: str, signer: Signer, calls: Sequence[Call], nonce: int, chain_id: int, multisend: str | None
) -> dict[str, Any]:
    """One call as it is, several through MultiSend, signed as a personal message over the Safe's own hash."""
    inner = safe_transaction(wallet, calls, nonce, multisend)
    digest = typed_digest(*typed_data(inner, chain_id))
    signature = hex_bytes(signer.sign_message(digest))
    # The Safe tells a personal message from typed data by a recovery id raised by four.
    marked = signature[:64] + bytes([signature[64] + 4])
    return {
        "type": "SAFE",
        "from": checksum(signer.address),
        "to": checksum(inner.target),
        "proxyWallet": checksum(wallet),
        "data": inner.data,
        "nonce": str(nonce),
        "signature": hex_text(marked),
        "metadata": "",
        "signatureParams": {
            "baseGas": "0",
            "gasPrice": "0",
            "gasToken": NOBODY,
            "operation": str(inner.operation),
            "refundReceiver": NOBODY,
            "safeTxnGas": "0",
        },
    }


def deposit_wallet_payload(
    *,
    wallet: str,
    signer: Signer,
    calls: Sequence[Call],
    nonce: int,
    deadline: int,
    chain_id: int,
    factory: str,
) -> dict[str, Any]:
    """A batch that the factory executes until `deadline` (seconds of the epoch)."""
    domain = {"name": "DepositWallet", "version": "1", "chainId": chain_id, "verifyingContract": wallet}
    message = {
        "wallet": wallet,
        "nonce": nonce,
        "deadline": deadline,
        "calls": [{"target": call.target, "value": 0, "data": hex_bytes(call.data)} for call in calls],
    }
    return {
        "type": "WALLET",
        "from": checksum(signer.address),
        "to": checksum(factory),
        "nonce": str(nonce),
        "signature": signer.sign_typed_data(domain, _BATCH_TYPES, message),
        "metadata": "",
        "depositWalletParams": {
            "depositWallet": checksum(wallet),
            "deadline": str(deadline),
            "calls": [{"target": checksum(call.target), "value": "0", "data": call.data} for call in calls],
        },
    }


def proxy_payload(
    *, wallet: str, signer: Signer, calls: Sequence[Call], nonce: int, relay: str, factory: str, relay_hub: str
) -> dict[str, Any]:
    """Calls of the factory's `proxy`, signed as the relay hub hashes them."""
    data = proxy_calldata(calls)
    return {
        "type": "PROXY",
        "from": checksum(signer.address),
        "to": checksum(factory),
        "proxyWallet": checksum(wallet),
        "data": data,
        "nonce": str(nonce),
        "signature": signer.sign_message(
            proxy_digest(owner=signer.address, factory=factory, data=data, nonce=nonce, hub=relay_hub, relay=relay)
        ),
        "metadata": "",
        "signatureParams": {
            "gasLimit": str(PROXY_GAS_LIMIT),
            "gasPrice": "0",
            "relay": checksum(relay),
            "relayHub": checksum(relay_hub),
            "relayerFee": "0",
        },
    }


def proxy_calldata(calls: Sequence[Call]) -> str:
    """`proxy` of these calls, as the proxy factory takes them."""
    bodies = [_proxy_body(call) for call in calls]
    offsets, position = b"", len(bodies) * WORD
    for body in bodies:
        offsets += _word(position)
        position += len(body)
    return hex_text(_PROXY + _word(WORD) + _word(len(bodies)) + offsets + b"".join(bodies))


def proxy_digest(*, owner: str, factory: str, data: str, nonce: int, hub: str, relay: str) -> bytes:
    """What the owner of a proxy wallet signs."""
    return keccak(
        b"rlx:"
        + hex_bytes(owner, length=20)
        + hex_bytes(factory, length=20)
        + hex_bytes(data)
        + _word(0) * 2
        + _word(PROXY_GAS_LIMIT)
        + _word(nonce)
        + hex_bytes(hub, length=20)
        + hex_bytes(relay, length=20)
    )


def typed_digest(domain: dict[str, Any], types: dict[str, Any], message: dict[str, Any]) -> bytes:
    """The EIP-712 digest itself."""
    from eth_account.messages import encode_typed_data

    signable = encode_typed_data(domain, types, message)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def checksum(address: str) -> str:
    """The address as it is written at the wire's edge."""
    from eth_utils.address import to_checksum_address

    return str(to_checksum_address(address))


def _proxy_body(call: Call) -> bytes:
    data = hex_bytes(call.data)
    target = hex_bytes(call.target, length=20).rjust(WORD, b"\0")
    return _word(_PROXY_CALL) + target + _word(0) + _word(4 * WORD) + _word(len(data)) + data + bytes(-len(data) % WORD)


def _word(value: int) -> bytes:
    return value.to_bytes(WORD, "big")

"""Whether a key is that of a wallet, proved by what it signs."""

from __future__ import annotations

from dataclasses import dataclass

from live_trading.chain.abi import hex_bytes
from live_trading.chain.wallets.factory_addresses import wallets_of
from live_trading.chain.wallets.signer import LocalKeySigner
from live_trading.nouns.wallets import SignatureType


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProof:
    """A signature of a challenge, by whom it is, and whether the wallet is his."""

    signer: str
    signature: str
    is_owner: bool


def prove_key(private_key: str, challenge: str, *, address: str, kind: SignatureType) -> KeyProof:
    """Signs the challenge and reads the signer back out of the signature. Raises UnusableKey."""
    signature = LocalKeySigner(private_key).sign_message(challenge.encode())
    signer = _signer_of(challenge, signature)
    return KeyProof(signer=signer, signature=signature, is_owner=address.lower() in wallets_of(signer, kind))


def _signer_of(challenge: str, signature: str) -> str:
    from eth_account import Account
    from eth_account.messages import encode_defunct

    recovered = Account.recover_message(encode_defunct(text=challenge), signature=hex_bytes(signature))
    return str(recovered).lower()

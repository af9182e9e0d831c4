"""Signed bytes read back, and what a node's refusal of them means. Pure."""

from __future__ import annotations

from enum import StrEnum

from live_trading.chain.abi import hex_bytes, hex_text
from live_trading.chain.wallets.signer import TransactionFields

_EIP_1559 = b"\x02"


class BroadcastVerdict(StrEnum):
    """What a node's refusal says of the bytes."""

    KNOWN = "known"
    NONCE_USED = "nonce_used"
    NO_GAS_MONEY = "no_gas_money"
    FEE_TOO_LOW = "fee_too_low"
    UNMINEABLE = "unmineable"
    UNCLEAR = "unclear"


# Texts of geth and bor, erigon, nethermind, anvil and providers before them; the first that occurs in the message
# decides. Bor says "transaction gas price below minimum" of a tip under its floor, erigon "could not replace existing
# tx" of a bid that is too low for a nonce that is in its pool.
_TEXTS: tuple[tuple[str, BroadcastVerdict], ...] = (
    ("already known", BroadcastVerdict.KNOWN),
    ("alreadyknown", BroadcastVerdict.KNOWN),
    ("already imported", BroadcastVerdict.KNOWN),
    ("existing tx with same hash", BroadcastVerdict.KNOWN),
    ("tx already in mempool", BroadcastVerdict.KNOWN),
    ("nonce too low", BroadcastVerdict.NONCE_USED),
    ("nonce is too low", BroadcastVerdict.NONCE_USED),
    ("oldnonce", BroadcastVerdict.NONCE_USED),
    ("insufficient funds", BroadcastVerdict.NO_GAS_MONEY),
    ("insufficientfunds", BroadcastVerdict.NO_GAS_MONEY),
    ("underpriced", BroadcastVerdict.FEE_TOO_LOW),
    ("max fee per gas less than block base fee", BroadcastVerdict.FEE_TOO_LOW),
    ("feetoolow", BroadcastVerdict.FEE_TOO_LOW),
    ("fee too low", BroadcastVerdict.FEE_TOO_LOW),
    ("gas price below minimum", BroadcastVerdict.FEE_TOO_LOW),
    ("could not replace existing tx", BroadcastVerdict.FEE_TOO_LOW),
    ("invalid chain id", BroadcastVerdict.UNMINEABLE),
    ("invalid sender", BroadcastVerdict.UNMINEABLE),
    ("invalid signature", BroadcastVerdict.UNMINEABLE),
    ("intrinsic gas too low", BroadcastVerdict.UNMINEABLE),
    ("exceeds block gas limit", BroadcastVerdict.UNMINEABLE),
    ("oversized data", BroadcastVerdict.UNMINEABLE),
    ("rlp:", BroadcastVerdict.UNMINEABLE),
)


def verdict_of(message: str) -> BroadcastVerdict:
    """The meaning of a node's error text; UNCLEAR for texts that we do not know, never a guess."""
    text = message.lower()
    return next((verdict for part, verdict in _TEXTS if part in text), BroadcastVerdict.UNCLEAR)


def decode_signed(signed: str) -> TransactionFields:
    """The fields of signed EIP-1559 bytes. Raises ValueError for anything else."""
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes

    raw = hex_bytes(signed)
    if raw[:1] != _EIP_1559:
        raise ValueError("not an EIP-1559 transaction")
    decoded = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return TransactionFields(
        chain_id=int(decoded["chainId"]),
        nonce=int(decoded["nonce"]),
        target=hex_text(bytes(decoded["to"])),
        data=hex_text(bytes(decoded["data"])),
        gas=int(decoded["gas"]),
        max_fee=int(decoded["maxFeePerGas"]),
        priority_fee=int(decoded["maxPriorityFeePerGas"]),
    )

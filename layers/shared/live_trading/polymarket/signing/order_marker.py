"""How an installation marks its orders, so that another one on the same wallet recognises them.

The marker is the order's `metadata`: 32 bytes that are signed, that nobody at the venue reads, and that the exchange
contract repeats in the event of every fill. It names the installation for one wallet only, so that nobody can tell
from the chain which wallets one installation trades with.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

# What every marker begins with; the rest differs between installations and wallets.
_SIGN = hashlib.sha256(b"live-trading order marker").digest()[:8]
_WORD = 32


def marker_of(installation_id: UUID, address: str) -> str:
    """The marker of an installation's orders from a wallet, as the hex text of 32 bytes."""
    whose = hashlib.sha256(installation_id.bytes + bytes.fromhex(address.removeprefix("0x"))).digest()
    return "0x" + (_SIGN + whose[: _WORD - len(_SIGN)]).hex()


def is_marker(metadata: str) -> bool:
    """Whether an order's metadata is the marker of an installation, this one or another."""
    return metadata.startswith("0x" + _SIGN.hex())

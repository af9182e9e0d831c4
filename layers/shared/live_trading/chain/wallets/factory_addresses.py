"""Where the venue's factories put an owner's wallets: CREATE2 addresses that follow from the owner alone.

The constants are the venue's, as its official client has them; its exchanges accept no other wallets of an owner.
"""

from __future__ import annotations

from eth_hash.auto import keccak

from live_trading.chain.abi import WORD, hex_bytes, hex_text
from live_trading.nouns.wallets import SignatureType

_PROXY_FACTORY = "0xab45c5a4b0c941a2f231c04c3f49182e1a254052"
_PROXY_IMPLEMENTATION = "0x44e999d5c2f66ef0861317f9a4805ac2e90aeb4f"
_SAFE_FACTORY = "0xaacfeea03eb1561c4e67d661e40682bd20e3541b"
_SAFE_CODE_HASH = "0x2bce2127ff07fb632d16c8347c4ebf501f4841168bed00d9e6ef715ddb6fcecf"
_DEPOSIT_FACTORY = "0x00000000000fb5c9adea0298d729a0cb3823cc07"
_DEPOSIT_IMPLEMENTATION = "0x58ca52ebe0dadfdf531cde7062e76746de4db1eb"
_DEPOSIT_BEACON = "0x7a18edfe055488a3128f01f563e5b479d92ffc3a"

# Creation codes, as the factories assemble them around an address.
_PROXY_CODE = (
    "3d3d606380380380913d393d73"
    f"{_PROXY_FACTORY[2:]}"
    "5af4602a57600080fd5b602d8060366000396000f3363d3d373d3d3d363d73"
    f"{_PROXY_IMPLEMENTATION[2:]}"
    "5af43d82803e903d91602b57fd5bf352e831dd"
    f"{32:064x}{0:064x}"
)
_CLONE_PREFIX = 0x61003D3D8160233D3973
_CLONE_CODE = (
    "60095155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076"
    "cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3"
)
_BEACON_PREFIX = 0x6100523D8160233D3973
_BEACON_CODE = (
    "60195155f3363d3d373d3d363d602036600436635c60da"
    "1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c"
    "b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
)
# Where a clone's creation code states how long its arguments are.
_LENGTH_SHIFT = 56


def wallets_of(owner: str, kind: SignatureType) -> frozenset[str]:
    """The addresses that an owner's wallet of that kind can have, lower case: two for a deposit wallet, else one."""
    raw = hex_bytes(owner, length=20)
    match kind:
        case SignatureType.EOA:
            return frozenset({owner.lower()})
        case SignatureType.PROXY:
            return frozenset({_create2(_PROXY_FACTORY, keccak(raw), keccak(bytes.fromhex(_PROXY_CODE)))})
        case SignatureType.SAFE:
            return frozenset({_create2(_SAFE_FACTORY, keccak(raw.rjust(WORD, b"\0")), hex_bytes(_SAFE_CODE_HASH))})
        case SignatureType.DEPOSIT_WALLET:
            arguments = hex_bytes(_DEPOSIT_FACTORY, length=20).rjust(WORD, b"\0") + raw.rjust(WORD, b"\0")
            codes = (
                _clone(_BEACON_PREFIX, _DEPOSIT_BEACON, _BEACON_CODE, arguments),
                _clone(_CLONE_PREFIX, _DEPOSIT_IMPLEMENTATION, _CLONE_CODE, arguments),
            )
            return frozenset(_create2(_DEPOSIT_FACTORY, keccak(arguments), keccak(code)) for code in codes)


def _clone(prefix: int, target: str, code: str, arguments: bytes) -> bytes:
    head = (prefix + (len(arguments) << _LENGTH_SHIFT)).to_bytes(10, "big")
    return head + hex_bytes(target, length=20) + bytes.fromhex(code) + arguments


def _create2(factory: str, salt: bytes, code_hash: bytes) -> str:
    return hex_text(keccak(b"\xff" + hex_bytes(factory, length=20) + salt + code_hash)[12:])

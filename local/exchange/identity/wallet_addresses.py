"""Where the venue's factories put an owner's wallets: CREATE2 addresses computed from the owner alone."""

from __future__ import annotations

from eth_hash.auto import keccak

from local.exchange.identity.contracts import (
    DEPOSIT_WALLET_BEACON,
    DEPOSIT_WALLET_FACTORY,
    DEPOSIT_WALLET_IMPLEMENTATION,
    PROXY_FACTORY,
    PROXY_IMPLEMENTATION,
    SAFE_FACTORY,
    SAFE_INIT_CODE_HASH,
)

# Creation code of the proxies, as the factories assemble it around an address (and, for deposit wallets, the
# arguments that a clone carries behind its code).
_PROXY_HEAD = bytes.fromhex("3d3d606380380380913d393d73")
_PROXY_MIDDLE = bytes.fromhex("5af4602a57600080fd5b602d8060366000396000f3363d3d373d3d3d363d73")
_PROXY_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf352e831dd") + (32).to_bytes(32, "big") + bytes(32)

_CLONE_HEAD = 0x61003D3D8160233D3973
_CLONE_BODY = bytes.fromhex(
    "6009"
    "5155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076"
    "cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3"
)
_BEACON_CLONE_HEAD = 0x6100523D8160233D3973
_BEACON_CLONE_BODY = bytes.fromhex(
    "60195155f3363d3d373d3d363d602036600436635c60da"
    "1b60e01b36527fa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6c"
    "b3582b35133d50545afa5036515af43d6000803e604d573d6000fd5b3d6000f3"
)


def proxy_address(owner: str) -> str:
    """The proxy wallet of an owner (signature type 1), lower case."""
    code = _PROXY_HEAD + _raw(PROXY_FACTORY) + _PROXY_MIDDLE + _raw(PROXY_IMPLEMENTATION) + _PROXY_TAIL
    return _create2(PROXY_FACTORY, keccak(_raw(owner)), keccak(code))


def safe_address(owner: str) -> str:
    """The Safe of an owner (signature type 2), lower case."""
    return _create2(SAFE_FACTORY, keccak(_padded(owner)), _raw(SAFE_INIT_CODE_HASH))


def deposit_wallet_addresses(owner: str) -> tuple[str, str]:
    """Both deposit wallets that an owner can have (signature type 3): the beacon's clone, the older one."""
    arguments = _padded(DEPOSIT_WALLET_FACTORY) + _padded(owner)
    clones = (
        (_BEACON_CLONE_HEAD, DEPOSIT_WALLET_BEACON, _BEACON_CLONE_BODY),
        (_CLONE_HEAD, DEPOSIT_WALLET_IMPLEMENTATION, _CLONE_BODY),
    )
    beacon_clone, older_clone = (
        _create2(
            DEPOSIT_WALLET_FACTORY,
            keccak(arguments),
            keccak((head + (len(arguments) << 56)).to_bytes(10, "big") + _raw(target) + body + arguments),
        )
        for head, target, body in clones
    )
    return beacon_clone, older_clone


def _create2(factory: str, salt: bytes, code_hash: bytes) -> str:
    return "0x" + keccak(b"\xff" + _raw(factory) + salt + code_hash)[12:].hex()


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _padded(address: str) -> bytes:
    return bytes(12) + _raw(address)

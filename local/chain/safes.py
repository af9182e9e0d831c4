"""Wallets on the local chain, at addresses of the caller's choice: Safe 1.3.0, and what stands for the other kinds.

The venue's own factories are not here, so a wallet is put where its factory would have put it.
"""

from __future__ import annotations

from live_trading.chain.abi import hex_text
from live_trading.chain.rpc import JsonRpc
from local.chain.deployment import OPERATOR, RELAYED_WALLET, SAFE_FALLBACK_HANDLER, SAFE_PROXY_ARTIFACT, SAFE_SINGLETON
from local.chain.genesis import artifact
from local.chain.local_chain import ChainRefused, LocalChain

_NOBODY = "0x" + "00" * 20
_SETUP_TYPES = ["address[]", "uint256", "address", "bytes", "address", "address", "uint256", "address"]


def place_safe(chain: LocalChain, address: str, owner: str) -> None:
    """Puts a Safe of one owner at `address`. Raises ChainRefused where one is set up there already."""
    from eth_abi.abi import encode
    from eth_hash.auto import keccak

    rpc = JsonRpc(chain.rpc_url)
    rpc.call("anvil_setCode", address, artifact(SAFE_PROXY_ARTIFACT)["deployedBytecode"])
    rpc.call("anvil_setStorageAt", address, "0x0", "0x" + SAFE_SINGLETON[2:].rjust(64, "0"))
    signature = f"setup({','.join(_SETUP_TYPES)})"
    arguments = [[owner], 1, _NOBODY, b"", SAFE_FALLBACK_HANDLER, _NOBODY, 0, _NOBODY]
    data = hex_text(keccak(signature.encode())[:4] + encode(_SETUP_TYPES, arguments))
    receipt = rpc.call(
        "eth_sendTransactionSync", {"from": OPERATOR, "to": address, "data": data, "gas": hex(1_000_000)}
    )
    rpc.close()
    if receipt["status"] != "0x1":
        raise ChainRefused(f"the Safe at {address} is set up already")


def place_relayed_wallet(chain: LocalChain, address: str) -> None:
    """Puts a proxy or deposit wallet at `address`; whose it is follows from the address."""
    rpc = JsonRpc(chain.rpc_url)
    rpc.call("anvil_setCode", address, rpc.call("eth_getCode", RELAYED_WALLET, "latest"))
    rpc.close()

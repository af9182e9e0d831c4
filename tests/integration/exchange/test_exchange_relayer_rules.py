"""What the relayer does not carry, before a real chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_hash.auto import keccak

from local.chain import ADDRESSES, LocalChain
from local.chain.deployment import CHAIN_ID, RELAYED_WALLET
from local.exchange.settlement.relay_rules import NOTHING_TO_REDEEM
from local.exchange.settlement.relayer import Relayer, RelayError
from local.machine.patience import HANG_SECONDS

pytestmark = pytest.mark.integration

QUESTION = "0x" + "71" * 32
WALLET = "0x" + "7a" * 20
DEADLINE = 4_000_000_000


@dataclass(frozen=True, kw_only=True)
class Owned:
    """A relayed wallet on a chain, and its owner's way to the relayer."""

    chain: LocalChain
    relayer: Relayer
    owner: Any

    def submit(self, target: str, data: bytes) -> dict[str, Any]:
        address = self.owner.address
        nonce = self.relayer.next_nonce(address, "WALLET")
        signed = self.owner.sign_typed_data(
            domain_data={"name": "DepositWallet", "version": "1", "chainId": CHAIN_ID, "verifyingContract": WALLET},
            message_types={
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
            },
            message_data={
                "wallet": WALLET,
                "nonce": nonce,
                "deadline": DEADLINE,
                "calls": [{"target": target, "value": 0, "data": data}],
            },
        )
        payload = {
            "type": "WALLET",
            "from": address,
            "to": WALLET,
            "nonce": str(nonce),
            "signature": "0x" + signed.signature.hex().removeprefix("0x"),
            "metadata": "",
            "depositWalletParams": {
                "depositWallet": WALLET,
                "deadline": str(DEADLINE),
                "calls": [{"target": target, "value": "0", "data": "0x" + data.hex()}],
            },
        }
        return self.relayer.submit(payload, address)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalChain]:
    directory: Path = tmp_path_factory.mktemp("chain")
    with LocalChain.start(directory) as chain:
        rpc(chain, "anvil_setCode", WALLET, rpc(chain, "eth_getCode", RELAYED_WALLET, "latest"))
        yield chain


@pytest.fixture
def owned(chain: LocalChain) -> Owned:
    return Owned(chain=chain, relayer=Relayer(lambda: chain.rpc_url), owner=Account.create())


def rpc(chain: LocalChain, method: str, *params: object) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(chain.rpc_url, json=body, timeout=HANG_SECONDS).raise_for_status().json()["result"]


def test_a_direct_redemption_of_neg_risk_tokens_is_blocked_and_named(owned: Owned) -> None:
    selector = keccak(b"redeemPositions(bytes32,uint256[])")[:4]
    data = selector + encode(["bytes32", "uint256[]"], [bytes(32), [1, 0]])

    with pytest.raises(RelayError, match=r"call blocked: call\[0\] blocked") as blocked:
        owned.submit(ADDRESSES.neg_risk_adapter, data)

    assert blocked.value.status == 400


def test_a_redemption_of_nothing_fails_without_a_transaction(owned: Owned) -> None:
    market = owned.chain.prepare_market(QUESTION)
    selector = keccak(b"redeemPositions(address,bytes32,bytes32,uint256[])")[:4]
    arguments = ["0x" + "00" * 20, bytes(32), bytes.fromhex(market.condition_id[2:]), [1, 2]]
    data = selector + encode(["address", "bytes32", "bytes32", "uint256[]"], arguments)
    blocks = rpc(owned.chain, "eth_blockNumber")

    submitted = owned.submit(ADDRESSES.ctf_collateral_adapter, data)
    told = owned.relayer.look(submitted["transactionID"])

    assert (told["state"], told["error_msg"]) == ("STATE_FAILED", NOTHING_TO_REDEEM)
    assert told["transaction_hash"] == ""
    assert rpc(owned.chain, "eth_blockNumber") == blocks

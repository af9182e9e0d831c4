"""What a test can do to the chain and to the people on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_hash.auto import keccak

from live_trading.chain.abi import Function
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.rpc import JsonRpc
from live_trading.nouns.money import Shares
from local.chain import (
    ADDRESSES,
    AUTO_REDEEMER,
    ORACLE,
    LocalChain,
    PreparedMarket,
)
from tests.settlement.parts.bookkeeping_fixtures import Holder

_SAFE_TRANSFER_FROM = keccak(b"safeTransferFrom(address,address,uint256,uint256,bytes)")[:4]
AUTO_REDEEM = Function("redeem(address,bytes32,address,bool)")
TAKE_AWAY = Function("takeAway(address,bytes32,bool)")
# Reverts with the four bytes of OnlyUnpaused().
_ONLY_UNPAUSED = "0x6349b8b3ac60e01b60005260046000fd"
# Where ConditionalTokens keeps who may move whose tokens.
_APPROVALS_SLOT = 2


@dataclass(kw_only=True)
class ChainLevers:
    """Other people's transactions, the pool and broken contracts."""

    chain: LocalChain

    @property
    def rpc(self) -> JsonRpc:
        return JsonRpc(self.chain.rpc_url)

    @property
    def reader(self) -> ChainReader:
        return ChainReader(self.chain.rpc_url, ADDRESSES)

    def auto_redeem(self, holder: Holder, market: PreparedMarket) -> str:
        """The venue's auto-redeemer redeems for the wallet; the hash of its transaction."""
        adapter = ADDRESSES.neg_risk_ctf_collateral_adapter if market.neg_risk else ADDRESSES.ctf_collateral_adapter
        self.let_auto_redeemer(holder)
        return self.chain.send_as(
            ORACLE, AUTO_REDEEMER, AUTO_REDEEM, holder.address, market.condition_id, adapter, market.neg_risk
        )

    def take_away(self, holder: Holder, market: PreparedMarket) -> None:
        """Somebody takes the tokens and pays nothing."""
        self.let_auto_redeemer(holder)
        self.chain.send_as(ORACLE, AUTO_REDEEMER, TAKE_AWAY, holder.address, market.condition_id, market.neg_risk)

    def gives(self, giver: Holder, taker: Holder, token_id: str, shares: Shares) -> None:
        """Somebody sends outcome tokens to a wallet that did not ask for them."""
        words = [giver.address, taker.address, int(token_id), shares.base_units, b""]
        data = _SAFE_TRANSFER_FROM + encode(["address", "address", "uint256", "uint256", "bytes"], words)
        message = {"from": giver.address, "to": ADDRESSES.conditional_tokens, "data": "0x" + data.hex()}
        receipt = self.rpc.call("eth_sendTransactionSync", {**message, "gas": hex(500_000)})
        assert int(receipt["status"], 16) == 1

    def let_auto_redeemer(self, holder: Holder) -> None:
        """Writes the approval into the chain's state, so that it takes no nonce of the wallet."""
        outer = keccak(bytes(12) + bytes.fromhex(holder.address[2:]) + _APPROVALS_SLOT.to_bytes(32, "big"))
        slot = keccak(bytes(12) + bytes.fromhex(AUTO_REDEEMER[2:]) + outer)
        self.rpc.call("anvil_setStorageAt", ADDRESSES.conditional_tokens, "0x" + slot.hex(), "0x" + "0" * 63 + "1")

    @contextmanager
    def blocks_held_back(self) -> Iterator[JsonRpc]:
        """No block is made inside, unless asked for."""
        rpc = self.rpc
        rpc.call("evm_setAutomine", False)
        try:
            yield rpc
        finally:
            rpc.call("evm_setAutomine", True)
            rpc.call("anvil_mine", "0x1")

    @contextmanager
    def broken(self, contract: str) -> Iterator[None]:
        """Every call of the contract reverts inside."""
        code = self.rpc.call("eth_getCode", contract, "latest")
        self.rpc.call("anvil_setCode", contract, "0x60006000fd")
        try:
            yield
        finally:
            self.rpc.call("anvil_setCode", contract, code)

    @contextmanager
    def paused(self, contract: str) -> Iterator[None]:
        """Every call of the contract reverts with OnlyUnpaused() inside, as the venue's collateral contracts do."""
        code = self.rpc.call("eth_getCode", contract, "latest")
        self.rpc.call("anvil_setCode", contract, _ONLY_UNPAUSED)
        try:
            yield
        finally:
            self.rpc.call("anvil_setCode", contract, code)

    def sent_by(self, holder: Holder) -> int:
        """How many transactions the one who pays has had mined."""
        return self.rpc.quantity("eth_getTransactionCount", holder.payer, "latest")

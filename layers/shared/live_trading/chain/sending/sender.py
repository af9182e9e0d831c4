"""Transactions from an account that pays its own gas: prepare, commit elsewhere, broadcast, look at the receipt.

`prepare` signs and sends nothing, so that the caller can write the bytes down first. Broadcasting the same bytes
again is harmless: they have one nonce and one hash.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_hash.auto import keccak

from live_trading.chain.abi import Call, hex_bytes, hex_text
from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.errors import (
    BroadcastOutcomeUnknown,
    FeeAboveCap,
    FeeTooLow,
    GasAboveCap,
    NonceTaken,
    NotEnoughGasMoney,
    RpcAnswerLost,
    RpcBroke,
    RpcRefused,
    Unmineable,
)
from live_trading.chain.reading.receipts import Receipt, payer_of, read_receipt
from live_trading.chain.rpc import JsonRpc, as_quantity, as_revert
from live_trading.chain.sending.transactions import BroadcastVerdict, decode_signed, verdict_of
from live_trading.chain.wallets.signer import Signer, TransactionFields
from live_trading.nouns.errors import LiveTradingError

__all__ = ["EoaSender", "FeeCaps", "PreparedTransaction", "Receipt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeCaps:
    """The most that one transaction may cost: wei per gas, wei per gas on top of the base fee, and gas.

    `least_priority_fee` is what the chain's nodes ask for on top of the base fee, whatever they suggest: they take
    nothing below it.
    """

    max_fee: int
    max_priority_fee: int
    max_gas: int
    least_priority_fee: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.max_priority_fee <= self.max_fee:
            raise ValueError("the cap of the priority fee is part of the cap of the fee")
        if not 0 <= self.least_priority_fee <= self.max_priority_fee:
            raise ValueError("the floor of the priority fee is not above its cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTransaction:
    """A signed transaction that nobody has seen yet; `signed` is what goes on the wire."""

    sender: str
    nonce: int
    target: str
    data: str
    gas: int
    max_fee: int
    priority_fee: int
    signed: str
    transaction_hash: str


class EoaSender:
    """Sends from `signer.address`, which pays in POL."""

    def __init__(
        self,
        *,
        rpc_url: str,
        addresses: ContractAddresses,
        signer: Signer,
        chain_id: int,
        caps: FeeCaps,
        account: str | None = None,
    ) -> None:
        """`account` is whose money and tokens receipts are read for: the sender's own unless another is named."""
        self._account = account or signer.address
        self._rpc = JsonRpc(rpc_url)
        self._addresses = addresses
        self._signer = signer
        self._chain_id = chain_id
        self._caps = caps

    @property
    def address(self) -> str:
        """The sender, lower case."""
        return self._signer.address

    def simulate(self, call: Call) -> None:
        """Runs the call on the node without sending it. Raises Reverted with the contract's reason.

        A call that would succeed and pay nothing passes: see `chain.redemption`.
        """
        self._rpc.contract_read(call, sender=self.address)

    def prepare(self, call: Call, nonce: int | None) -> PreparedTransaction:
        """Signs the call, at the next nonce of the account (pending ones counted) where `nonce` is None.

        The fee allows for a doubled base fee within the caps. Raises Reverted, FeeAboveCap, GasAboveCap.
        """
        gas = self._gas_for(call)
        priority_fee = self._priority_fee(self._caps.least_priority_fee)
        base_fee = self._base_fee()
        if base_fee + priority_fee > self._caps.max_fee:
            raise FeeAboveCap(f"{base_fee + priority_fee} wei per gas is above the cap of {self._caps.max_fee}")
        max_fee = min(2 * base_fee + priority_fee, self._caps.max_fee)
        if nonce is None:
            nonce = self.next_nonce()
        return self._signed(call, nonce=nonce, gas=gas, max_fee=max_fee, priority_fee=priority_fee)

    def next_nonce(self) -> int:
        """The account's next nonce as the node knows it, transactions in its pool counted."""
        return self._rpc.quantity("eth_getTransactionCount", self.address, "pending")

    def replacement(self, signed: str) -> PreparedTransaction:
        """The same call on the same nonce at fees one eighth higher, or at today's where those are more.

        At most one of the two is ever mined. Raises FeeAboveCap where the caps leave no room.
        """
        stuck = decode_signed(signed)
        least_fee, least_priority_fee = _outbid(stuck.max_fee), _outbid(stuck.priority_fee)
        if least_fee > self._caps.max_fee or least_priority_fee > self._caps.max_priority_fee:
            raise FeeAboveCap(f"outbidding {stuck.max_fee} and {stuck.priority_fee} wei per gas is above the caps")
        priority_fee = self._priority_fee(max(least_priority_fee, self._caps.least_priority_fee))
        max_fee = min(max(least_fee, 2 * self._base_fee() + priority_fee), self._caps.max_fee)
        call = Call(target=stuck.target, data=stuck.data)
        return self._signed(call, nonce=stuck.nonce, gas=stuck.gas, max_fee=max_fee, priority_fee=priority_fee)

    def broadcast(self, signed: str) -> None:
        """Gives the bytes to the node. Returns where they are in the pool or on the chain already.

        Raises BroadcastOutcomeUnknown where the node's answer does not settle it, NonceTaken where another
        transaction has the nonce for good, Unmineable, and, with nothing sent, NotEnoughGasMoney, FeeTooLow
        and RpcUnavailable.
        """
        try:
            self._rpc.call("eth_sendRawTransaction", signed)
        except (RpcRefused, RpcBroke) as refused:
            self._judge(signed, refused)
        except RpcAnswerLost as error:
            raise BroadcastOutcomeUnknown(str(error)) from error

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """What became of a transaction; None while it is in no block that the node knows."""
        return read_receipt(
            self._rpc,
            transaction_hash=transaction_hash,
            payer=payer_of(self._account, self._addresses),
        )

    def _signed(self, call: Call, *, nonce: int, gas: int, max_fee: int, priority_fee: int) -> PreparedTransaction:
        fields = TransactionFields(
            chain_id=self._chain_id,
            nonce=nonce,
            target=call.target,
            data=call.data,
            gas=gas,
            max_fee=max_fee,
            priority_fee=priority_fee,
        )
        signed = self._signer.sign_transaction(fields)
        return PreparedTransaction(
            sender=self.address,
            nonce=nonce,
            target=call.target,
            data=call.data,
            gas=gas,
            max_fee=max_fee,
            priority_fee=priority_fee,
            signed=signed.signed,
            transaction_hash=signed.transaction_hash,
        )

    def _gas_for(self, call: Call) -> int:
        message = {"from": self.address, "to": call.target, "data": call.data}
        try:
            estimate = self._rpc.quantity("eth_estimateGas", message)
        except RpcRefused as refused:
            raise as_revert(refused) from refused
        # State may change before the transaction is mined; unused gas costs nothing.
        gas = estimate * 5 // 4
        if gas > self._caps.max_gas:
            raise GasAboveCap(f"{gas} gas is above the cap of {self._caps.max_gas}")
        return gas

    def _priority_fee(self, least: int) -> int:
        """What the node suggests, but no less than `least` and no more than the cap."""
        return min(max(least, self._rpc.quantity("eth_maxPriorityFeePerGas")), self._caps.max_priority_fee)

    def _base_fee(self) -> int:
        block = self._rpc.call("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 (the wire's own argument)
        return as_quantity("base fee", block.get("baseFeePerGas") if isinstance(block, dict) else None)

    def _judge(self, signed: str, refused: RpcRefused | RpcBroke) -> None:
        """Returns where the bytes are known to the node after all, else raises what its refusal means."""
        verdict = verdict_of(str(refused))
        if verdict is BroadcastVerdict.KNOWN:
            return
        if verdict is BroadcastVerdict.NONCE_USED:
            self._judge_used_nonce(signed)
            return
        raise _REFUSALS.get(verdict, BroadcastOutcomeUnknown)(str(refused)) from refused

    def _judge_used_nonce(self, signed: str) -> None:
        transaction_hash = hex_text(keccak(hex_bytes(signed)))
        if self.receipt(transaction_hash) is not None:
            return
        nonce = decode_signed(signed).nonce
        final = self._rpc.quantity("eth_getTransactionCount", self.address, "finalized")
        # Nodes behind one URL may lag each other: only a final block proves that it was another transaction.
        if final > nonce and self.receipt(transaction_hash) is None:
            raise NonceTaken(f"nonce {nonce} was used by another transaction than {transaction_hash}")
        raise BroadcastOutcomeUnknown(f"nonce {nonce} is used, and {transaction_hash} has no receipt yet")


_REFUSALS: dict[BroadcastVerdict, type[LiveTradingError]] = {
    BroadcastVerdict.NO_GAS_MONEY: NotEnoughGasMoney,
    BroadcastVerdict.FEE_TOO_LOW: FeeTooLow,
    BroadcastVerdict.UNMINEABLE: Unmineable,
}


def _outbid(fee: int) -> int:
    """The least that pools accept in place of `fee` (ten percent more), with a margin for rounding."""
    return fee + fee // 8 + 1

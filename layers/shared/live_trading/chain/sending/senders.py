"""Ways to get calls of a wallet onto the chain, behind one interface.

`prepare` signs and sends nothing. What was prepared may be sent any number of times and is mined at most once: it has
one nonce of the payer, and for a Safe one nonce of the Safe besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from live_trading.chain.abi import Call, decode_uint
from live_trading.chain.contracts import ContractAddresses
from live_trading.chain.reading.receipts import Receipt
from live_trading.chain.rpc import JsonRpc
from live_trading.chain.sending.sender import EoaSender, PreparedTransaction
from live_trading.chain.wallets.safe import SAFE_NONCE, exec_call, safe_transaction, signed_by_owner
from live_trading.chain.wallets.signer import Signer

# Eight redemptions are about two million gas, far below a block's limit and small enough to be picked soon.
MOST_CALLS_OF_A_SAFE = 8


class Channel(StrEnum):
    """Who sends: the account itself, the owner through the Safe, or the venue's relayer."""

    EOA = "EOA"
    SAFE = "SAFE"
    PROXY = "PROXY"
    RELAYER = "RELAYER"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCalls:
    """Calls signed into one transaction; `wallet_nonce` is the Safe's where there is one."""

    transaction: PreparedTransaction
    wallet_nonce: int | None


class DirectSender(Protocol):
    """Sends a wallet's calls in transactions that `payer` signs and pays for."""

    @property
    def channel(self) -> Channel:
        """Which way this is."""
        ...

    @property
    def payer(self) -> str:
        """The account that pays the gas, lower case."""
        ...

    @property
    def most_calls(self) -> int:
        """How many calls fit into one transaction."""
        ...

    def next_nonce(self) -> int:
        """The payer's next nonce as the node knows it."""
        ...

    def prepare(self, calls: Sequence[Call], nonce: int) -> SignedCalls:
        """Signs the calls at the payer's nonce. Raises Reverted, FeeAboveCap, GasAboveCap."""
        ...

    def replacement(self, signed: str) -> PreparedTransaction:
        """The same at higher fees. Raises FeeAboveCap."""
        ...

    def broadcast(self, signed: str) -> None:
        """Gives the bytes to the node; see `EoaSender.broadcast` for what it raises."""
        ...

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """What became of a transaction, read for the wallet."""
        ...


class _ThroughEoa:
    """What every sender shares whose transactions an EOA signs."""

    def __init__(self, eoa: EoaSender) -> None:
        self._eoa = eoa

    @property
    def payer(self) -> str:
        return self._eoa.address

    def next_nonce(self) -> int:
        return self._eoa.next_nonce()

    def replacement(self, signed: str) -> PreparedTransaction:
        return self._eoa.replacement(signed)

    def broadcast(self, signed: str) -> None:
        self._eoa.broadcast(signed)

    def receipt(self, transaction_hash: str) -> Receipt | None:
        return self._eoa.receipt(transaction_hash)


class OwnAccountSender(_ThroughEoa):
    """The wallet is the EOA itself: one call a transaction."""

    channel = Channel.EOA
    most_calls = 1

    def prepare(self, calls: Sequence[Call], nonce: int) -> SignedCalls:
        """Signs the only call. Raises ValueError for more than one."""
        (call,) = calls
        return SignedCalls(transaction=self._eoa.prepare(call, nonce), wallet_nonce=None)


class SafeSender(_ThroughEoa):
    """The wallet is a Safe with one owner, who signs for it and pays the gas."""

    channel = Channel.SAFE

    def __init__(
        self, *, eoa: EoaSender, signer: Signer, safe: str, rpc_url: str, addresses: ContractAddresses, chain_id: int
    ) -> None:
        super().__init__(eoa)
        self._signer = signer
        self._safe = safe
        self._rpc = JsonRpc(rpc_url)
        self._multisend = addresses.safe_multisend
        self._chain_id = chain_id

    @property
    def most_calls(self) -> int:
        return 1 if self._multisend is None else MOST_CALLS_OF_A_SAFE

    def prepare(self, calls: Sequence[Call], nonce: int) -> SignedCalls:
        """Signs the calls for the Safe at its present nonce, and the transaction that carries them."""
        wallet_nonce = decode_uint(self._rpc.contract_read(SAFE_NONCE.call(self._safe)))
        inner = safe_transaction(self._safe, calls, wallet_nonce, self._multisend)
        call = exec_call(inner, signed_by_owner(inner, self._signer, self._chain_id))
        return SignedCalls(transaction=self._eoa.prepare(call, nonce), wallet_nonce=wallet_nonce)

"""The ways to get a wallet's calls onto the chain, as `delivery` uses them: sign, send, look, outbid.

A direct carrier signs transactions of the payer's own; the relayer's are signed messages that the venue executes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from live_trading.chain.abi import Call
from live_trading.chain.errors import NonceTaken, Unmineable
from live_trading.chain.reading.receipts import Receipt
from live_trading.chain.sending.sender import PreparedTransaction
from live_trading.chain.sending.senders import Channel, DirectSender
from live_trading.nouns.errors import GiveUp, StopEverything
from live_trading.settlement.following import Sighting
from live_trading.store.chain.chain_sends import ChainSend, SignedVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Calls that are signed and that nobody has seen; `versions` or `payload` is what goes on the wire."""

    channel: Channel
    payer: str
    nonce: int
    wallet_nonce: int | None
    transaction_hash: str | None
    versions: tuple[SignedVersion, ...]
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the chain, or the relayer, shows of a send; `transaction_hash` where it has become known."""

    sighting: Sighting
    receipt: Receipt | None
    transaction_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Somebody took what was sent; the relayer gives it an id."""

    relayer_transaction_id: str | None = None
    transaction_hash: str | None = None


class NeverMined(GiveUp):
    """What was signed can never be mined: its nonce is another's for good, or nobody accepts it."""


class NotTaken(NeverMined):
    """Nobody has taken it, and there is no room for it before `retry_after_seconds`, where that is known."""

    def __init__(self, message: str, *, retry_after_seconds: float | None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Carrier(Protocol):
    """One way to the chain."""

    @property
    def channel(self) -> Channel:
        """Which way."""
        ...

    @property
    def payer(self) -> str:
        """Whose nonces count."""
        ...

    @property
    def most_calls(self) -> int:
        """How many calls fit into one send."""
        ...

    @property
    def is_one_at_a_time(self) -> bool:
        """Whether the next send must wait until the last one is final."""
        ...

    def sign(self, calls: Sequence[Call], taken: Collection[int]) -> Signed:
        """Signs the calls on a nonce that is not `taken`; nothing is sent."""
        ...

    def send(self, send: ChainSend) -> Taken:
        """Sends the newest signed form. Raises NeverMined, OutcomeUnknown, or RetryLater with nothing sent."""
        ...

    def look(self, send: ChainSend) -> Seen:
        """What has become of it."""
        ...

    def outbid(self, send: ChainSend) -> SignedVersion | None:
        """A signed form that takes its place, None where there is no such thing. Raises FeeAboveCap."""
        ...


class DirectCarrier:
    """Transactions that the payer signs: an EOA's own, or a Safe's through its owner."""

    def __init__(self, sender: DirectSender) -> None:
        self._sender = sender

    @property
    def channel(self) -> Channel:
        return self._sender.channel

    @property
    def payer(self) -> str:
        return self._sender.payer

    @property
    def most_calls(self) -> int:
        return self._sender.most_calls

    @property
    def is_one_at_a_time(self) -> bool:
        # Each signature of a Safe holds for one nonce of the Safe, which the one before has to use up first.
        return self._sender.channel is not Channel.EOA

    def sign(self, calls: Sequence[Call], taken: Collection[int]) -> Signed:
        nonce = self._sender.next_nonce()
        while nonce in taken:
            nonce += 1
        signed = self._sender.prepare(calls, nonce)
        return Signed(
            channel=self._sender.channel,
            payer=self._sender.payer,
            nonce=nonce,
            wallet_nonce=signed.wallet_nonce,
            transaction_hash=signed.transaction.transaction_hash,
            versions=(_version(signed.transaction),),
            payload=None,
        )

    def send(self, send: ChainSend) -> Taken:
        try:
            self._sender.broadcast(_newest(send).signed)
        except (NonceTaken, Unmineable) as error:
            raise NeverMined(str(error)) from error
        return Taken()

    def look(self, send: ChainSend) -> Seen:
        for version in reversed(send.versions):
            receipt = self._sender.receipt(version.transaction_hash)
            if receipt is not None:
                return Seen(sighting=Sighting(confirmations=receipt.confirmations), receipt=receipt)
        return Seen(sighting=Sighting(confirmations=None), receipt=None)

    def outbid(self, send: ChainSend) -> SignedVersion | None:
        return _version(self._sender.replacement(_newest(send).signed))


def _newest(send: ChainSend) -> SignedVersion:
    if not send.versions:
        raise StopEverything(f"send {send.chain_send_id} is {send.state} without signed bytes")
    return send.versions[-1]


def _version(prepared: PreparedTransaction) -> SignedVersion:
    return SignedVersion(
        transaction_hash=prepared.transaction_hash,
        signed=prepared.signed,
        max_fee=prepared.max_fee,
        priority_fee=prepared.priority_fee,
    )

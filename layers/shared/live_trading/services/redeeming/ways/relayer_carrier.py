"""The relayer as a way to the chain: the owner signs, the venue sends and pays the gas.

A payload has one nonce of the wallet, so it is executed at most once, however often it is submitted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from live_trading.chain.abi import Call
from live_trading.chain.errors import ContractMissing
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.sending.senders import MOST_CALLS_OF_A_SAFE, Channel
from live_trading.chain.wallets.relay_messages import (
    RelayContracts,
    deposit_wallet_payload,
    proxy_payload,
    safe_payload,
)
from live_trading.chain.wallets.signer import Signer
from live_trading.nouns.errors import GiveUp, OutcomeUnknown, RetryLater
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.relayer import DEAD, QuotaExceeded, RelayerClient, RelayRefused, Submission
from live_trading.services.redeeming.ways.carriers import NeverMined, NotTaken, Seen, Signed, Taken
from live_trading.settlement.following import Sighting
from live_trading.store.chain.chain_sends import ChainSend, SignedVersion

DEADLINE = timedelta(minutes=10)


class RelayerCarrier:
    """Sends one wallet's calls through the relayer, one submission at a time."""

    channel = Channel.RELAYER
    most_calls = MOST_CALLS_OF_A_SAFE
    is_one_at_a_time = True

    def __init__(
        self,
        *,
        wallet: TradingWallet,
        signer: Signer,
        client: RelayerClient,
        chain: ChainReader,
        contracts: RelayContracts,
        chain_id: int,
        now: Callable[[], datetime],
        gives_up_after: timedelta | None,
    ) -> None:
        """`gives_up_after` is how long the relayer may sit on a submission; None where the wallet has no other way."""
        self._wallet = wallet
        self._signer = signer
        self._client = client
        self._chain = chain
        self._contracts = contracts
        self._chain_id = chain_id
        self._now = now
        self._gives_up_after = gives_up_after

    @property
    def payer(self) -> str:
        # Nonces at the relayer are the wallet's own.
        return self._wallet.address

    def sign(self, calls: Sequence[Call], taken: Collection[int]) -> Signed:
        """Signs at the wallet's nonce. Raises RetryLater where that one is signed already and not final."""
        nonce, payload = self._payload(calls)
        if nonce in taken:
            raise RetryLater(f"nonce {nonce} of {self._wallet.address} is in flight")
        return Signed(
            channel=Channel.RELAYER,
            payer=self._wallet.address,
            nonce=nonce,
            wallet_nonce=nonce,
            transaction_hash=None,
            versions=(),
            payload=payload,
        )

    def send(self, send: ChainSend) -> Taken:
        """Submits the payload unless the relayer has it, answered or not; a refusal is final.

        So is, where the wallet has another way, a relayer that has been away for too long. An empty quota ends the
        submission too: it is signed again by the other way, or by this one once there are units.
        """
        if send.relayer_transaction_id is not None:
            return Taken(relayer_transaction_id=send.relayer_transaction_id)
        payload = send.relayer_payload or {}
        try:
            submission = self._found(payload) or self._submitted(payload)
        except (RetryLater, OutcomeUnknown) as error:
            if self._has_waited_enough(send):
                raise NeverMined(f"the relayer has not taken it: {error}") from error
            raise
        return Taken(
            relayer_transaction_id=submission.relayer_transaction_id, transaction_hash=submission.transaction_hash
        )

    def _found(self, payload: Mapping[str, Any]) -> Submission | None:
        """What the relayer took of an earlier run, whose answer was lost; a signature is of one wallet nonce.

        What it sent and the chain reverted has left that nonce free, and does not count.
        """
        try:
            found = self._client.find(str(payload.get("signature")))
        except RelayRefused:
            # A key that may not list may not submit either: the refusal of the submission is the one to report.
            return None
        if found is None or found.transaction_hash is None:
            return found
        receipt = self._chain.receipt(found.transaction_hash, self._wallet.address)
        return None if receipt is not None and receipt.status == 0 else found

    def _submitted(self, payload: Mapping[str, Any]) -> Submission:
        try:
            return self._client.submit(payload)
        except RelayRefused as error:
            # It may be refused for a nonce that it has itself used up, where the list had been behind.
            found = self._found(payload)
            if found is None:
                raise NeverMined(str(error)) from error
            return found
        except QuotaExceeded as error:
            if self._gives_up_after is None:
                # Nothing was taken; a payload that waited for its units would be past its own deadline.
                raise NotTaken(str(error), retry_after_seconds=error.retry_after_seconds) from error
            raise NeverMined(str(error)) from error

    def look(self, send: ChainSend) -> Seen:
        """What the relayer says, and the chain's receipt once there is a hash: only that one counts."""
        if send.relayer_transaction_id is None:
            return Seen(sighting=Sighting(confirmations=None), receipt=None)
        try:
            submission = self._client.look(send.relayer_transaction_id)
        except (RetryLater, GiveUp) as error:
            return self._look_alone(send, error)
        found = submission.transaction_hash or send.transaction_hash
        receipt = None if found is None else self._chain.receipt(found, self._wallet.address)
        if receipt is not None:
            sighting = Sighting(confirmations=receipt.confirmations)
            return Seen(sighting=sighting, receipt=receipt, transaction_hash=found)
        dead = None
        if submission.state in DEAD:
            dead = f"the relayer says {submission.state}: {submission.error}"
        elif self._has_waited_enough(send):
            dead = "the relayer has not got it into a block; another way with the same wallet nonce is taken"
        return Seen(sighting=Sighting(confirmations=None, dead=dead), receipt=None, transaction_hash=found)

    def _look_alone(self, send: ChainSend, silence: RetryLater | GiveUp) -> Seen:
        """What the chain says while the relayer says nothing. Raises `silence` where that is nothing."""
        if send.transaction_hash is not None:
            receipt = self._chain.receipt(send.transaction_hash, self._wallet.address)
            if receipt is not None:
                return Seen(sighting=Sighting(confirmations=receipt.confirmations), receipt=receipt)
        elif self._has_waited_enough(send):
            return Seen(sighting=Sighting(confirmations=None, dead=f"the relayer is silent: {silence}"), receipt=None)
        raise silence

    def outbid(self, send: ChainSend) -> SignedVersion | None:  # noqa: ARG002 (the interface's)
        """The relayer bids for itself."""
        return None

    def _has_waited_enough(self, send: ChainSend) -> bool:
        return self._gives_up_after is not None and self._now() - send.signed_at >= self._gives_up_after

    def _payload(self, calls: Sequence[Call]) -> tuple[int, dict[str, Any]]:
        contracts, wallet = self._contracts, self._wallet.address
        match self._wallet.signature_type:
            case SignatureType.SAFE:
                nonce = self._client.next_nonce("SAFE")
                return nonce, safe_payload(
                    wallet=wallet,
                    signer=self._signer,
                    calls=calls,
                    nonce=nonce,
                    chain_id=self._chain_id,
                    multisend=contracts.safe_multisend,
                )
            case SignatureType.DEPOSIT_WALLET:
                nonce = self._client.next_nonce("WALLET")
                return nonce, deposit_wallet_payload(
                    wallet=wallet,
                    signer=self._signer,
                    calls=calls,
                    nonce=nonce,
                    deadline=int((self._now() + DEADLINE).timestamp()),
                    chain_id=self._chain_id,
                    factory=_known(contracts.deposit_wallet_factory, "deposit wallet factory"),
                )
            case SignatureType.PROXY:
                relay, nonce = self._client.relay_payload()
                return nonce, proxy_payload(
                    wallet=wallet,
                    signer=self._signer,
                    calls=calls,
                    nonce=nonce,
                    relay=relay,
                    factory=_known(contracts.proxy_factory, "proxy factory"),
                    relay_hub=_known(contracts.relay_hub, "relay hub"),
                )
            case _:
                raise GiveUp("the relayer serves no wallet that is its own key")


def _known(address: str | None, what: str) -> str:
    if address is None:
        raise ContractMissing(f"no {what} is configured")
    return address

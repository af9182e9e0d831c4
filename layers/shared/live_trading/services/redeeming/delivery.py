"""Takes signed transactions from their first commit to the block that is deep enough, whatever they are for.

Every step is committed before the next is taken; a run that dies anywhere is taken up by the next one. What a
transaction carries moves with it, in the same database transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.chain.abi import Call
from live_trading.chain.errors import FeeAboveCap, FeeTooLow
from live_trading.chain.reading.receipts import Receipt
from live_trading.chain.sending.senders import Channel
from live_trading.nouns.clock import Clock
from live_trading.services.redeeming.transitions import Ending
from live_trading.services.redeeming.ways.carriers import Carrier, NeverMined, NotTaken, Taken
from live_trading.settlement.following import NextStep, is_skipped, next_step
from live_trading.settlement.machine import IN_A_BLOCK, UNSENT, Cause, RedemptionState, next_state
from live_trading.store.chain import chain_sends
from live_trading.store.chain.chain_sends import ChainSend, Inclusion
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease

# More steps than the longest way takes: send, outbid, send, mined, confirmed.
_MOST_STEPS = 8

Carry = Callable[[Transaction, ChainSend, Cause, Ending | None, datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A send as it now stands; `receipt` where it is in a block."""

    send: ChainSend
    receipt: Receipt | None


class Delivery:
    """Commits, sends and follows."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        new_id: Callable[[], UUID],
        carry: Carry,
        confirmations: int,
        patience: timedelta,
    ) -> None:
        """`carry` moves what a send carries by the same cause, with how the send ended where it will never be mined.

        `patience` is how long one fee is waited for.
        """
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._carry = carry
        self._confirmations = confirmations
        self._patience = patience

    def sign(
        self,
        lease: Lease,
        trading_wallet_id: UUID,
        carrier: Carrier,
        calls: Sequence[Call],
        attach: Callable[[Transaction, ChainSend], None],
    ) -> ChainSend:
        """Signs the calls and commits them with what they carry; nothing is on the wire after it."""
        with self._database.reading() as reading:
            of_relayer = carrier.channel is Channel.RELAYER
            taken = chain_sends.living_nonces(reading, carrier.payer, of_relayer=of_relayer)
        signed = carrier.sign(calls, taken)
        now = self._clock.now()
        send = ChainSend(
            chain_send_id=self._new_id(),
            trading_wallet_id=trading_wallet_id,
            channel=signed.channel,
            state=RedemptionState.PREPARED,
            payer=signed.payer,
            nonce=signed.nonce,
            wallet_nonce=signed.wallet_nonce,
            relayer_payload=signed.payload,
            relayer_transaction_id=None,
            transaction_hash=signed.transaction_hash,
            prepared_at=now,
            signed_at=now,
            versions=signed.versions,
        )
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            chain_sends.insert(transaction, send)
            attach(transaction, send)
        return send

    def follow(self, lease: Lease, carrier: Carrier, send: ChainSend) -> Followed:
        """Takes every step that is open now. Raises RetryLater or OutcomeUnknown where the next run goes on."""
        sent_now = False
        for _ in range(_MOST_STEPS):
            seen = carrier.look(send)
            if seen.transaction_hash is not None and seen.transaction_hash != send.transaction_hash:
                send = self._note_hash(lease, send, seen.transaction_hash)
            step = next_step(
                send.state,
                seen.sighting,
                needed=self._confirmations,
                signed_at=send.signed_at,
                now=self._clock.now(),
                patience=self._patience,
            )
            match step:
                case NextStep.CONFIRM:
                    return Followed(send=self._confirm(lease, send, seen.receipt), receipt=seen.receipt)
                case NextStep.WAIT:
                    return Followed(send=send, receipt=seen.receipt)
                case NextStep.NOTE_MINED:
                    send = self._move(lease, send, Cause.INCLUDED, seen.receipt)
                case NextStep.NOTE_REORG:
                    send = self._move(lease, send, Cause.REORGED, None)
                case NextStep.BURY:
                    why = str(seen.sighting.dead)
                    ending = Ending(why=why, is_skipped=is_skipped(why))
                    return Followed(send=self._bury(lease, send, ending), receipt=None)
                case NextStep.SEND | NextStep.SEND_AGAIN | NextStep.OUTBID:
                    if sent_now and step is NextStep.SEND_AGAIN:
                        return Followed(send=send, receipt=None)
                    send = self._get_out(lease, carrier, send, step)
                    sent_now = send.state is RedemptionState.BROADCAST
            if send.state is RedemptionState.FAILED:
                return Followed(send=send, receipt=None)
        return Followed(send=send, receipt=None)

    def _get_out(self, lease: Lease, carrier: Carrier, send: ChainSend, step: NextStep) -> ChainSend:
        if step is NextStep.OUTBID:
            send = self._outbid(lease, carrier, send)
        try:
            taken = carrier.send(send)
        except NotTaken as error:
            ending = Ending(why=str(error), is_waiting=True, retry_after_seconds=error.retry_after_seconds)
            return self._bury(lease, send, ending)
        except NeverMined as error:
            return self._bury(lease, send, Ending(why=str(error), is_skipped=is_skipped(str(error))))
        except FeeTooLow:
            outbid = self._outbid(lease, carrier, send)
            if outbid is send:
                raise
            return outbid
        if send.state in UNSENT:
            return self._note_sent(lease, send, taken)
        return send

    def _outbid(self, lease: Lease, carrier: Carrier, send: ChainSend) -> ChainSend:
        """The send with a higher bid that is committed and not sent, or itself where the caps leave no room."""
        try:
            version = carrier.outbid(send)
        except FeeAboveCap:
            version = None
        if version is None:
            return send
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            chain_sends.add_version(transaction, send, version, now)
            self._apply(transaction, send, Cause.OUTBID, now)
            return chain_sends.get(transaction, send.chain_send_id)

    def _note_sent(self, lease: Lease, send: ChainSend, taken: Taken) -> ChainSend:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if taken.relayer_transaction_id is not None:
                chain_sends.note_relayer(
                    transaction,
                    send,
                    relayer_transaction_id=taken.relayer_transaction_id,
                    transaction_hash=taken.transaction_hash,
                )
            self._apply(transaction, send, Cause.SENT, now)
            return chain_sends.get(transaction, send.chain_send_id)

    def _note_hash(self, lease: Lease, send: ChainSend, transaction_hash: str) -> ChainSend:
        """The send under the hash that it has now; one that was in a block under another has lost that block."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            chain_sends.note_relayer(
                transaction,
                send,
                relayer_transaction_id=str(send.relayer_transaction_id),
                transaction_hash=transaction_hash,
            )
            if send.state in IN_A_BLOCK:
                self._apply(transaction, send, Cause.REORGED, now)
            return chain_sends.get(transaction, send.chain_send_id)

    def _confirm(self, lease: Lease, send: ChainSend, receipt: Receipt | None) -> ChainSend:
        if send.state is RedemptionState.CONFIRMED:
            return send
        if send.state is not RedemptionState.MINED:
            send = self._move(lease, send, Cause.INCLUDED, receipt)
        return self._move(lease, send, Cause.DEEP_ENOUGH, receipt)

    def _bury(self, lease: Lease, send: ChainSend, ending: Ending) -> ChainSend:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            self._apply(transaction, send, Cause.NEVER_MINED, now, ending)
            chain_sends.finish(transaction, send.chain_send_id, now, ending.why)
            return chain_sends.get(transaction, send.chain_send_id)

    def _move(self, lease: Lease, send: ChainSend, cause: Cause, receipt: Receipt | None) -> ChainSend:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if receipt is not None:
                chain_sends.note_inclusion(
                    transaction,
                    send,
                    Inclusion(
                        transaction_hash=receipt.transaction_hash,
                        block_number=receipt.block_number,
                        gas_used=receipt.gas_used,
                        gas_price_wei=receipt.effective_gas_price,
                    ),
                )
            self._apply(transaction, send, cause, now)
            return chain_sends.get(transaction, send.chain_send_id)

    def _apply(
        self, transaction: Transaction, send: ChainSend, cause: Cause, now: datetime, ending: Ending | None = None
    ) -> None:
        chain_sends.move(transaction, send, next_state(send.state, cause))
        self._carry(transaction, send, cause, ending, now)

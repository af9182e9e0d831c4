"""Payments that are booked and that a reorganisation deeper than the confirmations has taken off the chain.

What they had booked is reversed, and the redemption goes on: our own transaction is sent again on its nonce, and what
somebody else had paid is due again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from live_trading.chain.reading.reader import ChainReader
from live_trading.ledger.accounts import IncomeType
from live_trading.ledger.income_entries import income_reference
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LeaseLost, OutcomeUnknown, RetryLater
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.redeeming import transitions
from live_trading.services.redeeming.redeem_report import RedeemReport
from live_trading.services.running.failures import contained
from live_trading.settlement.machine import Cause, RedemptionState
from live_trading.store.books import payment_reversals
from live_trading.store.chain import chain_sends, redemption_changes, redemptions
from live_trading.store.chain.redemptions import Redemption
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease

logger = logging.getLogger(__name__)

# Two runs after it was booked; the deepest reorganisation that Polygon has seen was of five minutes.
WATCHED_FOR = timedelta(minutes=25)


class ReorgWatch:
    """Looks whether the transactions of recent payments are still on the chain."""

    def __init__(self, *, database: Database, chain: ChainReader, clock: Clock, actor: str) -> None:
        self._database = database
        self._chain = chain
        self._clock = clock
        self._actor = actor

    def run(self, lease: Lease, wallet: TradingWallet, report: RedeemReport) -> None:
        """Takes back what is gone; each transaction by itself. Raises RetryLater where the chain is away."""
        since = self._clock.now() - WATCHED_FOR
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            recent = redemptions.settled_since(transaction, wallet.trading_wallet_id, since)
        for transaction_hash, settled in recent.items():
            with contained(f"payment {transaction_hash}", report.failures):
                if self._is_gone(wallet, transaction_hash, settled):
                    self._take_back(lease, wallet, transaction_hash, settled)

    def _is_gone(self, wallet: TradingWallet, transaction_hash: str, settled: Sequence[Redemption]) -> bool:
        receipt = self._chain.receipt(transaction_hash, wallet.address)
        if receipt is not None:
            return receipt.status != 1
        # A node that is behind does not know the block yet.
        block = max((each.block_number or 0 for each in settled), default=0)
        return self._chain.block_number() >= block

    def _take_back(
        self, lease: Lease, wallet: TradingWallet, transaction_hash: str, settled: Sequence[Redemption]
    ) -> None:
        now = self._clock.now()
        try:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                self._reverse(transaction, wallet, transaction_hash, settled, now)
        except (RetryLater, OutcomeUnknown, LeaseLost):
            raise
        except Exception as error:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                for each in settled:
                    transitions.tell_of_trouble(transaction, each, error, now=now)
            raise

    def _reverse(
        self,
        transaction: Transaction,
        wallet: TradingWallet,
        transaction_hash: str,
        settled: Sequence[Redemption],
        now: datetime,
    ) -> None:
        references: list[str] = []
        for each in settled:
            references += payment_reversals.references_of_redemption(transaction, each.lt_redemption_id)
            moved = transitions.move(transaction, each, Cause.TAKEN_BACK, actor=self._actor, now=now)
            redemption_changes.note_taken_back(transaction, moved)
            transitions.tell_of_reorg(transaction, moved, transaction_hash, now=now)
        surplus = income_reference(IncomeType.REDEMPTION_SURPLUS, wallet.trading_wallet_id, transaction_hash)
        references += payment_reversals.references_like(transaction, surplus)
        for chain_send_id in {each.chain_send_id for each in settled if each.state is RedemptionState.BOOKED}:
            if chain_send_id is not None:
                references += payment_reversals.references_like(transaction, f"gas:{chain_send_id}")
                chain_sends.reopen(transaction, chain_send_id)
        payment_reversals.reverse(transaction, references, now)

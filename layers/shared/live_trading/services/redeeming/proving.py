"""Judges transactions that are deep enough, and finds payments that somebody else has caused; books what is proved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.reading.receipts import Receipt
from live_trading.chain.redemption import RedemptionKind, pays_usdce
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LeaseLost, OutcomeUnknown, RetryLater
from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.redeeming import payment_booking, transitions
from live_trading.services.redeeming.claims import claim_of, failure_of
from live_trading.services.redeeming.paid_elsewhere import Payment, PaymentNotDeepEnough, PaymentsElsewhere, tokens_of
from live_trading.services.redeeming.payment_booking import LedgerDisagrees
from live_trading.services.redeeming.preparing import Checked, RedemptionChecker, ledger_shares
from live_trading.services.redeeming.redeem_report import Outcome, RedeemReport, part_of
from live_trading.services.running.failures import contained
from live_trading.settlement.machine import Cause, RedemptionState
from live_trading.settlement.preflight import FailureCode
from live_trading.settlement.proof import (
    Claim,
    Verdict,
    by_outcome,
    surplus_of,
    verdicts,
)
from live_trading.store.books import ledger
from live_trading.store.chain import chain_sends, redemption_changes, redemptions, wallet_approvals
from live_trading.store.chain.chain_sends import ChainSend
from live_trading.store.chain.redemptions import Redemption, RedemptionAction, SettledBy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """What a transaction did for one redemption; no verdict where it reverted."""

    redemption: Redemption
    held: tuple[Shares, ...]
    claim: Claim
    verdict: Verdict | None
    vector: PayoutVector | None


class RedemptionSettler:
    """Turns evidence from the chain into final states."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        checker: RedemptionChecker,
        clock: Clock,
        confirmations: int,
        gas_coin_usd: Decimal,
        actor: str,
    ) -> None:
        """`gas_coin_usd` values gas in the ledger and decides nothing."""
        self._database = database
        self._chain = chain
        self._checker = checker
        self._clock = clock
        self._elsewhere = PaymentsElsewhere(chain=chain, confirmations=confirmations)
        self._gas_coin_usd = gas_coin_usd
        self._actor = actor

    def settle(
        self, lease: Lease, wallet: TradingWallet, send: ChainSend, receipt: Receipt, report: RedeemReport
    ) -> bool:
        """Ends what a confirmed transaction carried, each redemption by itself; True where all of it has ended.

        One whose payment cannot be booked is handed to the operator, and one that has to wait is looked at again by the
        next run: neither keeps the others.
        """
        judged, surplus = self._judged(wallet, send, receipt)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            payment_booking.book_surplus(transaction, wallet, receipt.transaction_hash, surplus, now)
            if send.channel != "RELAYER":
                wei = receipt.gas_used * receipt.effective_gas_price
                payment_booking.book_gas(transaction, wallet, send, wei, self._gas_coin_usd, now)
        for each in judged:
            if each.redemption.state is RedemptionState.CONFIRMED:
                with contained(part_of(each.redemption), report.failures):
                    report.note(self._ended(lease, wallet, each, receipt))
        now = self._clock.now()
        error = None if receipt.status == 1 else f"transaction {receipt.transaction_hash} reverted"
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            carried = redemptions.of_send(transaction, send.chain_send_id)
            if any(each.state is RedemptionState.CONFIRMED for each in carried):
                return False
            wallet_approvals.finish(transaction, send.chain_send_id, error=error, now=now)
            chain_sends.finish(transaction, send.chain_send_id, now, error)
        return True

    def _judged(self, wallet: TradingWallet, send: ChainSend, receipt: Receipt) -> tuple[list[_Judged], Usd]:
        """What the transaction did for each redemption that it carried, and what it paid above all that was owed."""
        with self._database.reading() as reading:
            carried = redemptions.of_send(reading, send.chain_send_id)
            shares = ledger_shares(reading, wallet, carried)
            known = markets.by_condition(reading, [each.condition_id for each in carried])
        held = [by_outcome(each.token_ids, shares[each.lt_redemption_id]) for each in carried]
        left = self._checker.balances(wallet, known.values())
        vectors = self._chain.vectors_of(known.values()) if known else {}
        in_usdce = any(pays_usdce(RedemptionKind(each.kind)) for each in carried)
        received = receipt.usdce_received if in_usdce else receipt.collateral_received
        claims = [
            claim_of(each, have, receipt, left, vectors[each.condition_id])
            for each, have in zip(carried, held, strict=True)
        ]
        found = verdicts(claims, received) if receipt.status == 1 else [None] * len(claims)
        judged = [
            _Judged(redemption=each, held=have, claim=claim, verdict=verdict, vector=vectors[each.condition_id])
            for each, have, claim, verdict in zip(carried, held, claims, found, strict=True)
        ]
        is_income = receipt.status == 1 and not in_usdce
        return judged, surplus_of(claims, received) if is_income else Usd.zero()

    def _ended(self, lease: Lease, wallet: TradingWallet, judged: _Judged, receipt: Receipt) -> Outcome:
        redemption = judged.redemption
        elsewhere = None
        if judged.verdict is Verdict.GONE_BEFORE:
            elsewhere = self._elsewhere.find(wallet, redemption, judged.held, judged.vector)
        now = self._clock.now()

        def end(transaction: Transaction) -> Outcome:
            return self._end(transaction, wallet, judged, receipt, elsewhere, now)

        return self._booked_or_handed_over(lease, redemption, end)

    def _booked_or_handed_over(
        self, lease: Lease, redemption: Redemption, book: Callable[[Transaction], Outcome]
    ) -> Outcome:
        """What booking in one transaction makes of a redemption; the operator's where it cannot be booked.

        Raises what may be different at the next try, and what is of the whole run.
        """
        try:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                return book(transaction)
        except (RetryLater, OutcomeUnknown, LeaseLost):
            raise
        except LedgerDisagrees as error:
            code, text = FailureCode.LEDGER_DISAGREES, str(error)
        except Exception as error:
            logger.exception("a redemption could not be booked", extra={"redemption": str(redemption.lt_redemption_id)})
            code, text = FailureCode.BOOKING_FAILED, f"{type(error).__name__}: {error}"
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            handed = transitions.hand_over(transaction, redemption, code, text, actor=self._actor, now=now)
        return Outcome(redemption=handed)

    def settle_gone(self, lease: Lease, wallet: TradingWallet, seen: Checked) -> Outcome:
        """Tokens that left before anything was signed: NOTHING_TO_DO with the payment that proves it, or a failure."""
        redemption = seen.redemption
        is_merge = redemption.action is RedemptionAction.MERGE
        try:
            if is_merge:
                payment = self._elsewhere.find_merge(wallet, redemption, self._known(redemption))
            else:
                payment = self._elsewhere.find(wallet, redemption, seen.held, seen.vector)
        except PaymentNotDeepEnough:
            return Outcome(redemption=redemption)
        now = self._clock.now()

        def end(transaction: Transaction) -> Outcome:
            if payment is not None:
                return self._paid_elsewhere(transaction, wallet, redemption, payment, now)
            failed = transitions.refuse(
                transaction,
                redemption,
                FailureCode.TOKENS_MISSING if is_merge else FailureCode.PAYMENT_NOT_FOUND,
                "the tokens are gone and no payment for them was found",
                actor=self._actor,
                now=now,
            )
            return Outcome(redemption=failed)

        return self._booked_or_handed_over(lease, redemption, end)

    def _known(self, redemption: Redemption) -> set[str]:
        with self._database.transaction() as transaction:
            return redemptions.settling_transactions(transaction, redemption.trading_wallet_id, redemption.condition_id)

    def settle_worthless(self, lease: Lease, wallet: TradingWallet, seen: Checked) -> Outcome:
        """Losers: nothing is owed, nothing is sent, and the balance is written down before and after.

        Where somebody has turned them in together with tokens that no strategy bought, those were paid for.
        """
        balance = self._chain.collateral_balance(wallet.address)
        is_gone = seen.redemption.action is RedemptionAction.REDEEM and not any(seen.on_chain)
        payment = None
        if is_gone and self._has_external(wallet, seen.redemption):
            try:
                payment = self._elsewhere.find(wallet, seen.redemption, seen.held, seen.vector)
            except PaymentNotDeepEnough:
                return Outcome(redemption=seen.redemption)
        now = self._clock.now()

        def end(transaction: Transaction) -> Outcome:
            if payment is not None:
                _book(transaction, wallet, seen.redemption, payment, now)
            elif is_gone:
                payment_booking.clear_worthless(transaction, wallet, seen.redemption, now)
            redemption_changes.note_balance(transaction, seen.redemption, balance)
            settled = transitions.settle(
                transaction,
                seen.redemption,
                Cause.NOTHING_OWED,
                amount=Usd.zero(),
                settled_by=SettledBy.OURSELVES,
                actor=self._actor,
                now=now,
                remark=f"nothing is owed; collateral {balance} before and after",
            )
            return Outcome(redemption=settled)

        return self._booked_or_handed_over(lease, seen.redemption, end)

    def _has_external(self, wallet: TradingWallet, redemption: Redemption) -> bool:
        with self._database.transaction() as transaction:
            return bool(ledger.external_shares(transaction, wallet.trading_wallet_id, list(redemption.token_ids)))

    def _end(
        self,
        transaction: Transaction,
        wallet: TradingWallet,
        judged: _Judged,
        receipt: Receipt,
        elsewhere: Payment | None,
        now: datetime,
    ) -> Outcome:
        redemption, claim, verdict = judged.redemption, judged.claim, judged.verdict
        if elsewhere is not None:
            return self._paid_elsewhere(transaction, wallet, redemption, elsewhere, now)
        if verdict is Verdict.PAID:
            in_usdce = pays_usdce(RedemptionKind(redemption.kind))
            payment = Payment(
                transaction_hash=receipt.transaction_hash,
                amount=claim.owed_for_given,
                in_usdce=in_usdce,
                gone=tokens_of(redemption, claim.given),
            )
            return self._paid(transaction, wallet, redemption, payment, now)
        cause, code, text = failure_of(redemption, claim, verdict, receipt)
        moved = transitions.move(transaction, redemption, cause, actor=self._actor, now=now)
        return Outcome(redemption=transitions.fail(transaction, moved, code, text, now, actor=self._actor))

    def _paid(
        self, transaction: Transaction, wallet: TradingWallet, redemption: Redemption, payment: Payment, now: datetime
    ) -> Outcome:
        _book(transaction, wallet, redemption, payment, now)
        settled = transitions.settle(
            transaction,
            redemption,
            Cause.PAID,
            amount=payment.amount,
            settled_by=SettledBy.OURSELVES,
            actor=self._actor,
            now=now,
        )
        return Outcome(redemption=settled, paid=payment.amount)

    def _paid_elsewhere(
        self, transaction: Transaction, wallet: TradingWallet, redemption: Redemption, payment: Payment, now: datetime
    ) -> Outcome:
        _book(transaction, wallet, redemption, payment, now)
        settled = transitions.settle(
            transaction,
            redemption,
            Cause.PAID_ELSEWHERE,
            amount=payment.amount,
            settled_by=SettledBy.SOMEONE_ELSE,
            actor=self._actor,
            now=now,
            transaction_hash=payment.transaction_hash,
            remark="somebody else redeemed it first",
        )
        return Outcome(redemption=settled, paid=payment.amount)


def _book(
    transaction: Transaction, wallet: TradingWallet, redemption: Redemption, payment: Payment, now: datetime
) -> None:
    if redemption.action is RedemptionAction.MERGE:
        payment_booking.book_merge(transaction, wallet, redemption, now)
        return
    payment_booking.book_payment(
        transaction,
        wallet,
        redemption,
        paid=payment.amount,
        in_usdce=payment.in_usdce,
        gone=payment.gone,
        now=now,
    )

"""lt-redemptions: turns resolved tokens into collateral on chain and books what really arrived.

Every step is committed before it is taken. A transaction that succeeds but pays something other than what the
payout vector owes is a failure: wrong and repeated calls succeed on chain with payout 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from live_trading.chain.reader import ChainReader
from live_trading.chain.redemption import ContractAddresses, RedemptionKind, redeem_call
from live_trading.chain.sender import EoaSender, Receipt
from live_trading.ledger import entries
from live_trading.ledger.accounts import Account
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, LiveTradingError, OutcomeUnknown, RetryLater, StopEverything
from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.services.leasing import held
from live_trading.store import audit, leases, ledger, live_strategies, redemptions
from live_trading.store.database import Database, Transaction
from live_trading.store.leases import Lease
from live_trading.store.redemptions import Prepared, Redemption, RedemptionState

LEASE = "lt-redemptions"
LEASE_SECONDS = 300
RETRY_AFTER = timedelta(minutes=10)
MAX_ATTEMPTS = 5


class PayoutMismatch(GiveUp):
    """The transaction is final and did not pay what is owed: a repetition cannot mend it, a person must look."""


@dataclass(slots=True, kw_only=True)
class RedeemReport:
    """What one run did, by the state that each redemption was brought to."""

    ran: bool
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    booked: list[tuple[str, Usd]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Redeemer:
    """Drives every unfinished redemption as far as it goes in one run."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        addresses: ContractAddresses,
        sender: Callable[[TradingWallet], EoaSender],
        clock: Clock,
        confirmations: int,
        holder: str,
    ) -> None:
        """`confirmations` is how many blocks, its own included, a transaction needs before it is booked."""
        self._database = database
        self._chain = chain
        self._addresses = addresses
        self._sender = sender
        self._clock = clock
        self._confirmations = confirmations
        self._holder = holder

    def run(self) -> RedeemReport:
        """One pass over all trading wallets; one wallet's trouble does not stop the others."""
        with held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report = RedeemReport(ran=lease is not None)
            if lease is None:
                return report
            with self._database.transaction() as transaction:
                wallets = live_strategies.trading_wallets(transaction)
            for wallet in wallets:
                self._redeem_wallet(lease, wallet, report)
        return report

    def _redeem_wallet(self, lease: Lease, wallet: TradingWallet, report: RedeemReport) -> None:
        with self._database.transaction() as transaction:
            due = redemptions.unfinished(transaction, wallet.trading_wallet_id, self._clock.now())
        if not due:
            return
        if wallet.signature_type is not SignatureType.EOA:
            for redemption in due:
                self._fail(lease, redemption, RedemptionState.NEEDS_OPERATOR, "no sender for this kind of wallet")
                report.states[RedemptionState.NEEDS_OPERATOR] += 1
            return
        try:
            sender = self._sender(wallet)
        except LiveTradingError as error:
            report.failures.append(f"{wallet.trading_wallet_id}: {error}")
            return
        for redemption in due:
            try:
                state = self._advance(lease, wallet, sender, redemption, report)
            except StopEverything:
                raise
            except GiveUp as error:
                state = self._give_up(lease, redemption, error)
                report.failures.append(f"{redemption.condition_id}: {error}")
            except (RetryLater, OutcomeUnknown) as error:
                state = redemption.state
                report.failures.append(f"{redemption.condition_id}: {error}")
            report.states[state] += 1

    def _advance(
        self,
        lease: Lease,
        wallet: TradingWallet,
        sender: EoaSender,
        redemption: Redemption,
        report: RedeemReport,
    ) -> RedemptionState:
        """Takes the steps that are open, in order; each returns the redemption as the database now has it."""
        if redemption.state in (RedemptionState.DUE, RedemptionState.FAILED):
            redemption = self._prepare(lease, wallet, sender, redemption)
        if redemption.state in (RedemptionState.PREPARED, RedemptionState.BROADCAST):
            redemption = self._broadcast(lease, sender, redemption)
        receipt = sender.receipt(_hash_of(redemption))
        if receipt is None:
            return redemption.state
        if receipt.confirmations < self._confirmations:
            return self._note_mined(lease, redemption, receipt)
        return self._book(lease, wallet, redemption, receipt, report)

    def _prepare(self, lease: Lease, wallet: TradingWallet, sender: EoaSender, redemption: Redemption) -> Redemption:
        """Signs the call and commits the bytes; nothing is on the wire yet."""
        call = redeem_call(RedemptionKind(redemption.kind), redemption.condition_id, self._addresses)
        sender.simulate(call)
        before = self._chain.collateral_balance(wallet.address)
        ready = sender.prepare(call, None)
        prepared = Prepared(
            target=ready.target,
            calldata=ready.data,
            sender=ready.sender,
            nonce=ready.nonce,
            signed_transaction=ready.signed,
            transaction_hash=ready.transaction_hash,
            balance_before=before,
        )
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            if not redemptions.prepare(transaction, redemption, prepared, now):
                raise StopEverything(f"redemption {redemption.lt_redemption_id} moved under its lease")
            audit.record(
                transaction,
                actor=self._holder,
                action="redemption_prepared",
                subject_type="lt_redemption",
                subject_id=str(redemption.lt_redemption_id),
                before={"state": redemption.state},
                after={"state": RedemptionState.PREPARED, "transaction_hash": ready.transaction_hash},
                cause="due",
                at=now,
            )
            return redemptions.get(transaction, redemption.lt_redemption_id)

    def _broadcast(self, lease: Lease, sender: EoaSender, redemption: Redemption) -> Redemption:
        """Sends the committed bytes; sending them again is harmless, so a doubt about the last time is none."""
        if redemption.signed_transaction is None:
            raise StopEverything(f"redemption {redemption.lt_redemption_id} is PREPARED without signed bytes")
        if redemption.state is RedemptionState.PREPARED:
            sender.broadcast(redemption.signed_transaction)
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                redemptions.move(
                    transaction,
                    lt_redemption_id=redemption.lt_redemption_id,
                    expected=RedemptionState.PREPARED,
                    to=RedemptionState.BROADCAST,
                )
                return redemptions.get(transaction, redemption.lt_redemption_id)
        if sender.receipt(_hash_of(redemption)) is None:
            sender.broadcast(redemption.signed_transaction)
        return redemption

    def _note_mined(self, lease: Lease, redemption: Redemption, receipt: Receipt) -> RedemptionState:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            _note_receipt(transaction, redemption, receipt, RedemptionState.MINED)
        return RedemptionState.MINED

    def _book(
        self, lease: Lease, wallet: TradingWallet, redemption: Redemption, receipt: Receipt, report: RedeemReport
    ) -> RedemptionState:
        """Checks the payment to the base unit and only then makes it spendable."""
        if receipt.status != 1:
            raise GiveUp(f"transaction {redemption.transaction_hash} reverted")
        balances = self._chain.token_balances(wallet.address, list(redemption.token_ids))
        left = {token: shares for token, shares in balances.items() if shares}
        if receipt.collateral_received != redemption.expected or left:
            raise PayoutMismatch(
                f"transaction {redemption.transaction_hash} paid {receipt.collateral_received}, "
                f"owed {redemption.expected}; tokens left: {len(left)}"
            )
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            _note_receipt(transaction, redemption, receipt, RedemptionState.CONFIRMED)
            paid = _book_cash(transaction, wallet, redemption, now)
            if paid != receipt.collateral_received:
                raise StopEverything(
                    f"redemption {redemption.lt_redemption_id}: ledger owes {paid}, chain paid "
                    f"{receipt.collateral_received}"
                )
            redemptions.book(
                transaction,
                lt_redemption_id=redemption.lt_redemption_id,
                amount=receipt.collateral_received,
                now=now,
            )
        report.booked.append((_hash_of(redemption), receipt.collateral_received))
        return RedemptionState.BOOKED

    def _give_up(self, lease: Lease, redemption: Redemption, error: GiveUp) -> RedemptionState:
        hopeless = isinstance(error, PayoutMismatch) or redemption.attempts + 1 >= MAX_ATTEMPTS
        to = RedemptionState.NEEDS_OPERATOR if hopeless else RedemptionState.FAILED
        self._fail(lease, redemption, to, str(error))
        return to

    def _fail(self, lease: Lease, redemption: Redemption, to: RedemptionState, error: str) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            redemptions.fail(
                transaction,
                lt_redemption_id=redemption.lt_redemption_id,
                to=to,
                error=error,
                next_attempt_at=now + RETRY_AFTER if to is RedemptionState.FAILED else None,
                now=now,
            )


def _hash_of(redemption: Redemption) -> str:
    if redemption.transaction_hash is None:
        raise StopEverything(f"redemption {redemption.lt_redemption_id} has no transaction hash")
    return redemption.transaction_hash


def _note_receipt(transaction: Transaction, redemption: Redemption, receipt: Receipt, to: RedemptionState) -> None:
    redemptions.note_receipt(
        transaction,
        lt_redemption_id=redemption.lt_redemption_id,
        expected=redemption.state,
        to=to,
        block_number=receipt.block_number,
        gas_used=receipt.gas_used,
        gas_price_wei=receipt.effective_gas_price,
    )


def _book_cash(transaction: Transaction, wallet: TradingWallet, redemption: Redemption, now: datetime) -> Usd:
    """Makes each strategy's part spendable; returns what was booked in all."""
    parts = [
        part
        for part in ledger.holdings(transaction, Account.PENDING_REDEMPTION, list(redemption.token_ids))
        if part.trading_wallet_id == wallet.trading_wallet_id
    ]
    for part in parts:
        booked = entries.redemption(
            trading_wallet_id=wallet.trading_wallet_id,
            lt_strategy_id=part.lt_strategy_id,
            token_id=part.token_id,
            lt_redemption_id=redemption.lt_redemption_id,
            shares=part.shares,
            payout=part.amount,
            occurred_at=now,
        )
        ledger.post(transaction, booked, now)
    return total_usd([part.amount for part in parts])

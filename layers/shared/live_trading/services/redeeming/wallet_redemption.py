"""One trading wallet in one look of lt-redemptions: what is on its way goes on, what is due is checked and sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.redemption import ContractAddresses
from live_trading.chain.sending.senders import Channel
from live_trading.nouns.clock import Clock
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.redeeming import transitions
from live_trading.services.redeeming.approval_sending import ApprovalSending
from live_trading.services.redeeming.delivery import Delivery
from live_trading.services.redeeming.merges import Merging
from live_trading.services.redeeming.preparing import Checked, RedemptionChecker
from live_trading.services.redeeming.proving import RedemptionSettler
from live_trading.services.redeeming.redeem_report import RedeemReport, part_of
from live_trading.services.redeeming.signing_due import RedemptionSending
from live_trading.services.redeeming.taken_back import ReorgWatch
from live_trading.services.redeeming.transitions import Ending
from live_trading.services.redeeming.ways.carriers import Carrier
from live_trading.services.redeeming.ways.gas_watch import watch_gas
from live_trading.services.running.failures import PART_FAILURES, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.settlement.machine import Cause, RedemptionState
from live_trading.settlement.preflight import FailureCode, NothingOwed, Ready, Refused, TokensGone
from live_trading.store.chain import chain_sends, redemptions, wallet_approvals
from live_trading.store.chain.chain_sends import ChainSend
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemPolicy:
    """`confirmations` counts the transaction's own block; `patience` is how long one fee is waited for.

    `gas_coin_usd` is what the chain's coin is worth, for the ledger's gas entries only. A payer that has less than
    `low_gas_wei` raises an alert before it has too little.
    """

    confirmations: int
    patience: timedelta
    gas_coin_usd: Decimal
    low_gas_wei: int


class WalletRedemption:
    """Takes a wallet's transactions, approvals, merges and redemptions as far as they go now."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        addresses: ContractAddresses,
        carriers: Callable[[TradingWallet], Sequence[Carrier]],
        clock: Clock,
        policy: RedeemPolicy,
        new_id: Callable[[], UUID],
        actor: str,
    ) -> None:
        """`carriers` are a wallet's ways to the chain, the preferred one first."""
        self._database = database
        self._chain = chain
        self._carriers = carriers
        self._clock = clock
        self._actor = actor
        self._low_gas_wei = policy.low_gas_wei
        self._delivery = Delivery(
            database=database,
            clock=clock,
            new_id=new_id,
            carry=self._carry,
            confirmations=policy.confirmations,
            patience=policy.patience,
        )
        self._sending = RedemptionSending(
            database=database,
            chain=chain,
            addresses=addresses,
            clock=clock,
            delivery=self._delivery,
            follow=self._follow,
            actor=actor,
        )
        self._watch = ReorgWatch(database=database, chain=chain, clock=clock, actor=actor)
        self._merging = Merging(database=database, clock=clock, new_id=new_id)
        self._approvals = ApprovalSending(database=database, chain=chain, clock=clock, delivery=self._delivery)
        self._checker = RedemptionChecker(database=database, chain=chain, addresses=addresses)
        self._settler = RedemptionSettler(
            database=database,
            chain=chain,
            checker=self._checker,
            clock=clock,
            confirmations=policy.confirmations,
            gas_coin_usd=policy.gas_coin_usd,
            actor=actor,
        )

    def look_back(self, lease: Lease, wallet: TradingWallet, report: RedeemReport) -> None:
        """Takes back what was booked of transactions that are on the chain no more; once a run, before all else."""
        self._watch.run(lease, wallet, report)

    def run(self, keeper: LeaseKeeper, wallet: TradingWallet, report: RedeemReport) -> None:
        """One look. Raises what concerns the whole wallet: its chain, its secret or its relayer is away."""
        lease, now = keeper.lease, self._clock.now()
        self._merging.open_due(lease, wallet, report.failures)
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            in_flight = chain_sends.unfinished(transaction, wallet.trading_wallet_id)
            due = redemptions.due(transaction, wallet.trading_wallet_id, now)
            asked = wallet_approvals.due(transaction, wallet.trading_wallet_id)
        if not in_flight and not due and not asked:
            return
        carriers = self._carriers(wallet)
        with contained(f"gas of wallet {wallet.trading_wallet_id}", report.failures):
            watch_gas(self._database, self._chain, lease, wallet, carriers, low_wei=self._low_gas_wei, now=now)
        by_channel = {carrier.channel: carrier for carrier in carriers}
        for send in in_flight:
            keeper.keep()
            self._follow(lease, wallet, by_channel.get(Channel(send.channel)), send, report)
        if asked and carriers:
            carrier = carriers[0]
            self._approvals.sign_due(
                lease,
                wallet,
                carrier,
                asked,
                lambda send: self._follow(lease, wallet, carrier, send, report),
                report.failures,
            )
        keeper.keep()
        if due:
            self._begin(lease, wallet, carriers, due, report)

    def _follow(
        self, lease: Lease, wallet: TradingWallet, carrier: Carrier | None, send: ChainSend, report: RedeemReport
    ) -> bool:
        """Brings one send as far as it goes; True where it is final."""
        part = f"transaction {send.chain_send_id}"
        if carrier is None:
            report.failed(part, "NoSender", f"the wallet has no {send.channel} sender any more")
            return False
        is_final = False
        with contained(part, report.failures):
            try:
                followed = self._delivery.follow(lease, carrier, send)
                if followed.send.state is RedemptionState.CONFIRMED and followed.receipt is not None:
                    return self._settler.settle(lease, wallet, followed.send, followed.receipt, report)
                is_final = followed.send.state is RedemptionState.FAILED
            except PART_FAILURES:
                raise
            except Exception as error:
                self._tell(lease, send, error)
                raise
        self._count(send, report)
        return is_final

    def _tell(self, lease: Lease, send: ChainSend, error: Exception) -> None:
        """An alert for each redemption of a transaction whose step failed in a way that nobody foresaw."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            for redemption in redemptions.of_send(transaction, send.chain_send_id):
                transitions.tell_of_trouble(transaction, redemption, error, now=now)

    def _count(self, send: ChainSend, report: RedeemReport) -> None:
        with self._database.reading() as reading:
            carried = redemptions.of_send(reading, send.chain_send_id)
        for redemption in carried:
            report.saw(redemption)
            if redemption.state is RedemptionState.DUE:
                report.waiting[part_of(redemption)] = str(redemption.last_error)

    def _begin(
        self,
        lease: Lease,
        wallet: TradingWallet,
        carriers: Sequence[Carrier],
        due: Sequence[redemptions.Redemption],
        report: RedeemReport,
    ) -> None:
        """Checks what is due, ends what needs no transaction, and signs and sends the rest."""
        ready: list[Checked] = []
        for seen in self._checker.check(wallet, due, report.failures):
            with contained(part_of(seen.redemption), report.failures):
                match seen.verdict:
                    case Ready():
                        ready.append(seen)
                    case NothingOwed():
                        report.note(self._settler.settle_worthless(lease, wallet, seen))
                    case TokensGone():
                        report.note(self._settler.settle_gone(lease, wallet, seen))
                    case Refused(code=code, text=text):
                        self._sending.refuse(lease, seen, code, text, report)
        if ready and not carriers:
            for seen in ready:
                with contained(part_of(seen.redemption), report.failures):
                    text = "no sender for this kind of wallet"
                    self._sending.refuse(lease, seen, FailureCode.NO_SENDER, text, report)
            return
        if ready:
            self._sending.send_all(lease, wallet, carriers, ready, report)

    def _carry(
        self, transaction: Transaction, send: ChainSend, cause: Cause, ending: Ending | None, now: datetime
    ) -> None:
        transitions.carry(transaction, send, cause, ending, actor=self._actor, now=now)

"""Signs redemptions that are ready, groups those that may share a transaction, and changes over to the next way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from live_trading.chain.errors import FeeAboveCap, GasAboveCap, NotEnoughGasMoney, Paused, Reverted
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.redemption import ContractAddresses, RedemptionKind, pays_usdce, redemption_adapter
from live_trading.chain.sending.senders import Channel
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, LiveTradingError, RetryLater, StopEverything
from live_trading.nouns.money import Usd
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.relayer import QuotaExceeded
from live_trading.services.redeeming import transitions
from live_trading.services.redeeming.delivery import Delivery
from live_trading.services.redeeming.preparing import Checked
from live_trading.services.redeeming.redeem_report import RedeemReport, part_of
from live_trading.services.redeeming.ways.carriers import Carrier
from live_trading.services.running.failures import contained
from live_trading.settlement.machine import Cause
from live_trading.settlement.preflight import WAITING, FailureCode, Ready
from live_trading.store.chain import chain_sends, redemption_changes
from live_trading.store.chain.chain_sends import ChainSend
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease

Follow = Callable[[Lease, TradingWallet, Carrier, ChainSend, RedeemReport], bool]

# What stops a signature for now, and how it is called.
_SIGNING_TROUBLE: tuple[tuple[type[LiveTradingError], FailureCode], ...] = (
    (FeeAboveCap, FailureCode.FEES_TOO_HIGH),
    (GasAboveCap, FailureCode.FEES_TOO_HIGH),
    (NotEnoughGasMoney, FailureCode.NO_GAS_MONEY),
    (Paused, FailureCode.ADAPTER_PAUSED),
    (Reverted, FailureCode.CALL_REVERTS),
    (QuotaExceeded, FailureCode.RELAYER_QUOTA),
)


class RedemptionSending:
    """Gets what is ready signed, committed and on its way."""

    def __init__(
        self,
        *,
        database: Database,
        chain: ChainReader,
        addresses: ContractAddresses,
        clock: Clock,
        delivery: Delivery,
        follow: Follow,
        actor: str,
    ) -> None:
        """`follow` takes what was signed as far as it goes, and says whether nothing of it is in flight after that."""
        self._database = database
        self._chain = chain
        self._addresses = addresses
        self._clock = clock
        self._delivery = delivery
        self._follow = follow
        self._actor = actor

    def send_all(
        self,
        lease: Lease,
        wallet: TradingWallet,
        carriers: Sequence[Carrier],
        ready: Sequence[Checked],
        report: RedeemReport,
    ) -> None:
        """Signs and sends all of it, in as few transactions as its first way takes."""
        for may_be_relayed in (True, False):
            kind = [each for each in ready if is_relayable(each.kind) is may_be_relayed]
            ways = [way for way in carriers if may_be_relayed or way.channel is not Channel.RELAYER]
            if kind and not ways:
                for seen in kind:
                    text = f"the relayer takes no {seen.kind} redemption, and the wallet has no other way"
                    self.refuse(lease, seen, FailureCode.NO_SENDER, text, report)
            elif kind:
                self._send_all(lease, wallet, ways, kind, report)

    def _send_all(
        self,
        lease: Lease,
        wallet: TradingWallet,
        carriers: Sequence[Carrier],
        ready: Sequence[Checked],
        report: RedeemReport,
    ) -> None:
        with self._database.reading() as reading:
            is_busy = bool(chain_sends.unfinished(reading, wallet.trading_wallet_id))
        # What has failed on one way goes the next one; both have the same nonce of the wallet.
        first = max(seen.redemption.attempts for seen in ready) % len(carriers)
        carriers = [*carriers[first:], *carriers[:first]]
        carrier = carriers[0]
        for group in _groups(ready, carrier.most_calls):
            if carrier.is_one_at_a_time and is_busy:
                report.waiting[_wallet(wallet)] = "it waits for the transaction before"
                return
            # Whatever is raised, something of the group may have been signed.
            is_final = False
            with contained(" and ".join(part_of(seen.redemption) for seen in group), report.failures):
                is_final = self._send(lease, wallet, carriers, group, report)
            is_busy = not is_final

    def _send(
        self,
        lease: Lease,
        wallet: TradingWallet,
        carriers: Sequence[Carrier],
        group: Sequence[Checked],
        report: RedeemReport,
    ) -> bool:
        """Signs and sends one group; True where nothing of it is in flight after it."""
        carrier, *others = carriers
        before = self._chain.collateral_balance(wallet.address)
        calls = [call for seen in group for call in seen.calls]
        now = self._clock.now()
        if len(calls) > carrier.most_calls:
            for seen in group:
                text = f"it needs {len(calls)} calls in one transaction, {carrier.channel} sends {carrier.most_calls}"
                self.refuse(lease, seen, FailureCode.NO_SENDER, text, report)
            return True
        try:
            send = self._delivery.sign(
                lease,
                wallet.trading_wallet_id,
                carrier,
                calls,
                lambda transaction, send: self._attach(transaction, send, group, before, now),
            )
        except (RetryLater, GiveUp) as error:
            if isinstance(error, Reverted) and len(group) > 1:
                # One call in the batch spoils the others: alone, each has its own fate.
                return self._send_one_by_one(lease, wallet, carriers, group, report)
            if others:
                report.failed(_wallet(wallet), type(error).__name__, f"{carrier.channel}: {error}")
                return self._send(lease, wallet, others, group, report)
            self._could_not_sign(lease, group, error, report)
            return True
        return self._follow(lease, wallet, carrier, send, report)

    def _send_one_by_one(
        self,
        lease: Lease,
        wallet: TradingWallet,
        carriers: Sequence[Carrier],
        group: Sequence[Checked],
        report: RedeemReport,
    ) -> bool:
        for seen in group:
            if not self._send(lease, wallet, carriers, [seen], report) and carriers[0].is_one_at_a_time:
                return False
        return True

    def _could_not_sign(
        self, lease: Lease, group: Sequence[Checked], error: LiveTradingError, report: RedeemReport
    ) -> None:
        code = next((code for kind, code in _SIGNING_TROUBLE if isinstance(error, kind)), None)
        for seen in group:
            if code is None:
                report.failed(part_of(seen.redemption), type(error).__name__, str(error))
                report.saw(seen.redemption)
            else:
                self.refuse(lease, seen, code, str(error), report)

    def _attach(
        self, transaction: Transaction, send: ChainSend, group: Sequence[Checked], before: Usd, now: datetime
    ) -> None:
        for seen in group:
            if not isinstance(seen.verdict, Ready):
                raise StopEverything(f"{seen.redemption.lt_redemption_id} was signed without being ready")
            redemption_changes.note_signed(
                transaction,
                seen.redemption,
                chain_send_id=send.chain_send_id,
                kind=seen.kind,
                owed=seen.verdict.owed,
                balance_before=before,
                target=redemption_adapter(seen.kind, self._addresses),
                calldata=seen.calls[0].data,
                sender=send.payer,
                now=now,
            )
            transitions.move(transaction, seen.redemption, Cause.SIGNED, actor=self._actor, now=now)
        redemption_changes.copy_send(transaction, send.chain_send_id)

    def refuse(self, lease: Lease, seen: Checked, code: FailureCode, text: str, report: RedeemReport) -> None:
        """Writes down why it is not signed now."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            refused = transitions.refuse(transaction, seen.redemption, code, text, actor=self._actor, now=now)
        if code in WAITING:
            report.waiting[part_of(refused)] = f"{code}: {text}"
        else:
            report.failed(part_of(refused), code, text)
        report.saw(refused)


def _wallet(wallet: TradingWallet) -> str:
    return f"wallet {wallet.trading_wallet_id}"


def is_relayable(kind: RedemptionKind) -> bool:
    """Whether the relayer takes it: calls into the neg-risk adapter are blocked there since 2026-07-17."""
    return kind is not RedemptionKind.DIRECT_NEG_RISK


def _groups(ready: Sequence[Checked], most_calls: int) -> list[list[Checked]]:
    """Redemptions that share a transaction; those that pay in different tokens do not."""
    groups: list[list[Checked]] = []
    for in_usdce in (False, True):
        room = 0
        for seen in (each for each in ready if pays_usdce(each.kind) is in_usdce):
            if len(seen.calls) > room:
                groups.append([])
                room = most_calls
            groups[-1].append(seen)
            room -= len(seen.calls)
    return groups

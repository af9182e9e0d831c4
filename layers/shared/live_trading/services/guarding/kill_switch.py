"""One call that stops everything, or everything of one owner: entries, resting orders, and what is held if asked.

Each step is independent of the others, so that it works while parts are down: the lock needs only the database,
cancelling only the venue. The answer tells what was done and what could not be. What could not is done by the next
lt-execute, because the lock says how far to go and lasts until somebody releases it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from live_trading.nouns.alerts import EVERYBODY, AlertType, Concern, Severity
from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockMode, LockReason, LockScope
from live_trading.nouns.wallets import TradingWallet
from live_trading.nouns.wishes import ExitWish, WishKind
from live_trading.polymarket.clob.account import CancelResult, VenueAccount
from live_trading.services.guarding.cancelling import OrderCanceller
from live_trading.services.guarding.lock_enforcement import EnforcementReport, LockEnforcer
from live_trading.services.guarding.not_done import told
from live_trading.services.running.failures import PART_FAILURES
from live_trading.services.running.leasing import WalletBusy, held_wallet
from live_trading.store.accounts import live_strategies, trading_wallets
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.orders import exit_wishes
from live_trading.store.risk import locks
from live_trading.store.watch import alerts

_WALLETS_AT_ONCE = 8


@dataclass(slots=True, kw_only=True)
class StopReport:
    """What was done and what could not be; orders by hash, sales by order id, `not_done` in words.

    `lock_ids` are the locks that stop entries: one for everybody, or one a trading wallet; none where they could not be
    put. `exit_wish_ids` are what the runs that hold wallets do at their next step.
    """

    lock_ids: list[int] = field(default_factory=list)
    wallets: int = 0
    cancelled: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    sales: list[str] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    exit_wish_ids: list[UUID] = field(default_factory=list)

    def failed(self, what: str, error: Exception) -> None:
        self.not_done.append(f"{what}: {type(error).__name__}: {error}")


Tell = Callable[[StopReport], None]
"""Is told how far it is, after each step."""


def _nobody(_: StopReport) -> None:
    """Nobody asks how far it is."""


class VenueCancels:
    """Cancels that are on their way to the venue, wallet by wallet; nobody has to wait for them."""

    def __init__(self, asked: Sequence[tuple[TradingWallet, Future[CancelResult]]]) -> None:
        self._asked = asked

    def so_far(self, done: StopReport) -> None:
        """Adds what the venue has answered by now."""
        for _, answer in self._asked:
            if answer.done() and answer.exception() is None:
                _add(done, answer.result())


class KillSwitch:
    """Stops everything. Errors of parts are in the answer and never raised."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        chance: Chance,
        account: Callable[[TradingWallet], VenueAccount],
        known_wallets: Callable[[], Sequence[TradingWallet]],
        canceller: OrderCanceller,
        enforcer: LockEnforcer,
        take_up_if_free: Callable[[TradingWallet], None],
        tell_urgent: Callable[[str, str], object],
        holder: str,
    ) -> None:
        """`known_wallets` are those that this execution environment has met, for when the database is away.

        `take_up_if_free` does what was left to a run that has ended since. `tell_urgent` tells the operator at once
        what is urgent: the alert that is kept, or where none could be, this title and message.
        """
        self._database = database
        self._clock = clock
        self._chance = chance
        self._account = account
        self._known_wallets = known_wallets
        self._canceller = canceller
        self._enforcer = enforcer
        self._take_up_if_free = take_up_if_free
        self._tell_urgent = tell_urgent
        self._holder = holder

    def pull(self, actor: str, *, reason: str, flatten: bool, everybody: bool) -> StopReport:
        """Stops, cancels, and sells if asked: everybody's, or what is the actor's own.

        Pulling twice does everything again and puts no second lock.
        """
        done = self.stop(actor, reason=reason, flatten=flatten, everybody=everybody)
        return self.carry_out(actor, done, flatten=flatten, everybody=everybody)

    def stop(self, actor: str, *, reason: str, flatten: bool, everybody: bool) -> StopReport:
        """Stops entries, which is committed when this returns; what is left can be done by whoever comes to it."""
        done = StopReport()
        mode = LockMode.FLATTEN if flatten else LockMode.CANCEL_ORDERS
        self._stop_entries(actor, reason, mode, None if everybody else actor, done)
        return done

    def carry_out(
        self, actor: str, done: StopReport, *, flatten: bool, everybody: bool, tell: Tell = _nobody
    ) -> StopReport:
        """Cancels, and sells if asked, for those whose entries are stopped; safe to repeat and to overlap."""
        wallets = self._wallets(None if everybody else actor, done)
        done.wallets = len(wallets)
        self._cancel_at_venue(wallets, done)
        tell(done)
        # Whoever is told, and however slowly, nothing here waits for it.
        with self._chance.side_by_side(1) as beside:
            telling = beside.submit(
                self._tell_urgent, _title(None if everybody else actor), f"It was pulled by {actor}."
            )
            for wallet in wallets:
                self._settle(actor, wallet, done)
                if flatten:
                    self._flatten(actor, wallet, done)
                if done.exit_wish_ids:
                    with told(f"what waits for wallet {wallet.trading_wallet_id}", done.not_done):
                        self._take_up_if_free(wallet)
                tell(done)
        # A channel that fails is no failure of the switch.
        with told("telling the operator", []):
            telling.result()
        return done

    def cancels_under_way(self, actor: str, *, everybody: bool) -> VenueCancels:
        """Has the venue asked to cancel at once, beside whoever carries out the rest: asking twice does no harm."""
        wallets = self._wallets(None if everybody else actor, StopReport())
        pool = self._chance.side_by_side(_WALLETS_AT_ONCE)
        asked = [(wallet, pool.submit(self._cancel_all, wallet)) for wallet in wallets]
        pool.shutdown(wait=False)
        return VenueCancels(asked)

    def _stop_entries(self, actor: str, reason: str, mode: LockMode, owner_id: str | None, done: StopReport) -> None:
        try:
            now = self._clock.now()
            with self._database.transaction() as transaction:
                for scope, scope_id in _what_to_lock(transaction, owner_id):
                    done.lock_ids.append(_lock(transaction, scope, scope_id, actor, reason, mode, now))
        except PART_FAILURES as error:
            done.lock_ids.clear()
            done.failed("stopping entries", error)

    def _wallets(self, owner_id: str | None, done: StopReport) -> list[TradingWallet]:
        try:
            with self._database.transaction() as transaction:
                found = live_strategies.trading_wallets(transaction)
        except PART_FAILURES as error:
            done.failed("listing the trading wallets, so only those met before are cancelled", error)
            found = list(self._known_wallets())
        return [wallet for wallet in found if owner_id is None or wallet.owner_id == owner_id]

    def _cancel_at_venue(self, wallets: Sequence[TradingWallet], done: StopReport) -> None:
        """The venue first, all wallets side by side: nothing here waits for our own database."""
        if not wallets:
            return
        with self._chance.side_by_side(min(len(wallets), _WALLETS_AT_ONCE)) as pool:
            asked = [(wallet, pool.submit(self._cancel_all, wallet)) for wallet in wallets]
        for wallet, answer in asked:
            with told(f"cancelling at the venue for wallet {wallet.trading_wallet_id}", done.not_done):
                _add(done, answer.result())

    def _cancel_all(self, wallet: TradingWallet) -> CancelResult:
        return self._account(wallet).cancel_all()

    def _settle(self, actor: str, wallet: TradingWallet, done: StopReport) -> None:
        """Our own side of it: unsent orders end, and cancelled ones are followed."""
        with told(f"ending the orders of wallet {wallet.trading_wallet_id}", done.not_done):
            report = self._canceller.cancel_wallet(wallet, actor=actor, cancelled=done.cancelled)
            done.withdrawn += report.withdrawn
            done.cancelled |= set(report.cancelled)
            done.refused |= report.refused
            done.not_done += report.not_done
            if report.exit_wish_id is not None:
                done.exit_wish_ids.append(report.exit_wish_id)

    def _flatten(self, actor: str, wallet: TradingWallet, done: StopReport) -> None:
        with told(f"selling what wallet {wallet.trading_wallet_id} holds", done.not_done):
            try:
                with held_wallet(self._database, self._clock, wallet.trading_wallet_id, self._holder) as lease:
                    report: EnforcementReport = self._enforcer.run(lease, wallet)
                    done.sales += report.sales
                    done.not_done += [f"{each.part}: {each.error}: {each.message}" for each in report.failures]
            except WalletBusy:
                wish = ExitWish(
                    exit_wish_id=self._chance.new_id(),
                    owner_id=actor,
                    trading_wallet_id=wallet.trading_wallet_id,
                    kind=WishKind.FLATTEN,
                    asked_at=self._clock.now(),
                )
                with self._database.transaction() as transaction:
                    exit_wishes.insert(transaction, wish)
                done.exit_wish_ids.append(wish.exit_wish_id)


def _add(done: StopReport, result: CancelResult) -> None:
    done.cancelled |= set(result.cancelled)
    done.refused |= result.refused


def _what_to_lock(transaction: Transaction, owner_id: str | None) -> list[tuple[LockScope, str | None]]:
    """Everything at once, or each trading wallet of one owner, those without a strategy included."""
    if owner_id is None:
        return [(LockScope.GLOBAL, None)]
    owned = trading_wallets.of_owner(transaction, owner_id)
    return [(LockScope.TRADING_WALLET, str(wallet.trading_wallet_id)) for wallet in owned]


def _lock(
    transaction: Transaction,
    scope: LockScope,
    scope_id: str | None,
    actor: str,
    reason: str,
    mode: LockMode,
    now: datetime,
) -> int:
    lock_id = locks.put_or_widen(
        transaction,
        scope=scope,
        scope_id=scope_id,
        reason=LockReason.KILL_SWITCH,
        detail=reason,
        created_by=actor,
        now=now,
        mode=mode,
    ).lock_id
    audit.record(
        transaction,
        actor=actor,
        action="kill_switch_pulled",
        subject_type="lock",
        subject_id=str(lock_id),
        before=None,
        after={"mode": mode},
        cause=reason,
        at=now,
    )
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.LOCK,
        severity=Severity.CRITICAL,
        subject=alerts.lock_subject(LockReason.KILL_SWITCH, scope_id),
        title=_title(None if scope_id is None else f"trading wallet {scope_id}"),
        message=f"{reason} ({actor})",
        at=now,
        concern=EVERYBODY if scope_id is None else Concern(trading_wallet_id=UUID(scope_id)),
        is_urgent=True,
    )
    return lock_id


def _title(of: str | None) -> str:
    return "Kill switch: entries are stopped " + ("everywhere" if of is None else f"for {of}")

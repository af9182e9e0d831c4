"""What a lock asks for beyond stopping entries: cancels resting entries, and sells what is held.

Runs in every lt-execute while such a lock is in force, and at once by the kill switch. Each order and each position is
a step of its own: what cannot be done is told and does not keep the others from being done. What is not sold because
of its price raises an alert, which is over once it is sold or the lock has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.locks import LockMode
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.guarding.cancelling import OrderCanceller
from live_trading.services.guarding.closing import CloseRequest, PositionCloser
from live_trading.services.guarding.flatten_floor import FlattenFloor
from live_trading.services.running.failures import PART_FAILURES, PartFailure, failed_part
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.positions import held_positions
from live_trading.store.positions.held_positions import HeldPosition
from live_trading.store.risk import locks
from live_trading.store.risk.locks import LockRow
from live_trading.store.watch import alerts


@dataclass(slots=True, kw_only=True)
class EnforcementReport:
    """Orders that were cancelled or withdrawn, and sales that were sent, both as ids."""

    cancelled: list[str] = field(default_factory=list)
    sales: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsold:
    """A position that a lock wants sold and that was not, and why."""

    strategy: LiveStrategy
    position: HeldPosition
    lock: LockRow
    why: str

    @property
    def subject(self) -> str:
        return f"flatten:{self.strategy.lt_strategy_id}:{self.position.token_id}"

    def text(self, wallet: TradingWallet) -> str:
        position, lock = self.position, self.lock
        return (
            f"Strategy {self.strategy.lt_strategy_id} of wallet {wallet.trading_wallet_id} holds {position.sellable} "
            f"shares of token {position.token_id} in market {position.condition_id}, which cost ${position.cost}; lock "
            f"{lock.lock_id} ({lock.reason}) has wanted them sold since {lock.starts_at.isoformat()}: {self.why}. They "
            f"stay held, and each run tries again at no lower price. Close the position by hand at a bound of your "
            f"choice, or lower flatten_floor_fraction, or release the lock to keep it."
        )


class LockEnforcer:
    """Carries out the modes of the locks on one trading wallet."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        canceller: OrderCanceller,
        closer: PositionCloser,
        floor: FlattenFloor,
    ) -> None:
        self._database = database
        self._clock = clock
        self._canceller = canceller
        self._closer = closer
        self._floor = floor

    def run(self, lease: Lease, wallet: TradingWallet) -> EnforcementReport:
        """Every strategy of the wallet that a lock wants more of than to stop, active or not."""
        report = EnforcementReport()
        now = self._clock.now()
        with self._database.reading() as reading:
            in_force = [lock for lock in locks.on_entries(reading, now) if lock.mode is not LockMode.STOP_ENTRIES]
            strategies = live_strategies.of_wallet(reading, wallet.trading_wallet_id) if in_force else []
        unsold: list[_Unsold] = []
        for strategy in strategies:
            wanted = [lock for lock in in_force if lock.stops_all_of(strategy.lt_strategy_id, wallet.trading_wallet_id)]
            if wanted:
                self._cancel(wallet, strategy, report)
            flattening = next((lock for lock in wanted if lock.mode is LockMode.FLATTEN), None)
            if flattening is not None:
                unsold += self._flatten(lease, wallet, strategy, flattening, report)
        self._tell(lease, wallet, unsold)
        return report

    def _flatten(
        self,
        lease: Lease,
        wallet: TradingWallet,
        strategy: LiveStrategy,
        lock: LockRow,
        report: EnforcementReport,
    ) -> list[_Unsold]:
        """Sells whatever the strategy may sell now; what has not settled yet follows with a later run."""
        with self._database.reading() as reading:
            held = held_positions.of_strategy(reading, strategy.lt_strategy_id)
        for_sale = [position for position in held if position.sellable.is_positive]
        floors = self._floor.of(lock, strategy, for_sale)
        unsold: list[_Unsold] = []
        for position in for_sale:
            request = CloseRequest.flatten(strategy.lt_strategy_id, position.token_id, floors.get(position.token_id))
            try:
                report.sales.append(str(self._closer.sell(lease, wallet, strategy, request)))
            except PART_FAILURES as error:
                report.failures.append(failed_part(f"selling token {position.token_id}", error))
                if isinstance(error, GiveUp):
                    unsold.append(_Unsold(strategy=strategy, position=position, lock=lock, why=str(error)))
        return unsold

    def _tell(self, lease: Lease, wallet: TradingWallet, unsold: Sequence[_Unsold]) -> None:
        """Alerts of what could not be sold, and the end of those whose cause is gone."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            for each in unsold:
                alerts.raise_alert(
                    transaction,
                    alert_type=AlertType.EXIT_NOT_DONE,
                    severity=Severity.CRITICAL,
                    subject=each.subject,
                    title=f"{each.strategy.name}: a position was not sold although a lock wants it sold",
                    message=each.text(wallet),
                    at=now,
                    concern=Concern(
                        trading_wallet_id=wallet.trading_wallet_id, lt_strategy_id=each.strategy.lt_strategy_id
                    ),
                )
            alerts.resolve_others(
                transaction,
                alert_type=AlertType.EXIT_NOT_DONE,
                prefix="flatten:",
                standing=[each.subject for each in unsold],
                trading_wallet_id=wallet.trading_wallet_id,
                at=now,
            )

    def _cancel(self, wallet: TradingWallet, strategy: LiveStrategy, report: EnforcementReport) -> None:
        try:
            done = self._canceller.cancel_entries(wallet, strategy.lt_strategy_id)
        except PART_FAILURES as error:
            report.failures.append(failed_part(f"cancelling for strategy {strategy.lt_strategy_id}", error))
            return
        report.cancelled += [*done.withdrawn, *done.cancelled]
        report.failures += [
            PartFailure(part=f"cancelling for strategy {strategy.lt_strategy_id}", error="NotDone", message=text)
            for text in done.not_done
        ]

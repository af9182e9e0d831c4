"""What a lock asks for beyond stopping entries: cancels resting entries, and sells what is held.

Runs in every lt-execute while such a lock is in force, and at once by the kill switch. Each order and each position is
a step of its own: what cannot be done is told and does not keep the others from being done.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockMode
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.guarding.cancelling import OrderCanceller
from live_trading.services.guarding.closing import CloseRequest, PositionCloser
from live_trading.services.running.failures import PART_FAILURES, PartFailure, failed_part
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import held_positions
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.risk import locks
from live_trading.store.risk.locks import LockRow


@dataclass(slots=True, kw_only=True)
class EnforcementReport:
    """Orders that were cancelled or withdrawn, and sales that were sent, both as ids."""

    cancelled: list[str] = field(default_factory=list)
    sales: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


class LockEnforcer:
    """Carries out the modes of the locks on one trading wallet."""

    def __init__(self, *, database: Database, clock: Clock, canceller: OrderCanceller, closer: PositionCloser) -> None:
        self._database = database
        self._clock = clock
        self._canceller = canceller
        self._closer = closer

    def run(self, lease: Lease, wallet: TradingWallet) -> EnforcementReport:
        """Every strategy of the wallet that a lock wants more of than to stop, active or not."""
        report = EnforcementReport()
        now = self._clock.now()
        with self._database.transaction() as transaction:
            in_force = [lock for lock in locks.on_entries(transaction, now) if lock.mode is not LockMode.STOP_ENTRIES]
            strategies = live_strategies.of_wallet(transaction, wallet.trading_wallet_id) if in_force else []
        for strategy in strategies:
            mode = _strictest(in_force, strategy)
            if mode is not None:
                self._cancel(wallet, strategy, report)
            if mode is LockMode.FLATTEN:
                self.flatten(lease, wallet, strategy, report)
        return report

    def flatten(self, lease: Lease, wallet: TradingWallet, strategy: LiveStrategy, report: EnforcementReport) -> None:
        """Sells whatever the strategy may sell now; what has not settled yet follows with a later run."""
        with self._database.transaction() as transaction:
            held = held_positions.of_strategy(transaction, strategy.lt_strategy_id)
        for position in held:
            if not position.sellable.is_positive:
                continue
            request = CloseRequest.flatten(strategy.lt_strategy_id, position.token_id)
            try:
                report.sales.append(str(self._closer.sell(lease, wallet, strategy, request)))
            except PART_FAILURES as error:
                report.failures.append(failed_part(f"selling token {position.token_id}", error))

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


def _strictest(in_force: list[LockRow], strategy: LiveStrategy) -> LockMode | None:
    wanted = {lock.mode for lock in in_force if lock.stops_all_of(strategy.lt_strategy_id, strategy.trading_wallet_id)}
    if LockMode.FLATTEN in wanted:
        return LockMode.FLATTEN
    return LockMode.CANCEL_ORDERS if wanted else None

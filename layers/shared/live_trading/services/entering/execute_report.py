"""What one run of lt-execute did, over all wallets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from live_trading.nouns.decisions import Reason
from live_trading.nouns.orders import OrderState
from live_trading.services.following.ingest import IngestReport
from live_trading.services.reconciling.reconcile import ReconcileReport
from live_trading.services.running.failures import PartFailure


@dataclass(slots=True, kw_only=True)
class ExecuteReport:
    """What one run did: decisions by reason, orders by the state that the answer to their POST proved.

    `exits` counts sales by the rule that wanted them, `exits_waiting` positions that a rule wants sold and the book
    does not let be, by why. `waiting` counts trades that are left for the next run by what they lack, `left` names what
    time ran out for.
    """

    ran: bool
    ingest: IngestReport | None = None
    decisions: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    exits: dict[str, int] = field(default_factory=dict)
    exits_waiting: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    reconciled: list[ReconcileReport] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)

    def decided(self, reason: Reason) -> None:
        """One decision more."""
        add_counts(self.decisions, {reason: 1})

    def waits(self, lacking: Reason) -> None:
        """One trade more that is left for the next run."""
        add_counts(self.waiting, {lacking: 1})

    def sent(self, state: OrderState) -> None:
        """One order more whose answer is there."""
        add_counts(self.orders, {state: 1})

    def add(self, wallet: ExecuteReport) -> None:
        """Takes in what was done for one wallet."""
        for mine, its in (
            (self.decisions, wallet.decisions),
            (self.orders, wallet.orders),
            (self.exits, wallet.exits),
            (self.exits_waiting, wallet.exits_waiting),
            (self.waiting, wallet.waiting),
        ):
            add_counts(mine, its)
        self.left += wallet.left
        self.reconciled += wallet.reconciled
        self.failures += wallet.failures


def add_counts(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Adds by name."""
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count

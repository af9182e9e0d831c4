"""What one run of lt-execute did, over all wallets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from live_trading.nouns.decisions import Reason
from live_trading.nouns.measures.metrics import Figures, MetricName, counted
from live_trading.nouns.money import Usd, total_usd
from live_trading.nouns.orders import FillStatus, OrderState
from live_trading.services.following.ingest import IngestReport
from live_trading.services.reconciling.reconcile import ReconcileReport
from live_trading.services.running.failures import PartFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What strategies are worth together, what of it their open orders have reserved, and what is at risk; dollars."""

    equity: Usd
    reserved: Usd
    exposure: Usd

    def figures(self) -> Figures:
        """Each as it is, zero too."""
        return {
            MetricName.EQUITY: [self.equity.value],
            MetricName.RESERVED: [self.reserved.value],
            MetricName.EXPOSURE: [self.exposure.value],
        }


class _Stands(Protocol):
    """Whatever is worth something."""

    @property
    def equity(self) -> Usd: ...

    @property
    def reserved(self) -> Usd: ...

    @property
    def exposure(self) -> Usd: ...


def standing_of(parts: Collection[_Stands | None]) -> Standing | None:
    """The sum; None where one of the parts is not known."""
    known = [each for each in parts if each is not None]
    if len(known) < len(parts):
        return None
    return Standing(
        equity=total_usd([each.equity for each in known]),
        reserved=total_usd([each.reserved for each in known]),
        exposure=total_usd([each.exposure for each in known]),
    )


@dataclass(slots=True, kw_only=True)
class ExecuteReport:
    """What one run did: decisions by reason, orders by the state that the answer to their POST proved.

    `exits` counts sales by the rule that wanted them, `exits_waiting` positions that a rule wants sold and the book
    does not let be, by why. `waiting` counts trades that are left for the next run by what they lack, `left` names what
    time ran out for. `trade_to_post_ms` are milliseconds from a trader's fill to our POST, one an order. `standing` is
    how the active strategies of all wallets stand; None where one of them is not known.
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
    trade_to_post_ms: list[int] = field(default_factory=list)
    standing: Standing | None = None
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

    def posted(self, after: timedelta) -> None:
        """One order more has left, so long after the trade that it copies."""
        self.trade_to_post_ms.append(after // timedelta(milliseconds=1))

    def figures(self) -> Figures:
        """What was decided, sent and settled, and how the strategies stand."""
        ended = sum((each.ended for each in self.reconciled), Counter[OrderState]())
        settled = sum((each.settled for each in self.reconciled), Counter[FillStatus]())
        decided, accepted = sum(self.decisions.values()), self.decisions.get(Reason.ACCEPTED, 0)
        counts = counted(
            {
                MetricName.TRADES_STORED: 0 if self.ingest is None else self.ingest.stored,
                MetricName.SIGNALS_DECIDED: decided,
                MetricName.SIGNALS_ACCEPTED: accepted,
                MetricName.SIGNALS_REJECTED: decided - accepted,
                MetricName.ORDERS_SENT: sum(self.orders.values()) + sum(self.exits.values()),
                MetricName.ORDERS_FILLED: self.orders.get(OrderState.FILLED, 0) + ended[OrderState.FILLED],
                MetricName.ORDERS_REJECTED: self.orders.get(OrderState.REJECTED, 0) + ended[OrderState.REJECTED],
                MetricName.ORDERS_UNKNOWN: self.orders.get(OrderState.UNKNOWN, 0),
                MetricName.FILLS_SETTLED: settled[FillStatus.CONFIRMED],
                MetricName.FILLS_FAILED: settled[FillStatus.FAILED],
            }
        )
        standing = {} if self.standing is None else self.standing.figures()
        return {**counts, MetricName.TRADE_TO_POST: self.trade_to_post_ms, **standing}

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
        self.trade_to_post_ms += wallet.trade_to_post_ms
        self.failures += wallet.failures


def add_counts(counts: dict[str, int], more: Mapping[str, int]) -> None:
    """Adds by name."""
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count

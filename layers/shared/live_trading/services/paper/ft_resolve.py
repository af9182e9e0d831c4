"""ft-resolve: ends paper orders by the chain's payout vector, never by a label or a price.

The chain is asked once for all wallets, and conditions are resolved set by set.
The catalogue is asked only about markets that the chain has not resolved, so that their state and its age can be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from live_trading.ledger.payouts import split_payout
from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.markets import PayoutVector
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.sources import PayoutSource
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure
from live_trading.services.running.together import in_chunks, together
from live_trading.settlement.outcomes import label_of
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets
from live_trading.store.paper import ft_orders
from live_trading.store.paper.ft_orders import OpenPaperOrder, PaperEnd

LEASE = "ft-resolve"
LEASE_SECONDS = 120
# What is resolved in one transaction: small enough that another job waits for its rows no longer than for a request.
CONDITIONS_A_STEP = 500
ORDERS_A_STEP = 5_000
SECONDS_A_STEP = 3.0
HINT_AGE = timedelta(minutes=5)


class OutcomeNotInVector(GiveUp):
    """A paper order names an outcome that its market's payout vector does not have."""


@dataclass(slots=True, kw_only=True)
class FtResolveReport:
    """What one run did; `ran` is False where another invocation was at it.

    `resolved` counts conditions, `waiting` those that the chain has not resolved, `outcomes` paper orders by outcome.
    `left` are resolved conditions that time ran out for: they are booked by the next run, which has fewer of them.
    """

    ran: bool
    resolved: int = 0
    waiting: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


def paper_ends(orders: Sequence[OpenPaperOrder], vector: PayoutVector) -> list[PaperEnd]:
    """Each order's outcome and profit: what its shares are paid, less their cost and fee.

    Raises OutcomeNotInVector.
    """
    return [_paper_end(order, vector) for order in orders]


def _paper_end(order: OpenPaperOrder, vector: PayoutVector) -> PaperEnd:
    if order.outcome_index >= len(vector.numerators):
        raise OutcomeNotInVector(f"{order.ft_order_id} holds outcome {order.outcome_index} of {vector}")
    (payout,) = split_payout(vector, order.outcome_index, [order.shares])
    return PaperEnd(
        ft_order_id=order.ft_order_id,
        outcome=label_of(vector, order.outcome_index),
        pnl=payout + order.exited - order.cost - order.fee,
    )


class PaperResolver:
    """Resolves the markets of open paper orders."""

    def __init__(
        self, *, database: Database, clock: Clock, chain: PayoutSource, markets: MarketKeeper, holder: str
    ) -> None:
        """`holder` names this invocation in the lease."""
        self._database = database
        self._clock = clock
        self._chain = chain
        self._markets = markets
        self._holder = holder

    def run(self, budget: Budget | None = None) -> FtResolveReport:
        """One pass over every condition with an open paper order, as long as the budget lasts.

        Safe to repeat and to overlap.

        One market's failure is reported and does not stop the others. Raises RetryLater where the chain is away,
        LeaseLost or StoreUnavailable.
        """
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            if lease is None:
                return FtResolveReport(ran=False)
            report = FtResolveReport(ran=True)
            self._resolve_all(lease, report, budget or Budget.unlimited())
        return report

    def _resolve_all(self, lease: Lease, report: FtResolveReport, budget: Budget) -> None:
        with self._database.transaction() as transaction:
            conditions = ft_orders.open_conditions(transaction)
            known = markets.by_condition(transaction, conditions)
        vectors = self._chain.vectors_of(known.values()) if known else {}
        waiting = [condition_id for condition_id in conditions if vectors.get(condition_id) is None]
        resolved = [vector for _, vector in sorted(vectors.items()) if vector is not None]
        for chunk in in_chunks(
            resolved,
            lambda vector: conditions[vector.condition_id],
            most_items=CONDITIONS_A_STEP,
            most_weight=ORDERS_A_STEP,
        ):
            if not budget.has(SECONDS_A_STEP):
                report.left += [vector.condition_id for vector in chunk]
                continue
            together(
                chunk,
                lambda some: self._resolve(some, lease, report),
                lambda vector: vector.condition_id,
                report.failures,
            )
        report.waiting = len(waiting)
        if budget.has(SECONDS_A_STEP):
            refresh = self._markets.refresh(waiting, lease, self._clock.now(), fresh_for=HINT_AGE)
            report.failures += refresh.failures

    def _resolve(self, vectors: Sequence[PayoutVector], lease: Lease, report: FtResolveReport) -> None:
        """Ends the orders of some conditions in one transaction: a fixed number of statements for all wallets."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            markets.record_resolutions(transaction, vectors, now)
            found = ft_orders.open_in(transaction, [vector.condition_id for vector in vectors])
            ends = [end for vector in vectors for end in paper_ends(found[vector.condition_id], vector)]
            ft_orders.close(transaction, ends, now)
        report.resolved += len(vectors)
        report.outcomes.update(end.outcome.value for end in ends)

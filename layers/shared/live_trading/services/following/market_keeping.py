"""Markets kept fresh: asked of the catalogue in batches when somebody needs them, and of the chain for payouts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from live_trading.nouns.markets import Market, ResolutionState
from live_trading.polymarket.gamma.gamma_rows import MarketSnapshot
from live_trading.services.following.sources import MarketSource, PayoutSource
from live_trading.services.running.failures import PartFailure, contained
from live_trading.settlement.waiting import hint_at
from live_trading.store.database import leases
from live_trading.store.database.connection import ConstraintViolated, Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, quarantine
from live_trading.store.feed.markets import SeenMarket

FRESH_FOR = timedelta(minutes=1)
BATCH = 100


@dataclass(slots=True, kw_only=True)
class MarketRefresh:
    """What a refresh did.

    `unknown` are conditions that the catalogue answered for and does not have; `unavailable` those that it could not be
    asked about just now, so that nothing, or nothing fresh, is known of them.
    """

    refreshed: int = 0
    malformed: int = 0
    unknown: set[str] = field(default_factory=set)
    unavailable: set[str] = field(default_factory=set)
    failures: list[PartFailure] = field(default_factory=list)


class MarketKeeper:
    """Brings the stored markets up to date with catalogue and chain."""

    def __init__(self, *, database: Database, gamma: MarketSource, chain: PayoutSource) -> None:
        self._database = database
        self._gamma = gamma
        self._chain = chain

    def refresh(
        self, condition_ids: Collection[str], lease: Lease, now: datetime, fresh_for: timedelta = FRESH_FOR
    ) -> MarketRefresh:
        """Fetches those of the markets that are not stored or were last seen more than `fresh_for` ago.

        A market that the chain has resolved is final and not fetched again. A batch that fails leaves its markets
        `unavailable`. Raises LeaseLost, or StoreUnavailable.
        """
        report = MarketRefresh()
        for batch in _batches(self._due(condition_ids, now - fresh_for), BATCH):
            report.unavailable.update(batch)
            with contained(f"{len(batch)} markets", report.failures):
                self._refresh_batch(batch, lease, now, report)
        return report

    def note_resolutions(self, condition_ids: Collection[str], lease: Lease, now: datetime) -> set[str]:
        """Asks the chain about those of these markets that are stored and open, and books the payout vectors it has.

        Returns the newly resolved ones. Raises RetryLater where the chain cannot be asked, LeaseLost or
        StoreUnavailable.
        """
        asked = self._unresolved(condition_ids)
        vectors = self._chain.vectors_of(asked) if asked else {}
        paid = [vector for vector in vectors.values() if vector is not None]
        if not paid:
            return set()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            markets.record_resolutions(transaction, paid, now)
        return {vector.condition_id for vector in paid}

    def _unresolved(self, condition_ids: Collection[str]) -> list[Market]:
        if not condition_ids:
            return []
        with self._database.transaction() as transaction:
            known = markets.stored(transaction, condition_ids)
        return [
            each.market for _, each in sorted(known.items()) if each.resolution_state is not ResolutionState.RESOLVED
        ]

    def _due(self, condition_ids: Collection[str], stale_before: datetime) -> list[str]:
        if not condition_ids:
            return []
        with self._database.transaction() as transaction:
            known = markets.stored(transaction, condition_ids)
        fresh = {
            condition_id
            for condition_id, each in known.items()
            if each.refreshed_at >= stale_before or each.resolution_state is ResolutionState.RESOLVED
        }
        return sorted(set(condition_ids) - fresh)

    def _refresh_batch(self, batch: Sequence[str], lease: Lease, now: datetime, report: MarketRefresh) -> None:
        answer = self._gamma.markets(list(batch))
        seen = [SeenMarket(market=each.market, resolution_hint=hint_of(each, now)) for each in answer.markets.values()]
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            quarantine.record(transaction, answer.malformed, now)
        report.malformed += len(answer.malformed)
        report.unknown.update(set(batch) - set(answer.markets))
        report.unavailable -= report.unknown
        try:
            self._save(seen, lease, now, report)
        except ConstraintViolated:
            # One of them is refused by the store: which, shows when each is stored alone.
            for each in seen:
                with contained(f"market {each.market.condition_id}", report.failures):
                    self._save([each], lease, now, report)

    def _save(self, seen: Sequence[SeenMarket], lease: Lease, now: datetime, report: MarketRefresh) -> None:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            markets.save(transaction, seen, now)
        report.refreshed += len(seen)
        report.unavailable -= {each.market.condition_id for each in seen}


def hint_of(snapshot: MarketSnapshot, now: datetime) -> ResolutionState:
    """What the labels say; a stated end that has passed means something only where no orders are taken any more."""
    end_time = None if snapshot.market.accepting_orders else snapshot.market.end_time
    return hint_at(snapshot.resolution_hint, end_time, now)


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]

"""One entry: from an accepted evaluation to a committed intent, in one transaction with the risk check.

The order is planned and signed before the transaction, because signing must not hold row locks; the gate then judges
exactly that order on locked rows. Several entries of one wallet go the same way together (`entry_batches`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from live_trading.nouns.decisions import Reason
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderPlan
from live_trading.orders.rounding import Unplanned
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.risk.gate import GateVerdict
from live_trading.risk.results import RuleResult
from live_trading.services.entering.entry_batches import EntryBatches
from live_trading.services.entering.entry_drafts import (
    Candidate,
    Draft,
    Entered,
    Entry,
    Wanted,
    blocked,
    change_of,
    decided,
    decided_unplanned,
    intent_of,
    log_entered,
    reason_of,
    reservation_of,
)
from live_trading.services.entering.entry_judging import judged
from live_trading.services.entering.entry_planning import plan_within
from live_trading.services.following.evaluation import Subject
from live_trading.services.guarding.trip_locks import put_locks
from live_trading.services.running.failures import PartFailure
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.books import ledger
from live_trading.store.database import audit, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import decisions
from live_trading.store.orders import intents, lt_orders
from live_trading.store.risk import locks
from live_trading.store.risk.locks import LockRow

__all__ = ["Candidate", "Entered", "EntryDesk", "Wanted"]

# An order is cut down to what the rules leave; between two looks at them another entry may have taken from it.
_MOST_CUTS = 3


class EntryDesk:
    """Turns accepted evaluations of one strategy into intents."""

    def __init__(
        self, *, database: Database, now: Callable[[], datetime], new_id: Callable[[], UUID], actor: str
    ) -> None:
        self._database = database
        self._now = now
        self._new_id = new_id
        self._actor = actor
        self._batches = EntryBatches(database=database, now=now, new_id=new_id, actor=actor)

    def enter(
        self, lease: Lease, account: VenueAccount, strategy: LiveStrategy, subject: Subject, candidate: Candidate
    ) -> Entered:
        """Commits decision, reservation and signed intent together, or the decision that there is none.

        Raises StoreUnavailable, LeaseLost, or the venue adapter's errors; then nothing is committed and the trade is
        undecided as before.
        """
        entry = Entry(lease=lease, account=account, strategy=strategy, subject=subject, candidate=candidate)
        return self._enter(entry)

    def enter_all(
        self, lease: Lease, account: VenueAccount, candidates: Sequence[Wanted], failures: list[PartFailure]
    ) -> list[Entered | None]:
        """What `enter` would make of these candidates of one wallet, one after the other in the order given.

        Each is judged on what those before it have taken. None where one failed, which is then in `failures` and stops
        no other. Raises StoreUnavailable or LeaseLost; whatever is committed by then stays.
        """
        entries = [
            Entry(
                lease=lease,
                account=account,
                strategy=each.strategy,
                subject=each.subject,
                candidate=each.candidate,
            )
            for each in candidates
        ]
        return self._batches.enter_all(lease, entries, self._enter, failures)

    def enter_again(
        self,
        lease: Lease,
        account: VenueAccount,
        strategy: LiveStrategy,
        subject: Subject,
        candidate: Candidate,
        refused: UUID,
    ) -> Entered | None:
        """A second order for a signal whose first one, `refused`, does not fit the market's grid any more.

        It is checked like the first and belongs to the same decision. None where the first one still counts, so that
        there are never two. Raises as `enter` does.
        """
        entry = Entry(lease=lease, account=account, strategy=strategy, subject=subject, candidate=candidate)
        plan = self._planned(entry, entry.candidate.evaluation.stake)
        if isinstance(plan, Unplanned):
            return None
        with self._database.transaction() as transaction:
            decision_id = lt_orders.decision_of_refused(transaction, refused)
        if decision_id is None:
            return None
        return self._entered(entry, plan, attempt=2, decision_id=decision_id)

    def _planned(self, entry: Entry, stake: Usd) -> OrderPlan | Unplanned:
        return entry.planned(stake, self._now())

    def _enter(self, entry: Entry) -> Entered:
        return self._entered(entry, self._planned(entry, entry.candidate.evaluation.stake), attempt=1, decision_id=None)

    def _entered(self, entry: Entry, plan: OrderPlan | Unplanned, *, attempt: int, decision_id: int | None) -> Entered:
        """Enters the plan, or what the rules leave of it."""
        cuts: tuple[RuleResult, ...] = ()
        for cut in range(_MOST_CUTS + 1):
            if isinstance(plan, Unplanned):
                return self._unplanned(entry, plan, cuts, decision_id)
            draft = Draft(
                lt_order_id=self._new_id(),
                attempt=attempt,
                plan=plan,
                signed=entry.account.sign(plan),
                decision_id=decision_id,
                cuts=cuts,
                may_cut=cut < _MOST_CUTS,
            )
            outcome = self._reserve(entry, draft)
            if isinstance(outcome, Reason):
                is_in = outcome is Reason.ACCEPTED
                return Entered(
                    lt_order_id=draft.lt_order_id if is_in else None,
                    reason=outcome,
                    reserved=plan.reservation if is_in else Usd.zero(),
                )
            cuts += tuple(result for result in outcome.results if not result.lets_enter)
            room = outcome.shrink_to or Usd.zero()
            plan = plan_within(lambda stake: self._planned(entry, stake), plan, room)
        raise StopEverything("an entry was cut more often than it may be")

    def _reserve(self, entry: Entry, draft: Draft) -> Reason | GateVerdict:
        """Check and reservation in one transaction on locked rows; a verdict where a smaller order might do."""
        now = self._now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, entry.lease)
            is_active = live_strategies.lock_for_entry(transaction, entry.strategy)
            hindrance = blocked(_stopping(transaction, entry, now) if is_active else (), is_active=is_active)
            verdict = GateVerdict(results=())
            if hindrance is None:
                verdict = _judged(transaction, entry, draft.plan, now)
                if draft.may_cut and verdict.shrink_to is not None:
                    return verdict
                put_locks(transaction, entry.strategy, verdict.trips, actor=self._actor, now=now)
            reason = hindrance or reason_of(verdict)
            decision_id = draft.decision_id
            if decision_id is None:
                record = decided(entry, draft, reason, verdict, now)
                decision_id = decisions.record(transaction, [record]).get((record.key, record.source_trade_id))
            if decision_id is None:
                trade = entry.candidate.prepared.source_trade_id
                raise StopEverything(f"trade {trade} was decided under this run's lease")
            if reason is Reason.ACCEPTED:
                intents.insert(transaction, intent_of(entry, draft, decision_id, now), now)
                ledger.post_later(transaction, [reservation_of(entry, draft, now)], now)
                audit.record_all(transaction, [change_of(draft)], actor=self._actor, at=now)
                log_entered(transaction, entry, draft, decision_id)
        return reason

    def _unplanned(
        self, entry: Entry, plan: Unplanned, cuts: tuple[RuleResult, ...], decision_id: int | None
    ) -> Entered:
        reason, record = decided_unplanned(entry, plan, cuts, self._now())
        if decision_id is None:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, entry.lease)
                decisions.record(transaction, [record])
        return Entered(lt_order_id=None, reason=reason, reserved=Usd.zero())


def _judged(transaction: Transaction, entry: Entry, plan: OrderPlan, now: datetime) -> GateVerdict:
    candidate = entry.candidate
    trade = candidate.prepared.inputs.trade
    return judged(
        transaction,
        entry.strategy,
        plan,
        market=candidate.market,
        book=candidate.book,
        signal_price=trade.price,
        trader=trade.trader,
        trade_time=trade.trade_time,
        volatility=candidate.volatility,
        now=now,
    )


def _stopping(transaction: Transaction, entry: Entry, now: datetime) -> list[LockRow]:
    candidate = entry.candidate
    return locks.blocking_entries(
        transaction,
        lt_strategy_id=entry.strategy.lt_strategy_id,
        trading_wallet_id=entry.strategy.trading_wallet_id,
        trader_address=candidate.prepared.inputs.trade.trader,
        condition_id=candidate.market.condition_id,
        event_id=candidate.market.event_id,
        now=now,
    )

"""One entry: from an accepted evaluation to a committed intent, in one transaction with the risk check.

The order is planned and signed before the transaction, because signing must not hold row locks; the gate then judges
exactly that order on locked rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.ledger import entries
from live_trading.nouns.decisions import Check, Evaluation, Reason, Verdict
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, Purpose, SignedOrder
from live_trading.nouns.trades import Side
from live_trading.orders.rounding import LOT, TooSmall, limit_for_buy, plan_limit, plan_marketable_buy
from live_trading.polymarket.account import VenueAccount
from live_trading.risk.gate import check_entry
from live_trading.risk.rules import RuleResult, RuleVerdict
from live_trading.services.evaluation import PreparedTrade, Subject
from live_trading.signals.inputs import canonical
from live_trading.store import audit, decisions, leases, ledger, live_strategies, locks, lt_orders
from live_trading.store.database import Database, Transaction
from live_trading.store.decisions import DecisionRecord
from live_trading.store.leases import Lease
from live_trading.store.live_strategies import LiveStrategy
from live_trading.store.lt_orders import BookView, Intent

# The venue takes no GTD that ends within three minutes and ends each a minute early; the rest is the way to the venue.
GTD_VALID_FOR = timedelta(seconds=185)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An accepted source trade with the market and the book to trade it on."""

    prepared: PreparedTrade
    evaluation: Evaluation
    market: Market
    book: OrderBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The outcome: an intent that is committed and not yet sent, or the reason why there is none."""

    lt_order_id: UUID | None
    reason: Reason
    reserved: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A signed order on its way into the ledger; `decision_id` where an earlier attempt has the decision."""

    lt_order_id: UUID
    attempt: int
    plan: OrderPlan
    signed: SignedOrder
    decision_id: int | None


class EntryDesk:
    """Turns accepted evaluations of one strategy into intents."""

    def __init__(
        self, *, database: Database, now: Callable[[], datetime], new_id: Callable[[], UUID], actor: str
    ) -> None:
        self._database = database
        self._now = now
        self._new_id = new_id
        self._actor = actor

    def enter(
        self, lease: Lease, account: VenueAccount, strategy: LiveStrategy, subject: Subject, candidate: Candidate
    ) -> Entered:
        """Commits decision, reservation and signed intent together, or the decision that there is none.

        Raises StoreUnavailable, LeaseLost, or the venue adapter's errors; then nothing is committed and the trade is
        undecided as before.
        """
        plan = _plan(strategy, candidate, self._now())
        if isinstance(plan, TooSmall):
            return self._refuse(lease, subject, candidate, _too_small(plan))
        draft = _Draft(lt_order_id=self._new_id(), attempt=1, plan=plan, signed=account.sign(plan), decision_id=None)
        return self._entered(lease, strategy, subject, candidate, draft)

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
        plan = _plan(strategy, candidate, self._now())
        if isinstance(plan, TooSmall):
            return None
        with self._database.transaction() as transaction:
            decision_id = lt_orders.decision_of_refused(transaction, refused)
        if decision_id is None:
            return None
        draft = _Draft(
            lt_order_id=self._new_id(), attempt=2, plan=plan, signed=account.sign(plan), decision_id=decision_id
        )
        return self._entered(lease, strategy, subject, candidate, draft)

    def _entered(
        self, lease: Lease, strategy: LiveStrategy, subject: Subject, candidate: Candidate, draft: _Draft
    ) -> Entered:
        reason = self._reserve(lease, strategy, subject, candidate, draft)
        if reason is not Reason.ACCEPTED:
            return Entered(lt_order_id=None, reason=reason, reserved=Usd.zero())
        return Entered(lt_order_id=draft.lt_order_id, reason=reason, reserved=draft.plan.reservation)

    def _reserve(
        self, lease: Lease, strategy: LiveStrategy, subject: Subject, candidate: Candidate, draft: _Draft
    ) -> Reason:
        """Check and reservation in one transaction on locked rows."""
        now = self._now()
        plan = draft.plan
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            is_active = live_strategies.lock_for_entry(transaction, strategy)
            blocked = _blocked(transaction, strategy, candidate, is_active=is_active, now=now)
            results: tuple[RuleResult, ...] = ()
            if blocked is None:
                snapshot = live_strategies.snapshot(transaction, strategy, plan.token_id, now)
                results = check_entry(strategy.rules, snapshot, plan.reservation)
                blocked = _refused_by(results)
            reason = blocked or Reason.ACCEPTED
            decision_id = draft.decision_id
            if decision_id is None:
                record = _record(subject, candidate, reason, results, None, plan.usd, now)
                decision_id = decisions.record(transaction, [record]).get(candidate.prepared.source_trade_id)
            if decision_id is None:
                raise StopEverything(f"trade {candidate.prepared.source_trade_id} was decided under this run's lease")
            if reason is Reason.ACCEPTED:
                self._commit_intent(transaction, strategy, candidate, draft, decision_id, now)
        return reason

    def _commit_intent(
        self,
        transaction: Transaction,
        strategy: LiveStrategy,
        candidate: Candidate,
        draft: _Draft,
        decision_id: int,
        now: datetime,
    ) -> None:
        trade = candidate.prepared.inputs.trade
        plan, lt_order_id = draft.plan, draft.lt_order_id
        intent = Intent(
            lt_order_id=lt_order_id,
            lt_strategy_id=strategy.lt_strategy_id,
            trading_wallet_id=strategy.trading_wallet_id,
            decision_id=decision_id,
            source_trade_id=candidate.prepared.source_trade_id,
            purpose=Purpose.ENTRY,
            attempt=draft.attempt,
            plan=plan,
            signed=draft.signed,
            signal_price=trade.price,
            signal_size=trade.trade_usd,
            book=BookView(
                best_bid=candidate.book.best_bid,
                best_ask=candidate.book.best_ask,
                midpoint=candidate.book.midpoint,
                book_hash=candidate.book.book_hash,
                depth=candidate.book.offered_within(plan.limit_price),
            ),
            trade_time=trade.trade_time,
            seen_at=candidate.prepared.seen_at,
            decided_at=now,
        )
        lt_orders.insert_intent(transaction, intent, now)
        reserved = entries.reservation(
            trading_wallet_id=strategy.trading_wallet_id,
            lt_strategy_id=strategy.lt_strategy_id,
            lt_order_id=lt_order_id,
            amount=plan.reservation,
            occurred_at=now,
        )
        ledger.post(transaction, reserved, now)
        audit.record(
            transaction,
            actor=self._actor,
            action="intent_committed",
            subject_type="lt_order",
            subject_id=str(lt_order_id),
            before=None,
            after={"state": "INTENT", "order_hash": draft.signed.order_hash},
            cause="accepted",
            at=now,
        )

    def _refuse(self, lease: Lease, subject: Subject, candidate: Candidate, check: Check) -> Entered:
        reason = Reason.BELOW_MINIMUM_ORDER
        now = self._now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            decisions.record(transaction, [_record(subject, candidate, reason, (), check, Usd.zero(), now)])
        return Entered(lt_order_id=None, reason=reason, reserved=Usd.zero())


def _plan(strategy: LiveStrategy, candidate: Candidate, now: datetime) -> OrderPlan | TooSmall:
    """The book's tick is newer than the stored market's, and ticks get finer."""
    market = replace(candidate.market, tick_size=candidate.book.tick_size)
    trade = candidate.prepared.inputs.trade
    outcome_index = market.token_ids.index(trade.token_id)
    limit = limit_for_buy(trade.price, strategy.slippage_bound_fraction, market.tick_size)
    stake = candidate.evaluation.stake
    if strategy.order_type in (OrderType.FAK, OrderType.FOK):
        return plan_marketable_buy(
            market=market,
            outcome_index=outcome_index,
            limit_price=limit,
            stake=stake,
            order_type=strategy.order_type,
        )
    return plan_limit(
        market=market,
        outcome_index=outcome_index,
        side=Side.BUY,
        limit_price=limit,
        shares=Shares.floor(stake.value / limit.value, LOT),
        order_type=OrderType.GTD,
        expiration=now + GTD_VALID_FOR,
    )


def _blocked(
    transaction: Transaction, strategy: LiveStrategy, candidate: Candidate, *, is_active: bool, now: datetime
) -> Reason | None:
    if not is_active:
        return Reason.WALLET_NOT_RUNNING
    found = locks.blocking_entries(
        transaction,
        lt_strategy_id=strategy.lt_strategy_id,
        trading_wallet_id=strategy.trading_wallet_id,
        trader_address=candidate.prepared.inputs.trade.trader,
        condition_id=candidate.market.condition_id,
        event_id=candidate.market.event_id,
        now=now,
    )
    if not found:
        return None
    return Reason.STRATEGY_PAUSED if any(lock.is_pause for lock in found) else Reason.ENTRIES_LOCKED


def _refused_by(results: tuple[RuleResult, ...]) -> Reason | None:
    refused = any(each.verdict is not RuleVerdict.PASS for each in results)
    return Reason.RISK_REJECTED if refused else None


def _too_small(plan: TooSmall) -> Check:
    return Check(
        name="venue_minimum",
        observed=str(plan.observed),
        limit=str(plan.minimum),
        passed=False,
        reason=Reason.BELOW_MINIMUM_ORDER,
    )


def _record(
    subject: Subject,
    candidate: Candidate,
    reason: Reason,
    results: tuple[RuleResult, ...],
    check: Check | None,
    stake: Usd,
    now: datetime,
) -> DecisionRecord:
    accepted = reason is Reason.ACCEPTED
    evaluation = replace(
        candidate.evaluation,
        verdict=Verdict.ACCEPTED if accepted else Verdict.REJECTED,
        reason=reason,
        stake=stake if accepted else Usd.zero(),
        checks=candidate.evaluation.checks if check is None else (*candidate.evaluation.checks, check),
    )
    return decision_record(subject, candidate.prepared, evaluation, now, [_as_json(each) for each in results])


def decision_record(
    subject: Subject,
    prepared: PreparedTrade,
    evaluation: Evaluation,
    now: datetime,
    risk_checks: list[Mapping[str, object]],
) -> DecisionRecord:
    """A strategy's decision as it is stored."""
    return DecisionRecord(
        source_trade_id=prepared.source_trade_id,
        ft_wallet_id=subject.ft_wallet_id,
        lt_strategy_id=subject.lt_strategy_id,
        config_version=subject.config_version,
        evaluation=evaluation,
        inputs=canonical(prepared.inputs),
        decided_at=now,
        risk_checks=[dict(each) for each in risk_checks],
    )


def _as_json(result: RuleResult) -> dict[str, object]:
    return {
        "rule": result.rule,
        "observed": result.observed,
        "limit": result.limit,
        "verdict": result.verdict,
    }

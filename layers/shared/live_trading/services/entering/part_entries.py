"""The entries of one part of a wallet's signals: decided newest first, entered in batches, sent beside further ones.

Refusals are kept together at the end, and by halves only where the database takes them not all. What the venue does not
say now is asked again at the next run: a trade that lacks it waits, up to a limit that is the same for all evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderPlan, OrderState
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.services.entering.entry import Candidate, Entered, EntryDesk, Wanted
from live_trading.services.entering.entry_planning import plan_entry
from live_trading.services.entering.execute_report import ExecuteReport
from live_trading.services.entering.signal_judging import JudgedSignal, RunState, judged_now
from live_trading.services.entering.venue_evidence import VenueSaid
from live_trading.services.following.decision_records import decision_record, refused
from live_trading.services.following.judging import judged, may_wait, part_of, unsupported
from live_trading.services.guarding.wish_keeping import WishKeeper
from live_trading.services.orders.outbox import ORDERS_A_BATCH, Outbox
from live_trading.services.orders.posting import Flight, OrderPoster, Sent
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.signals.evaluate import evaluate
from live_trading.signals.inputs import EvaluationInputs
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.feed import decisions
from live_trading.store.feed.decisions import DecisionRecord

# How long a batch may take from the judging of its last entry to the POST.
SECONDS_A_BATCH = 3.0
# Without these no order can be made; what else is lacking, the risk rules say.
_OUTSIDE_REASONS = (Reason.NOT_ELIGIBLE, Reason.BOOK_UNAVAILABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTools:
    """What entries are made with, the same for every wallet and part."""

    database: Database
    clock: Clock
    market_data: MarketData
    desk: EntryDesk
    poster: OrderPoster
    wishes: WishKeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainSignal:
    """A signal whose order was refused for the market's grid, to be planned anew."""

    lt_order_id: UUID
    judged: JudgedSignal


class PartEntries:
    """Decides the signals of one part with what the venue said of them, and takes their orders to it."""

    def __init__(
        self,
        tools: EntryTools,
        *,
        keeper: LeaseKeeper,
        wallet: TradingWallet,
        venue: VenueSaid,
        report: ExecuteReport,
        budget: Budget,
        beside: Executor,
    ) -> None:
        """`beside` carries one POST at a time; what is left on its way when it ends, `finish` takes in."""
        self._tools = tools
        self._keeper = keeper
        self._wallet = wallet
        self._venue = venue
        self._report = report
        self._budget = budget
        self._state = RunState()
        self._records: list[DecisionRecord] = []
        self._batch: list[Wanted] = []
        # The first goes alone: it is the newest, and the others are entered while it is on its way.
        self._most = 1
        self._sent_of: dict[UUID, Wanted] = {}
        self._outbox = Outbox(depart=lambda batch: self._depart(batch, beside), land=self._land, sent=self._sent)

    @property
    def has_sent(self) -> bool:
        """Whether any order was entered."""
        return bool(self._sent_of)

    def enter_again(self, signals: Sequence[AgainSignal]) -> None:
        """Second orders for signals whose first one was refused for the grid."""
        for each in signals:
            with contained(f"order {each.lt_order_id} planned anew", self._report.failures):
                self._enter_one_again(each)

    def decide(self, signals: Sequence[JudgedSignal]) -> Counter[str]:
        """Decides each, as long as the budget lasts; how many of each strategy are left."""
        now = self._keeper.keep()
        left: Counter[str] = Counter()
        for done, one in enumerate(signals):
            if not self._budget.has(SECONDS_A_BATCH):
                left.update(each.signal.follower.part for each in signals[done:])
                break
            with contained(part_of(one.signal.prepared), self._report.failures):
                self._decide(one, now)
        self._enter_batch()
        record_refusals(self._tools.database, self._keeper, self._records, self._report)
        return left

    def finish(self) -> None:
        """Sends what waits and takes every answer. What fails stays committed, for the next run to follow up."""
        with contained(f"orders of wallet {self._wallet.trading_wallet_id}", self._report.failures):
            self._outbox.flush()

    def _decide(self, one: JudgedSignal, now: datetime) -> None:
        """Refuses a signal, leaves it for the next run, or has it entered with the batch."""
        strategy, prepared = one.signal.strategy, one.signal.prepared
        token_id = prepared.inputs.trade.token_id
        if prepared.inputs.position is not None and self._batch_has(strategy.lt_strategy_id, token_id):
            self._enter_batch()
        lacking = self._venue.lacking(strategy, token_id)
        known = self._venue.volatility_for(strategy, token_id)
        inputs = self._state.inputs(strategy, prepared.inputs, known)
        verdict = judged_now(one, inputs, self._report.failures)
        reservation = Usd.zero()
        if verdict.verdict is Verdict.ACCEPTED:
            if lacking is not None and may_wait(prepared.seen_at, now):
                self._report.waits(lacking)
                return
            if lacking in _OUTSIDE_REASONS:
                verdict = refused(verdict, lacking)
            else:
                verdict, reservation = self._plannable(one, verdict, now)
        if verdict.verdict is not Verdict.ACCEPTED:
            record = decision_record(one.signal.follower.subject, replace(prepared, inputs=inputs), verdict, now)
            self._records.append(record)
            return
        if self._batch_has(strategy.lt_strategy_id):
            less = self._state.inputs(strategy, prepared.inputs, known, keeps=True)
            again = judged(prepared, less, self._report.failures)
            if again.verdict is not Verdict.ACCEPTED or again.stake != verdict.stake:
                # What the batch leaves of the money decides on this one, and is known once it is entered.
                self._enter_batch()
                self._decide(one, now)
                return
            inputs, verdict = less, again
        self._state.promise(strategy, reservation)
        self._batch.append(self._wanted(one, inputs, verdict))
        if len(self._batch) >= self._most:
            self._enter_batch()

    def _batch_has(self, lt_strategy_id: UUID, token_id: str | None = None) -> bool:
        return any(
            each.strategy.lt_strategy_id == lt_strategy_id
            and token_id in (None, each.candidate.prepared.inputs.trade.token_id)
            for each in self._batch
        )

    def _enter_batch(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        self._most = ORDERS_A_BATCH
        with contained(f"orders of wallet {self._wallet.trading_wallet_id}", self._report.failures):
            self._outbox.make_room()
        self._keeper.keep()
        outcomes = self._tools.desk.enter_all(self._keeper.lease, self._venue.account, batch, self._report.failures)
        self._state.promised.clear()
        entered: list[UUID] = []
        for wanted, outcome in zip(batch, outcomes, strict=True):
            if outcome is not None:
                self._report.decided(outcome.reason)
                self._state.reserve(wanted.strategy, outcome.reserved)
                entered += self._note(wanted, outcome)
        if entered:
            with contained(f"orders of wallet {self._wallet.trading_wallet_id}", self._report.failures):
                self._outbox.add_all(entered)

    def _enter_one_again(self, again: AgainSignal) -> None:
        one = again.judged
        strategy, prepared = one.signal.strategy, one.signal.prepared
        token_id = prepared.inputs.trade.token_id
        known = self._venue.volatility_for(strategy, token_id)
        inputs = self._state.inputs(strategy, prepared.inputs, known)
        verdict = evaluate(inputs)
        if verdict.verdict is Verdict.ACCEPTED and self._venue.lacking(strategy, token_id) is None:
            self._enter_anew(self._wanted(one, inputs, verdict), again.lt_order_id)

    def _enter_anew(self, wanted: Wanted, lt_order_id: UUID) -> None:
        entered = self._tools.desk.enter_again(
            self._keeper.lease, self._venue.account, wanted.strategy, wanted.subject, wanted.candidate, lt_order_id
        )
        if entered is not None:
            self._outbox.add_all(self._note(wanted, entered))

    def _wanted(self, one: JudgedSignal, inputs: EvaluationInputs, verdict: Evaluation) -> Wanted:
        strategy, prepared = one.signal.strategy, replace(one.signal.prepared, inputs=inputs)
        token_id = inputs.trade.token_id
        candidate = Candidate(
            prepared=prepared,
            evaluation=verdict,
            market=_market(one),
            book=self._venue.books[token_id],
            volatility=self._venue.volatility_for(strategy, token_id),
        )
        return Wanted(strategy=strategy, subject=one.signal.follower.subject, candidate=candidate)

    def _plannable(self, one: JudgedSignal, verdict: Evaluation, now: datetime) -> tuple[Evaluation, Usd]:
        """The verdict and what its order would reserve; where no order can be computed on the market's terms, that is
        final."""
        prepared = one.signal.prepared
        with contained(part_of(prepared), self._report.failures):
            plan = plan_entry(
                one.signal.strategy,
                market=_market(one),
                book=self._venue.books[prepared.inputs.trade.token_id],
                signal_price=prepared.inputs.trade.price,
                stake=verdict.stake,
                now=now,
            )
            return verdict, plan.reservation if isinstance(plan, OrderPlan) else Usd.zero()
        return unsupported(verdict), Usd.zero()

    def _depart(self, batch: list[UUID], beside: Executor) -> Flight:
        # Nothing is on its way here; whoever wants to get out goes first.
        self._tools.wishes.take_up(self._keeper.lease, self._wallet, self._report.failures)
        flight = self._tools.poster.depart(self._keeper.lease, self._venue.account, batch, beside)
        for order in flight.orders:
            trade = self._sent_of[order.lt_order_id].candidate.prepared.inputs.trade
            self._report.posted(flight.sent_at - trade.trade_time)
        return flight

    def _land(self, flight: Flight) -> Sent:
        return self._tools.poster.land(self._keeper.lease, self._venue.account, flight)

    def _note(self, wanted: Wanted, entered: Entered) -> list[UUID]:
        """Remembers an entry's order, where it came to one, and returns it."""
        if entered.lt_order_id is None:
            return []
        self._sent_of[entered.lt_order_id] = wanted
        self._state.enter(wanted.strategy, wanted.candidate.prepared)
        return [entered.lt_order_id]

    def _sent(self, lt_order_id: UUID, state: OrderState, plan_again: bool) -> None:  # noqa: FBT001 (the outbox says it so)
        self._report.sent(state)
        if plan_again:
            with contained(f"order {lt_order_id} planned anew", self._report.failures):
                self._plan_again(lt_order_id)

    def _plan_again(self, lt_order_id: UUID) -> None:
        wanted = self._sent_of[lt_order_id]
        token_id = wanted.candidate.prepared.inputs.trade.token_id
        book = self._tools.market_data.books([token_id]).get(token_id)
        if book is not None:
            self._enter_anew(replace(wanted, candidate=replace(wanted.candidate, book=book)), lt_order_id)


def record_refusals(
    database: Database, keeper: LeaseKeeper, records: Sequence[DecisionRecord], report: ExecuteReport
) -> None:
    """Keeps these decisions together; those that the database refuses are left alone and are failures each."""
    if not records:
        return
    failures: list[PartFailure] = []
    with contained(f"trade {records[0].source_trade_id}", failures):
        with database.transaction() as transaction:
            leases.assert_held(transaction, keeper.lease)
            decisions.record(transaction, records)
        for each in records:
            report.decided(each.evaluation.reason)
    if failures and len(records) == 1:
        report.failures += failures
    elif failures:
        middle = len(records) // 2
        record_refusals(database, keeper, records[:middle], report)
        record_refusals(database, keeper, records[middle:], report)


def _market(one: JudgedSignal) -> Market:
    prepared = one.signal.prepared
    if prepared.inputs.market is None:
        raise StopEverything(f"trade {prepared.source_trade_id} was accepted without a market")
    return prepared.inputs.market

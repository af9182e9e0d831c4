"""The entries of one trading wallet in one run: every strategy's pending trades decided, entered and sent.

What the venue does not say now is asked again at the next run: a trade that lacks it waits, up to a limit that is the
same for all evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Price, Usd
from live_trading.nouns.orders import OrderState
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.services.entering.entry import Candidate, Entered, EntryDesk
from live_trading.services.entering.entry_planning import plan_entry
from live_trading.services.entering.planning_again import refused_for_tick
from live_trading.services.entering.venue_evidence import StrategyTrades, VenueAsking, VenueSaid, sized_inputs
from live_trading.services.following import evaluation
from live_trading.services.following.decision_records import decision_record, refused
from live_trading.services.following.evaluation import PreparedTrade
from live_trading.services.following.judging import judged, may_wait, part_of, unsupported
from live_trading.services.guarding.wish_keeping import WishKeeper
from live_trading.services.orders.outbox import Outbox
from live_trading.services.orders.posting import Flight, OrderPoster
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.leasing import LeaseKeeper
from live_trading.signals.evaluate import evaluate
from live_trading.signals.inputs import EvaluationInputs, after_entries
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import decisions
from live_trading.store.feed.decisions import DecisionRecord

# How long one trade may take from its judging to the POST of its order.
SECONDS_AN_ENTRY = 3.0
# Without these no order can be made; what else is lacking, the risk rules say.
_OUTSIDE_REASONS = (Reason.NOT_ELIGIBLE, Reason.BOOK_UNAVAILABLE)


@dataclass(slots=True, kw_only=True)
class EntryCounts:
    """What came of the trades: decisions by reason, orders by the state that the answer to their POST proved.

    `waiting` counts trades that are left for the next run by what they lack, `left` names what time ran out for.
    """

    decisions: dict[str, int]
    orders: dict[str, int]
    waiting: dict[str, int]
    left: list[str]
    failures: list[PartFailure]

    def decided(self, reason: Reason) -> None:
        self.decisions[reason] = self.decisions.get(reason, 0) + 1

    def waits(self, lacking: Reason) -> None:
        self.waiting[lacking] = self.waiting.get(lacking, 0) + 1

    def sent(self, state: OrderState) -> None:
        self.orders[state] = self.orders.get(state, 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entered order with what it was made of, in case that it has to be planned anew."""

    work: StrategyTrades
    candidate: Candidate


@dataclass(slots=True, kw_only=True)
class _Run:
    """What the entries of one wallet in one run share.

    `entered` has the signal prices by strategy and token, and by trade: what is planned anew is no further entry.
    """

    lease: Lease
    venue: VenueSaid
    outbox: Outbox[Flight]
    counts: EntryCounts
    entries: dict[UUID, _Entry] = field(default_factory=dict)
    entered: dict[tuple[UUID, str], dict[int, Price]] = field(default_factory=dict)

    def after_its_entries(self, strategy: LiveStrategy, inputs: EvaluationInputs) -> EvaluationInputs:
        """The inputs as what this run has entered before leaves them."""
        entered = self.entered.get((strategy.lt_strategy_id, inputs.trade.token_id), {})
        return after_entries(inputs, entered.values())


class WalletEntries:
    """Decides and enters; nothing of one strategy's or trade's failure stops the others."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        chance: Chance,
        market_data: MarketData,
        asking: VenueAsking,
        desk: EntryDesk,
        poster: OrderPoster,
        wishes: WishKeeper,
    ) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._market_data = market_data
        self._asking = asking
        self._desk = desk
        self._poster = poster
        self._wishes = wishes

    def run(
        self,
        keeper: LeaseKeeper,
        wallet: TradingWallet,
        work: Sequence[StrategyTrades],
        counts: EntryCounts,
        budget: Budget,
    ) -> bool:
        """Decides every trade once, as long as the budget lasts; True where orders went out.

        What was refused for the tick is planned anew before that.
        """
        again = self._refused_for_tick(wallet)
        venue = self._asking.ask(wallet, [*work, *again.values()], counts.failures)
        if venue is None:
            self._decide_all(keeper, work, None, counts, budget)
            return False
        # Whatever happens, no order is on its way any more when this block is left, and so none when the lease is.
        with self._chance.side_by_side(1) as beside:
            run = self._begun(keeper.lease, wallet, venue, counts, beside)
            self._enter_again(run, again)
            self._decide_all(keeper, work, run, counts, budget)
            with contained(f"orders of wallet {wallet.trading_wallet_id}", counts.failures):
                run.outbox.flush()
        return bool(run.entries)

    def _decide_all(
        self, keeper: LeaseKeeper, work: Sequence[StrategyTrades], run: _Run | None, counts: EntryCounts, budget: Budget
    ) -> None:
        for one in work:
            with contained(f"strategy {one.strategy.lt_strategy_id}", counts.failures):
                self._decide(keeper, one, run, counts, budget)

    def _refused_for_tick(self, wallet: TradingWallet) -> dict[UUID, StrategyTrades]:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            refused = refused_for_tick(transaction, wallet, now)
        return {
            each.lt_order_id: StrategyTrades(
                strategy=each.strategy,
                subject=each.subject,
                trades=[each.prepared],
                bankroll=each.prepared.inputs.bankroll,
            )
            for each in refused
        }

    def _begun(
        self, lease: Lease, wallet: TradingWallet, venue: VenueSaid, counts: EntryCounts, beside: Executor
    ) -> _Run:
        def depart(batch: list[UUID]) -> Flight:
            # Nothing is on its way here; whoever wants to get out goes first.
            self._wishes.take_up(lease, wallet, counts.failures)
            return self._poster.depart(lease, venue.account, batch, beside)

        outbox = Outbox(
            depart=depart,
            land=lambda flight: self._poster.land(lease, venue.account, flight),
            sent=lambda lt_order_id, state, plan_again: self._sent(run, lt_order_id, state, plan_again=plan_again),
        )
        run = _Run(lease=lease, venue=venue, outbox=outbox, counts=counts)
        return run

    def _enter_again(self, run: _Run, refused: Mapping[UUID, StrategyTrades]) -> None:
        for lt_order_id, work in refused.items():
            (prepared,) = work.trades
            token_id = prepared.inputs.trade.token_id
            with contained(f"order {lt_order_id} planned anew", run.counts.failures):
                known = run.venue.volatility_for(work.strategy, token_id)
                inputs = run.after_its_entries(
                    work.strategy, sized_inputs(work.strategy, prepared, work.bankroll, known)
                )
                verdict = evaluate(inputs)
                if verdict.verdict is not Verdict.ACCEPTED or run.venue.lacking(work.strategy, token_id) is not None:
                    continue
                candidate = _candidate(run.venue, replace(prepared, inputs=inputs), verdict, known)
                again = self._desk.enter_again(
                    run.lease, run.venue.account, work.strategy, work.subject, candidate, lt_order_id
                )
                if again is not None:
                    self._post(run, _Entry(work=work, candidate=candidate), again)

    def _decide(
        self, keeper: LeaseKeeper, work: StrategyTrades, run: _Run | None, counts: EntryCounts, budget: Budget
    ) -> None:
        bankroll = work.bankroll
        records: list[DecisionRecord] = []
        for done, each in enumerate(work.trades):
            if not budget.has(SECONDS_AN_ENTRY):
                counts.left.append(f"strategy {work.strategy.lt_strategy_id}: {len(work.trades) - done} trades")
                break
            with contained(part_of(each), counts.failures):
                now = keeper.keep()
                bankroll -= self._decide_one(run, work, each, bankroll, records, counts, now)
        self._record(keeper, records, counts)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, keeper.lease)
            passed = evaluation.settle(transaction, [work.subject], now)
        for by_reason in passed.values():
            for reason, count in by_reason.items():
                counts.decisions[reason] = counts.decisions.get(reason, 0) + count

    def _record(self, keeper: LeaseKeeper, records: Sequence[DecisionRecord], counts: EntryCounts) -> None:
        """Keeps the refusals together; one by one where the database takes them not all."""
        refusals: list[PartFailure] = []
        with contained(f"{len(records)} decisions", refusals):
            self._record_together(keeper, records, counts)
        if len(records) == 1:
            counts.failures += refusals
        elif refusals:
            for each in records:
                with contained(f"trade {each.source_trade_id}", counts.failures):
                    self._record_together(keeper, [each], counts)

    def _record_together(self, keeper: LeaseKeeper, records: Sequence[DecisionRecord], counts: EntryCounts) -> None:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, keeper.lease)
            decisions.record(transaction, records)
        for each in records:
            counts.decided(each.evaluation.reason)

    def _decide_one(
        self,
        run: _Run | None,
        work: StrategyTrades,
        prepared: PreparedTrade,
        bankroll: Usd,
        records: list[DecisionRecord],
        counts: EntryCounts,
        now: datetime,
    ) -> Usd:
        """Refuses a trade, leaves it for the next run, or enters it; returns what was reserved for it."""
        token_id = prepared.inputs.trade.token_id
        lacking = None if run is None else run.venue.lacking(work.strategy, token_id)
        known = None if run is None else run.venue.volatility_for(work.strategy, token_id)
        inputs = sized_inputs(work.strategy, prepared, bankroll, known)
        if run is not None:
            inputs = run.after_its_entries(work.strategy, inputs)
        verdict = judged(prepared, inputs, counts.failures)
        if verdict.verdict is Verdict.ACCEPTED and run is not None:
            if lacking is not None and may_wait(prepared.seen_at, now):
                counts.waits(lacking)
                return Usd.zero()
            if lacking in _OUTSIDE_REASONS:
                verdict = refused(verdict, lacking)
            else:
                verdict = _plannable(run, work, prepared, verdict, now)
        prepared = replace(prepared, inputs=inputs)
        if verdict.verdict is Verdict.ACCEPTED and run is not None:
            return self._enter(run, work, prepared, verdict, known)
        records.append(decision_record(work.subject, prepared, verdict, now))
        return Usd.zero()

    def _enter(
        self, run: _Run, work: StrategyTrades, prepared: PreparedTrade, verdict: Evaluation, volatility: Decimal | None
    ) -> Usd:
        """Enters one order; returns what it reserved, nothing where it came to none."""
        candidate = _candidate(run.venue, prepared, verdict, volatility)
        reserved = Usd.zero()
        with contained(part_of(prepared), run.counts.failures):
            entered = self._desk.enter(run.lease, run.venue.account, work.strategy, work.subject, candidate)
            reserved = entered.reserved
            run.counts.decided(entered.reason)
            self._post(run, _Entry(work=work, candidate=candidate), entered)
        return reserved

    def _post(self, run: _Run, entry: _Entry, entered: Entered) -> None:
        if entered.lt_order_id is not None:
            run.entries[entered.lt_order_id] = entry
            prepared = entry.candidate.prepared
            key = (entry.work.strategy.lt_strategy_id, prepared.inputs.trade.token_id)
            run.entered.setdefault(key, {})[prepared.source_trade_id] = prepared.inputs.trade.price
            run.outbox.add(entered.lt_order_id)

    def _sent(self, run: _Run, lt_order_id: UUID, state: OrderState, *, plan_again: bool) -> None:
        run.counts.sent(state)
        if plan_again:
            with contained(f"order {lt_order_id} planned anew", run.counts.failures):
                self._plan_again(run, lt_order_id)

    def _plan_again(self, run: _Run, lt_order_id: UUID) -> None:
        entry = run.entries[lt_order_id]
        token_id = entry.candidate.prepared.inputs.trade.token_id
        book = self._market_data.books([token_id]).get(token_id)
        if book is None:
            return
        candidate = replace(entry.candidate, book=book)
        again = self._desk.enter_again(
            run.lease, run.venue.account, entry.work.strategy, entry.work.subject, candidate, lt_order_id
        )
        if again is not None:
            self._post(run, replace(entry, candidate=candidate), again)


def _market(prepared: PreparedTrade) -> Market:
    if prepared.inputs.market is None:
        raise StopEverything(f"trade {prepared.source_trade_id} was accepted without a market")
    return prepared.inputs.market


def _candidate(venue: VenueSaid, prepared: PreparedTrade, verdict: Evaluation, volatility: Decimal | None) -> Candidate:
    return Candidate(
        prepared=prepared,
        evaluation=verdict,
        market=_market(prepared),
        book=venue.books[prepared.inputs.trade.token_id],
        volatility=volatility,
    )


def _plannable(
    run: _Run, work: StrategyTrades, prepared: PreparedTrade, verdict: Evaluation, now: datetime
) -> Evaluation:
    """The verdict, unless no order can be computed on the terms of the market and its book: then that is final."""
    with contained(part_of(prepared), run.counts.failures):
        plan_entry(
            work.strategy,
            market=_market(prepared),
            book=run.venue.books[prepared.inputs.trade.token_id],
            signal_price=prepared.inputs.trade.price,
            stake=verdict.stake,
            now=now,
        )
        return verdict
    return unsupported(verdict)

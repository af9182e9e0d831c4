"""The entries of one trading wallet in one run: every strategy's pending trades decided, entered and sent.

What the venue has to be asked is asked once for all of them, side by side: books, eligibility and the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.chance import Chance
from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderState
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.polymarket.clob.market_data import MarketData
from live_trading.risk.volatility import per_day
from live_trading.services.entering.entry import Candidate, Entered, EntryDesk
from live_trading.services.entering.planning_again import refused_for_tick
from live_trading.services.following import evaluation
from live_trading.services.following.decision_records import decision_record
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.services.guarding.wish_keeping import WishKeeper
from live_trading.services.orders.outbox import Outbox
from live_trading.services.orders.posting import Flight, OrderPoster
from live_trading.services.running.failures import PART_FAILURES, PartFailure, contained, failed_part
from live_trading.signals.evaluate import evaluate
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import decisions
from live_trading.store.feed.decisions import DecisionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyTrades:
    """A strategy's pending trades, ready to be judged against `bankroll`."""

    strategy: LiveStrategy
    subject: Subject
    trades: Sequence[PreparedTrade]
    bankroll: Usd


@dataclass(slots=True, kw_only=True)
class EntryCounts:
    """What came of the trades: decisions by reason, orders by the state that the answer to their POST proved."""

    decisions: dict[str, int]
    orders: dict[str, int]
    failures: list[PartFailure]

    def decided(self, reason: Reason) -> None:
        self.decisions[reason] = self.decisions.get(reason, 0) + 1

    def sent(self, state: OrderState) -> None:
        self.orders[state] = self.orders.get(state, 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Venue:
    """What the venue said before anything was entered; no books where the account may not open positions.

    `volatility` is by token and days of lookback, without those that cannot be known.
    """

    account: VenueAccount
    is_eligible: bool
    books: dict[str, OrderBook]
    volatility: dict[tuple[str, int], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entered order with what it was made of, in case that it has to be planned anew."""

    work: StrategyTrades
    candidate: Candidate


@dataclass(slots=True, kw_only=True)
class _Run:
    """What the entries of one wallet in one run share."""

    lease: Lease
    venue: _Venue
    outbox: Outbox[Flight]
    counts: EntryCounts
    entries: dict[UUID, _Entry] = field(default_factory=dict)


class WalletEntries:
    """Decides and enters; nothing of one strategy's or trade's failure stops the others."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        chance: Chance,
        market_data: MarketData,
        account: Callable[[TradingWallet], VenueAccount],
        may_open: Callable[[VenueAccount], bool],
        desk: EntryDesk,
        poster: OrderPoster,
        wishes: WishKeeper,
    ) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._market_data = market_data
        self._account = account
        self._may_open = may_open
        self._desk = desk
        self._poster = poster
        self._wishes = wishes

    def run(self, lease: Lease, wallet: TradingWallet, work: Sequence[StrategyTrades], counts: EntryCounts) -> bool:
        """Decides every trade once, and plans anew what was refused for the tick; True where orders went out."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            refused = refused_for_tick(transaction, wallet, now)
        again = {
            each.lt_order_id: StrategyTrades(
                strategy=each.strategy,
                subject=each.subject,
                trades=[each.prepared],
                bankroll=each.prepared.inputs.bankroll,
            )
            for each in refused
        }
        pending = [*work, *again.values()]
        tokens = {each.inputs.trade.token_id for one in pending for each in one.trades if _is_hopeful(each)}
        if not tokens:
            self._decide_all(lease, work, None, counts)
            return False
        venue = self._asked(wallet, sorted(tokens), _lookbacks(pending))
        # Whatever happens, no order is on its way any more when this block is left, and so none when the lease is.
        with self._chance.side_by_side(1) as beside:
            run = self._begun(lease, wallet, venue, counts, beside)
            self._enter_again(run, again)
            self._decide_all(lease, work, run, counts)
            try:
                run.outbox.flush()
            except PART_FAILURES as error:
                counts.failures.append(failed_part(f"orders of wallet {wallet.trading_wallet_id}", error))
        return bool(run.entries)

    def _decide_all(self, lease: Lease, work: Sequence[StrategyTrades], run: _Run | None, counts: EntryCounts) -> None:
        for one in work:
            try:
                self._decide(lease, one, run, counts)
            except PART_FAILURES as error:
                counts.failures.append(failed_part(f"strategy {one.strategy.lt_strategy_id}", error))

    def _asked(self, wallet: TradingWallet, tokens: list[str], lookbacks: set[tuple[str, int]]) -> _Venue:
        account = self._account(wallet)
        with self._chance.side_by_side(1) as beside:
            asked = beside.submit(self._asked_market, tokens, lookbacks)
            is_eligible = self._may_open(account)
            if is_eligible:
                account.prime(tokens)
            books, volatility = asked.result() if is_eligible else ({}, {})
            return _Venue(account=account, is_eligible=is_eligible, books=books, volatility=volatility)

    def _asked_market(
        self, tokens: list[str], lookbacks: set[tuple[str, int]]
    ) -> tuple[dict[str, OrderBook], dict[tuple[str, int], Decimal]]:
        books = self._market_data.books(tokens)
        now = self._clock.now()
        volatility: dict[tuple[str, int], Decimal] = {}
        for token_id, days in sorted(lookbacks):
            history = self._market_data.price_history(token_id, now - timedelta(days=days), now)
            known = per_day(history)
            if known is not None:
                volatility[token_id, days] = known
        return books, volatility

    def _begun(self, lease: Lease, wallet: TradingWallet, venue: _Venue, counts: EntryCounts, beside: Executor) -> _Run:
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
            judged = _with_outside_reason(run.venue, evaluate(prepared.inputs), prepared.inputs.trade.token_id)
            if judged.verdict is Verdict.REJECTED:
                continue
            candidate = _candidate(run.venue, work, prepared, judged)
            with contained(f"order {lt_order_id} planned anew", run.counts.failures):
                again = self._desk.enter_again(
                    run.lease, run.venue.account, work.strategy, work.subject, candidate, lt_order_id
                )
                if again is not None:
                    self._post(run, _Entry(work=work, candidate=candidate), again)

    def _decide(self, lease: Lease, work: StrategyTrades, run: _Run | None, counts: EntryCounts) -> None:
        bankroll = work.bankroll
        refused: list[DecisionRecord] = []
        for each in work.trades:
            judged = evaluate(replace(each.inputs, bankroll=bankroll))
            if judged.verdict is Verdict.ACCEPTED and run is not None:
                judged = _with_outside_reason(run.venue, judged, each.inputs.trade.token_id)
            if judged.verdict is Verdict.REJECTED or run is None:
                refused.append(decision_record(work.subject, each, judged, self._clock.now()))
                counts.decided(judged.reason)
                continue
            bankroll -= self._enter(run, work, each, judged)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            decisions.record(transaction, refused)
            evaluation.settle(transaction, work.subject, now)

    def _enter(self, run: _Run, work: StrategyTrades, prepared: PreparedTrade, judged: Evaluation) -> Usd:
        """Enters one order; returns what it reserved, nothing where it came to none."""
        candidate = _candidate(run.venue, work, prepared, judged)
        reserved = Usd.zero()
        try:
            entered = self._desk.enter(run.lease, run.venue.account, work.strategy, work.subject, candidate)
            reserved = entered.reserved
            run.counts.decided(entered.reason)
            self._post(run, _Entry(work=work, candidate=candidate), entered)
        except PART_FAILURES as error:
            run.counts.failures.append(failed_part(f"trade {prepared.source_trade_id}", error))
        return reserved

    def _post(self, run: _Run, entry: _Entry, entered: Entered) -> None:
        if entered.lt_order_id is not None:
            run.entries[entered.lt_order_id] = entry
            run.outbox.add(entered.lt_order_id)

    def _sent(self, run: _Run, lt_order_id: UUID, state: OrderState, *, plan_again: bool) -> None:
        run.counts.sent(state)
        if not plan_again:
            return
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


def _is_hopeful(prepared: PreparedTrade) -> bool:
    return evaluate(prepared.inputs).verdict is Verdict.ACCEPTED


def _candidate(venue: _Venue, work: StrategyTrades, prepared: PreparedTrade, judged: Evaluation) -> Candidate:
    market, token_id = prepared.inputs.market, prepared.inputs.trade.token_id
    if market is None:
        raise StopEverything(f"trade {prepared.source_trade_id} was accepted without a market")
    return Candidate(
        prepared=prepared,
        evaluation=judged,
        market=market,
        book=venue.books[token_id],
        volatility=venue.volatility.get((token_id, work.strategy.rules.volatility_lookback_days or 0)),
    )


def _lookbacks(work: Sequence[StrategyTrades]) -> set[tuple[str, int]]:
    """Tokens with the days of history that a strategy scales its stake by."""
    return {
        (each.inputs.trade.token_id, one.strategy.rules.volatility_lookback_days)
        for one in work
        if one.strategy.rules.use_volatility_adjustment and one.strategy.rules.volatility_lookback_days is not None
        for each in one.trades
        if _is_hopeful(each)
    }


def _with_outside_reason(venue: _Venue, judged: Evaluation, token_id: str) -> Evaluation:
    """An accepted trade that cannot be placed now for a reason outside its evaluation."""
    if not venue.is_eligible:
        return replace(judged, verdict=Verdict.REJECTED, reason=Reason.NOT_ELIGIBLE, stake=Usd.zero())
    if token_id not in venue.books:
        return replace(judged, verdict=Verdict.REJECTED, reason=Reason.BOOK_UNAVAILABLE, stake=Usd.zero())
    return judged

"""ft-sync: every active FT wallet decides each new source trade once, and bets on paper what it accepts.

A bet is filled on the real book as it stands when it is decided, never on one of a market that has its result already.
The decisions of a wallet, its paper orders and its cursor are one transaction. What a wallet holds is looked at before
it bets, and left where its rules say so. Wallets are served in turn while time lasts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID, uuid5

from live_trading.nouns.clock import Clock
from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price
from live_trading.orders.rounding import UnusableTick, is_usable_tick, limit_for_buy
from live_trading.services.following import evaluation
from live_trading.services.following.decision_records import refused, unplanned_check
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.ingest import Ingest, IngestReport
from live_trading.services.following.judging import is_hopeful, judged, may_wait, part_of, unsupported
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.sources import BookSource
from live_trading.services.paper.paper_books import BookShelf, without_offers
from live_trading.services.paper.paper_exits import PaperExits
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.services.running.rotation import Rotation
from live_trading.signals.config import PaperFillMethod
from live_trading.signals.inputs import EvaluationInputs, after_entries, canonical
from live_trading.signals.paper import PaperFill, fixed_slippage_fill, walk_book
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import decisions, subjects
from live_trading.store.feed.decisions import DecisionRecord
from live_trading.store.feed.source_trades import StoredTrade
from live_trading.store.feed.subjects import SubjectRow
from live_trading.store.paper import ft_orders
from live_trading.store.paper.ft_orders import PaperOrder

LEASE = "ft-sync"
LEASE_SECONDS = 60
# What ingest leaves to the wallets, and what one batch of a wallet may take.
SECONDS_FOR_WALLETS = 20.0
SECONDS_A_BATCH = 5.0
# Paper acts when a live strategy would; the wallet's own limit can only be tighter.
MAX_SIGNAL_AGE_SECONDS = 600
# How far above the signal's price a paper bet may climb in the book, as a marketable live order would be bounded.
SLIPPAGE_BOUND_FRACTION = Decimal("0.03")


@dataclass(slots=True, kw_only=True)
class PaperReport:
    """What one run did; `ran` is False where another invocation was at it.

    `decisions` counts by reason, `orders` by fill result, `exits` sales by reason, `waiting` trades that are left for
    the next run because something needed could not be asked for, `left` the wallets that time ran out for.
    """

    ran: bool
    ingest: IngestReport | None = None
    wallets: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPlan:
    """What a wallet has decided: the decisions, the bets among them, and how many trades have to wait.

    `failures` are trades that nothing could be computed for.
    """

    records: tuple[DecisionRecord, ...]
    orders: tuple[PaperOrder, ...]
    waiting: int
    failures: tuple[PartFailure, ...] = ()


class PaperTrader:
    """Runs all active FT wallets once."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ingest: Ingest,
        evidence: EvidenceGatherer,
        markets: MarketKeeper,
        market_data: BookSource,
        holder: str,
    ) -> None:
        """`holder` names this invocation in the lease."""
        self._database = database
        self._clock = clock
        self._ingest = ingest
        self._evidence = evidence
        self._markets = markets
        self._market_data = market_data
        self._holder = holder
        self._exits = PaperExits(database=database, clock=clock)
        self._wallets = Rotation(database=database, clock=clock, name="ft-sync:wallets")

    def run(self, budget: Budget | None = None, *, reads_feed: bool = True) -> PaperReport:
        """One pass, as long as the budget lasts. Safe to repeat and to overlap.

        Without `reads_feed` it goes by the trades that are stored.
        One wallet's failure is reported and does not stop the others. Raises LeaseLost or StoreUnavailable.
        """
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            if lease is None:
                return PaperReport(ran=False)
            report = PaperReport(ran=True)
            budget = budget or Budget.unlimited()
            if reads_feed:
                with contained("ingest", report.failures), leasing.below(self._database, lease):
                    report.ingest = self._ingest.run(budget.keeping(SECONDS_FOR_WALLETS))
            with self._database.transaction() as transaction:
                wallets = subjects.active_ft_wallets(transaction)
            report.wallets = len(wallets)
            shelf = BookShelf(self._market_data)
            for wallet in self._wallets.while_time_lasts(
                wallets, _part, budget=budget, seconds_each=SECONDS_A_BATCH, left=report.left
            ):
                with contained(_part(wallet), report.failures):
                    self._run_wallet(wallet, lease, shelf, report, budget)
        return report

    def _run_wallet(
        self, wallet: SubjectRow, lease: Lease, shelf: BookShelf, report: PaperReport, budget: Budget
    ) -> None:
        subject = evaluation.subject_of(wallet)
        report.exits.update(sale.reason for sale in self._exits.run(subject, lease, shelf, report.failures))
        while self._decide_batch(subject, lease, shelf, report):
            if not budget.has(SECONDS_A_BATCH):
                report.left.append(_part(wallet))
                return

    def _decide_batch(self, subject: Subject, lease: Lease, shelf: BookShelf, report: PaperReport) -> bool:
        """Decides up to one batch; True where there may be more to decide in this run."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            old = evaluation.decide_too_old(transaction, [(subject, MAX_SIGNAL_AGE_SECONDS)], now)
            trades = evaluation.undecided(transaction, [subject], newest_first=False).get(subject.key, [])
            passed = {} if trades else evaluation.settle(transaction, [subject], now)
        for each in (*old.values(), *passed.values()):
            report.decisions.update(each)
        if not trades:
            return False
        evidence = self._evidence.gather(trades, lease, self._clock.now())
        report.failures += evidence.failures
        self._markets.note_resolutions({each.trade.condition_id for each in evidence.ready}, lease, self._clock.now())
        prepared = self._prepared(subject, evidence.ready)
        shelf.fetch(_hopeful_tokens(prepared))
        plan = plan_bets(subject, prepared, shelf)
        report.failures += plan.failures
        refusals: list[PartFailure] = []
        with contained(f"decisions of {subject.name}", refusals):
            self._apply(subject, plan, lease, report)
        if refusals:
            self._apply_one_by_one(subject, plan, lease, report)
        waiting = len(evidence.waiting) + plan.waiting
        report.waiting += waiting
        return len(trades) == evaluation.BATCH and not waiting and not refusals

    def _prepared(self, subject: Subject, trades: Sequence[StoredTrade]) -> list[PreparedTrade]:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            return evaluation.inputs_for(
                transaction,
                [(subject, trades)],
                bankrolls={subject.key: subjects.paper_bankroll(transaction, subject.ft_wallet_id)},
                now=now,
                max_signal_age_seconds={subject.key: MAX_SIGNAL_AGE_SECONDS},
            )[subject.key]

    def _apply_one_by_one(self, subject: Subject, plan: PaperPlan, lease: Lease, report: PaperReport) -> None:
        """What the database does not take together, so that only what it refuses stays undecided."""
        for record in plan.records:
            orders = tuple(order for order in plan.orders if order.source_trade_id == record.source_trade_id)
            with contained(f"trade {record.source_trade_id}", report.failures):
                self._apply(subject, PaperPlan(records=(record,), orders=orders, waiting=0), lease, report)

    def _apply(self, subject: Subject, plan: PaperPlan, lease: Lease, report: PaperReport) -> None:
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            new = {number for _, number in decisions.record(transaction, plan.records)}
            orders = [order for order in plan.orders if order.source_trade_id in new]
            ft_orders.insert(transaction, orders)
            passed = evaluation.settle(transaction, [subject], now)
        for each in passed.values():
            report.decisions.update(each)
        report.decisions.update(
            record.evaluation.reason.value for record in plan.records if record.source_trade_id in new
        )
        report.orders.update(order.fill_result for order in orders)


def plan_bets(subject: Subject, prepared: Sequence[PreparedTrade], shelf: BookShelf) -> PaperPlan:
    """Judges trades in their order; each bet lowers the bankroll and the book that the next finds, and is an entry."""
    if not prepared:
        return PaperPlan(records=(), orders=(), waiting=0)
    bankroll = prepared[0].inputs.bankroll
    books: dict[str, OrderBook] = {}
    entered: defaultdict[str, list[Price]] = defaultdict(list)
    records: list[DecisionRecord] = []
    orders: list[PaperOrder] = []
    failures: list[PartFailure] = []
    for each in prepared:
        with contained(part_of(each), failures):
            trade = each.inputs.trade
            inputs = after_entries(replace(each.inputs, bankroll=bankroll), entered[trade.token_id])
            verdict = judged(each, inputs, failures)
            if verdict.verdict is Verdict.ACCEPTED and _must_wait(each, shelf):
                continue
            if verdict.verdict is Verdict.ACCEPTED:
                verdict, fill = _filled(each, inputs, verdict, shelf, books, failures)
                if fill is not None:
                    bankroll -= fill.cost + fill.fee
                    orders.append(_order(subject, each, inputs, verdict, fill))
                    entered[trade.token_id] += [trade.price] if fill.shares.is_positive else []
            records.append(_record(subject, each, inputs, verdict))
    return PaperPlan(
        records=tuple(records),
        orders=tuple(orders),
        waiting=len(prepared) - len(records),
        failures=tuple(failures),
    )


def _part(wallet: SubjectRow) -> str:
    return f"ft_wallet {wallet.ft_wallet_id}"


def _hopeful_tokens(prepared: Sequence[PreparedTrade]) -> set[str]:
    """Tokens that a first judging with the whole bankroll would bet on, so that their books come in one question."""
    return {each.inputs.trade.token_id for each in prepared if _uses_book(each.inputs) and is_hopeful(each.inputs)}


def _uses_book(inputs: EvaluationInputs) -> bool:
    return inputs.config.paper_fill is PaperFillMethod.BOOK


def _must_wait(each: PreparedTrade, shelf: BookShelf) -> bool:
    """A book that cannot be asked for, read or found now may be there at the next run."""
    if not _uses_book(each.inputs) or not may_wait(each.seen_at, each.inputs.now):
        return False
    return shelf.book(each.inputs.trade.token_id) is None


def _filled(
    each: PreparedTrade,
    inputs: EvaluationInputs,
    verdict: Evaluation,
    shelf: BookShelf,
    books: dict[str, OrderBook],
    failures: list[PartFailure],
) -> tuple[Evaluation, PaperFill | None]:
    """The fill of an accepted trade, or the verdict that there is none. `books` holds what earlier bets left."""
    market, token_id = _known_market(inputs), inputs.trade.token_id
    with contained(part_of(each), failures):
        if not _uses_book(inputs):
            return verdict, fixed_slippage_fill(inputs.trade.price, verdict.stake, market.fees)
        book = books.get(token_id) or shelf.book(token_id)
        if book is None:
            return refused(verdict, Reason.BOOK_UNAVAILABLE), None
        tick = book.tick_in(market)
        if not is_usable_tick(tick):
            return refused(verdict, Reason.TICK_UNUSABLE, unplanned_check(UnusableTick(tick=tick))), None
        limit = limit_for_buy(inputs.trade.price, SLIPPAGE_BOUND_FRACTION, tick)
        fill = walk_book(book, limit, verdict.stake, market.fees)
        books[token_id] = without_offers(book, fill.shares)
        return verdict, fill
    return unsupported(verdict), None


def _known_market(inputs: EvaluationInputs) -> Market:
    if inputs.market is None:
        raise StopEverything(f"{inputs.trade.key} was accepted without a market")
    return inputs.market


def _order(
    subject: Subject, each: PreparedTrade, inputs: EvaluationInputs, judged: Evaluation, fill: PaperFill
) -> PaperOrder:
    trade = inputs.trade
    return PaperOrder(
        ft_order_id=paper_order_id(subject.ft_wallet_id, each.source_trade_id),
        ft_wallet_id=subject.ft_wallet_id,
        config_version=subject.config_version,
        source_trade_id=each.source_trade_id,
        token_id=trade.token_id,
        condition_id=trade.condition_id,
        outcome_index=_outcome_index(inputs),
        signal_price=trade.price,
        stake=judged.stake,
        fill_method=inputs.config.paper_fill,
        fill_result=fill.result,
        fill_price=fill.average_price,
        shares=fill.shares,
        cost=fill.cost,
        fee=fill.fee,
        book_hash=fill.book_hash,
        book_taken_at=fill.taken_at,
        trade_time=trade.trade_time,
        decided_at=inputs.now,
    )


def paper_order_id(ft_wallet_id: UUID, source_trade_id: int) -> UUID:
    """Derived, so that the same bet can never get two ids."""
    return uuid5(ft_wallet_id, str(source_trade_id))


def _outcome_index(inputs: EvaluationInputs) -> int:
    """Where the market lists the token: the payout goes by that, and the feed's own index is only a claim."""
    return _known_market(inputs).token_ids.index(inputs.trade.token_id)


def _record(subject: Subject, each: PreparedTrade, inputs: EvaluationInputs, judged: Evaluation) -> DecisionRecord:
    return DecisionRecord(
        source_trade_id=each.source_trade_id,
        ft_wallet_id=subject.ft_wallet_id,
        lt_strategy_id=None,
        config_version=subject.config_version,
        evaluation=judged,
        inputs=canonical(inputs),
        decided_at=inputs.now,
    )

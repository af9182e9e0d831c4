"""What a paper wallet bets: its trades judged in their order, each bet filled on the book that the ones before left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid5

from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.errors import StopEverything
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.money import Price, Usd
from live_trading.orders.rounding import UnusableTick, is_usable_tick
from live_trading.services.following.decision_records import decision_record, refused, unplanned_check
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.services.following.judging import judged, may_wait, part_of, unsupported
from live_trading.services.paper.paper_books import BookShelf, without_offers
from live_trading.services.running.failures import PartFailure, contained
from live_trading.signals.config import PaperFillMethod
from live_trading.signals.inputs import EvaluationInputs, after_entries
from live_trading.signals.paper import PaperFill, fill_on, fixed_slippage_fill
from live_trading.store.feed.decisions import DecisionRecord
from live_trading.store.paper.ft_orders import PaperOrder

# What the bets before a trade may change of its verdict: those who leave no cash, and those into the same token.
_OF_BETS_BEFORE = frozenset(
    {
        Reason.ACCEPTED,
        Reason.NO_POSITIVE_STAKE,
        Reason.BELOW_MINIMUM_ORDER,
        Reason.INSUFFICIENT_CASH,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPlan:
    """What a wallet has decided: the decisions, the bets among them, and how many trades have to wait.

    `failures` are trades that nothing could be computed for.
    """

    records: tuple[DecisionRecord, ...]
    orders: tuple[PaperOrder, ...]
    waiting: int
    failures: tuple[PartFailure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstJudged:
    """A trade with its verdict before any bet of the same plan."""

    prepared: PreparedTrade
    verdict: Evaluation

    @property
    def needs_book(self) -> bool:
        return self.verdict.verdict is Verdict.ACCEPTED and _uses_book(self.prepared.inputs)


def first_judged(prepared: Sequence[PreparedTrade], failures: list[PartFailure]) -> list[FirstJudged]:
    """Judges each trade with the whole bankroll, so that the books of those that are accepted come in one question."""
    return [FirstJudged(prepared=each, verdict=judged(each, each.inputs, failures)) for each in prepared]


def plan_bets(
    subject: Subject, trades: Sequence[FirstJudged], shelf: BookShelf, books: dict[str, OrderBook]
) -> PaperPlan:
    """Decides trades in their order; each bet lowers the bankroll and the book that the next finds, and is an entry.

    `books` are what earlier bets of the wallet left in this run, and have what these leave afterwards.
    """
    plan = _Plan(subject=subject, shelf=shelf, books=books, spent=Usd.zero())
    for each in trades:
        with contained(part_of(each.prepared), plan.failures):
            plan.decide(each)
    return PaperPlan(
        records=tuple(plan.records),
        orders=tuple(plan.orders),
        waiting=len(trades) - len(plan.records),
        failures=tuple(plan.failures),
    )


@dataclass(slots=True, kw_only=True)
class _Plan:
    """A plan as it grows: what was spent, and at which prices each token was entered."""

    subject: Subject
    shelf: BookShelf
    books: dict[str, OrderBook]
    spent: Usd
    entered: defaultdict[str, list[Price]] = field(default_factory=lambda: defaultdict(list))
    records: list[DecisionRecord] = field(default_factory=list)
    orders: list[PaperOrder] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)

    def decide(self, each: FirstJudged) -> None:
        """Refuses the trade, leaves it for a later run, or bets."""
        prepared = self._now(each.prepared)
        verdict = each.verdict
        if prepared is not each.prepared and self._may_differ(each):
            verdict = judged(prepared, prepared.inputs, self.failures)
        if verdict.verdict is Verdict.ACCEPTED:
            if _must_wait(prepared, self.shelf):
                return
            verdict = self._bet(prepared, verdict)
        self.records.append(decision_record(self.subject, prepared, verdict, prepared.inputs.now))

    def _now(self, prepared: PreparedTrade) -> PreparedTrade:
        """The trade as the bets before it leave it to be judged."""
        inputs, entries = prepared.inputs, self.entered.get(prepared.inputs.trade.token_id, ())
        if self.spent == Usd.zero() and not entries:
            return prepared
        return replace(prepared, inputs=after_entries(replace(inputs, bankroll=inputs.bankroll - self.spent), entries))

    def _may_differ(self, each: FirstJudged) -> bool:
        is_entered = each.prepared.inputs.trade.token_id in self.entered
        return is_entered or each.verdict.reason in _OF_BETS_BEFORE

    def _bet(self, prepared: PreparedTrade, verdict: Evaluation) -> Evaluation:
        verdict, fill = _filled(prepared, verdict, self.shelf, self.books, self.failures)
        if fill is not None:
            trade = prepared.inputs.trade
            self.spent += fill.cost + fill.fee
            self.orders.append(_order(self.subject, prepared, verdict, fill))
            if fill.shares.is_positive:
                self.entered[trade.token_id].append(trade.price)
        return verdict


def hopeful_tokens(trades: Collection[FirstJudged]) -> set[str]:
    """The tokens whose books are needed."""
    return {each.prepared.inputs.trade.token_id for each in trades if each.needs_book}


def _uses_book(inputs: EvaluationInputs) -> bool:
    return inputs.config.paper_fill is PaperFillMethod.BOOK


def _must_wait(each: PreparedTrade, shelf: BookShelf) -> bool:
    """A book that cannot be asked for, read or found now may be there at the next run."""
    if not _uses_book(each.inputs) or not may_wait(each.seen_at, each.inputs.now):
        return False
    return shelf.book(each.inputs.trade.token_id) is None


def _filled(
    each: PreparedTrade,
    verdict: Evaluation,
    shelf: BookShelf,
    books: dict[str, OrderBook],
    failures: list[PartFailure],
) -> tuple[Evaluation, PaperFill | None]:
    """The fill of an accepted trade, or the verdict that there is none. `books` holds what earlier bets left."""
    inputs = each.inputs
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
        fill = fill_on(book, market, inputs.trade.price, verdict.stake)
        books[token_id] = without_offers(book, fill.shares)
        return verdict, fill
    return unsupported(verdict), None


def _known_market(inputs: EvaluationInputs) -> Market:
    if inputs.market is None:
        raise StopEverything(f"{inputs.trade.key} was accepted without a market")
    return inputs.market


def _order(subject: Subject, each: PreparedTrade, verdict: Evaluation, fill: PaperFill) -> PaperOrder:
    inputs = each.inputs
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
        stake=verdict.stake,
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

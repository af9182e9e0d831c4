"""Leaves the positions of a wallet's strategies by their rules: every pass, before entries, whatever is paused.

All that is held is read at once and its books come in one question, so that a look that places nothing costs as much
for many strategies and positions as for one. A sale is committed together with what is remembered of its position, so
that a run that is killed neither forgets it nor places it twice; no two sales of a position may take more than what is
settled and in no other sale.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from live_trading.exits.bracket import BracketStep, Cancel, CancelReason, Keep, Place
from live_trading.exits.held import HeldToken
from live_trading.nouns.clock import Clock
from live_trading.nouns.exits import NEEDS_SOMEBODY, ExitReason, ExitWatch
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.orders import OrderPlan
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.exit_orders import plan_bracket
from live_trading.services.following.sources import BookSource
from live_trading.services.guarding.cancelling import OrderCanceller
from live_trading.services.guarding.closing import PlannedSale, PositionCloser
from live_trading.services.leaving.looks import Look, bracket_of, look
from live_trading.services.leaving.remembering import Seen, remember
from live_trading.services.leaving.wallet_holdings import HoldingsReader, StrategyHoldings
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database import leases
from live_trading.store.database.connection import ConstraintViolated, Database
from live_trading.store.database.leases import Lease


@dataclass(slots=True, kw_only=True)
class ExitReport:
    """Sales by reason, positions that are kept although a rule has fired by why, brackets placed and cancelled."""

    sales: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    brackets: dict[str, int] = field(default_factory=dict)

    @property
    def has_orders(self) -> bool:
        """Whether orders went out or were asked to end."""
        return bool(self.sales or self.brackets)


class PositionLeaver:
    """Looks at what the strategies of one trading wallet hold, and sells what their rules want sold."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        books: BookSource,
        closer: PositionCloser,
        canceller: OrderCanceller,
        reconciler: Reconciler,
    ) -> None:
        self._database = database
        self._clock = clock
        self._holdings = HoldingsReader(database=database, clock=clock)
        self._books = books
        self._closer = closer
        self._canceller = canceller
        self._reconciler = reconciler

    def run(self, lease: Lease, wallet: TradingWallet, failures: list[PartFailure]) -> ExitReport:
        """One look at each position. One position's failure stops no other; raises what is of the whole run.

        Where a bracket was in the way of another exit, its end is looked for at once, and the position once more.
        """
        report = ExitReport()
        cancelled = self._look_at_all(lease, wallet, failures, report, None)
        if cancelled:
            with contained(f"brackets of wallet {wallet.trading_wallet_id}", failures):
                self._reconciler.follow_orders(lease, wallet, ReconcileReport())
                self._look_at_all(lease, wallet, failures, report, cancelled)
        return report

    def _look_at_all(
        self,
        lease: Lease,
        wallet: TradingWallet,
        failures: list[PartFailure],
        report: ExitReport,
        only: Collection[tuple[UUID, str]] | None,
    ) -> set[tuple[UUID, str]]:
        """The positions, by strategy and token, whose bracket was asked to end because of another exit."""
        held = self._holdings.of_wallet(lease, wallet, failures, {key[0] for key in only} if only else None)
        tokens = sorted({each.token_id for one in held for each in one.positions})
        books: Mapping[str, OrderBook] = {}
        if tokens:
            with contained(f"books of {len(tokens)} held tokens", failures):
                books = self._books.books(tokens)
        now = self._clock.now()
        kept: list[Seen] = []
        leaving: list[Seen] = []
        for one in held:
            for position in one.positions:
                if only is not None and (one.strategy.lt_strategy_id, position.token_id) not in only:
                    continue
                with contained(one.part_of(position), failures):
                    seen = _seen(one, position, books.get(position.token_id), now)
                    (kept if seen.planned is None else leaving).append(seen)
        self._keep(lease, kept, now, failures)
        cancelled = self._end_brackets(wallet, kept, report, failures)
        self._sell(lease, wallet, leaving, now, report, failures)
        return cancelled

    def _keep(self, lease: Lease, looks: Sequence[Seen], now: datetime, failures: list[PartFailure]) -> None:
        """Remembers looks that place nothing: all in one transaction, each alone where the database refuses that."""
        if not looks:
            return
        try:
            self._remember_all(lease, looks, now)
        except ConstraintViolated:
            for seen in looks:
                with contained(seen.held.part_of(seen.position), failures):
                    self._remember_all(lease, [seen], now)

    def _remember_all(self, lease: Lease, looks: Sequence[Seen], now: datetime) -> None:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            remember(transaction, looks, now)

    def _end_brackets(
        self, wallet: TradingWallet, looks: Sequence[Seen], report: ExitReport, failures: list[PartFailure]
    ) -> set[tuple[UUID, str]]:
        """Asks for the end of brackets that are in the way; the positions that another exit waits for."""
        others: set[tuple[UUID, str]] = set()
        for seen in looks:
            if seen.decision.hold in NEEDS_SOMEBODY:
                report.waiting[seen.decision.hold] = report.waiting.get(seen.decision.hold, 0) + 1
            bracket = seen.held.brackets.get(seen.position.token_id)
            if not isinstance(seen.step, Cancel) or bracket is None:
                continue
            with contained(seen.held.part_of(seen.position), failures):
                self._canceller.cancel_bracket(wallet, bracket.lt_order_id)
                report.brackets["cancelled"] = report.brackets.get("cancelled", 0) + 1
                if seen.step.reason is CancelReason.OTHER_EXIT:
                    others.add((seen.held.strategy.lt_strategy_id, seen.position.token_id))
        return others

    def _sell(
        self,
        lease: Lease,
        wallet: TradingWallet,
        looks: Sequence[Seen],
        now: datetime,
        report: ExitReport,
        failures: list[PartFailure],
    ) -> None:
        """Commits each sale with what is remembered of its position, and sends them together."""
        placed: list[UUID] = []
        for seen in looks:
            planned = seen.planned
            if planned is None:
                continue
            with contained(seen.held.part_of(seen.position), failures):
                placed.append(
                    self._closer.sell_as_planned(
                        lease, wallet, planned, beside=partial(remember, looks=[seen], now=now)
                    )
                )
                if isinstance(seen.step, Place):
                    report.brackets["placed"] = report.brackets.get("placed", 0) + 1
                elif planned.reason is not None:
                    report.sales[planned.reason] = report.sales.get(planned.reason, 0) + 1
        if placed:
            with contained(f"exits of wallet {wallet.trading_wallet_id}", failures):
                self._closer.send(lease, wallet, placed)


def _seen(held: StrategyHoldings, position: HeldToken, book: OrderBook | None, now: datetime) -> Seen:
    """One look: what it decides of a position and of its bracket, and the order that follows."""
    market = held.markets[position.condition_id]
    watch = held.watches.get(position.token_id, ExitWatch())
    bracket = held.brackets.get(position.token_id)
    whole = position if bracket is None else replace(position, sellable=position.sellable + bracket.rest)
    seen = look(whole, market, book, held.rules, watch, held.trades, now)
    step = bracket_of(position, market, book, held.rules, seen, bracket, now, may_rest=held.may_rest)
    if isinstance(step, Keep | Cancel):
        seen = seen.without_sale
    return Seen(
        held=held,
        position=position,
        market=market,
        decision=seen.decision,
        watch=seen.watch,
        step=step,
        planned=_planned(held, position, market, book, seen, step),
    )


def _planned(
    held: StrategyHoldings, position: HeldToken, market: Market, book: OrderBook | None, seen: Look, step: BracketStep
) -> PlannedSale | None:
    """The exit of a look, or the bracket that is placed where there is none."""
    if book is None:
        return None
    if seen.plan is not None and seen.decision.exit is not None:
        return PlannedSale(strategy=held.strategy, book=book, plan=seen.plan, reason=seen.decision.exit.reason)
    if not isinstance(step, Place):
        return None
    plan = plan_bracket(
        market, position.outcome_index, book, limit=step.limit, shares=step.shares, expires_at=step.expires_at
    )
    if not isinstance(plan, OrderPlan):
        return None
    return PlannedSale(strategy=held.strategy, book=book, plan=plan, reason=ExitReason.TAKE_PROFIT)

"""Leaves the positions of a wallet's strategies by their rules: every pass, before entries, whatever is paused.

Books of all held tokens come in one question. A sale is committed together with what is remembered of its position,
so that a run that is killed neither forgets it nor places it twice; no two sales of a position may take more than what
is settled and in no other sale.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from live_trading.exits.bracket import BracketStep, Cancel, CancelReason, Keep, Place, RestingBracket
from live_trading.exits.held import HeldToken
from live_trading.nouns.alerts import AlertType, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.exits import NEEDS_SOMEBODY, ExitReason, ExitRules, ExitWatch
from live_trading.nouns.locks import LockMode
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.orders import OrderPlan
from live_trading.nouns.wallets import TradingWallet
from live_trading.orders.exit_orders import plan_bracket
from live_trading.services.following import evaluation
from live_trading.services.following.sources import BookSource
from live_trading.services.guarding.cancelling import OrderCanceller
from live_trading.services.guarding.closing import PlannedSale, PositionCloser
from live_trading.services.leaving.looks import Look, TraderTrades, asked_of_traders, bracket_of, look
from live_trading.services.reconciling.reconcile import Reconciler, ReconcileReport
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, trader_moves
from live_trading.store.positions import brackets, exit_facts, exit_watches
from live_trading.store.positions.exit_watches import WatchedSubject
from live_trading.store.risk import locks
from live_trading.store.watch import alerts


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """One strategy's positions with all that a look at them needs but the books."""

    strategy: LiveStrategy
    who: WatchedSubject
    rules: ExitRules
    positions: tuple[HeldToken, ...]
    watches: Mapping[str, ExitWatch]
    markets: Mapping[str, Market]
    trades: TraderTrades
    brackets: Mapping[str, RestingBracket]
    may_rest: bool


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
        cancelled: set[tuple[UUID, str]] = set()
        with self._database.transaction() as transaction:
            strategies = live_strategies.of_wallet(transaction, wallet.trading_wallet_id)
        held: list[_Held] = []
        for strategy in strategies:
            with contained(f"positions of strategy {strategy.lt_strategy_id}", failures):
                found = self._gathered(wallet, strategy)
                held += [] if found is None else [found]
        tokens = sorted({each.token_id for one in held for each in one.positions})
        books: Mapping[str, OrderBook] = {}
        if tokens:
            with contained(f"books of {len(tokens)} held tokens", failures):
                books = self._books.books(tokens)
        placed: list[UUID] = []
        for one in held:
            for position in one.positions:
                key = (one.strategy.lt_strategy_id, position.token_id)
                if only is not None and key not in only:
                    continue
                with contained(f"position {one.strategy.lt_strategy_id}/{position.token_id}", failures):
                    step = self._look(lease, wallet, one, position, books.get(position.token_id), report)
                    if isinstance(step, UUID):
                        placed.append(step)
                    elif step is not None and step.reason is CancelReason.OTHER_EXIT:
                        cancelled.add(key)
        if placed:
            with contained(f"exits of wallet {wallet.trading_wallet_id}", failures):
                self._closer.send(lease, wallet, placed)
        return cancelled

    def _gathered(self, wallet: TradingWallet, strategy: LiveStrategy) -> _Held | None:
        """None where the strategy has no rules of leaving, or holds nothing."""
        who = WatchedSubject(lt_strategy_id=strategy.lt_strategy_id)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            exits = evaluation.strategy_subject(transaction, strategy.lt_strategy_id).config.exits
            if exits is None:
                return None
            positions = exit_facts.of_strategy(transaction, strategy.lt_strategy_id)
            watches = exit_watches.of_subject(transaction, who)
            gone = set(watches) - {each.token_id for each in positions}
            if gone:
                exit_watches.forget_others(transaction, who, [each.token_id for each in positions])
            if not positions:
                return None
            return _Held(
                strategy=strategy,
                who=who,
                rules=exits.rules(),
                positions=tuple(positions),
                watches=watches,
                markets=markets.by_condition(transaction, sorted({each.condition_id for each in positions})),
                trades=trader_moves.in_tokens(transaction, asked_of_traders(positions)),
                brackets=brackets.resting(transaction, strategy.lt_strategy_id),
                may_rest=not any(
                    lock.mode is not LockMode.STOP_ENTRIES
                    and lock.stops_all_of(strategy.lt_strategy_id, wallet.trading_wallet_id)
                    for lock in locks.on_entries(transaction, now)
                ),
            )

    def _look(
        self,
        lease: Lease,
        wallet: TradingWallet,
        held: _Held,
        position: HeldToken,
        book: OrderBook | None,
        report: ExitReport,
    ) -> UUID | Cancel | None:
        """The sale that one look places, or the end of a bracket that it asks for."""
        market = held.markets[position.condition_id]
        watch = held.watches.get(position.token_id, ExitWatch())
        now = self._clock.now()
        bracket = held.brackets.get(position.token_id)
        whole = position if bracket is None else replace(position, sellable=position.sellable + bracket.rest)
        seen = look(whole, market, book, held.rules, watch, held.trades, now)
        step = bracket_of(position, market, book, held.rules, seen, bracket, now, may_rest=held.may_rest)
        if isinstance(step, Keep | Cancel):
            seen = seen.without_sale
        planned = _planned(held, position, market, book, seen, step)
        if planned is None:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                _remember(transaction, held, position, market, seen, now)
            if seen.decision.hold in NEEDS_SOMEBODY:
                report.waiting[seen.decision.hold] = report.waiting.get(seen.decision.hold, 0) + 1
            if isinstance(step, Cancel) and bracket is not None:
                self._canceller.cancel_bracket(wallet, bracket.lt_order_id)
                report.brackets["cancelled"] = report.brackets.get("cancelled", 0) + 1
                return step
            return None
        lt_order_id = self._closer.sell_as_planned(
            lease,
            wallet,
            planned,
            beside=lambda transaction: _remember(transaction, held, position, market, seen, now),
        )
        if isinstance(step, Place):
            report.brackets["placed"] = report.brackets.get("placed", 0) + 1
        elif planned.reason is not None:
            report.sales[planned.reason] = report.sales.get(planned.reason, 0) + 1
        return lt_order_id


def _planned(
    held: _Held, position: HeldToken, market: Market, book: OrderBook | None, seen: Look, step: BracketStep
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


def _remember(
    transaction: Transaction, held: _Held, position: HeldToken, market: Market, seen: Look, now: datetime
) -> None:
    """Keeps the look, and tells of a rule that has fired and cannot be followed, until it can."""
    exit_watches.save(transaction, held.who, position.token_id, seen.decision, seen.watch, now)
    subject = f"exit:{held.strategy.lt_strategy_id}:{position.token_id}"
    hold = seen.decision.hold
    if hold not in NEEDS_SOMEBODY or hold is None:
        alerts.resolve_alert(transaction, alert_type=AlertType.EXIT_NOT_DONE, subject=subject, at=now)
        return
    fired = seen.watch.trigger or "a time or the trader's sale"
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.EXIT_NOT_DONE,
        severity=Severity.WARNING,
        subject=subject,
        title=f"{held.strategy.name}: {market.slug} is not left ({hold})",
        message=(
            f"{fired} wants {position.sellable} of {position.shares} shares of token {position.token_id} in "
            f"{market.slug} sold, and the book does not allow it: {hold}. It is looked at in every pass and sold once "
            "the book allows it; to sell for less at once, close the position by hand with a bound of your own."
        ),
        at=now,
    )

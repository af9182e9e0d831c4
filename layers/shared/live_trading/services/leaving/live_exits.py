"""Leaves the positions of a wallet's strategies by their rules: every pass, before entries, whatever is paused.

Books of all held tokens come in one question. A sale is committed together with what is remembered of its position,
so that a run that is killed neither forgets it nor places it twice; no two sales of a position may take more than what
is settled and in no other sale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from live_trading.exits.held import HeldToken
from live_trading.nouns.alerts import AlertType, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.exits import NEEDS_SOMEBODY, ExitRules, ExitWatch
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.wallets import TradingWallet
from live_trading.services.following import evaluation
from live_trading.services.following.sources import BookSource
from live_trading.services.guarding.closing import PlannedSale, PositionCloser
from live_trading.services.leaving.looks import Look, TraderTrades, asked_of_traders, look
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, trader_moves
from live_trading.store.positions import exit_facts, exit_watches
from live_trading.store.positions.exit_watches import WatchedSubject
from live_trading.store.watch import alerts


@dataclass(slots=True, kw_only=True)
class ExitReport:
    """Sales by reason, and positions that are kept although a rule has fired, by why."""

    sales: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)


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


class PositionLeaver:
    """Looks at what the strategies of one trading wallet hold, and sells what their rules want sold."""

    def __init__(self, *, database: Database, clock: Clock, books: BookSource, closer: PositionCloser) -> None:
        self._database = database
        self._clock = clock
        self._books = books
        self._closer = closer

    def run(self, lease: Lease, wallet: TradingWallet, failures: list[PartFailure]) -> ExitReport:
        """One look at each position. One position's failure stops no other; raises what is of the whole run."""
        report = ExitReport()
        with self._database.transaction() as transaction:
            strategies = live_strategies.of_wallet(transaction, wallet.trading_wallet_id)
        held: list[_Held] = []
        for strategy in strategies:
            with contained(f"positions of strategy {strategy.lt_strategy_id}", failures):
                found = self._gathered(strategy)
                held += [] if found is None else [found]
        tokens = sorted({each.token_id for one in held for each in one.positions})
        books: Mapping[str, OrderBook] = {}
        if tokens:
            with contained(f"books of {len(tokens)} held tokens", failures):
                books = self._books.books(tokens)
        placed: list[UUID] = []
        for one in held:
            for position in one.positions:
                with contained(f"position {one.strategy.lt_strategy_id}/{position.token_id}", failures):
                    placed += self._look(lease, wallet, one, position, books.get(position.token_id), report)
        if placed:
            with contained(f"exits of wallet {wallet.trading_wallet_id}", failures):
                self._closer.send(lease, wallet, placed)
        return report

    def _gathered(self, strategy: LiveStrategy) -> _Held | None:
        """None where the strategy has no rules of leaving, or holds nothing."""
        who = WatchedSubject(lt_strategy_id=strategy.lt_strategy_id)
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
            )

    def _look(
        self,
        lease: Lease,
        wallet: TradingWallet,
        held: _Held,
        position: HeldToken,
        book: OrderBook | None,
        report: ExitReport,
    ) -> list[UUID]:
        """The sales that one look places."""
        market = held.markets[position.condition_id]
        watch = held.watches.get(position.token_id, ExitWatch())
        now = self._clock.now()
        seen = look(position, market, book, held.rules, watch, held.trades, now)
        wanted = seen.decision.exit
        if seen.plan is None or wanted is None or book is None:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                _remember(transaction, held, position, market, seen, now)
            if seen.decision.hold in NEEDS_SOMEBODY:
                report.waiting[seen.decision.hold] = report.waiting.get(seen.decision.hold, 0) + 1
            return []
        planned = PlannedSale(strategy=held.strategy, book=book, plan=seen.plan, reason=wanted.reason)
        lt_order_id = self._closer.sell_as_planned(
            lease,
            wallet,
            planned,
            beside=lambda transaction: _remember(transaction, held, position, market, seen, now),
        )
        report.sales[wanted.reason] = report.sales.get(wanted.reason, 0) + 1
        return [lt_order_id]


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

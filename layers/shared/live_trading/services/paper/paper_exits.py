"""Leaves paper positions by the rules of their wallet, on the real book as it stands: what a live strategy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.exits.held import HeldToken
from live_trading.exits.paper_legs import ExitLeg, legs
from live_trading.nouns.clock import Clock
from live_trading.nouns.exits import ExitRules, ExitWatch
from live_trading.nouns.markets import Market, OrderBook
from live_trading.nouns.orders import OrderPlan
from live_trading.services.following.evaluation import Subject
from live_trading.services.leaving.looks import Look, TraderTrades, asked_of_traders, look
from live_trading.services.paper.paper_books import BookShelf
from live_trading.services.running.failures import PartFailure, contained
from live_trading.signals.paper import PaperFill, walk_bids
from live_trading.store.database import leases
from live_trading.store.database.connection import ConstraintViolated, Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, trader_moves
from live_trading.store.paper import ft_exits
from live_trading.store.paper.ft_exits import PaperExit, PaperHolding, SaleNotPossible
from live_trading.store.positions import exit_watches
from live_trading.store.positions.exit_watches import KeptLook, WatchedSubject, WatchKey


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What the looks of one run are taken with."""

    rules: Mapping[UUID, ExitRules]
    holdings: Sequence[PaperHolding]
    watches: Mapping[WatchKey, ExitWatch]
    markets: Mapping[str, Market]
    trades: TraderTrades


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One look to be remembered, and the sale that it makes, with the parts of it by order."""

    kept: KeptLook
    sale: PaperExit | None
    parts: Sequence[ExitLeg] = ()

    @property
    def part(self) -> str:
        return f"paper position {self.kept.subject.id}/{self.kept.token_id}"


class PaperExits:
    """Looks at what paper wallets hold: of all of them in as many statements as of one."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def run(
        self, subjects: Sequence[Subject], lease: Lease, shelf: BookShelf, failures: list[PartFailure]
    ) -> list[PaperExit]:
        """One look at each position of these wallets; the sales. One position's failure stops no other."""
        rules = {each.ft_wallet_id: each.config.exits.rules() for each in subjects if each.config.exits is not None}
        if not rules:
            return []
        together: list[PartFailure] = []
        with contained("paper positions", together):
            return self._look_at(self._gathered(lease, rules), lease, shelf, failures)
        sold: list[PaperExit] = []
        for ft_wallet_id, each in rules.items():
            with contained(f"ft_wallet {ft_wallet_id}", failures):
                sold += self._look_at(self._gathered(lease, {ft_wallet_id: each}), lease, shelf, failures)
        return sold

    def _gathered(self, lease: Lease, rules: Mapping[UUID, ExitRules]) -> _Round:
        with self._database.reading() as reading:
            holdings = ft_exits.holdings(reading, rules)
            watches = exit_watches.of_subjects(reading, rules)
            asked = asked_of_traders(_held(each) for each in holdings)
            known = markets.by_condition(reading, {each.condition_id for each in holdings}) if holdings else {}
            trades = trader_moves.in_tokens(reading, asked) if asked else {}
        gone = set(watches) - {(each.ft_wallet_id, each.token_id) for each in holdings}
        if gone:
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                exit_watches.forget(transaction, sorted(gone))
        return _Round(rules=rules, holdings=holdings, watches=watches, markets=known, trades=trades)

    def _look_at(self, round_: _Round, lease: Lease, shelf: BookShelf, failures: list[PartFailure]) -> list[PaperExit]:
        shelf.fetch({each.token_id for each in round_.holdings})
        now = self._clock.now()
        looks: list[_Seen] = []
        for holding in round_.holdings:
            with contained(f"paper position {holding.ft_wallet_id}/{holding.token_id}", failures):
                looks.append(_seen(round_, holding, shelf.book(holding.token_id), now))
        return self._keep(lease, looks, now, failures)

    def _keep(
        self, lease: Lease, looks: Sequence[_Seen], now: datetime, failures: list[PartFailure]
    ) -> list[PaperExit]:
        """Stores looks and sales in one transaction, or each alone where they cannot be stored together."""
        try:
            return self._store(lease, looks, now)
        except (ConstraintViolated, SaleNotPossible):
            sold: list[PaperExit] = []
            for seen in looks:
                with contained(seen.part, failures):
                    sold += self._store(lease, [seen], now)
            return sold

    def _store(self, lease: Lease, looks: Sequence[_Seen], now: datetime) -> list[PaperExit]:
        if not looks:
            return []
        sales = [(seen.sale, seen.parts) for seen in looks if seen.sale is not None]
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            ft_exits.record(transaction, sales, now)
            exit_watches.save(transaction, [seen.kept for seen in looks], now)
        return [sale for sale, _ in sales]


def _seen(round_: _Round, holding: PaperHolding, book: OrderBook | None, now: datetime) -> _Seen:
    market = round_.markets[holding.condition_id]
    watch = round_.watches.get((holding.ft_wallet_id, holding.token_id), ExitWatch())
    seen = look(_held(holding), market, book, round_.rules[holding.ft_wallet_id], watch, round_.trades, now)
    kept = KeptLook(
        subject=WatchedSubject(ft_wallet_id=holding.ft_wallet_id),
        token_id=holding.token_id,
        decision=seen.decision,
        watch=seen.watch,
    )
    if seen.plan is None or book is None:
        return _Seen(kept=kept, sale=None)
    fill = walk_bids(book, seen.plan.limit_price, seen.plan.shares, market.fees)
    sale = _sale(holding, seen, seen.plan, fill, now)
    if sale is None:
        return _Seen(kept=kept, sale=None)
    return _Seen(kept=kept, sale=sale, parts=legs(holding.orders, sale.shares, sale.proceeds, sale.fee))


def _held(holding: PaperHolding) -> HeldToken:
    return HeldToken(
        token_id=holding.token_id,
        condition_id=holding.condition_id,
        outcome_index=holding.outcome_index,
        shares=holding.shares,
        sellable=holding.shares,
        paid=holding.paid,
        opened_at=holding.opened_at,
        bought=holding.bought,
        sold=holding.sold,
        sold_for_trader=holding.sold_for_trader,
    )


def _sale(holding: PaperHolding, seen: Look, plan: OrderPlan, fill: PaperFill, now: datetime) -> PaperExit | None:
    """What the bids took; None where they took nothing at the plan's limit."""
    placed = seen.decision.exit
    if placed is None or not fill.shares or fill.book_hash is None or fill.taken_at is None:
        return None
    return PaperExit(
        ft_wallet_id=holding.ft_wallet_id,
        token_id=holding.token_id,
        condition_id=holding.condition_id,
        reason=placed.reason,
        shares=fill.shares,
        proceeds=fill.cost,
        fee=fill.fee,
        limit_price=plan.limit_price,
        book_hash=fill.book_hash,
        book_taken_at=fill.taken_at,
        decided_at=now,
    )

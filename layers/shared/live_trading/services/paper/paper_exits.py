"""Leaves paper positions by the rules of their wallet, on the real book as it stands: what a live strategy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.exits.held import HeldToken
from live_trading.exits.paper_legs import legs
from live_trading.nouns.clock import Clock
from live_trading.nouns.exits import ExitRules, ExitWatch
from live_trading.nouns.markets import Market
from live_trading.nouns.orders import OrderPlan
from live_trading.services.following.evaluation import Subject
from live_trading.services.leaving.looks import Look, TraderTrades, asked_of_traders, look
from live_trading.services.paper.paper_books import BookShelf
from live_trading.services.running.failures import PartFailure, contained
from live_trading.signals.paper import PaperFill, walk_bids
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, trader_moves
from live_trading.store.paper import ft_exits
from live_trading.store.paper.ft_exits import PaperExit, PaperHolding
from live_trading.store.positions import exit_watches
from live_trading.store.positions.exit_watches import WatchedSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What every look of one wallet in one run shares."""

    who: WatchedSubject
    lease: Lease
    rules: ExitRules
    holdings: Sequence[PaperHolding]
    watches: Mapping[str, ExitWatch]
    markets: Mapping[str, Market]
    trades: TraderTrades


class PaperExits:
    """Looks at what paper wallets hold."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def run(self, subject: Subject, lease: Lease, shelf: BookShelf, failures: list[PartFailure]) -> list[PaperExit]:
        """One look at each position of a wallet; the sales. One position's failure stops no other."""
        if subject.config.exits is None:
            return []
        round_ = self._gathered(subject, lease, subject.config.exits.rules())
        shelf.fetch([each.token_id for each in round_.holdings])
        sold: list[PaperExit] = []
        for holding in round_.holdings:
            with contained(f"paper position {subject.ft_wallet_id}/{holding.token_id}", failures):
                sale = self._look(round_, holding, shelf)
                if sale is not None:
                    sold.append(sale)
        return sold

    def _gathered(self, subject: Subject, lease: Lease, rules: ExitRules) -> _Round:
        who = WatchedSubject(ft_wallet_id=subject.ft_wallet_id)
        with self._database.transaction() as transaction:
            holdings = ft_exits.holdings(transaction, subject.ft_wallet_id)
            watches = exit_watches.of_subject(transaction, who)
            held = {each.token_id for each in holdings}
            if set(watches) - held:
                exit_watches.forget_others(transaction, who, held)
            return _Round(
                who=who,
                lease=lease,
                rules=rules,
                holdings=holdings,
                watches=watches,
                markets=markets.by_condition(transaction, sorted({each.condition_id for each in holdings})),
                trades=trader_moves.in_tokens(transaction, asked_of_traders(_held(each) for each in holdings)),
            )

    def _look(self, round_: _Round, holding: PaperHolding, shelf: BookShelf) -> PaperExit | None:
        book, market = shelf.book(holding.token_id), round_.markets[holding.condition_id]
        watch = round_.watches.get(holding.token_id, ExitWatch())
        now = self._clock.now()
        seen = look(_held(holding), market, book, round_.rules, watch, round_.trades, now)
        sale = None
        if seen.plan is not None and book is not None:
            fill = walk_bids(book, seen.plan.limit_price, seen.plan.shares, market.fees)
            sale = _sale(holding, seen, seen.plan, fill, now)
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, round_.lease)
            if sale is not None:
                parts = legs(holding.orders, sale.shares, sale.proceeds, sale.fee)
                ft_exits.record(transaction, sale, parts, now)
            exit_watches.save(transaction, round_.who, holding.token_id, seen.decision, seen.watch, now)
        return sale


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

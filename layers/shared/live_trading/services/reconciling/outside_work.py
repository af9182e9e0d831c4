"""Brings what a wallet did without us into the books, and moves the reading of its trades on.

Invariants: the mark up to which trades are read moves only past what is booked or set aside; what is wrong with one
order or trade stops no other, and nothing waits for ever: after an hour it is set aside and told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.clock import Clock
from live_trading.nouns.trades import QuarantinedRow
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account_lists import ORDERS_SOURCE
from live_trading.polymarket.clob.account_rows import TRADES_SOURCE
from live_trading.polymarket.clob.own_fills import orders_of_account
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.reconciling import reading_alerts
from live_trading.services.reconciling.outside_adoption import adopt
from live_trading.services.reconciling.outside_plan import (
    PATIENCE,
    KnownMarkets,
    OutsidePlan,
    plan_outside,
    rows_of,
)
from live_trading.services.reconciling.venue_asking import Asked, Known, trades_cursor
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import markets, quarantine
from live_trading.store.orders import outside_activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was planned, how many trades were new, and whether any is not in the books yet."""

    plan: OutsidePlan
    new: int
    is_undecided: bool


class OutsideWork:
    """Adopts orders and trades that are a wallet's but not ours."""

    def __init__(self, *, database: Database, market_keeper: MarketKeeper, clock: Clock, actor: str) -> None:
        self._database = database
        self._market_keeper = market_keeper
        self._clock = clock
        self._actor = actor

    def adopt(
        self, lease: Lease, wallet: TradingWallet, known: Known, asked: Asked, failures: list[PartFailure]
    ) -> Adopted:
        """Books what can be booked, tells what cannot. Raises LeaseLost or StoreUnavailable."""
        now = self._clock.now()
        plan = self._plan(lease, wallet, known, asked, now, failures)
        new, not_booked = 0, [trade.match_time for trade in plan.waiting]
        put_aside = [*asked.heard.trades.malformed, *plan.unreadable]
        for part, piece in plan.pieces():
            failed = len(failures)
            with contained(part, failures):
                new += self._write(lease, wallet, piece, now)
            if len(failures) > failed and piece.since is not None:
                if now - piece.since < PATIENCE:
                    not_booked.append(piece.since)
                else:
                    put_aside += rows_of(piece, failures[-1].message)
        unreadable = {ORDERS_SOURCE: asked.open_orders.malformed, TRADES_SOURCE: put_aside}
        self._move_on(lease, wallet, known, asked, unreadable, min(not_booked, default=None), now)
        return Adopted(plan=plan, new=new, is_undecided=bool(not_booked or asked.heard.unheard))

    def _plan(
        self,
        lease: Lease,
        wallet: TradingWallet,
        known: Known,
        asked: Asked,
        now: datetime,
        failures: list[PartFailure],
    ) -> OutsidePlan:
        by_order = orders_of_account(asked.heard.trades, wallet.address)
        ours = {order.signed.order_hash for order in known.watched.orders}
        others = {*by_order, *(order.order_hash for order in asked.open_orders.orders)} - ours
        if others:
            with self._database.transaction() as transaction:
                ours |= outside_activity.ours_among(transaction, others)
        theirs = by_order.keys() - ours
        receipts = asked.heard.receipts
        return plan_outside(
            open_orders=asked.open_orders.orders,
            by_order=by_order,
            ours=ours,
            known=self._markets({trade.condition_id for each in theirs for trade in by_order[each]}, lease, failures),
            since=known.registered_at,
            now=now,
            moved={order_hash: receipts.of_order(order_hash) for order_hash in theirs},
            markers=receipts.markers,
        )

    def _markets(self, conditions: set[str], lease: Lease, failures: list[PartFailure]) -> KnownMarkets:
        if not conditions:
            return KnownMarkets(fees={}, unavailable=())
        refreshed = self._market_keeper.refresh(conditions, lease, self._clock.now())
        failures += refreshed.failures
        with self._database.transaction() as transaction:
            known = markets.by_condition(transaction, conditions)
        return KnownMarkets(
            fees={condition_id: market.fees for condition_id, market in known.items()},
            unavailable=frozenset(refreshed.unavailable),
        )

    def _write(self, lease: Lease, wallet: TradingWallet, piece: OutsidePlan, now: datetime) -> int:
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            return adopt(transaction, wallet.trading_wallet_id, piece, now, actor=self._actor)

    def _move_on(
        self,
        lease: Lease,
        wallet: TradingWallet,
        known: Known,
        asked: Asked,
        unreadable: Mapping[str, Sequence[QuarantinedRow]],
        not_booked_since: datetime | None,
        now: datetime,
    ) -> None:
        """Keeps the rows that cannot be read, tells of them, and moves the mark past what is booked or set aside."""
        newest = max((trade.match_time for trade in asked.heard.trades.trades), default=known.read_to)
        read_to = min(each for each in (max(newest, known.read_to), now, not_booked_since) if each is not None)
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            quarantine.record(transaction, [row for rows in unreadable.values() for row in rows], now)
            reading_alerts.tell(transaction, wallet, unreadable, now)
            if asked.heard.is_past_known and (read_to > known.read_to or known.is_first):
                cursors.advance_times(transaction, {trades_cursor(wallet): read_to}, now)

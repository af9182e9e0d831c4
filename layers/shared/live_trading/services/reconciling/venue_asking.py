"""Asks about a trading wallet: first our own database, then venue and chain side by side.

Invariants: nothing is asked inside a transaction; the wallet's trades are read from shortly before the place up to
which they are booked or set aside, whatever may still be open, and what is older and may still change is asked for by
its market or its id; a receipt is asked for only while its trade is not settled with us, so that passes over a quiet
wallet ask for none; receipts that cannot be had now fail by themselves, and the trades stay unread until a later pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.chain.reading.fill_receipts import NOTHING_READ, FillReceipts, ReadReceipts
from live_trading.nouns.chance import Chance
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.orders import FillStatus
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account import VenueAccount, VenueTrades
from live_trading.polymarket.clob.account_lists import OpenOrders, once_each
from live_trading.polymarket.clob.own_fills import orders_of_account
from live_trading.services.comparing.compare import Comparison, Expectation, Look
from live_trading.services.reconciling.old_asking import TRADES_OVERLAP, HeardOfOld, ask_about_old
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database import cursors
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import markets
from live_trading.store.orders import fills, lt_orders, outside_activity, unsettled_trades
from live_trading.store.orders.lt_orders import StoredOrder
from live_trading.store.orders.unsettled_trades import OpenTrade

# What is open for longer is asked for by itself, so that one thing without an end does not make every read longer.
LONGEST_LOOK_BACK = timedelta(hours=1)
# How far back another installation's orders are looked for when a wallet is read for the first time, and in how many
# of its trades.
CLAIM_LOOK_BACK = timedelta(days=7)
MOST_EARLIER_TRADES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Orders that may still change, and the fees of their markets."""

    orders: list[StoredOrder]
    schedules: dict[str, FeeSchedule]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we have of a wallet before the venue is asked; its trades have been read up to `read_to`.

    `is_first`: they have never been read. `old_trades` are outside trades from before `trades_since` that may still
    change; `settled` are (trade, order) that change no more, of those that may be heard of.
    """

    watched: Watched
    registered_at: datetime
    read_to: datetime
    is_first: bool
    trades_since: datetime
    old_trades: Sequence[OpenTrade]
    settled: set[tuple[str, str]]
    expected: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The wallet's trades, and what the receipts tell of those that have settled at the venue.

    `unheard` are watched orders whose trades could not all be asked for: nothing may be concluded of them.
    `is_past_known`: who else traded on the wallet before it was registered has been looked at, where that was asked.
    """

    trades: VenueTrades
    receipts: ReadReceipts
    failures: list[PartFailure]
    unheard: frozenset[str] = frozenset()
    is_past_known: bool = True

    def of_those_heard(self, watched: Watched) -> Watched:
        """The orders of which something may be concluded."""
        heard = [order for order in watched.orders if order.signed.order_hash not in self.unheard]
        return Watched(orders=heard, schedules=watched.schedules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the venue says, and what the chain said meanwhile.

    `watched` are the orders that may still change, and those in a final state of which there is a trade that nobody
    has booked.
    """

    watched: Watched
    heard: Heard
    open_orders: OpenOrders
    look: Future[Look]


class Asking:
    """Reads what is known of a wallet, and asks venue and chain about it; changes nothing."""

    def __init__(self, *, database: Database, comparison: Comparison, receipts: FillReceipts, chance: Chance) -> None:
        self._database = database
        self._comparison = comparison
        self._receipts = receipts
        self._chance = chance

    def known(self, wallet: TradingWallet) -> Known:
        """Everything that the questions follow from, at one moment."""
        wallet_id = wallet.trading_wallet_id
        with self._database.transaction() as transaction:
            watched = _watched(transaction, wallet)
            watch = outside_activity.watch(transaction, wallet_id)
            cursor = trades_cursor(wallet)
            stands_at = cursors.times(transaction, [cursor]).get(cursor)
            is_first, read_to = stands_at is None, stands_at or watch.registered_at
            oldest = read_to if watch.earliest_open is None else min(read_to, watch.earliest_open)
            since = _bounded(oldest, read_to)
            return Known(
                watched=watched,
                registered_at=watch.registered_at,
                read_to=read_to,
                is_first=is_first,
                trades_since=since - CLAIM_LOOK_BACK if is_first else since,
                old_trades=unsettled_trades.open_before(transaction, wallet_id, since),
                settled=_settled(transaction, wallet, watched, since),
                expected=self._comparison.expectation(transaction, wallet),
            )

    def ask(self, account: VenueAccount, wallet: TradingWallet, known: Known) -> Asked:
        """Venue and chain side by side; what the chain could not be asked is raised by who needs the look."""

        def wanted(trades: VenueTrades) -> set[str]:
            return _unsettled(trades, wallet, known.watched, known.settled, known.registered_at)

        with self._chance.side_by_side(2) as beside:
            look = beside.submit(self._comparison.look, wallet, known.expected)
            open_orders = beside.submit(account.open_orders)
            listed = account.trades_since(known.trades_since)
            old = ask_about_old(
                account, known.watched.orders, known.old_trades, since=known.trades_since, chance=self._chance
            )
            earlier = _earlier(listed, known.registered_at) if known.is_first else ()
            heard = self._read(listed, old, wallet, wanted, earlier)
            watched = self._with_late(wallet, known, heard.trades)
            return Asked(watched=watched, heard=heard, open_orders=open_orders.result(), look=look)

    def _with_late(self, wallet: TradingWallet, known: Known, trades: VenueTrades) -> Watched:
        """The watched orders, and those that were given up or finished before all their trades were known."""
        watched = {order.signed.order_hash for order in known.watched.orders}
        unknown = {
            order_hash
            for order_hash, each in orders_of_account(trades, wallet.address).items()
            if order_hash not in watched
            and any((trade.venue_trade_id, order_hash) not in known.settled for trade in each)
        }
        if not unknown:
            return known.watched
        with self._database.transaction() as transaction:
            late = lt_orders.of_hashes(transaction, wallet.trading_wallet_id, unknown)
            found = _with_schedules(transaction, late)
        return Watched(orders=[*known.watched.orders, *late], schedules={**known.watched.schedules, **found.schedules})

    def ask_about_orders(self, account: VenueAccount, wallet: TradingWallet) -> tuple[Watched, Heard] | None:
        """The orders that may still change and what became of them; None where there are none."""
        with self._database.transaction() as transaction:
            watched = _watched(transaction, wallet)
            if not watched.orders:
                return None
            made = [order.intent_at for order in watched.orders]
            since = _bounded(min(made), max(made))
            settled = _settled(transaction, wallet, watched, since)

        def wanted(trades: VenueTrades) -> set[str]:
            return _unsettled(trades, wallet, watched, settled, None)

        listed = account.trades_since(since)
        old = ask_about_old(account, watched.orders, (), since=since, chance=self._chance)
        return watched, self._read(listed, old, wallet, wanted)

    def _read(
        self,
        listed: VenueTrades,
        old: HeardOfOld,
        wallet: TradingWallet,
        wanted: Callable[[VenueTrades], set[str]],
        earlier: Collection[str] = (),
    ) -> Heard:
        """All that was heard, with the receipts of what is `wanted`, and those of `earlier` for their markers."""
        trades = once_each([listed, *old.answers])
        asked = wanted(trades)
        receipts, failures = NOTHING_READ, list(old.failures)
        with contained(f"receipts of wallet {wallet.trading_wallet_id}", failures):
            receipts = self._receipts.read(wallet.address, {*asked, *earlier})
        failures += [
            PartFailure(part=f"receipt of {each}", error="UnreadableReceipt", message=reason)
            for each, reason in receipts.at_odds.items()
            if each in asked
        ]
        return Heard(
            trades=trades,
            receipts=receipts,
            failures=failures,
            unheard=old.unheard,
            is_past_known=all(each in receipts.moved or each in receipts.at_odds for each in earlier),
        )


def _bounded(oldest: datetime, newest: datetime) -> datetime:
    """From when on trades are read where something is open since `oldest`."""
    return max(oldest, newest - LONGEST_LOOK_BACK) - TRADES_OVERLAP


def _settled(
    transaction: Transaction, wallet: TradingWallet, watched: Watched, since: datetime
) -> set[tuple[str, str]]:
    """(trade, order) that change no more: of every order from `since` on, and of old ones that are asked for."""
    old = [order.lt_order_id for order in watched.orders if order.intent_at < since]
    of_old = fills.of_orders(transaction, old) if old else {}
    return fills.settled_since(transaction, wallet.trading_wallet_id, since) | {
        (each.fill.venue_trade_id, each.fill.order_hash)
        for stored in of_old.values()
        for each in stored
        if each.fill.status in (FillStatus.CONFIRMED, FillStatus.FAILED)
    }


def _watched(transaction: Transaction, wallet: TradingWallet) -> Watched:
    return _with_schedules(transaction, lt_orders.unfinished(transaction, wallet.trading_wallet_id))


def _with_schedules(transaction: Transaction, orders: list[StoredOrder]) -> Watched:
    if not orders:
        return Watched(orders=[], schedules={})
    known = markets.by_condition(transaction, [order.condition_id for order in orders])
    return Watched(orders=orders, schedules={condition_id: market.fees for condition_id, market in known.items()})


def _unsettled(
    trades: VenueTrades,
    wallet: TradingWallet,
    watched: Watched,
    settled: set[tuple[str, str]],
    outside_since: datetime | None,
) -> set[str]:
    """Transactions of trades that the venue calls confirmed and that are not settled with us.

    Those of watched orders, and from `outside_since` on, where it is given, those of everybody else's.
    """
    ours = {order.signed.order_hash for order in watched.orders}
    by_order = orders_of_account(trades, wallet.address)
    pairs = {(trade, order_hash) for order_hash, each in by_order.items() for trade in each}
    pairs |= {(trade, part.order_hash) for trade in trades.trades for part in trade.makers if part.order_hash in ours}
    pairs |= {(trade, trade.taker_order_hash) for trade in trades.trades if trade.taker_order_hash in ours}
    return {
        trade.transaction_hash
        for trade, order_hash in pairs
        if trade.status is FillStatus.CONFIRMED
        and trade.transaction_hash is not None
        and (trade.venue_trade_id, order_hash) not in settled
        and (order_hash in ours or (outside_since is not None and trade.match_time >= outside_since))
    }


def _earlier(trades: VenueTrades, registered_at: datetime) -> list[str]:
    """Transactions of the newest trades from before the wallet was registered: they tell who else trades on it."""
    settled = [
        (trade.match_time, trade.transaction_hash)
        for trade in trades.trades
        if trade.match_time < registered_at and trade.status is FillStatus.CONFIRMED and trade.transaction_hash
    ]
    return [transaction_hash for _, transaction_hash in sorted(settled, reverse=True)[:MOST_EARLIER_TRADES]]


def trades_cursor(wallet: TradingWallet) -> str:
    """The name of the mark up to which a wallet's trades have been read."""
    return f"venue_trades:{wallet.trading_wallet_id}"

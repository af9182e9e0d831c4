"""Asks about a trading wallet: first our own database, then venue and chain side by side.

Invariants: nothing is asked inside a transaction; a receipt is asked for only while its trade is not settled with us,
so that passes over a quiet wallet ask for none; receipts that cannot be had now fail by themselves, and the trades stay
unread until a later pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta

from live_trading.chain.reading.fill_receipts import NOTHING_READ, FillReceipts, ReadReceipts
from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import LiveTradingError, StopEverything
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.orders import FillStatus
from live_trading.nouns.wallets import TradingWallet
from live_trading.polymarket.clob.account import VenueAccount, VenueOrder, VenueTrades
from live_trading.polymarket.clob.own_fills import orders_of_account
from live_trading.services.reconciling.compare import Comparison, Expectation, Look
from live_trading.services.running.failures import PartFailure, failed_part
from live_trading.store.database import cursors
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import markets
from live_trading.store.orders import fills, lt_orders, outside_activity
from live_trading.store.orders.lt_orders import StoredOrder

# The venue stamps trades by its own clock and lists them late: look this far behind what is known.
TRADES_OVERLAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Orders that may still change, and the fees of their markets."""

    orders: list[StoredOrder]
    schedules: dict[str, FeeSchedule]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we have of a wallet before the venue is asked; its trades have been read up to `read_to`.

    `settled` are (trade, order) from `trades_since` on that change no more.
    """

    watched: Watched
    registered_at: datetime
    read_to: datetime
    trades_since: datetime
    settled: set[tuple[str, str]]
    expected: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The wallet's trades, and what the receipts tell of those that have settled at the venue."""

    trades: VenueTrades
    receipts: ReadReceipts
    failures: list[PartFailure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the venue says, and what the chain said meanwhile.

    `watched` are the known orders and those whose trades are listed although nobody watched them any more.
    """

    watched: Watched
    heard: Heard
    open_orders: Sequence[VenueOrder]
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
            read_to = cursors.times(transaction, [cursor]).get(cursor, watch.registered_at)
            oldest = read_to if watch.earliest_open is None else min(read_to, watch.earliest_open)
            since = min([oldest, *(order.intent_at for order in watched.orders)]) - TRADES_OVERLAP
            return Known(
                watched=watched,
                registered_at=watch.registered_at,
                read_to=read_to,
                trades_since=since,
                settled=fills.settled_since(transaction, wallet_id, since),
                expected=self._comparison.expectation(transaction, wallet),
            )

    def ask(self, account: VenueAccount, wallet: TradingWallet, known: Known) -> Asked:
        """Venue and chain side by side; what the chain could not be asked is raised by who needs the look."""
        with self._chance.side_by_side(2) as beside:
            look = beside.submit(self._comparison.look, wallet, known.expected)
            open_orders = beside.submit(account.open_orders)
            trades = account.trades_since(known.trades_since)
            watched = self._with_late_trades(trades, wallet, known)
            wanted = _unsettled(trades, wallet, watched, known.settled, known.registered_at)
            heard = self._read(trades, wallet, wanted)
            return Asked(watched=watched, heard=heard, open_orders=open_orders.result(), look=look)

    def _with_late_trades(self, trades: VenueTrades, wallet: TradingWallet, known: Known) -> Watched:
        """What is watched, and every other order of ours that has a trade here which is not settled with us."""
        watched = {order.signed.order_hash for order in known.watched.orders}
        others = {
            order_hash
            for trade in trades.trades
            for order_hash in (trade.taker_order_hash, *(part.order_hash for part in trade.makers))
            if order_hash not in watched and (trade.venue_trade_id, order_hash) not in known.settled
        }
        if not others:
            return known.watched
        with self._database.transaction() as transaction:
            late = lt_orders.of_hashes(transaction, wallet.trading_wallet_id, others)
            if not late:
                return known.watched
            return _with_schedules(transaction, [*known.watched.orders, *late])

    def ask_about_orders(self, account: VenueAccount, wallet: TradingWallet) -> tuple[Watched, Heard] | None:
        """The orders that may still change and what became of them; None where there are none."""
        with self._database.transaction() as transaction:
            watched = _watched(transaction, wallet)
            if not watched.orders:
                return None
            since = min(order.intent_at for order in watched.orders) - TRADES_OVERLAP
            settled = fills.settled_since(transaction, wallet.trading_wallet_id, since)
        trades = account.trades_since(since)
        return watched, self._read(trades, wallet, _unsettled(trades, wallet, watched, settled, None))

    def _read(self, trades: VenueTrades, wallet: TradingWallet, transaction_hashes: Collection[str]) -> Heard:
        try:
            receipts = self._receipts.read(wallet.address, transaction_hashes)
        except StopEverything:
            raise
        except LiveTradingError as error:
            failure = failed_part(f"receipts of wallet {wallet.trading_wallet_id}", error)
            return Heard(trades=trades, receipts=NOTHING_READ, failures=[failure])
        at_odds = [
            PartFailure(part=f"receipt of {each}", error="UnreadableReceipt", message=reason)
            for each, reason in receipts.at_odds.items()
        ]
        return Heard(trades=trades, receipts=receipts, failures=at_odds)


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


def trades_cursor(wallet: TradingWallet) -> str:
    """The name of the mark up to which a wallet's trades have been read."""
    return f"venue_trades:{wallet.trading_wallet_id}"

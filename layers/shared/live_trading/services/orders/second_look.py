"""A second look at entries that were let in before and go out later: their prices and liquidity on the book of now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.markets import OrderBook
from live_trading.nouns.orders import Purpose, RejectionCode
from live_trading.risk.gate import GateVerdict, check_market
from live_trading.risk.proposal import ProposedEntry, expected_price
from live_trading.services.following.sources import BookSource
from live_trading.services.orders.order_booking import Refusal
from live_trading.services.running.failures import PART_FAILURES, failed_part
from live_trading.store.accounts import live_strategies
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Database
from live_trading.store.orders import entry_signals
from live_trading.store.orders.entry_signals import EntrySignal
from live_trading.store.orders.lt_orders import StoredOrder


class SecondLook:
    """Judges orders of one trading wallet again, by the rules that need nothing but a book."""

    def __init__(self, *, database: Database, clock: Clock, books: BookSource) -> None:
        self._database = database
        self._clock = clock
        self._books = books

    def hindered(self, orders: Sequence[StoredOrder]) -> dict[UUID, Refusal | None]:
        """The entries that are not to go out now: with their refusal, or None where their book cannot be had.

        Exits are never in it.
        """
        entries = [order for order in orders if order.purpose is Purpose.ENTRY]
        if not entries:
            return {}
        books = self._asked({order.token_id for order in entries})
        with self._database.transaction() as transaction:
            signals = entry_signals.of_entries(transaction, [order.lt_order_id for order in entries])
            owners = {
                strategy.lt_strategy_id: strategy
                for wallet in {order.trading_wallet_id for order in entries}
                for strategy in live_strategies.of_wallet(transaction, wallet)
            }
        now, hindered = self._clock.now(), dict[UUID, Refusal | None]()
        for order in entries:
            book, signal = books.get(order.token_id), signals.get(order.lt_order_id)
            if book is None or signal is None:
                hindered[order.lt_order_id] = None
                continue
            verdict = market_verdict(order, owners[order.lt_strategy_id], signal, book, now)
            if not verdict.lets_enter:
                hindered[order.lt_order_id] = Refusal(code=RejectionCode.MARKET_MOVED, text=_told(verdict))
        return hindered

    def _asked(self, tokens: set[str]) -> dict[str, OrderBook]:
        try:
            return self._books.books(sorted(tokens))
        except PART_FAILURES as error:
            failed_part("books of orders that wait to be sent", error)
            return {}


def market_verdict(
    order: StoredOrder, strategy: LiveStrategy, signal: EntrySignal, book: OrderBook, now: datetime
) -> GateVerdict:
    """What the rules of price and liquidity say of the order as it was signed, on this book. Pure."""
    proposal = ProposedEntry(
        reservation=order.reserved,
        stake=order.order_usd,
        limit_price=order.limit_price,
        signal_price=signal.signal_price,
        signal_age=max(now - signal.trade_time, timedelta(0)),
        max_signal_age=timedelta(seconds=strategy.max_signal_age_seconds),
        best_bid=book.best_bid,
        best_ask=book.best_ask,
        expected_price=expected_price(book, order.limit_price, order.order_usd),
        depth=book.offered_within(order.limit_price),
        volatility=None,
    )
    return check_market(strategy.rules, proposal)


def _told(verdict: GateVerdict) -> str:
    against = [result for result in verdict.results if not result.lets_enter]
    return "; ".join(f"{result.rule} is {result.observed}, allowed {result.limit}" for result in against)

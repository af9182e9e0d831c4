"""Histories of two strategies of one wallet: entries, trades late and taken back, sales, outcomes, corrections."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import Book, LedgerTransaction, reversal, transaction_of
from live_trading.nouns.money import Price, Usd
from live_trading.store.books import ledger
from live_trading.store.risk import observations
from tests.risk.risk_fixtures import RiskDesk, Seat

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "enter",
                "fill",
                "part",
                "fail",
                "late",
                "sell",
                "win",
                "lose",
                "give",
                "reverse",
                "wait",
                "mark",
                "project",
            ]
        ),
        st.integers(0, 2),
        st.integers(1, 60),
    ),
    min_size=5,
    max_size=30,
)


class History:
    """Steps of two strategies of one wallet, as their parts of the product would take them."""

    def __init__(self, desk: RiskDesk) -> None:
        self.desk = desk
        wallet = desk.add_wallet()
        limits = {"breaker_window_seconds": 3600, "breaker_slippage_fills": 2, "same_trade_window_seconds": 600}
        self.seats = [
            desk.add_strategy(wallet, **limits),
            desk.add_strategy(wallet, time_zone="Asia/Kathmandu", breaker_scope="TRADING_WALLET", **limits),
        ]
        self.open: list[tuple[Seat, UUID]] = []
        self.held: list[tuple[Seat, UUID, int]] = []
        self.numbers = itertools.count(1)

    def play(self, steps: list[tuple[str, int, int]]) -> None:
        for number, (step, market, amount) in enumerate(steps):
            getattr(self, f"_{step}")(self.seats[number % 2], market, amount)
            self.desk.now += timedelta(seconds=20)

    def _enter(self, seat: Seat, market: int, amount: int) -> None:
        entered = self.desk.enter(seat, str(max(amount, 3)), market=market)
        if entered.lt_order_id is not None:
            self.open.append((seat, entered.lt_order_id))

    def _fill(self, seat: Seat, market: int, amount: int, part: str = "1") -> None:
        if self.open:
            self.desk.fill(self.open.pop(0)[1], part)

    def _part(self, seat: Seat, market: int, amount: int) -> None:
        self._fill(seat, market, amount, part="0.4" if amount % 2 else "0")

    def _fail(self, seat: Seat, market: int, amount: int) -> None:
        """A trade that the venue takes back after the order's end."""
        self.desk.change(
            "UPDATE fills SET status = 'FAILED', confirmed_at = NULL WHERE fill_id = ("
            "SELECT max(fill_id) FROM fills WHERE status = 'CONFIRMED' AND :yes::boolean)",
            yes=amount % 3 == 0,
        )

    def _late(self, seat: Seat, market: int, amount: int) -> None:
        """More of a trade than was first told, after the order's end."""
        self.desk.change(
            "UPDATE fills SET cost_usd = cost_usd + :more, fee_usd = fee_usd + 0.01 "
            "WHERE fill_id = (SELECT min(fill_id) FROM fills)",
            more=Decimal(amount) / 100,
        )

    def _sell(self, seat: Seat, market: int, amount: int) -> None:
        self.desk.sell(seat, str(amount), str(Decimal(amount) / 4), market=market)

    def _win(self, seat: Seat, market: int, amount: int, payout: str = "90") -> None:
        strategies = {str(each.strategy.lt_strategy_id): each for each in self.seats}
        row = self.desk.rows(
            "SELECT lt_order_id, lt_strategy_id FROM lt_orders AS intent WHERE outcome = 'OPEN' "
            f"AND lt_strategy_id::text = ANY('{{{','.join(strategies)}}}') AND EXISTS ("
            "SELECT 1 FROM ledger_entries AS entry WHERE entry.account = 'POSITION_COST' "
            "AND entry.lt_strategy_id = intent.lt_strategy_id AND entry.token_id = intent.token_id "
            "HAVING sum(shares) > 0 AND sum(amount_usd) > 0) ORDER BY made_number LIMIT 1"
        )
        if row:
            self.open = [each for each in self.open if each[1] != row[0]["lt_order_id"]]
            self.desk.resolve(strategies[str(row[0]["lt_strategy_id"])], row[0]["lt_order_id"], payout)

    def _lose(self, seat: Seat, market: int, amount: int) -> None:
        self._win(seat, market, amount, payout="0")

    def _give(self, seat: Seat, market: int, amount: int) -> None:
        """Something that occurred some days ago and is booked now."""
        with self.desk.database.transaction() as transaction:
            entry = earned(
                seat, Usd(amount), f"late:{next(self.numbers)}:{seat.strategy.lt_strategy_id}", self.desk.now
            )
            ledger.post(transaction, entry, self.desk.now)

    def _reverse(self, seat: Seat, market: int, amount: int) -> None:
        with self.desk.database.transaction() as transaction:
            rows = transaction.rows(
                "SELECT source_reference FROM ledger_transactions AS booked WHERE source_reference LIKE 'late:%' "
                "AND NOT EXISTS (SELECT 1 FROM ledger_transactions AS other "
                "WHERE other.source_reference = 'reversal:' || booked.source_reference) LIMIT 1"
            )
            if rows:
                booked = ledger.booked(transaction, rows[0]["source_reference"])
                ledger.post(transaction, reversal(booked, occurred_at=self.desk.now), self.desk.now)

    def _mark(self, seat: Seat, market: int, amount: int) -> None:
        with self.desk.database.transaction() as transaction:
            observations.save_marks(
                transaction,
                seat.strategy.trading_wallet_id,
                {self.desk.market(market).token_ids[0]: Price(Decimal(amount) / 100)},
                self.desk.now,
            )

    def _project(self, seat: Seat, market: int, amount: int) -> None:
        self.desk.project(seat)

    def _wait(self, seat: Seat, market: int, amount: int) -> None:
        self.desk.now += timedelta(hours=amount)


def earned(seat: Seat, amount: Usd, reference: str, now: datetime) -> LedgerTransaction:
    book = Book(seat.strategy.trading_wallet_id, seat.strategy.lt_strategy_id)
    entries = [
        book.entry(Account.CASH, amount),
        book.entry(Account.REALISED_PNL, -amount),
    ]
    return transaction_of(reference, TransactionKind.CORRECTION, now - timedelta(days=3), entries)

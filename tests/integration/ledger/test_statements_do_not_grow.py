"""Gate, standing, risk state and monitor take as many statements for a hundred strategies as for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Price
from live_trading.polymarket.data.data_api import FeedStatus
from live_trading.services.guarding.risk_monitor import RiskMonitor
from live_trading.store.database.postgres_session import BEGIN, Session, Statement
from live_trading.store.risk import observations, risk_facts, risk_state, standing
from live_trading.store.risk.risk_facts import EntryKey
from tests.builders import ALICE
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.risk]

SIZES = (1, 10, 100)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The texts of all statements since it was last cleared."""
    texts: list[str] = []
    exchange = Session.exchange

    def counted(self: Session, sent: Sequence[Statement]) -> Any:
        texts.extend(each.sql for each in sent if each is not BEGIN)
        return exchange(self, sent)

    monkeypatch.setattr(Session, "exchange", counted)
    return texts


def grown(desk: RiskDesk, wallet: Any, seats: list[Seat], size: int) -> None:
    """Strategies up to this number, each with a position."""
    while len(seats) < size:
        seats.append(desk.add_strategy(wallet, max_drawdown_fraction="0.5", daily_budget_usd=500))
        desk.bought(seats[-1], "20")


def test_standing_and_risk_state_take_as_many_statements_for_a_hundred_strategies_as_for_one(
    risk_desk: RiskDesk, statements: list[str]
) -> None:
    wallet, seats, counts = risk_desk.add_wallet(), list[Seat](), []
    for size in SIZES:
        grown(risk_desk, wallet, seats, size)
        risk_desk.now += timedelta(minutes=2)
        strategies = [seat.strategy for seat in seats]
        statements.clear()
        with risk_desk.database.transaction() as transaction:
            standing.of_strategies(transaction, strategies, risk_desk.now)
        of_standing = len(statements)
        with risk_desk.database.transaction() as transaction:
            risk_state.project_all(transaction, strategies, risk_desk.now)
        counts.append((of_standing, len(statements) - of_standing))

    assert counts == [(1, 6)] * len(SIZES)
    assert len(risk_desk.rows("SELECT * FROM lt_risk_state")) == SIZES[-1]


def test_the_gate_takes_three_statements_however_much_there_was_before(
    risk_desk: RiskDesk, statements: list[str]
) -> None:
    wallet, seats, counts = risk_desk.add_wallet(), list[Seat](), []
    for size in (1, 10, 30):
        grown(risk_desk, wallet, seats, size)
        key = EntryKey(token_id="1", condition_id="0x1", event_id=None, trader=ALICE, trade_time=risk_desk.now)
        statements.clear()
        with risk_desk.database.transaction() as transaction:
            risk_facts.snapshot(transaction, seats[0].strategy, key, risk_desk.now)
        counts.append(len(statements))

    assert counts == [3, 3, 3]


class DeskClock(Clock):
    def __init__(self, desk: RiskDesk) -> None:
        self._desk = desk

    def now(self) -> Any:
        return self._desk.now


class NoBooks:
    def books(self, token_ids: list[str]) -> dict[str, Any]:
        return {}


def test_watching_over_strategies_that_are_in_order_takes_no_statement_of_their_own(
    risk_desk: RiskDesk, statements: list[str]
) -> None:
    def status() -> FeedStatus:
        raise AssertionError("no strategy limits the feed's lag")

    monitor = RiskMonitor(
        database=risk_desk.database,
        clock=DeskClock(risk_desk),
        books=NoBooks(),
        feed_status=status,
        may_open=lambda wallet: True,
        actor="tests",
    )
    wallet, seats, counts = risk_desk.add_wallet(), list[Seat](), []
    for size in SIZES:
        grown(risk_desk, wallet, seats, size)
        statements.clear()
        report = monitor.run(wallet[2], wallet[0], [seat.strategy for seat in seats])
        assert report.failures == []
        assert report.tripped == 0
        counts.append(len(statements))

    assert len(set(counts)) == 1, counts


def test_a_strategy_that_stands_still_is_not_written_again_until_it_must_be(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "100")

    def snapshots(minutes: float, price: str | None = None) -> int:
        risk_desk.now += timedelta(minutes=minutes)
        if price is not None:
            with risk_desk.database.transaction() as transaction:
                token = risk_desk.market().token_ids[0]
                observations.save_marks(
                    transaction, seat.strategy.trading_wallet_id, {token: Price(price)}, risk_desk.now
                )
        risk_desk.project(seat)
        return len(risk_desk.rows("SELECT * FROM equity_snapshots"))

    assert snapshots(0) == 1
    assert snapshots(1) == 1
    assert snapshots(15) == 2
    assert snapshots(0.1, "0.40") == 2
    assert snapshots(1, "0.41") == 3
    assert snapshots(0.1, "0.90") == 4
    assert risk_desk.standing(seat).high_water.value == 1080
    assert snapshots(0.1, "0.30") == 4
    assert risk_desk.standing(seat).high_water.value == 1080

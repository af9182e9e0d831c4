"""Records of traders kept in small steps: equal to the whole history at any time, whoever stops whenever."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live_trading.nouns.trades import TraderStats
from live_trading.polymarket.data import data_api as data_api_module
from live_trading.polymarket.data.data_api import DataApi
from live_trading.services.following.trader_statistics import StatisticsKeeper, StatisticsReport, TraderRecords
from live_trading.services.running.budget import Budget
from live_trading.signals.history_sums import full_hour
from live_trading.signals.trader_record import RecordUnavailable
from live_trading.store.database.connection import Database
from live_trading.store.feed import trader_stats
from live_trading.wiring.chance import SYSTEM
from tests.integration.paper_bench_fixtures import SetClock
from tests.integration.scripted_venue import ScriptedVenue, closed_position_row, serving
from tests.integration.source_builders import (
    ALICE,
    BOB,
    NOON,
    a_trade,
    follow,
    minutes,
    stats_of,
    store_stats,
    store_trades,
)
from tests.integration.whole_histories import whole_record

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

_numbers = itertools.count(1)


@dataclass(kw_only=True)
class Desk:
    """The keeper over a scripted venue, and the reader of what it stored."""

    venue: ScriptedVenue
    feed: DataApi
    database: Database
    clock: SetClock
    keeper: StatisticsKeeper
    records: TraderRecords

    def run(self, looks: int | None = None) -> StatisticsReport:
        """A run that may ask `looks` times for time before there is none left."""
        if looks is None:
            return self.keeper.run(Budget.unlimited())
        left = itertools.count(looks, -1)
        return self.keeper.run(Budget(lambda: max(0, next(left)) * 100.0))

    def snapshot(self, trader: str, hour: datetime) -> TraderStats | None:
        with self.database.transaction() as transaction:
            return trader_stats.find(transaction, [(trader, hour)]).get((trader, hour))


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    venue, clock = ScriptedVenue(), SetClock(NOON + minutes(30))
    with serving(venue) as endpoints:
        feed = DataApi(endpoints, SYSTEM)
        yield Desk(
            venue=venue,
            feed=feed,
            database=database,
            clock=clock,
            keeper=StatisticsKeeper(database=database, clock=clock, data_api=feed, holder="test"),
            records=TraderRecords(database=database),
        )
        feed.close()


@dataclass(kw_only=True)
class Life:
    """What a trader does, as the venue shows it; each of these methods is one event at `now`."""

    trader: str
    venue: ScriptedVenue
    now: datetime = NOON
    positions: dict[int, dict[str, Any]] = field(default_factory=dict)
    resolved: set[int] = field(default_factory=set)

    def trade(self, minutes_ago: int, cents: int) -> None:
        moment = self.now - minutes(minutes_ago)
        row = {
            "proxy_wallet": self.trader,
            "timestamp": int(moment.timestamp()),
            "size": "many" if cents % 50 == 0 else str(cents),
            "price": "0.01",
            "transaction_hash": f"0x{next(_numbers):064x}",
        }
        self.venue.trades[self.trader].append(row)
        self.venue.trades[self.trader].sort(key=lambda each: each["timestamp"], reverse=True)

    def close(self, minutes_ago: int, pnl: int) -> None:
        self._put(closed_position_row(self.trader, self._new(), str(pnl), self.now - minutes(minutes_ago)))

    def lose(self, minutes_ago: int, pnl: int) -> None:
        number = self._new()
        row = closed_position_row(self.trader, number, "0", self.now - timedelta(days=pnl % 40))
        self._put(row | {"status": "REDEEMABLE_LOST", "unrealized_pnl": "-1"})
        self._resolve(number, self.now - minutes(minutes_ago))

    def open(self, minutes_ago: int, pnl: int) -> None:
        row = closed_position_row(self.trader, self._new(), str(pnl), self.now - minutes(minutes_ago))
        self._put(row | {"status": "OPEN", "unrealized_pnl": "0.5"})

    def resolve(self, pick: int, pnl: int) -> None:
        number = self._one("OPEN", pick)
        if number is not None:
            self.positions[number] |= {"status": "REDEEMABLE", "unrealized_pnl": str(pnl)}
            self._resolve(number, self.now)

    def redeem(self, pick: int, _: int) -> None:
        number = self._one("REDEEMABLE", pick)
        if number is not None:
            row = self.positions[number]
            total = int(row["realized_pnl"]) + int(row["unrealized_pnl"])
            moment = int(self.now.timestamp())
            row |= {"status": "CLOSED", "realized_pnl": str(total), "unrealized_pnl": "0", "last_event_at": moment}

    def reopen(self, pick: int, _: int) -> None:
        number = self._one("CLOSED", pick)
        if number is not None and number not in self.resolved:
            self.positions[number] |= {"status": "OPEN", "last_event_at": int(self.now.timestamp())}

    def show(self) -> None:
        self.venue.positions[self.trader] = list(self.positions.values())

    def _new(self) -> int:
        return next(_numbers)

    def _put(self, row: dict[str, Any]) -> None:
        self.positions[int(row["token_id"]) - 5000] = row

    def _resolve(self, number: int, moment: datetime) -> None:
        self.resolved.add(number)
        self.venue.resolutions.append(
            {"condition_id": f"0x{number:064x}", "status": "resolved", "resolved_at": int(moment.timestamp())}
        )

    def _one(self, status: str, pick: int) -> int | None:
        there = [number for number, row in self.positions.items() if row["status"] == status]
        return there[pick % len(there)] if there else None


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["trade", "trade", "trade", "close", "close", "lose", "open", "resolve", "redeem", "reopen"]),
        st.integers(0, 1_190),
        st.integers(-60, 2_000),
    ),
    max_size=12,
)
# Hours that pass, what happens in them, and how often the run may look at its time before it is stopped.
DAYS = st.lists(st.tuples(st.integers(1, 40), EVENTS, st.integers(4, 20)), min_size=1, max_size=6)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(days=DAYS, rows_a_page=st.integers(1, 4), positions_a_page=st.integers(1, 3))
def test_a_record_kept_in_steps_is_that_of_the_whole_history(
    desk: Desk, days: list[tuple[int, list[tuple[str, int, int]], int]], rows_a_page: int, positions_a_page: int
) -> None:
    trader = f"0x{next(_numbers):040x}"
    life = Life(trader=trader, venue=desk.venue, now=desk.clock.at)
    with desk.database.transaction() as transaction:
        transaction.execute("UPDATE traders SET is_followed = FALSE WHERE is_followed")
    follow(desk.database, [trader])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_api_module, "_ROWS_A_PAGE", rows_a_page)
        patch.setattr(data_api_module, "_POSITIONS_A_PAGE", positions_a_page)
        for hours, events, looks in days:
            life.now += timedelta(hours=hours)
            for name, first, second in events:
                getattr(life, name)(first, abs(second) if name == "trade" else second)
            life.show()
            desk.clock.at = life.now
            trades = [a_trade(next(_numbers), trader=trader, trade_time=life.now - minutes(1))]
            store_trades(desk.database, trades, life.now)

            runs = [desk.run(looks)]
            while runs[-1].left:
                runs.append(desk.run(looks))

            hour = full_hour(life.now - minutes(1))
            assert [failure for run in runs for failure in run.failures] == []
            assert desk.snapshot(trader, hour) == whole_record(desk.feed, trader, hour, life.now)
            assert desk.records.awaited([(trader, hour)]) == set()


def busy(desk: Desk, trader: str, trades: int) -> None:
    """A trader with a long past, followed and trading now."""
    life = Life(trader=trader, venue=desk.venue)
    for number in range(trades):
        life.trade(number, 101)
    follow(desk.database, [trader])
    store_trades(desk.database, [a_trade(next(_numbers), trader=trader, trade_time=NOON)])


def test_one_busy_trader_takes_turns_and_the_others_have_their_record_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_api_module, "_ROWS_A_PAGE", 10)
    busy(desk, ALICE, 1_000)
    busy(desk, BOB, 5)
    desk.clock.at = NOON + minutes(1)

    first = desk.run(looks=40)

    assert first.left == [ALICE]
    assert desk.snapshot(BOB, NOON) is not None
    assert desk.records.awaited([(ALICE, NOON), (BOB, NOON)]) == {ALICE}

    questions = desk.venue.questions["/v2/trades"]
    runs = [first]
    while runs[-1].left:
        runs.append(desk.run(looks=40))

    found = desk.snapshot(ALICE, NOON)
    assert found is not None
    assert found == whole_record(desk.feed, ALICE, NOON, desk.clock.at)
    assert sum(run.steps for run in runs) < 130
    assert questions < 45


def test_the_next_hour_of_a_trader_asks_for_little(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_api_module, "_ROWS_A_PAGE", 100)
    life = Life(trader=ALICE, venue=desk.venue)
    for number in range(3_000):
        life.trade(number * 60, 101)
    follow(desk.database, [ALICE])
    store_trades(desk.database, [a_trade(trade_time=NOON)])
    desk.run()
    whole = desk.venue.questions["/v2/trades"]

    desk.clock.at = NOON + minutes(61)
    store_trades(desk.database, [a_trade(2, trade_time=desk.clock.at)])
    report = desk.run()

    assert (report.taken, report.steps) == (1, 6)
    assert whole >= 30
    assert desk.venue.questions["/v2/trades"] - whole == 1
    assert desk.snapshot(ALICE, NOON + minutes(60)) == whole_record(desk.feed, ALICE, NOON + minutes(60), desk.clock.at)


def test_a_venue_that_is_away_in_the_middle_is_gone_on_with_where_it_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_api_module, "_ROWS_A_PAGE", 10)
    busy(desk, ALICE, 100)
    desk.venue.before["/v2/positions"] = lambda _: desk.venue.broken_paths.add("/v2/positions")

    failed = desk.run()
    desk.venue.before.clear()
    desk.venue.broken_paths.clear()
    read = desk.venue.questions["/v2/trades"]
    done = desk.run()

    assert [failure.error for failure in failed.failures] == ["RetryLater"]
    assert (done.taken, done.failures) == (1, [])
    assert desk.venue.questions["/v2/trades"] == read


def test_a_page_that_cannot_be_read_begins_the_history_anew(desk: Desk) -> None:
    busy(desk, ALICE, 3)
    desk.venue.instead["/v2/positions"] = lambda _: {"rows": []}
    failed = desk.run()
    desk.venue.instead.clear()
    done = desk.run()

    assert [failure.error for failure in failed.failures] == ["MalformedAnswer"]
    assert desk.snapshot(ALICE, NOON) == whole_record(desk.feed, ALICE, NOON, desk.clock.at)
    assert done.failures == []


def test_pages_of_positions_that_repeat_end_the_pass(desk: Desk) -> None:
    busy(desk, ALICE, 3)
    row = closed_position_row(ALICE, 1, "5", NOON)
    cursors = itertools.count(1)
    desk.venue.instead["/v2/positions"] = lambda _: {
        "data": [row],
        "pagination": {"has_more": True, "next_cursor": str(next(cursors))},
    }

    report = desk.run()

    assert [failure.error for failure in report.failures] == ["MalformedAnswer"]
    assert desk.venue.questions["/v2/positions"] == 2


def test_a_record_that_would_be_a_guess_is_not_waited_for(desk: Desk) -> None:
    busy(desk, ALICE, 3)
    undated = closed_position_row(ALICE, 1, "0", NOON) | {"status": "REDEEMABLE", "last_event_at": 0}
    desk.venue.positions[ALICE] = [undated]

    report = desk.run()
    again = desk.run()

    assert [failure.error for failure in report.failures] == [RecordUnavailable.__name__]
    assert desk.snapshot(ALICE, NOON) is None
    assert desk.records.awaited([(ALICE, NOON)]) == set()
    assert desk.records.awaited([(ALICE, NOON + timedelta(hours=1))]) == {ALICE}
    assert [failure.error for failure in again.failures] == [RecordUnavailable.__name__]


def test_a_snapshot_that_is_there_is_not_read_for(desk: Desk) -> None:
    busy(desk, ALICE, 3)
    store_stats(desk.database, [stats_of(ALICE, NOON)])

    assert desk.run().steps == 0
    assert desk.venue.questions == {}

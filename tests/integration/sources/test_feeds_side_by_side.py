"""Feeds of many traders: asked side by side, within the venue's limit, kept together, and waiting for nobody."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from live_trading.services.following.fills.feed_reading import (
    AT_ONCE,
    MOST_IN_A_WINDOW,
    WINDOW_SECONDS,
    FeedReader,
)
from live_trading.services.following.ingest import Ingest
from live_trading.services.running.budget import Budget
from live_trading.wiring.chance import SYSTEM, OneAfterTheOther
from local.machine.patience import HANG_SECONDS
from tests.integration.paper_bench_fixtures import Bench, at
from tests.integration.source_builders import NOON, a_trade, follow, minutes, seconds
from tests.statement_counting import counted_round_trips

pytestmark = pytest.mark.integration

PATIENCE = 0.5


def ingest_of(bench: Bench) -> Ingest:
    """An ingest that asks side by side; the bench's own asks one after the other."""
    return Ingest(
        database=bench.database,
        clock=bench.clock,
        feed=FeedReader(bench.data_api, SYSTEM, pause=None, patience_seconds=PATIENCE),
        markets=bench.markets,
        statistics=None,
        holder="test",
    )


def followed(bench: Bench, count: int) -> list[str]:
    """So many traders, and nobody else."""
    with bench.database.transaction() as transaction:
        transaction.execute("UPDATE traders SET is_followed = FALSE")
    names = [f"0x{number:040x}" for number in range(1, count + 1)]
    follow(bench.database, names)
    bench.clock.at = NOON + minutes(1)
    return names


def reader_on(bench: Bench, time: list[float]) -> FeedReader:
    """A reader whose time goes on only while it pauses."""

    def pause(for_seconds: float) -> None:
        time[0] += for_seconds

    chance = replace(SYSTEM, elapsed=lambda: time[0], side_by_side=lambda _: OneAfterTheOther())
    return FeedReader(bench.data_api, chance, pause=pause)


def test_several_traders_are_asked_at_the_same_time(bench: Bench) -> None:
    followed(bench, AT_ONCE)
    together = threading.Barrier(AT_ONCE)
    bench.venue.before["/v2/trades"] = lambda _: together.wait(HANG_SECONDS) and None

    report = ingest_of(bench).run()

    assert (report.failures, report.left) == ([], [])


def test_a_trader_whose_feed_hangs_delays_nobody_and_comes_with_the_next_run(bench: Bench) -> None:
    slow, *others = followed(bench, 2 * AT_ONCE)
    for number, name in enumerate([slow, *others]):
        bench.venue.trades[name] = [at(a_trade(number + 1, trader=name), NOON + seconds(30))]
    answered = threading.Event()

    def hang(query: dict[str, list[str]]) -> None:
        if query["user"] == [slow]:
            answered.wait(HANG_SECONDS)

    bench.venue.before["/v2/trades"] = hang
    try:
        report = ingest_of(bench).run()
    finally:
        answered.set()

    assert report.stored == len(others)
    assert [each.part for each in report.failures] == [slow]
    assert ingest_of(bench).run().stored == 1


def test_a_pass_without_news_costs_the_database_the_same_for_two_traders_and_for_forty(bench: Bench) -> None:
    trips = []
    for count in (2, 40):
        names = followed(bench, count)
        for number, name in enumerate(names):
            bench.venue.trades[name] = [at(a_trade(number + 1, trader=name), NOON + seconds(30))]
        ingest_of(bench).run()
        with counted_round_trips() as made:
            assert ingest_of(bench).run().stored == 0
        trips.append(len(made.trips))

    assert trips[0] == trips[1] <= 12, trips


def test_more_traders_than_the_venue_allows_in_ten_seconds_wait_for_them_to_pass(bench: Bench) -> None:
    time = [0.0]
    asked: list[float] = []
    bench.venue.before["/v2/trades"] = lambda _: asked.append(time[0])
    reader = reader_on(bench, time)
    names = [f"0x{number:040x}" for number in range(1, MOST_IN_A_WINDOW + 21)]

    read = reader.read([(name, NOON) for name in names], Budget.unlimited())

    assert (len(read.pages), read.left) == (len(names), [])
    assert asked == [0.0] * MOST_IN_A_WINDOW + [WINDOW_SECONDS] * 20


def test_traders_beyond_the_limit_are_left_where_no_time_is_left_to_wait(bench: Bench) -> None:
    time = [0.0]
    reader = reader_on(bench, time)
    names = [f"0x{number:040x}" for number in range(1, MOST_IN_A_WINDOW + 21)]

    read = reader.read([(name, NOON) for name in names], Budget(lambda: 6.0 - time[0]))

    assert (len(read.pages), read.left) == (MOST_IN_A_WINDOW, names[MOST_IN_A_WINDOW:])

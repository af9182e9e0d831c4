"""Ingest against a real Postgres and the real clients over HTTP; the venue's answers are the test's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_trading.nouns.money import Price, Shares
from live_trading.nouns.trades import Side
from live_trading.services.following.ingest import IngestReport
from live_trading.services.running.budget import Budget
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, StoreUnavailable
from local.postgres.databases import connect
from tests.integration.paper_bench_fixtures import Bench, at
from tests.integration.scripted_venue import closed_position_row, gamma_row
from tests.integration.source_builders import ALICE, BOB, CONDITION, NOON, a_trade, follow, minutes, seconds

pytestmark = pytest.mark.integration


def taken(report: IngestReport) -> int:
    """How many snapshots of records a run took."""
    assert report.statistics is not None
    return report.statistics.taken


def stored(bench: Bench) -> list[tuple[str, int]]:
    rows = bench.rows("SELECT transaction_hash, occurrence FROM source_trades ORDER BY source_trade_id")
    return [(row["transaction_hash"], row["occurrence"]) for row in rows]


def test_a_new_trade_is_stored_with_its_market_and_its_traders_record(bench: Bench) -> None:
    follow(bench.database, [BOB])
    bench.venue.trades[BOB] = [at(a_trade(trader=BOB), NOON + seconds(30))]
    bench.venue.positions[BOB] = [closed_position_row(BOB, 1, "5", NOON - timedelta(days=1))]

    report = bench.run_ingest(NOON + minutes(1))

    assert (report.ran, report.traders, report.seen, report.stored) == (True, 2, 1, 1)
    assert (report.markets_refreshed, taken(report), report.failures) == (1, 1, [])
    with bench.database.transaction() as transaction:
        record = transaction.only("SELECT * FROM trader_stats WHERE trader_address = :trader", trader=BOB)
        market = transaction.only("SELECT condition_id, resolution_state FROM markets")
    assert (record["as_of"], record["lifetime_resolved_count"], record["lifetime_won_count"]) == (NOON, 1, 1)
    assert market == {"condition_id": CONDITION, "resolution_state": "OPEN"}


def test_a_trade_made_before_its_trader_was_followed_is_not_stored(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(2), NOON + seconds(1)), at(a_trade(1), NOON - seconds(1))]

    bench.run_ingest(NOON + minutes(1))

    assert [each for each, _ in stored(bench)] == [a_trade(2).transaction_hash]


def test_the_window_is_read_again_and_stores_nothing_twice(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(), NOON + seconds(30))]

    first = bench.run_ingest(NOON + minutes(1))
    second = bench.run_ingest(NOON + minutes(2))

    assert (first.stored, second.seen, second.stored) == (1, 1, 0)
    assert bench.count("source_trades") == 1


def test_a_row_that_the_feed_shows_late_is_still_stored(bench: Bench) -> None:
    newest = at(a_trade(2), NOON + minutes(20))
    bench.venue.trades[ALICE] = [newest]
    bench.run_ingest(NOON + minutes(21))

    bench.venue.trades[ALICE] = [newest, at(a_trade(1), NOON + minutes(11))]
    report = bench.run_ingest(NOON + minutes(22))

    assert report.stored == 1
    assert bench.count("source_trades") == 2


def test_the_cursor_does_not_pass_a_run_that_stored_nothing(bench: Bench) -> None:
    bench.run_ingest(NOON + minutes(30))

    bench.venue.trades[ALICE] = [at(a_trade(), NOON + minutes(1))]
    report = bench.run_ingest(NOON + minutes(60))

    assert report.stored == 1


def test_several_fills_of_one_transaction_are_all_stored(bench: Bench) -> None:
    same = a_trade(1)
    other_price = a_trade(1, price=Price("0.51"))
    sold = a_trade(1, side=Side.SELL, shares=Shares("3"))
    rows = [at(trade, NOON + seconds(5)) for trade in (same, same, other_price, sold)]
    bench.venue.trades[ALICE] = rows

    bench.run_ingest(NOON + minutes(1))
    again = bench.run_ingest(NOON + minutes(2))

    assert bench.count("source_trades") == 4
    assert sorted(occurrence for _, occurrence in stored(bench)) == [0, 0, 0, 1]
    assert again.stored == 0


def test_two_overlapping_ingests_store_a_trade_once(bench: Bench, database_url: str) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(), NOON + seconds(30))]
    other = Database(lambda: connect(database_url))
    with other.transaction() as transaction:
        held = leases.acquire(transaction, "ingest", "other", NOON, 600)
    assert held is not None

    skipped = bench.run_ingest(NOON + minutes(1))
    with other.transaction() as transaction:
        leases.release(transaction, held, NOON + minutes(1))
    other.close()
    stored = bench.run_ingest(NOON + minutes(1))

    assert (skipped.ran, skipped.stored) == (False, 0)
    assert (stored.ran, stored.stored) == (True, 1)
    assert bench.count("source_trades") == 1


def test_one_traders_error_does_not_stop_the_others(bench: Bench) -> None:
    follow(bench.database, [ALICE, BOB])
    bench.venue.trades[BOB] = [at(a_trade(1, trader=BOB), NOON + seconds(30))]
    bench.venue.broken_traders.add(ALICE)

    report = bench.run_ingest(NOON + minutes(1))

    assert report.stored == 1
    assert [(each.part, each.error) for each in report.failures] == [(ALICE, "RetryLater")]


def test_a_malformed_row_is_quarantined_and_counted_and_the_rest_goes_on(bench: Bench) -> None:
    good = at(a_trade(), NOON + seconds(30))
    bench.venue.trades[ALICE] = [good | {"price": "a lot"}, good]

    first = bench.run_ingest(NOON + minutes(1))
    second = bench.run_ingest(NOON + minutes(2))

    assert (first.stored, first.quarantined, second.quarantined) == (1, 1, 1)
    with bench.database.transaction() as transaction:
        kept = transaction.only("SELECT source, reason, raw, times_seen FROM quarantined_rows")
    assert (kept["source"], kept["times_seen"]) == ("data_api.trades", 2)
    assert "price" in kept["reason"]
    assert "a lot" in kept["raw"]


def test_a_trade_from_the_future_is_quarantined_and_does_not_move_the_cursor(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + timedelta(days=300))]
    first = bench.run_ingest(NOON + minutes(1))

    bench.venue.trades[ALICE].append(at(a_trade(2), NOON + minutes(2)))
    second = bench.run_ingest(NOON + minutes(3))

    assert (first.stored, first.quarantined) == (0, 1)
    assert [each for each, _ in stored(bench)] == [a_trade(2).transaction_hash]
    assert second.stored == 1


def test_text_that_postgres_can_not_hold_does_not_lose_the_trade(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(1, title="Will \x00 it?"), NOON + seconds(30))]

    report = bench.run_ingest(NOON + minutes(1))

    assert report.stored == 1


def test_more_than_a_thousand_rows_are_not_truncated(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(number), NOON + seconds(number)) for number in reversed(range(1, 2502))]

    report = bench.run_ingest(NOON + minutes(60))

    assert report.stored == 2501
    assert bench.count("source_trades") == 2501
    assert bench.venue.questions["/v2/trades"] >= 3


def test_a_known_trade_uses_up_no_number_when_it_is_read_again(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + seconds(30))]
    for minute in range(1, 6):
        bench.run_ingest(NOON + minutes(minute))

    bench.venue.trades[ALICE].insert(0, at(a_trade(2), NOON + minutes(5)))
    bench.run_ingest(NOON + minutes(6))

    with bench.database.transaction() as transaction:
        numbers = transaction.rows("SELECT source_trade_id FROM source_trades ORDER BY source_trade_id")
    assert [row["source_trade_id"] for row in numbers] == [1, 2]


def test_a_record_is_fetched_once_a_trader_and_hour(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + minutes(1))]
    bench.run_ingest(NOON + minutes(2))
    asked = bench.venue.questions["/v2/positions"]

    bench.venue.trades[ALICE].insert(0, at(a_trade(2), NOON + minutes(59)))
    bench.run_ingest(NOON + minutes(60))
    within_the_hour = bench.venue.questions["/v2/positions"]
    bench.venue.trades[ALICE].insert(0, at(a_trade(3), NOON + minutes(61)))
    bench.run_ingest(NOON + minutes(62))

    assert within_the_hour == asked
    assert bench.venue.questions["/v2/positions"] > within_the_hour


def test_a_trader_who_does_not_trade_has_a_record_for_the_population(bench: Bench) -> None:
    follow(bench.database, [BOB])

    first = bench.run_ingest(NOON + minutes(1))
    second = bench.run_ingest(NOON + minutes(2))
    next_day = bench.run_ingest(NOON + timedelta(days=1, minutes=5))

    assert (taken(first), taken(second), taken(next_day)) == (1, 0, 2)


def test_a_market_older_than_a_minute_is_fetched_again_when_a_trade_refers_to_it(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + seconds(30))]
    bench.run_ingest(NOON + minutes(1))
    bench.venue.markets[CONDITION] = gamma_row(acceptingOrders=False)

    bench.venue.trades[ALICE].insert(0, at(a_trade(2), NOON + minutes(3)))
    report = bench.run_ingest(NOON + minutes(4))

    with bench.database.transaction() as transaction:
        market = transaction.only("SELECT accepting_orders, refreshed_at FROM markets")
    assert report.markets_refreshed == 1
    assert market == {"accepting_orders": False, "refreshed_at": NOON + minutes(4)}


def test_a_catalogue_that_is_away_loses_no_trade(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(), NOON + seconds(30))]
    bench.venue.broken_paths.add("/markets/keyset")

    report = bench.run_ingest(NOON + minutes(1))

    assert report.stored == 1
    assert [each.error for each in report.failures] == ["RetryLater"]


def test_postgres_going_away_stops_the_run_and_the_next_one_goes_on(
    bench: Bench, database_url: str, postgres_server: str
) -> None:
    follow(bench.database, [ALICE])
    follow(bench.database, [BOB], NOON + seconds(1))
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + seconds(30))]
    bench.venue.trades[BOB] = [at(a_trade(2, trader=BOB), NOON + seconds(30))]
    name = database_url.rpartition("/")[2].partition("?")[0]
    server = connect(postgres_server)

    def cut(query: dict[str, list[str]]) -> None:
        if query["user"] == [BOB]:
            server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name", name=name)

    bench.venue.before["/v2/trades"] = cut
    with pytest.raises(StoreUnavailable):
        bench.run_ingest(NOON + minutes(1))

    bench.venue.before.clear()
    server.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    server.close()
    bench.run_ingest(NOON + minutes(2))
    report = bench.run_ingest(NOON + minutes(3))

    assert report.ran
    assert sorted(each for each, _ in stored(bench)) == [a_trade(1).transaction_hash, a_trade(2).transaction_hash]


@pytest.mark.money_faults
def test_traders_that_time_ran_out_for_come_first_in_the_next_run(bench: Bench) -> None:
    names = sorted(f"0x{number:040x}" for number in range(1, 6))
    follow(bench.database, [ALICE, *names])
    asked: list[str] = []
    bench.venue.before["/v2/trades"] = lambda query: asked.append(query["user"][0]) if "end" not in query else None
    order: list[list[str]] = []
    for step in range(1, 4):
        bench.clock.at = NOON + minutes(step)
        looks = iter([100.0] * 2)
        report = bench.ingest.run(Budget(lambda left=looks: next(left, 0.0)))
        order.append(list(asked))
        assert len(report.left) == 4
        asked.clear()

    served = [trader for run in order for trader in run]
    assert [len(run) for run in order] == [2, 2, 2]
    assert sorted(served) == sorted([ALICE, *names])


@pytest.mark.money_faults
def test_an_error_that_nobody_foresaw_stops_the_trader_that_it_concerns(bench: Bench) -> None:
    follow(bench.database, [ALICE, BOB])
    with bench.database.transaction() as transaction:
        transaction.execute(f"ALTER TABLE cursors ADD CONSTRAINT bad CHECK (cursor_name <> 'ingest:{ALICE}')")
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + seconds(30))]
    bench.venue.trades[BOB] = [at(a_trade(2, trader=BOB), NOON + seconds(30))]

    report = bench.run_ingest(NOON + minutes(1))

    assert [failure.part for failure in report.failures] == [ALICE]
    assert a_trade(2).transaction_hash in {each for each, _ in stored(bench)}


@pytest.mark.money_faults
def test_a_trade_that_the_store_refuses_is_set_aside_alone(bench: Bench) -> None:
    with bench.database.transaction() as transaction:
        transaction.execute("ALTER TABLE source_trades ADD CONSTRAINT odd CHECK (title <> 'refused')")
    rows = [a_trade(1), a_trade(2, title="refused"), a_trade(3)]
    bench.venue.trades[ALICE] = [at(trade, NOON + seconds(30)) for trade in rows]

    report = bench.run_ingest(NOON + minutes(1))

    assert (report.stored, report.quarantined, report.failures) == (2, 1, [])
    assert "odd" in bench.rows("SELECT reason FROM quarantined_rows")[0]["reason"]


@pytest.mark.money_faults
def test_a_market_that_the_store_refuses_costs_no_other_market(bench: Bench) -> None:
    with bench.database.transaction() as transaction:
        transaction.execute("ALTER TABLE markets ADD CONSTRAINT odd CHECK (question <> 'refused')")
    other = "0x" + "c5" * 32
    bench.venue.markets[other] = gamma_row(other, question="refused")
    bench.feed((a_trade(1), NOON + seconds(20)), (a_trade(2, condition_id=other), NOON + seconds(30)))

    report = bench.run_ingest(NOON + minutes(1))

    assert [failure.part for failure in report.failures] == [f"market {other}"]
    assert bench.rows("SELECT condition_id FROM markets") == [{"condition_id": CONDITION}]

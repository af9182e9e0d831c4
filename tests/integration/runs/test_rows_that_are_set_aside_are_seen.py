"""What the venue leaves out of its rows: what is copied all the same, what is set aside, and who gets to know of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import Finding, HealthStatus
from tests.integration.paper_bench_fixtures import Bench, at
from tests.integration.scripted_venue import book_row, closed_position_row
from tests.integration.source_builders import ALICE, BOB, NOON, YES, a_trade, create_wallet, follow, minutes, seconds

pytestmark = pytest.mark.integration

TRADES, OF_ALICE = "rows of data_api.trades", f"trader {ALICE}"


def looked(bench: Bench, now: datetime) -> dict[str, Finding]:
    bench.clock.at = now
    health = HealthService(database=bench.database, clock=bench.clock, probes={}, notify=None)
    return {finding.check: finding for finding in health.run().findings}


def alerts(bench: Bench) -> set[str]:
    return {row["subject"] for row in bench.rows("SELECT subject FROM lt_alerts WHERE status = 'ACTIVE'")}


def bobs_records(bench: Bench) -> list[tuple[int, int]]:
    rows = bench.rows("SELECT * FROM trader_stats WHERE trader_address = :bob", bob=BOB)
    return [(row["lifetime_resolved_count"], row["lifetime_won_count"]) for row in rows]


def lost_row(number: int, **changes: Any) -> dict[str, Any]:
    """A position of Bob's that resolved to nothing a day ago and was never redeemed."""
    row = closed_position_row(BOB, number, "0", NOON - timedelta(days=2))
    return row | {"status": "REDEEMABLE_LOST", "unrealized_pnl": "-5"} | changes


def test_a_trade_whose_outcome_has_no_number_is_bet_on_by_its_token(bench: Bench) -> None:
    create_wallet(bench.database)
    bench.venue.trades[ALICE] = [at(a_trade(), NOON + seconds(30)) | {"outcome_index": 999, "outcome": None}]

    report = bench.run_paper(NOON + minutes(1))

    assert report.decisions == {"accepted": 1}
    assert bench.rows("SELECT token_id, outcome_index FROM ft_orders") == [{"token_id": YES, "outcome_index": 0}]
    assert bench.rows("SELECT outcome_index FROM source_trades") == [{"outcome_index": None}]


def test_a_market_past_its_stated_end_is_bet_on_while_it_takes_orders(bench: Bench) -> None:
    create_wallet(bench.database)
    for market in bench.venue.markets.values():
        market["endDate"] = "2026-06-01T00:00:00Z"
    bench.venue.trades[ALICE] = [at(a_trade(), NOON + seconds(30))]

    assert bench.run_paper(NOON + minutes(1)).decisions == {"accepted": 1}
    assert bench.rows("SELECT resolution_state FROM markets") == [{"resolution_state": "OPEN"}]


@pytest.mark.venue_facts
def test_a_book_without_tick_and_minimum_is_bet_on_by_the_markets_tick(bench: Bench) -> None:
    create_wallet(bench.database)
    book = book_row()
    for name in ("tick_size", "min_order_size", "hash"):
        del book[name]
    bench.venue.books[YES] = book
    bench.venue.trades[ALICE] = [at(a_trade(), NOON + seconds(30))]

    assert bench.run_paper(NOON + minutes(1)).orders == {"FULL": 1}


def test_a_word_on_neg_risk_is_kept_when_the_catalogue_stops_saying_it(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(1), NOON + seconds(30))]
    bench.run_ingest(NOON + minutes(1))
    for market in bench.venue.markets.values():
        del market["negRisk"]

    bench.venue.trades[ALICE].insert(0, at(a_trade(2), NOON + minutes(3)))
    report = bench.run_ingest(NOON + minutes(4))

    assert report.markets_refreshed == 1
    assert bench.rows("SELECT neg_risk FROM markets") == [{"neg_risk": False}]


def test_rows_set_aside_are_counted_by_source_and_alerted_for_their_trader_for_a_day(bench: Bench) -> None:
    good = at(a_trade(), NOON + seconds(30))
    bench.venue.trades[ALICE] = [good | {"price": "a lot"}, good | {"size": None}, good]
    bench.run_ingest(NOON + minutes(1))

    found = looked(bench, NOON + minutes(2))

    assert {found[check].status for check in (TRADES, OF_ALICE)} == {HealthStatus.WARNING}
    assert found[TRADES].detail.startswith("2 set aside")
    assert alerts(bench) == {TRADES, OF_ALICE}

    later = looked(bench, NOON + timedelta(days=1, minutes=2))

    assert {later[check].status for check in (TRADES, OF_ALICE)} == {HealthStatus.HEALTHY}
    assert alerts(bench) == set()


def test_a_row_of_somebody_else_is_counted_and_is_not_the_traders(bench: Bench) -> None:
    bench.venue.trades[ALICE] = [at(a_trade(trader=BOB), NOON + seconds(30))]
    bench.run_ingest(NOON + minutes(1))

    found = looked(bench, NOON + minutes(2))

    assert found[TRADES].status is HealthStatus.WARNING
    assert OF_ALICE not in found


def test_a_trade_is_set_aside_until_it_has_its_hash_and_stored_once_then(bench: Bench) -> None:
    row = at(a_trade(), NOON + seconds(30))
    bench.venue.trades[ALICE] = [row | {"transaction_hash": ""}]
    first = bench.run_ingest(NOON + minutes(1))
    seen = looked(bench, NOON + minutes(1))

    bench.venue.trades[ALICE] = [row]
    second, third = bench.run_ingest(NOON + minutes(2)), bench.run_ingest(NOON + minutes(3))

    assert (first.stored, first.quarantined) == (0, 1)
    assert "transaction_hash" in seen[OF_ALICE].detail
    assert (second.stored, third.stored) == (1, 0)


def test_losers_that_were_never_redeemed_are_in_the_record(bench: Bench) -> None:
    follow(bench.database, [BOB])
    won = [closed_position_row(BOB, number, "5", NOON - timedelta(days=1)) for number in range(2)]
    bench.venue.positions[BOB] = [*won, *(lost_row(number, last_event_at=0) for number in range(2, 5))]
    bench.venue.resolutions = [
        {
            "condition_id": f"0x{number:064x}",
            "status": "resolved",
            "resolved_at": None,
            "last_update_timestamp": int((NOON - timedelta(days=1)).timestamp()),
        }
        for number in range(2, 5)
    ]

    bench.run_ingest(NOON + minutes(1))

    assert bobs_records(bench) == [(5, 2)]


def test_a_loser_that_nobody_can_date_leaves_its_trader_without_a_record(bench: Bench) -> None:
    follow(bench.database, [BOB])
    bench.venue.positions[BOB] = [closed_position_row(BOB, 1, "5", NOON - timedelta(days=1)), lost_row(2)]

    report = bench.run_ingest(NOON + minutes(1))

    assert bobs_records(bench) == []
    assert [(each.part, each.error) for each in report.failures] == [(BOB, "RecordUnavailable")]


def test_a_position_that_cannot_be_read_is_kept_in_sight_and_the_record_waits_for_it(bench: Bench) -> None:
    follow(bench.database, [BOB])
    bench.venue.positions[BOB] = [lost_row(1, token_id="?")]

    bench.run_ingest(NOON + minutes(1))

    assert bobs_records(bench) == []
    assert looked(bench, NOON + minutes(2))[f"trader {BOB}"].status is HealthStatus.WARNING
    assert looked(bench, NOON + minutes(2))["rows of data_api.positions"].status is HealthStatus.WARNING

"""Each check of Postgres itself is turned bad by causing what it watches for, and well again."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from threading import Event, Thread
from uuid import UUID

import pytest

from live_trading.nouns.errors import RetryLater
from live_trading.services.following.ingest import TURNS
from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, healthy
from live_trading.services.watching.probing import Probing
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.store.database import turns
from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import newest_name
from live_trading.wiring.database import database_of
from local.machine.env import ROOT
from local.postgres.databases import with_database
from tests.integration.watching.health_bench_fixtures import (
    CRITICAL,
    HEALTHY,
    TRADER,
    WARNING,
    HealthBench,
)
from tests.waiting import await_true

pytestmark = [pytest.mark.integration, pytest.mark.health]


def test_no_check_fails_by_itself_on_an_empty_database_or_one_with_a_strategy(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    findings = watch_bench.run()

    assert [each.detail for each in findings.values() if "the check itself fails" in each.detail] == []
    assert {each.check for each in findings.values() if each.status is not HEALTHY} == set()
    assert watched_strategy


def test_a_query_that_goes_on_for_too_long_is_named_until_it_ends(watch_bench: HealthBench) -> None:
    def slow() -> Finding:
        return watch_bench.look(slow_query_seconds=1)["slow_queries"]

    assert slow().status is HEALTHY
    with watch_bench.another() as other:
        going = Thread(target=lambda: _cancelled(other))
        going.start()
        await_true(lambda: slow().status is WARNING, "a query of over a second")
        assert "somebody" in slow().detail
        watch_bench.rows("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'somebody'")
        going.join()
        assert slow().status is HEALTHY


def _cancelled(other: Database) -> None:
    with pytest.raises(Exception, match="cancel"), other.reading() as transaction:
        transaction.rows("SELECT pg_sleep(25)")


def test_a_transaction_that_stays_open_is_told_until_it_ends(watch_bench: HealthBench) -> None:
    def held() -> HealthStatus:
        return watch_bench.look(open_transaction_seconds=1)["open_transactions"].status

    assert held() is HEALTHY
    with watch_bench.another() as other:
        with other.transaction() as transaction:
            transaction.execute("LOCK TABLE lt_health_standing IN ACCESS SHARE MODE")
            await_true(lambda: held() is WARNING, "a transaction of over a second")
        assert held() is HEALTHY


def test_connections_that_run_out_are_told_until_they_are_given_back(watch_bench: HealthBench) -> None:
    left = watch_bench.look()["connections"].figures[1].observed
    assert left is not None
    limit = f"{left:f}"
    assert watch_bench.look(connections_left_fraction=limit)["connections"].status is HEALTHY
    opened = [database_of(watch_bench.url, application_name="somebody") for _ in range(5)]
    with ExitStack() as held:
        for each in opened:
            held.enter_context(each.transaction()).execute("SELECT 1")
        assert watch_bench.look(connections_left_fraction=limit)["connections"].status is WARNING
    for each in opened:
        each.close()
    await_true(
        lambda: watch_bench.look(connections_left_fraction=limit)["connections"].status is HEALTHY, "closed connections"
    )


def test_a_schema_that_is_behind_the_code_is_critical_until_it_is_migrated(watch_bench: HealthBench) -> None:
    def stood() -> HealthStatus:
        return watch_bench.look()["migrations"].status

    newest = newest_name(ROOT / "migrations")
    assert stood() is HEALTHY
    (kept,) = watch_bench.rows(f"DELETE FROM schema_migrations WHERE name = '{newest}' RETURNING *")
    assert stood() is CRITICAL
    columns = ", ".join(kept)
    watch_bench.change(
        f"INSERT INTO schema_migrations ({columns}) VALUES ({', '.join(f':{name}' for name in kept)})", **kept
    )
    assert stood() is HEALTHY


def test_a_database_that_takes_no_connections_is_critical_and_hides_no_probe(
    watch_bench: HealthBench, postgres_server: str
) -> None:
    name = watch_bench.url.rsplit("/", 1)[1].split("?")[0]
    server = database_of(with_database(postgres_server, "postgres"), application_name="server")
    service = HealthService(
        database=watch_bench.database,
        clock=watch_bench,
        probes={CheckName.VENUE: lambda: [healthy(CheckName.VENUE, "answers")]},
        notify=None,
    )

    def switched(allowed: str) -> dict[str, HealthStatus]:
        with server.outside_transaction() as transaction:
            transaction.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")
            if allowed == "false":
                transaction.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        return {each.check: each.status for each in service.look().findings}

    away, back = switched("false"), switched("true")
    server.close()

    assert (away["database"], away["venue"]) == (CRITICAL, HEALTHY)
    assert back["database"] is HEALTHY


def test_a_database_that_hangs_is_critical_and_hides_no_probe(watch_bench: HealthBench) -> None:
    service = HealthService(
        database=watch_bench.database,
        clock=watch_bench,
        probes={CheckName.VENUE: lambda: [healthy(CheckName.VENUE, "answers")]},
        notify=None,
        limits=HealthThresholds(probe_seconds=1),
    )

    def stood() -> dict[str, HealthStatus]:
        return {each.check: each.status for each in service.look().findings}

    with watch_bench.another() as other, other.transaction() as transaction:
        transaction.execute("LOCK TABLE breaks IN ACCESS EXCLUSIVE MODE")
        hanging = stood()

    assert (hanging["database"], hanging["venue"]) == (CRITICAL, HEALTHY)
    await_true(lambda: stood()["database"] is HEALTHY, "the lock is gone")


def test_a_probe_that_still_hangs_is_not_asked_a_second_time() -> None:
    ends, asked = Event(), []

    def hangs() -> list[Finding]:
        asked.append(1)
        ends.wait()
        return [healthy(CheckName.VENUE, "answers at last")]

    probing = Probing()
    waited = [probing.ask([(CheckName.VENUE, hangs)], 0.05)[0] for _ in range(3)]
    ends.set()
    await_true(lambda: probing.ask([(CheckName.VENUE, hangs)], 0.5)[0].status is HEALTHY, "an answer")

    assert [each.status for each in waited] == [CRITICAL] * 3
    assert len(asked) <= 2


def test_a_check_with_a_defect_stops_only_itself(watch_bench: HealthBench) -> None:
    """A column that is gone: one question cannot be asked, and the others are."""
    watch_bench.change("ALTER TABLE venue_modes RENAME COLUMN last_seen_at TO seen_last")

    findings = watch_bench.look()

    assert findings["venue_mode"].status is CRITICAL
    assert {each.check for each in findings.values() if each.status is not HEALTHY} == {"venue_mode"}
    watch_bench.change("ALTER TABLE venue_modes RENAME COLUMN seen_last TO last_seen_at")
    assert watch_bench.look()["venue_mode"].status is HEALTHY


def test_an_alert_does_not_end_because_nobody_could_look(watch_bench: HealthBench, watched_strategy: UUID) -> None:
    """The database hangs for one look, and the venue does not answer: what they would have told stays as it was."""
    answers: list[list[Finding] | None] = []

    def venue() -> list[Finding]:
        told = answers.pop(0)
        if told is None:
            raise RetryLater("the venue is away")
        return told

    def run(told: list[Finding] | None) -> set[str]:
        answers.append(told)
        HealthService(
            database=watch_bench.database,
            clock=watch_bench,
            probes={CheckName.VENUE: venue},
            notify=None,
            limits=HealthThresholds(probe_seconds=1),
        ).run()
        rows = watch_bench.rows("SELECT subject FROM lt_alerts WHERE alert_type = 'health' AND status = 'ACTIVE'")
        return {row["subject"] for row in rows}

    off = Finding(name=CheckName.VENUE_CLOCK, status=WARNING, detail="it is off")
    fine = [healthy(CheckName.VENUE, "answers"), healthy(CheckName.VENUE_CLOCK, "it is right")]
    watch_bench.at += timedelta(minutes=11)
    asked, clock = "traders_asked", "venue_clock"
    assert {asked, clock} <= run([fine[0], off])
    away = run(None)
    assert {asked, clock, "venue"} <= away
    with watch_bench.another() as other, other.transaction() as transaction:
        transaction.execute("LOCK TABLE breaks IN ACCESS EXCLUSIVE MODE")
        hanging = run(fine)
    assert {asked, "database"} <= hanging
    assert {clock, "venue"}.isdisjoint(hanging)
    with watch_bench.database.transaction() as transaction:
        turns.served(transaction, TURNS, [TRADER], watch_bench.at)
    assert asked not in run(fine)
    assert watched_strategy

"""Each check of jobs, feeds and those who decide is turned bad by causing what it watches for, and well again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from live_trading.services.following.ingest import TURNS
from live_trading.services.watching.checks.job_checks import PERIODS
from live_trading.services.watching.findings import HealthStatus
from live_trading.services.watching.job_watch import JobWatch
from live_trading.store.database import turns
from tests.integration.watching.health_bench_fixtures import (
    HEALTHY,
    NOON,
    TRADER,
    WARNING,
    HealthBench,
    decisions,
)

pytestmark = [pytest.mark.integration, pytest.mark.health]


def test_a_job_misses_runs_from_its_third_silent_period_on(watch_bench: HealthBench, watched_strategy: UUID) -> None:
    assert watched_strategy
    for job, period in PERIODS.items():
        if job == "health":
            continue
        watch_bench.at = NOON
        JobWatch(database=watch_bench.database, clock=watch_bench).run(job, lambda: None)
        watch_bench.at = NOON + 3 * period - timedelta(seconds=1)
        assert watch_bench.look()[f"job {job}"].status is HEALTHY
        watch_bench.at = NOON + 3 * period
        missed = watch_bench.look()[f"job {job}"]
        assert (missed.status, missed.figures[0].observed) == (WARNING, Decimal(3))
        JobWatch(database=watch_bench.database, clock=watch_bench).run(job, lambda: None)
        assert watch_bench.look()[f"job {job}"].status is HEALTHY


def test_a_job_that_takes_more_than_its_share_of_its_period_is_told_until_it_is_fast_again(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    assert watched_strategy

    def takes(seconds: int) -> Callable[[], None]:
        def run() -> None:
            watch_bench.at += timedelta(seconds=seconds)

        return run

    def stood() -> HealthStatus:
        return watch_bench.look(slow_job_fraction="0.5")["job lt-resolve"].status

    watch = JobWatch(database=watch_bench.database, clock=watch_bench)
    watch.run("lt-resolve", takes(300))
    assert stood() is HEALTHY
    watch.run("lt-resolve", takes(301))
    assert stood() is WARNING
    report = watch_bench.service().look()
    (job,) = [each for each in report.jobs if each.job == "lt-resolve"]
    assert (job.took, job.period_seconds) == (timedelta(seconds=301), 600)
    watch.run("lt-resolve", takes(3))
    assert stood() is HEALTHY


def test_a_followed_trader_who_is_not_asked_for_is_told_until_he_is(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    assert watched_strategy

    def stood() -> HealthStatus:
        return watch_bench.look()["traders_asked"].status

    def asked() -> None:
        with watch_bench.database.transaction() as transaction:
            turns.served(transaction, TURNS, [TRADER], watch_bench.at)

    assert stood() is HEALTHY
    watch_bench.at += timedelta(minutes=11)
    assert stood() is WARNING
    asked()
    assert stood() is HEALTHY
    watch_bench.at += timedelta(minutes=11)
    assert stood() is WARNING


def test_a_watch_on_the_chain_that_falls_behind_is_told_until_it_catches_up(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    assert watched_strategy

    def block(number: int) -> None:
        watch_bench.change(
            "INSERT INTO chain_blocks VALUES (:number, '0x' || repeat('e', 64), :at)", number=number, at=watch_bench.at
        )

    unknown = watch_bench.look()["chain_watch"]
    assert (unknown.status, unknown.figures[0].observed) == (HEALTHY, None)
    block(1)
    watch_bench.at += timedelta(minutes=6)
    assert watch_bench.look()["chain_watch"].status is WARNING
    block(2)
    assert watch_bench.look()["chain_watch"].status is HEALTHY


def test_an_ft_wallet_that_does_not_decide_is_told_until_it_does(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    watch_bench.change(
        "INSERT INTO cursors (cursor_name, position, updated_at) "
        "SELECT 'decided:ft:' || ft_wallet_id, '0', :now FROM ft_wallets",
        now=NOON,
    )
    decisions(watch_bench, 1, first=NOON)
    check = "undecided_paper"
    assert watch_bench.look()[check].status is HEALTHY

    watch_bench.at += timedelta(minutes=20)
    (behind,) = [each for name, each in watch_bench.look().items() if name.startswith(check)]
    assert (behind.status, behind.owner_id) == (WARNING, "o")

    watch_bench.change("UPDATE cursors SET position = (SELECT max(source_trade_id) FROM source_trades)::text")
    assert watch_bench.look()[check].status is HEALTHY
    assert watched_strategy

"""Each check of strategies against their own history is turned bad by causing what it watches for, and well again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from tests.integration.watching.health_bench_fixtures import (
    HEALTHY,
    NOON,
    WARNING,
    HealthBench,
    decisions,
    entries,
    fills,
)

pytestmark = [pytest.mark.integration, pytest.mark.health]


def test_a_strategy_that_decides_and_places_nothing_against_its_rate_is_told_until_it_places(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    check = f"no_orders {watched_strategy}"
    entries(watch_bench, 20, first=NOON, apart="30 minutes")
    last = NOON + timedelta(hours=10)
    watch_bench.at = last + timedelta(hours=5)
    assert check not in watch_bench.look()

    decisions(watch_bench, 25, first=last + timedelta(hours=1))
    quiet = watch_bench.look()[check]
    assert (quiet.status, quiet.figures[0].observed) == (WARNING, Decimal(10))

    entries(watch_bench, 1, first=watch_bench.at - timedelta(minutes=1), apart="1 second")
    assert check not in watch_bench.look()


def test_a_strategy_that_seldom_placed_anything_may_be_quiet_for_hours(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    entries(watch_bench, 20, first=NOON, apart="1 day")
    last = NOON + timedelta(days=20)
    watch_bench.at = last + timedelta(hours=12)
    decisions(watch_bench, 50, first=last + timedelta(hours=1))

    assert watch_bench.look()["no_orders"].status is HEALTHY
    assert watched_strategy


@pytest.mark.parametrize(
    ("measure", "price", "share", "took"),
    [
        ("slippage", "0.55", "1", "100 ms"),
        ("fill_rate", "0.501", "0.4", "100 ms"),
        ("latency", "0.501", "1", "3 s"),
    ],
)
def test_orders_that_go_worse_than_they_used_to_are_told_until_they_go_as_usual(
    watch_bench: HealthBench, watched_strategy: UUID, measure: str, price: str, share: str, took: str
) -> None:
    check = f"execution {watched_strategy} {measure}"
    entries(watch_bench, 60, first=NOON, apart="1 minute")
    fills(watch_bench, price="0.501", since=NOON)
    watch_bench.at = NOON + timedelta(hours=2)
    assert watch_bench.run()["execution"].status is HEALTHY

    entries(watch_bench, 20, first=watch_bench.at, apart="1 minute", took=took)
    fills(watch_bench, price=price, since=watch_bench.at, share=share)
    watch_bench.at += timedelta(hours=1)
    worse = watch_bench.run()
    assert worse[check].status is WARNING
    assert [name for name in worse if name.startswith("execution ")] == [check]

    entries(watch_bench, 20, first=watch_bench.at, apart="1 minute")
    fills(watch_bench, price="0.501", since=watch_bench.at)
    watch_bench.at += timedelta(hours=1)
    assert watch_bench.run()["execution"].status is HEALTHY


def test_a_young_strategy_has_no_history_to_be_compared_with(watch_bench: HealthBench, watched_strategy: UUID) -> None:
    entries(watch_bench, 12, first=NOON, apart="1 minute")
    fills(watch_bench, price="0.9", since=NOON)
    watch_bench.at = NOON + timedelta(hours=1)

    execution = watch_bench.run()["execution"]

    assert (execution.status, execution.detail) == (HEALTHY, "not known: no strategy has enough orders")
    assert watched_strategy


def test_a_look_takes_few_strategies_and_comes_to_all_in_turn(watch_bench: HealthBench, watched_strategy: UUID) -> None:
    assert watched_strategy
    watch_bench.change(
        """
        WITH more AS (
            INSERT INTO ft_wallets
            SELECT gen_random_uuid(), 'o', 'paper ' || number, TRUE, 1000, 1, :now, :now
            FROM generate_series(1, 4) AS number RETURNING ft_wallet_id
        ), versions AS (
            INSERT INTO ft_wallet_versions SELECT ft_wallet_id, 1, '{}', repeat('0', 64), 'o', :now FROM more
        ), made AS (
            INSERT INTO lt_strategies (
                lt_strategy_id, owner_id, name, ft_wallet_id, trading_wallet_id, is_active, initial_capital_usd,
                order_type, slippage_bound_fraction, max_signal_age_seconds, time_zone, launched_at, created_at,
                updated_at
            )
            SELECT
                gen_random_uuid(), 'o', more.ft_wallet_id::text, more.ft_wallet_id, trading_wallet_id, TRUE, 100, 'FAK',
                0.05, 600, 'UTC', :now, :now, :now
            FROM more CROSS JOIN lt_strategies RETURNING lt_strategy_id
        )
        INSERT INTO lt_risk_rules (lt_strategy_id, updated_at) SELECT lt_strategy_id, :now FROM made
        """,
        now=NOON,
    )
    counted = []
    for _ in range(3):
        watch_bench.at += timedelta(minutes=5)
        watch_bench.run(strategies_a_look=2)
        (row,) = watch_bench.rows("SELECT count(DISTINCT lt_strategy_id) AS counted FROM guard_figures")
        counted.append(row["counted"])

    assert counted == [2, 4, 5]

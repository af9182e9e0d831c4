"""Each check of Postgres, jobs and what stands still is turned bad by causing what it watches for, and well again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.services.following.ingest import TURNS
from live_trading.services.watching.checks.job_checks import PERIODS
from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, healthy
from live_trading.services.watching.job_watch import JobWatch
from live_trading.services.watching.probing import Probing
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.store.database import turns
from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import newest_name
from live_trading.wiring.database import database_of
from local.machine.env import ROOT
from local.postgres.databases import with_database
from tests.waiting import await_true

pytestmark = [pytest.mark.integration, pytest.mark.health]

HEALTHY, WARNING, CRITICAL = HealthStatus.HEALTHY, HealthStatus.WARNING, HealthStatus.CRITICAL
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TRADER = "0x" + "ab" * 20
CONDITION = "0x" + "c" * 64


@dataclass
class Bench:
    """A database, its clock, and looks at it."""

    database: Database
    url: str
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def service(self, **limits: Any) -> HealthService:
        return HealthService(
            database=self.database,
            clock=self,
            probes={},
            notify=None,
            limits=HealthThresholds(**limits),
            required_schema=newest_name(ROOT / "migrations"),
        )

    def look(self, **limits: Any) -> dict[str, Finding]:
        return {each.check: each for each in self.service(**limits).look().findings}

    def run(self, **limits: Any) -> dict[str, Finding]:
        return {each.check: each for each in self.service(**limits).run().findings}

    def change(self, sql: str, **parameters: object) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql, **parameters)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql)

    @contextmanager
    def another(self) -> Iterator[Database]:
        """Connections of somebody else."""
        opened = database_of(self.url, application_name="somebody")
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture
def bench(database: Database, database_url: str) -> Bench:
    return Bench(database, database_url)


@pytest.fixture
def strategy(bench: Bench) -> UUID:
    """An active strategy, launched at noon, whose market is known and whose trader is followed."""
    bench.change(
        """
        INSERT INTO markets (
            condition_id, version, question, slug, outcomes, token_ids, is_open, accepting_orders, tick_size,
            minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state_since, refreshed_at
        ) VALUES (
            :condition, 'v1', 'Will it ring?', 'will-it-ring', '{Yes,No}', '{1,2}', TRUE, TRUE, 0.01, 5, 0, 1, FALSE,
            :now, :now
        )
        """,
        condition=CONDITION,
        now=NOON,
    )
    bench.change("INSERT INTO traders VALUES (:trader, TRUE, :now)", trader=TRADER, now=NOON)
    made = uuid4()
    bench.change(
        """
        WITH wallet AS (
            INSERT INTO trading_wallets (
                trading_wallet_id, owner_id, name, address, signature_type, secret_name, opening_balance_usd,
                created_at, verification
            ) VALUES (gen_random_uuid(), 'o', 'main', '0x' || repeat('a', 40), 0, 's', 100, :now, 'VERIFIED')
            RETURNING trading_wallet_id
        ), paper AS (
            INSERT INTO ft_wallets VALUES (gen_random_uuid(), 'o', 'paper', TRUE, 1000, 1, :now, :now)
            RETURNING ft_wallet_id
        ), version AS (
            INSERT INTO ft_wallet_versions
            SELECT ft_wallet_id, 1, '{}', repeat('0', 64), 'o', :now FROM paper
        )
        INSERT INTO lt_strategies (
            lt_strategy_id, owner_id, name, ft_wallet_id, trading_wallet_id, is_active, initial_capital_usd, order_type,
            slippage_bound_fraction, max_signal_age_seconds, time_zone, launched_at, created_at, updated_at
        )
        SELECT :made, 'o', 'one', ft_wallet_id, trading_wallet_id, TRUE, 100, 'FAK', 0.05, 600, 'UTC', :now, :now, :now
        FROM wallet, paper
        """,
        now=NOON,
        made=made,
    )
    bench.change("INSERT INTO lt_risk_rules (lt_strategy_id, updated_at) VALUES (:made, :now)", made=made, now=NOON)
    return made


ENTRIES = """
INSERT INTO lt_orders (
    lt_order_id, lt_strategy_id, trading_wallet_id, purpose, token_id, condition_id, outcome_index, side, order_type,
    limit_price, order_usd, order_shares, fee_bound_usd, reserved_usd, signed_payload, order_hash, state, best_ask,
    decided_at, intent_at, sent_at, answered_at, finished_at
)
SELECT
    gen_random_uuid(), lt_strategy_id, trading_wallet_id, 'ENTRY', '1', '0x' || repeat('c', 64), 0, 'BUY', 'FAK', 0.9,
    10, 20, 0, 10, '{}', '0x' || encode(sha256(random()::text::bytea), 'hex'), 'FILLED', 0.5, made.at, made.at, made.at,
    made.at + :took::interval, made.at
FROM lt_strategies CROSS JOIN (
    SELECT :first::timestamptz + number * :apart::interval AS at FROM generate_series(1, :many::int) AS number
) AS made
"""


def entries(bench: Bench, many: int, *, first: datetime, apart: str, took: str = "100 ms") -> None:
    bench.change(ENTRIES, many=many, first=first, apart=apart, took=took)


def fills(bench: Bench, *, price: str, since: datetime, share: str = "1") -> None:
    """Every entry since then without one has a fill of this share of it at this price."""
    bench.change(
        """
        INSERT INTO fills (
            venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id,
            outcome_index, side, shares, price, cost_usd, fee_usd, role, status, match_time, confirmed_at, recorded_at
        )
        SELECT
            gen_random_uuid()::text, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id,
            0, 'BUY', order_usd * :share::numeric / :price::numeric, :price::numeric, order_usd * :share::numeric, 0,
            'TAKER', 'CONFIRMED', intent_at, intent_at, intent_at
        FROM lt_orders AS entered
        WHERE intent_at >= :since AND NOT EXISTS (SELECT 1 FROM fills WHERE fills.lt_order_id = entered.lt_order_id)
        """,
        price=price,
        share=share,
        since=since,
    )


def decisions(bench: Bench, many: int, *, first: datetime) -> None:
    """Decisions of the strategy a minute apart, each on a trade of its own, refused for the price."""
    bench.change(
        """
        WITH seen AS (
            INSERT INTO source_trades (
                transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
                outcome_index, title, slug, trade_time, seen_at
            )
            SELECT
                '0x' || encode(sha256(random()::text::bytea), 'hex'), '1', :trader, 'BUY', 0.5, 10, 0, :condition,
                'Yes', 0, 't', 's', made.at, made.at
            FROM (
                SELECT :first::timestamptz + number * INTERVAL '1 minute' AS at
                FROM generate_series(1, :many::int) AS number
            ) AS made
            RETURNING source_trade_id, seen_at
        )
        INSERT INTO decisions (
            source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, stake_usd, own,
            hash, decided_at
        )
        SELECT
            source_trade_id, ft_wallet_id, lt_strategy_id, 1, 'REJECTED', 'price_out_of_range', '[]', 0, '{}',
            decode(repeat('00', 32), 'hex'), seen_at
        FROM seen, lt_strategies
        """,
        trader=TRADER,
        condition=CONDITION,
        many=many,
        first=first,
    )


def test_no_check_fails_by_itself_on_an_empty_database_or_one_with_a_strategy(bench: Bench, strategy: UUID) -> None:
    findings = bench.run()

    assert [each.detail for each in findings.values() if "the check itself fails" in each.detail] == []
    assert {each.check for each in findings.values() if each.status is not HEALTHY} == set()
    assert strategy


def test_a_query_that_goes_on_for_too_long_is_named_until_it_ends(bench: Bench) -> None:
    def slow() -> Finding:
        return bench.look(slow_query_seconds=1)["slow_queries"]

    assert slow().status is HEALTHY
    with bench.another() as other:
        going = Thread(target=lambda: _cancelled(other))
        going.start()
        await_true(lambda: slow().status is WARNING, "a query of over a second")
        assert "somebody" in slow().detail
        bench.rows("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'somebody'")
        going.join()
        assert slow().status is HEALTHY


def _cancelled(other: Database) -> None:
    with pytest.raises(Exception, match="cancel"), other.reading() as transaction:
        transaction.rows("SELECT pg_sleep(25)")


def test_a_transaction_that_stays_open_is_told_until_it_ends(bench: Bench) -> None:
    def held() -> HealthStatus:
        return bench.look(open_transaction_seconds=1)["open_transactions"].status

    assert held() is HEALTHY
    with bench.another() as other:
        with other.transaction() as transaction:
            transaction.execute("LOCK TABLE lt_health_standing IN ACCESS SHARE MODE")
            await_true(lambda: held() is WARNING, "a transaction of over a second")
        assert held() is HEALTHY


def test_connections_that_run_out_are_told_until_they_are_given_back(bench: Bench) -> None:
    left = bench.look()["connections"].figures[1].observed
    assert left is not None
    limit = f"{left:f}"
    assert bench.look(connections_left_fraction=limit)["connections"].status is HEALTHY
    opened = [database_of(bench.url, application_name="somebody") for _ in range(5)]
    with_one = [each.transaction() for each in opened]
    for each in with_one:
        each.__enter__().rows("SELECT 1")
    assert bench.look(connections_left_fraction=limit)["connections"].status is WARNING
    for each in with_one:
        each.__exit__(None, None, None)
    for each in opened:
        each.close()
    await_true(
        lambda: bench.look(connections_left_fraction=limit)["connections"].status is HEALTHY, "closed connections"
    )


def test_a_schema_that_is_behind_the_code_is_critical_until_it_is_migrated(bench: Bench) -> None:
    def stood() -> HealthStatus:
        return bench.look()["migrations"].status

    newest = newest_name(ROOT / "migrations")
    assert stood() is HEALTHY
    (kept,) = bench.rows(f"DELETE FROM schema_migrations WHERE name = '{newest}' RETURNING *")
    assert stood() is CRITICAL
    columns = ", ".join(kept)
    bench.change(f"INSERT INTO schema_migrations ({columns}) VALUES ({', '.join(f':{name}' for name in kept)})", **kept)
    assert stood() is HEALTHY


def test_a_database_that_takes_no_connections_is_critical_and_hides_no_probe(
    bench: Bench, postgres_server: str
) -> None:
    name = bench.url.rsplit("/", 1)[1].split("?")[0]
    server = database_of(with_database(postgres_server, "postgres"), application_name="server")
    service = HealthService(
        database=bench.database,
        clock=bench,
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


def test_a_job_misses_runs_from_its_third_silent_period_on(bench: Bench, strategy: UUID) -> None:
    assert strategy
    for job, period in PERIODS.items():
        if job == "health":
            continue
        bench.at = NOON
        JobWatch(database=bench.database, clock=bench).run(job, lambda: None)
        bench.at = NOON + 3 * period - timedelta(seconds=1)
        assert bench.look()[f"job {job}"].status is HEALTHY
        bench.at = NOON + 3 * period
        missed = bench.look()[f"job {job}"]
        assert (missed.status, missed.figures[0].observed) == (WARNING, 3)
        JobWatch(database=bench.database, clock=bench).run(job, lambda: None)
        assert bench.look()[f"job {job}"].status is HEALTHY


def test_a_job_that_takes_more_than_its_share_of_its_period_is_told_until_it_is_fast_again(
    bench: Bench, strategy: UUID
) -> None:
    assert strategy

    def takes(seconds: int) -> Callable[[], None]:
        def run() -> None:
            bench.at += timedelta(seconds=seconds)

        return run

    def stood() -> HealthStatus:
        return bench.look(slow_job_fraction="0.5")["job lt-resolve"].status

    watch = JobWatch(database=bench.database, clock=bench)
    watch.run("lt-resolve", takes(300))
    assert stood() is HEALTHY
    watch.run("lt-resolve", takes(301))
    assert stood() is WARNING
    report = bench.service().look()
    (job,) = [each for each in report.jobs if each.job == "lt-resolve"]
    assert (job.took, job.period_seconds) == (timedelta(seconds=301), 600)
    watch.run("lt-resolve", takes(3))
    assert stood() is HEALTHY


def test_a_followed_trader_who_is_not_asked_for_is_told_until_he_is(bench: Bench, strategy: UUID) -> None:
    assert strategy

    def stood() -> HealthStatus:
        return bench.look()["traders_asked"].status

    def asked() -> None:
        with bench.database.transaction() as transaction:
            turns.served(transaction, TURNS, [TRADER], bench.at)

    assert stood() is HEALTHY
    bench.at += timedelta(minutes=11)
    assert stood() is WARNING
    asked()
    assert stood() is HEALTHY
    bench.at += timedelta(minutes=11)
    assert stood() is WARNING


def test_a_watch_on_the_chain_that_falls_behind_is_told_until_it_catches_up(bench: Bench, strategy: UUID) -> None:
    assert strategy

    def block(number: int) -> None:
        bench.change(
            "INSERT INTO chain_blocks VALUES (:number, '0x' || repeat('e', 64), :at)", number=number, at=bench.at
        )

    unknown = bench.look()["chain_watch"]
    assert (unknown.status, unknown.figures[0].observed) == (HEALTHY, None)
    block(1)
    bench.at += timedelta(minutes=6)
    assert bench.look()["chain_watch"].status is WARNING
    block(2)
    assert bench.look()["chain_watch"].status is HEALTHY


def test_a_redemption_that_is_not_booked_for_hours_is_overdue_until_it_is(bench: Bench, strategy: UUID) -> None:
    assert strategy

    def stood() -> HealthStatus:
        return bench.look()["overdue_redemptions"].status

    bench.change(
        """
        INSERT INTO lt_redemptions (
            lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, market_resolved_at, created_at
        ) SELECT gen_random_uuid(), trading_wallet_id, :condition, 'STANDARD', 'DUE', 10, :now, :now FROM lt_strategies
        """,
        condition=CONDITION,
        now=NOON,
    )
    assert stood() is HEALTHY
    bench.at += timedelta(hours=7)
    assert stood() is WARNING
    bench.change("UPDATE lt_redemptions SET state = 'NOTHING_TO_DO'")
    assert stood() is HEALTHY


def test_a_strategy_that_decides_and_places_nothing_against_its_rate_is_told_until_it_places(
    bench: Bench, strategy: UUID
) -> None:
    check = f"no_orders {strategy}"
    entries(bench, 20, first=NOON, apart="30 minutes")
    last = NOON + timedelta(hours=10)
    bench.at = last + timedelta(hours=5)
    assert check not in bench.look()

    decisions(bench, 25, first=last + timedelta(hours=1))
    quiet = bench.look()[check]
    assert (quiet.status, quiet.figures[0].observed) == (WARNING, 10)

    entries(bench, 1, first=bench.at - timedelta(minutes=1), apart="1 second")
    assert check not in bench.look()


def test_a_strategy_that_seldom_placed_anything_may_be_quiet_for_hours(bench: Bench, strategy: UUID) -> None:
    entries(bench, 20, first=NOON, apart="1 day")
    last = NOON + timedelta(days=20)
    bench.at = last + timedelta(hours=12)
    decisions(bench, 50, first=last + timedelta(hours=1))

    assert bench.look()["no_orders"].status is HEALTHY
    assert strategy


@pytest.mark.parametrize(
    ("measure", "price", "share", "took"),
    [
        ("slippage", "0.55", "1", "100 ms"),
        ("fill_rate", "0.501", "0.4", "100 ms"),
        ("latency", "0.501", "1", "3 s"),
    ],
)
def test_orders_that_go_worse_than_they_used_to_are_told_until_they_go_as_usual(
    bench: Bench, strategy: UUID, measure: str, price: str, share: str, took: str
) -> None:
    check = f"execution {strategy} {measure}"
    entries(bench, 60, first=NOON, apart="1 minute")
    fills(bench, price="0.501", since=NOON)
    bench.at = NOON + timedelta(hours=2)
    assert bench.run()["execution"].status is HEALTHY

    entries(bench, 20, first=bench.at, apart="1 minute", took=took)
    fills(bench, price=price, since=bench.at, share=share)
    bench.at += timedelta(hours=1)
    worse = bench.run()
    assert worse[check].status is WARNING
    assert [name for name in worse if name.startswith("execution ")] == [check]

    entries(bench, 20, first=bench.at, apart="1 minute")
    fills(bench, price="0.501", since=bench.at)
    bench.at += timedelta(hours=1)
    assert bench.run()["execution"].status is HEALTHY


def test_a_young_strategy_has_no_history_to_be_compared_with(bench: Bench, strategy: UUID) -> None:
    entries(bench, 12, first=NOON, apart="1 minute")
    fills(bench, price="0.9", since=NOON)
    bench.at = NOON + timedelta(hours=1)

    execution = bench.run()["execution"]

    assert (execution.status, execution.detail) == (HEALTHY, "not known: no strategy has enough orders")
    assert strategy


def test_a_look_takes_few_strategies_and_comes_to_all_in_turn(bench: Bench, strategy: UUID) -> None:
    assert strategy
    bench.change(
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
        bench.at += timedelta(minutes=5)
        bench.run(strategies_a_look=2)
        (row,) = bench.rows("SELECT count(DISTINCT lt_strategy_id) AS counted FROM guard_figures")
        counted.append(row["counted"])

    assert counted == [2, 4, 5]


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


def test_a_check_with_a_defect_stops_only_itself(bench: Bench) -> None:
    """A column that is gone: one question cannot be asked, and the others are."""
    bench.change("ALTER TABLE venue_modes RENAME COLUMN last_seen_at TO seen_last")

    findings = bench.look()

    assert findings["venue_mode"].status is CRITICAL
    assert {each.check for each in findings.values() if each.status is not HEALTHY} == {"venue_mode"}
    bench.change("ALTER TABLE venue_modes RENAME COLUMN seen_last TO last_seen_at")
    assert bench.look()["venue_mode"].status is HEALTHY

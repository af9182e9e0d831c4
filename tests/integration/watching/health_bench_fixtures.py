"""A database, its clock, and looks of health at it; with a strategy whose history a test makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import Finding, HealthStatus
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import newest_name
from live_trading.wiring.database import database_of
from local.machine.env import ROOT
from tests.integration.active_strategy import add_active_strategy

HEALTHY, WARNING, CRITICAL = HealthStatus.HEALTHY, HealthStatus.WARNING, HealthStatus.CRITICAL
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)

TRADER = "0x" + "ab" * 20

CONDITION = "0x" + "c" * 64


@dataclass
class HealthBench:
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
def watch_bench(database: Database, database_url: str) -> HealthBench:
    return HealthBench(database, database_url)


@pytest.fixture
def watched_strategy(watch_bench: HealthBench) -> UUID:
    """An active strategy, launched at noon, whose market is known and whose trader is followed."""
    watch_bench.change(
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
    watch_bench.change("INSERT INTO traders VALUES (:trader, TRUE, :now)", trader=TRADER, now=NOON)
    made = add_active_strategy(watch_bench.database, now=NOON, verification="VERIFIED")
    watch_bench.change(
        "INSERT INTO lt_risk_rules (lt_strategy_id, updated_at) VALUES (:made, :now)", made=made, now=NOON
    )
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


def entries(watch_bench: HealthBench, many: int, *, first: datetime, apart: str, took: str = "100 ms") -> None:
    watch_bench.change(ENTRIES, many=many, first=first, apart=apart, took=took)


def fills(watch_bench: HealthBench, *, price: str, since: datetime, share: str = "1") -> None:
    """Every entry since then without one has a fill of this share of it at this price."""
    watch_bench.change(
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


def resolves(watch_bench: HealthBench) -> None:
    """The market, at noon."""
    watch_bench.change(
        """
        UPDATE markets SET
            resolution_state = 'RESOLVED', resolved_at = :now, payout_numerators = '{1,0}', payout_denominator = 1
        """,
        now=NOON,
    )


def decisions(watch_bench: HealthBench, many: int, *, first: datetime) -> None:
    """Decisions of the strategy a minute apart, each on a trade of its own, refused for the price."""
    watch_bench.change(
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

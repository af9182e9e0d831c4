"""Retention on four months of rows: what goes, what stays, and that nothing is traded again because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from live_trading.nouns.errors import LeaseLost
from live_trading.services.following import evaluation
from live_trading.services.following.subject import subject_of
from live_trading.services.running.budget import Budget
from live_trading.services.watching.retention import LEASE, Lives, Retention, RetentionReport
from live_trading.store.accounts import live_strategies
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.feed import subjects, trader_histories
from live_trading.store.risk import standing
from tests.integration.growth_fixtures import AT, FOUR_MONTHS

pytestmark = [pytest.mark.integration, pytest.mark.growth]

NINETY_DAYS = timedelta(days=90)
FOR_EVER = (
    "ledger_transactions", "ledger_entries", "lt_orders", "orders", "fills", "lt_redemptions", "chain_sends",
    "chain_send_versions", "ft_orders", "gap_trades", "markets", "breaks", "locks",
)  # fmt: skip


@dataclass
class Aged:
    """A database with a past, and the job that removes some of it."""

    database: Database
    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    def run(self, budget: Budget | None = None, lives: Lives | None = None) -> RetentionReport:
        return Retention(database=self.database, clock=self, lives=lives or Lives(), holder="a run").run(budget)

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        with self.database.transaction() as transaction:
            return transaction.rows(sql, **parameters)

    def count(self, what: str, **parameters: object) -> int:
        return int(self.rows(f"SELECT count(*) AS found FROM {what}", **parameters)[0]["found"])

    def change(self, sql: str, **parameters: object) -> None:
        with self.database.transaction() as transaction:
            transaction.execute(sql, **parameters)

    def undecided(self) -> dict[object, list[int]]:
        """By subject the trades that a run would look at, of paper and live."""
        with self.database.transaction() as transaction:
            known = [subject_of(row) for row in subjects.active_ft_wallets(transaction)]
            ids = [row["lt_strategy_id"] for row in transaction.rows("SELECT lt_strategy_id FROM lt_strategies")]
            known += [each for each in evaluation.strategy_subjects(transaction, ids) if hasattr(each, "key")]
            found = evaluation.undecided(transaction, known, newest_first=True)
        return {key: [each.source_trade_id for each in trades] for key, trades in found.items()}


@pytest.fixture
def aged(four_months: Database) -> Aged:
    return Aged(four_months)


def test_decisions_that_became_no_order_go_with_their_evidence_and_their_trades(aged: Aged) -> None:
    old = "decisions WHERE decided_at < :before"
    before = AT - NINETY_DAYS
    entered = aged.count(f"{old} AND verdict = 'ACCEPTED'", before=before)
    young = aged.count("decisions WHERE decided_at >= :before", before=before)
    assert aged.count(old, before=before) > entered > 0

    report = aged.run()

    assert (report.failures, report.left) == ([], [])
    assert aged.count(old, before=before) == entered == aged.count(f"{old} AND verdict = 'ACCEPTED'", before=before)
    assert aged.count("decisions WHERE decided_at >= :before", before=before) == young
    assert (
        aged.count(
            "decision_evidence AS kept WHERE NOT EXISTS ("
            "SELECT 1 FROM decisions WHERE decisions.source_trade_id = kept.source_trade_id)"
        )
        == 0
    )
    week_before = before - timedelta(days=7)
    assert aged.count("source_trades WHERE seen_at < :before", before=week_before) == aged.count(
        "ft_orders WHERE trade_time < :before", before=week_before
    )


def test_what_is_moneys_stays_for_ever(aged: Aged) -> None:
    before = {table: aged.count(table) for table in FOR_EVER}
    audit = aged.count("audit_log WHERE subject_type IN ('lt_order', 'lt_redemption')")

    aged.at += timedelta(days=3_000)
    report = aged.run()

    assert report.failures == []
    assert {table: aged.count(table) for table in FOR_EVER} == before
    assert aged.count("audit_log WHERE subject_type IN ('lt_order', 'lt_redemption')") == audit
    assert aged.count("lt_orders WHERE decision_id IS NULL") == 0


def test_no_trade_is_looked_at_again_because_its_decision_is_gone(aged: Aged) -> None:
    assert aged.undecided() == {}

    assert aged.run().removed["decisions"] > 0

    assert aged.undecided() == {}


def test_decisions_that_a_subject_may_still_look_at_stay(aged: Aged) -> None:
    aged.change("UPDATE cursors SET position = '900' WHERE starts_with(cursor_name, 'decided:')")
    subject = aged.rows("SELECT lt_strategy_id AS id FROM lt_strategies ORDER BY made_number LIMIT 1")[0]["id"]
    waiting = aged.rows(
        "SELECT source_trade_id FROM decisions WHERE lt_strategy_id = :id AND verdict = 'REJECTED' ORDER BY 1 LIMIT 1",
        id=subject,
    )[0]["source_trade_id"]
    aged.run()
    assert aged.rows("SELECT 1 FROM decisions WHERE lt_strategy_id = :id AND source_trade_id < 900", id=subject)

    aged.change(
        "UPDATE cursors SET position = '4000', waiting = ARRAY[:waiting::bigint] WHERE cursor_name = :name",
        waiting=waiting,
        name=f"decided:lt:{subject}",
    )
    aged.change("DELETE FROM cursors WHERE cursor_name = 'retention:decisions'")
    aged.run()

    kept = aged.rows(
        "SELECT source_trade_id FROM decisions WHERE lt_strategy_id = :id AND verdict = 'REJECTED' "
        "AND source_trade_id < 900",
        id=subject,
    )
    assert [each["source_trade_id"] for each in kept] == [waiting]


def test_a_trade_stays_while_the_feed_of_its_trader_may_be_read_from_before_it(aged: Aged) -> None:
    silent = aged.rows("SELECT trader_address AS trader FROM traders ORDER BY 1 LIMIT 1")[0]["trader"]
    stands_at = AT - timedelta(days=110)
    aged.change(
        "UPDATE cursors SET position = :at WHERE cursor_name = :name", at=stands_at.isoformat(), name=f"ingest:{silent}"
    )

    aged.run()

    of_silent = (
        "SELECT min(trade_time) AS oldest FROM source_trades WHERE trader_address = :trader AND NOT EXISTS ("
        "SELECT 1 FROM ft_orders WHERE ft_orders.source_trade_id = source_trades.source_trade_id)"
    )
    assert aged.rows(of_silent, trader=silent)[0]["oldest"] >= stands_at - timedelta(days=1)
    others = (
        "source_trades WHERE trader_address <> :trader AND trade_time < :before AND NOT EXISTS ("
        "SELECT 1 FROM ft_orders WHERE ft_orders.source_trade_id = source_trades.source_trade_id)"
    )
    assert aged.count(others, trader=silent, before=AT - timedelta(days=98)) == 0


def test_of_older_snapshots_the_highest_and_the_last_of_each_hour_stay_and_so_the_drawdown(aged: Aged) -> None:
    of_first = (
        "SELECT lt_strategy_id AS id, trading_wallet_id AS wallet FROM lt_strategies ORDER BY made_number LIMIT 1"
    )
    strategy, wallet = aged.rows(of_first)[0].values()
    hour = AT - timedelta(days=10)
    aged.change(
        """
        INSERT INTO equity_snapshots
        SELECT :id, :hour::timestamptz + make_interval(mins => minute), 10000, 9000, 0, 1000, 0, 0,
            10000 + CASE minute WHEN 7 THEN 500 ELSE minute END, 10000
        FROM generate_series(1, 55) AS minute
        """,
        id=strategy,
        hour=hour,
    )
    with aged.database.transaction() as transaction:
        live = next(each for each in live_strategies.active(transaction, wallet) if each.lt_strategy_id == strategy)
        before = standing.of_strategy(transaction, live, AT)

    report = aged.run()

    kept = aged.rows(
        "SELECT marked_equity_usd - transfers_in_usd AS profit FROM equity_snapshots WHERE lt_strategy_id = :id "
        "AND taken_at >= :hour AND taken_at < :hour::timestamptz + interval '1 hour' ORDER BY taken_at",
        id=strategy,
        hour=hour,
    )
    assert [each["profit"] for each in kept] == [500, 55]
    with aged.database.transaction() as transaction:
        assert standing.of_strategy(transaction, live, AT) == before
    assert report.removed["snapshots by hour"] > 0
    per_day = aged.count(
        "equity_snapshots WHERE lt_strategy_id = :id AND taken_at >= :day AND taken_at < :day::timestamptz + "
        "interval '1 day'",
        id=strategy,
        day=(AT - timedelta(days=100)).replace(hour=0),
    )
    assert per_day == 2
    young = aged.count("equity_snapshots WHERE taken_at > :since", since=AT - timedelta(days=2))
    assert young == FOUR_MONTHS.strategies * FOUR_MONTHS.looks_a_day * 2


@pytest.mark.parametrize(
    ("table", "time", "life"),
    [
        ("lt_health_checks", "checked_at", Lives().checks_of_health),
        ("idempotency_keys", "created_at", Lives().kept_answers),
        ("quarantined_rows", "last_seen_at", timedelta(days=60)),
        ("trader_stats", "as_of", Lives().records_of_traders),
        ("lt_alerts", "resolved_at", timedelta(days=60)),
    ],
)
def test_each_kind_has_a_life(aged: Aged, table: str, time: str, life: timedelta) -> None:
    before = AT - life
    young = aged.count(f"{table} WHERE {time} >= :before", before=before)
    assert aged.count(f"{table} WHERE {time} < :before", before=before) > 0

    aged.run(lives=Lives(rows_set_aside=timedelta(days=60), alerts=timedelta(days=60)))

    assert aged.count(f"{table} WHERE {time} < :before", before=before) == 0
    assert aged.count(f"{table} WHERE {time} >= :before", before=before) == young > 0


def test_alerts_that_stand_and_the_newest_record_of_a_trader_stay(aged: Aged) -> None:
    aged.change("UPDATE lt_alerts SET status = 'ACTIVE', resolved_at = NULL WHERE lt_alert_id = 1")
    traders = aged.count("traders")
    aged.at += timedelta(days=4_000)

    aged.run()

    assert aged.rows("SELECT lt_alert_id FROM lt_alerts") == [{"lt_alert_id": 1}]
    assert aged.count("trader_stats") == traders


def test_the_audit_of_settings_goes_after_two_years_and_that_of_money_never(aged: Aged) -> None:
    aged.change(
        "INSERT INTO audit_log (actor, action, subject_type, subject_id, cause, at) "
        "SELECT 'somebody', 'changed', kind, '1', 'so', :at FROM unnest(ARRAY['lock', 'break', 'trader']) AS kind",
        at=AT,
    )
    aged.at += timedelta(days=731)

    aged.run()

    assert aged.rows("SELECT subject_type FROM audit_log WHERE actor = 'somebody'") == [{"subject_type": "break"}]


def test_a_run_without_time_goes_on_where_it_stopped(aged: Aged) -> None:
    asked = iter(range(100))
    batches = 12

    first = aged.run(Budget(lambda: 60.0 if next(asked) < batches else 0.0))
    removed = first.removed.copy()
    left = list(first.left)
    second = aged.run()

    assert "snapshots by hour" in left
    assert second.left == []
    assert removed["decisions"] + second.removed["decisions"] == aged_total(aged)
    assert aged.run().removed.total() == 0


def aged_total(aged: Aged) -> int:
    """Decisions of the built months that are gone."""
    return 2 * FOUR_MONTHS.source_trades - aged.count("decisions")


def test_one_run_acts_and_whoever_was_overtaken_removes_nothing(aged: Aged) -> None:
    with aged.database.transaction() as transaction:
        leases.acquire(transaction, LEASE, "another", AT, 60)
    assert aged.run().ran is False

    aged.change("DELETE FROM leases")

    def overtaken() -> float:
        aged.change("UPDATE leases SET fencing_token = fencing_token + 1 WHERE lease_name = :name", name=LEASE)
        return 60.0

    before = aged.count("decisions")
    with pytest.raises(LeaseLost):
        aged.run(Budget(overtaken))
    assert aged.count("decisions") == before


def test_a_row_that_somebody_holds_is_left_for_later(aged: Aged) -> None:
    oldest = "SELECT idempotency_key FROM idempotency_keys ORDER BY created_at LIMIT 1"
    with aged.database.transaction() as holder:
        held = holder.only(f"{oldest} FOR UPDATE")["idempotency_key"]

        report = aged.run()

    assert report.failures == []
    assert aged.rows(oldest) == [{"idempotency_key": held}]
    aged.run()
    assert aged.rows(oldest) != [{"idempotency_key": held}]


def test_hourly_sums_of_old_trades_become_daily_ones_and_no_record_changes(aged: Aged) -> None:
    trader = aged.rows("SELECT trader_address AS trader FROM traders ORDER BY 1 LIMIT 1")[0]["trader"]
    midnight = (AT - timedelta(days=61)).replace(hour=0)
    aged.change("DELETE FROM trader_trade_hours")
    aged.change(
        "INSERT INTO trader_trade_hours SELECT :trader, :at::timestamptz + make_interval(hours => hour), 2, 1, 10 "
        "FROM generate_series(1, 1464) AS hour",
        trader=trader,
        at=midnight,
    )
    as_ofs = [AT - timedelta(days=each) for each in (0, 20, 58)]
    with aged.database.transaction() as transaction:
        before = trader_histories.trade_sums(transaction, trader, as_ofs)

    assert aged.run().failures == []

    with aged.database.transaction() as transaction:
        assert trader_histories.trade_sums(transaction, trader, as_ofs) == before
    assert aged.count("trader_trade_hours") == 1464 - 23
    assert aged.rows("SELECT trades FROM trader_trade_hours ORDER BY until LIMIT 1") == [{"trades": 48}]

"""Each check of money is turned bad by causing what it watches for, and well again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.services.watching.findings import HealthStatus
from live_trading.store.books import breaks
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.risk import locks
from tests.integration.watching.health_bench_fixtures import (
    CONDITION,
    CRITICAL,
    HEALTHY,
    NOON,
    WARNING,
    HealthBench,
    entries,
    fills,
    resolves,
)

pytestmark = [pytest.mark.integration, pytest.mark.health]


def test_a_redemption_that_is_not_booked_for_hours_is_overdue_until_it_is(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    assert watched_strategy

    def stood() -> HealthStatus:
        return watch_bench.look()["overdue_redemptions"].status

    watch_bench.change(
        """
        INSERT INTO lt_redemptions (
            lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, market_resolved_at, created_at
        ) SELECT gen_random_uuid(), trading_wallet_id, :condition, 'STANDARD', 'DUE', 10, :now, :now FROM lt_strategies
        """,
        condition=CONDITION,
        now=NOON,
    )
    assert stood() is HEALTHY
    watch_bench.at += timedelta(hours=7)
    assert stood() is WARNING
    watch_bench.change("UPDATE lt_redemptions SET state = 'NOTHING_TO_DO'")
    assert stood() is HEALTHY


def test_a_break_is_critical_while_it_is_open(watch_bench: HealthBench, watched_strategy: UUID) -> None:
    (wallet,) = watch_bench.rows("SELECT trading_wallet_id AS id FROM trading_wallets")
    found = Break(kind=BreakKind.COLLATERAL, subject="collateral", expected=Decimal(10), observed=Decimal(9))

    def compared(*seen: Break) -> HealthStatus:
        with watch_bench.database.transaction() as transaction:
            breaks.replace_open(transaction, wallet["id"], seen, watch_bench.at)
        return watch_bench.look()["breaks"].status

    assert [compared(), compared(found), compared()] == [HEALTHY, CRITICAL, HEALTHY]
    assert watched_strategy


def test_a_lock_is_told_while_it_is_in_force_and_a_pause_is_none(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    def put(reason: LockReason) -> None:
        with watch_bench.database.transaction() as transaction:
            locks.put(
                transaction,
                scope=LockScope.STRATEGY,
                scope_id=str(watched_strategy),
                reason=reason,
                detail="a test",
                created_by="o",
                now=watch_bench.at,
                ends_at=watch_bench.at + timedelta(minutes=10),
            )

    put(LockReason.PAUSED_BY_USER)
    assert watch_bench.look()["locks_in_force"].status is HEALTHY
    put(LockReason.LOCKED_BY_USER)
    assert watch_bench.look()["locks_in_force"].status is WARNING
    watch_bench.at += timedelta(minutes=10)
    assert watch_bench.look()["locks_in_force"].status is HEALTHY


@pytest.mark.parametrize(
    ("check", "account", "amount"), [("overdrafts", "CASH", "-0.000001"), ("unallocated", "UNALLOCATED", "-5")]
)
def test_an_account_below_zero_is_told_until_it_is_made_good(
    watch_bench: HealthBench, watched_strategy: UUID, check: str, account: str, amount: str
) -> None:
    assert watch_bench.look()[check].status is HEALTHY
    watch_bench.change(
        """
        INSERT INTO ledger_balances
        SELECT trading_wallet_id, CASE WHEN :account = 'CASH' THEN lt_strategy_id END, :account, :amount::numeric
        FROM lt_strategies
        """,
        account=account,
        amount=amount,
    )
    below = watch_bench.look()[check]
    assert below.status is not HEALTHY
    assert below.figures[0].observed == 1
    watch_bench.change("UPDATE ledger_balances SET amount_usd = 0")
    assert watch_bench.look()[check].status is HEALTHY
    assert watched_strategy


def test_a_trade_whose_receipt_nobody_can_read_is_told_and_keeps_its_market_unbooked(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    entries(watch_bench, 1, first=NOON, apart="1 second")
    fills(watch_bench, price="0.5", since=NOON)
    watch_bench.change("UPDATE fills SET status = 'MINED', confirmed_at = NULL, venue_confirmed_at = :now", now=NOON)
    resolves(watch_bench)
    condition = f"condition {CONDITION} of main"
    assert watch_bench.look()["unread_receipts"].status is HEALTHY

    watch_bench.at += timedelta(minutes=31)
    late = watch_bench.look()
    assert (late["unread_receipts"].status, late[condition].status) == (WARNING, WARNING)

    watch_bench.change("UPDATE fills SET status = 'CONFIRMED', confirmed_at = :now", now=watch_bench.at)
    read = watch_bench.look()
    assert (read["unread_receipts"].status, read["resolved_markets"].status) == (HEALTHY, HEALTHY)
    assert watched_strategy


def test_wallets_of_two_owners_may_have_one_name_and_share_an_alert(
    watch_bench: HealthBench, watched_strategy: UUID
) -> None:
    entries(watch_bench, 1, first=NOON, apart="1 second")
    fills(watch_bench, price="0.5", since=NOON)
    watch_bench.change("UPDATE fills SET status = 'MINED', confirmed_at = NULL")
    watch_bench.change(
        """
        WITH other AS (
            INSERT INTO trading_wallets (
                trading_wallet_id, owner_id, name, address, signature_type, secret_name, opening_balance_usd,
                created_at, verification
            ) VALUES (gen_random_uuid(), 'p', 'main', '0x' || repeat('b', 40), 0, 's', 100, :now, 'VERIFIED')
            RETURNING trading_wallet_id
        )
        INSERT INTO fills (
            venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id,
            outcome_index, side, shares, price, cost_usd, fee_usd, role, status, match_time, recorded_at
        )
        SELECT
            'another', order_hash, lt_order_id, lt_strategy_id, other.trading_wallet_id, condition_id, token_id, 0,
            'BUY', 1, 0.5, 0.5, 0, 'TAKER', 'MINED', match_time, recorded_at
        FROM fills, other
        """,
        now=NOON,
    )
    resolves(watch_bench)
    watch_bench.at += timedelta(minutes=31)

    watch_bench.run()

    subjects = [row["subject"] for row in watch_bench.rows("SELECT subject FROM lt_alerts WHERE alert_type = 'health'")]
    assert subjects.count(f"condition {CONDITION} of main") == 1
    assert watched_strategy

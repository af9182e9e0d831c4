"""Runs of the executor in which one thing is bad: what it concerns stands still, and everything else goes on."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from live_trading.services.entering.execute import ExecuteReport
from live_trading.services.running.budget import Budget
from live_trading.services.running.leasing import WALLET_LEASE_SECONDS
from live_trading.store.database import leases
from live_trading.wiring.composition import Parts
from tests.e2e.live_fixtures import LiveDesk, beside

pytestmark = [pytest.mark.e2e, pytest.mark.money_faults]

PLENTY, TOO_LITTLE_FOR_A_WALLET = 90.0, 12.0


def executed(desk: LiveDesk, budget: Budget) -> ExecuteReport:
    return desk.parts.executor(f"test-{uuid.uuid4().hex[:8]}").run(budget)


def strange_market(desk: LiveDesk, **changes: Any) -> str:
    """A copy of the desk's market in the catalogue's table with these columns changed, seen just now; its condition."""
    condition = f"0x{uuid.uuid4().hex * 2}"
    values = {"tick_size": "0.01", "fee_rate": "0"} | changes
    with desk.database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO markets (
                condition_id, version, question, slug, outcomes, token_ids, is_open, accepting_orders, tick_size,
                minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state_since, refreshed_at
            ) VALUES (
                :condition, 'v1', 'strange', 'strange', '{Up,Down}', :tokens, TRUE, TRUE, :tick_size::numeric, 5,
                :fee_rate::numeric, 0, FALSE, :now, :now
            )
            """,
            condition=condition,
            tokens=[str(uuid.uuid4().int), str(uuid.uuid4().int)],
            now=desk.now(),
            **values,
        )
    return condition


def signal_on(desk: LiveDesk, condition: str) -> int:
    """A signal of the desk's own market, moved to another one."""
    number = desk.signal()
    desk.change(
        f"""
        UPDATE source_trades SET condition_id = '{condition}', token_id = (
            SELECT token_ids[1] FROM markets WHERE condition_id = '{condition}'
        ) WHERE source_trade_id = {number}
        """
    )
    return number


def reasons_by_strategy(desk: LiveDesk) -> dict[uuid.UUID, list[str]]:
    rows = desk.rows("SELECT lt_strategy_id, reason FROM decisions WHERE lt_strategy_id IS NOT NULL ORDER BY 1, 2")
    found: dict[uuid.UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row["lt_strategy_id"], []).append(row["reason"])
    return found


def test_a_market_on_a_grid_that_cannot_be_used_is_decided_by_name_and_the_other_signals_are_entered(
    desk: LiveDesk,
) -> None:
    signal_on(desk, strange_market(desk, tick_size="0.03"))
    desk.signal()

    report = desk.execute()

    assert sorted(desk.reasons()) == ["accepted", "tick_unusable"]
    assert report.failures == []


def test_a_decision_that_the_database_refuses_leaves_its_trade_alone_undecided(desk: LiveDesk) -> None:
    """A fee of 99 dollars a share makes a cost that no column holds."""
    bad = signal_on(desk, strange_market(desk, fee_rate="99.9"))
    signal_on(desk, strange_market(desk, tick_size="0.03"))
    desk.signal()

    report = desk.execute()

    assert sorted(desk.reasons()) == ["accepted", "tick_unusable"]
    assert [failure.part for failure in report.failures] == [f"trade {bad}"]


def test_a_strategy_whose_limits_cannot_be_judged_does_not_stop_the_wallet_behind_it(desk: LiveDesk) -> None:
    other = beside(desk)
    desk.change(f"UPDATE lt_strategies SET time_zone = 'No/Where' WHERE lt_strategy_id = '{desk.lt_strategy_id}'")
    desk.signal()

    report = desk.execute()

    assert reasons_by_strategy(desk) == {other.lt_strategy_id: ["accepted"]}
    assert f"strategy {desk.lt_strategy_id}" in [failure.part for failure in report.failures]


def test_a_wallet_that_was_not_reconciled_in_this_run_opens_nothing_and_its_signal_waits(desk: LiveDesk) -> None:
    desk.arm("server_error", endpoint="GET /data/trades")
    desk.signal()

    broken = desk.execute()
    assert desk.reasons() == []
    assert [failure.part for failure in broken.failures] == [f"wallet {desk.trading_wallet_id}"]
    desk.clear_faults()
    desk.execute()

    assert desk.reasons() == ["accepted"]


def test_a_wallet_that_was_not_reconciled_still_has_its_locks_carried_out(desk: LiveDesk) -> None:
    desk.signal()
    desk.execute()
    desk.settle()
    desk.change(
        f"""
        INSERT INTO locks (scope, scope_id, reason, mode, starts_at, created_by)
        VALUES ('STRATEGY', '{desk.lt_strategy_id}', 'locked_by_user', 'FLATTEN', '2020-01-01Z', 'operator')
        """
    )
    desk.arm("server_error", endpoint="GET /data/trades")

    desk.execute()

    assert [order["purpose"] for order in desk.orders()] == ["ENTRY", "FLATTEN"]


def only_until(desk: LiveDesk, is_over: Callable[[], bool]) -> Budget:
    return Budget(lambda: TOO_LITTLE_FOR_A_WALLET if is_over() else PLENTY)


def test_what_time_ran_out_for_is_named_and_comes_first_in_the_next_run(desk: LiveDesk) -> None:
    desk.parts = Parts({**desk.settings, "WALLETS_AT_ONCE": "1"})
    other = beside(desk)
    desk.signal()

    def is_over() -> bool:
        return len(desk.rows("SELECT DISTINCT lt_strategy_id FROM decisions")) > len(seen)

    seen: list[str] = []
    first = executed(desk, only_until(desk, is_over))
    assert reasons_by_strategy(desk) == {desk.lt_strategy_id: ["accepted"]}
    assert first.left == [f"wallet {other.trading_wallet_id}"]
    seen.append("first")
    desk.signal(outcome_index=1)
    second = executed(desk, only_until(desk, is_over))

    assert reasons_by_strategy(desk)[other.lt_strategy_id] == ["accepted", "accepted"]
    assert second.left == [f"wallet {desk.trading_wallet_id}"]
    assert first.failures == second.failures == []


def test_trades_that_time_ran_out_for_stay_undecided_and_are_counted(desk: LiveDesk) -> None:
    numbers = [desk.signal() for _ in range(3)]

    def is_over() -> bool:
        return desk.rows("SELECT 1 FROM decisions") != []

    report = executed(desk, Budget(lambda: 8.0 if is_over() else PLENTY))

    assert report.left == [f"strategy {desk.lt_strategy_id}: 2 trades"]
    assert [row["source_trade_id"] for row in desk.rows("SELECT source_trade_id FROM decisions")] == [numbers[-1]]
    assert executed(desk, Budget.unlimited()).left == []
    assert desk.reasons() == ["accepted"] * 3


def test_a_killed_run_costs_the_wallet_half_a_minute(desk: LiveDesk) -> None:
    with desk.database.transaction() as transaction:
        killed = leases.acquire(
            transaction, f"wallet:{desk.trading_wallet_id}", "killed", desk.now(), WALLET_LEASE_SECONDS
        )
    assert killed is not None
    desk.signal()
    at_once = desk.execute()
    desk.advance(31)

    desk.execute()

    assert [failure.error for failure in at_once.failures] == ["WalletBusy"]
    assert desk.reasons() == ["accepted"]


def test_a_backlog_is_decided_at_once_and_the_fresh_signal_enters_in_the_same_run(desk: LiveDesk) -> None:
    fresh = desk.signal()
    desk.change("UPDATE lt_strategies SET launched_at = launched_at - INTERVAL '30 days'")
    desk.change(
        f"""
        INSERT INTO source_trades (
            transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
            outcome_index, title, slug, trade_time, seen_at
        )
        SELECT
            '0x' || lpad(to_hex(made), 64, '0'), token_id, trader_address,
            CASE made % 10 WHEN 0 THEN 'SELL' ELSE 'BUY' END, price, shares, 0, condition_id, outcome, outcome_index,
            title, slug, trade_time - INTERVAL '1 hour' - made * INTERVAL '1 minute', seen_at - INTERVAL '1 hour'
        FROM source_trades CROSS JOIN generate_series(1, 5000) AS made
        WHERE source_trade_id = {fresh}
        """
    )

    report = desk.execute()

    assert report.decisions == {"accepted": 1, "not_an_entry": 500, "signal_too_old": 4500}
    assert [order["source_trade_id"] for order in desk.orders()] == [fresh]


def test_a_place_that_is_blocked_for_some_seconds_costs_no_signal(desk: LiveDesk) -> None:
    desk.arm("geoblocked", seconds=30)
    desk.signal()
    blocked = desk.execute()
    desk.advance(40)

    desk.execute()

    assert blocked.waiting == {"not_eligible": 1}
    assert desk.reasons() == ["accepted"]


def test_where_the_venue_keeps_saying_no_the_signal_is_refused_with_that_reason_after_ten_minutes(
    desk: LiveDesk,
) -> None:
    desk.change("UPDATE lt_strategies SET max_signal_age_seconds = 3600")
    desk.arm("closed_only")
    desk.signal()
    desk.execute()
    desk.advance(601)

    desk.execute()

    assert desk.reasons() == ["not_eligible"]


def test_a_book_that_cannot_be_asked_for_makes_its_signal_wait(desk: LiveDesk) -> None:
    desk.signal()
    desk.arm("server_error", endpoint="POST /books")
    without = desk.execute()
    desk.clear_faults()

    desk.execute()

    assert without.waiting == {"book_unavailable": 1}
    assert desk.reasons() == ["accepted"]


def test_a_wallet_that_the_venue_refused_is_free_as_soon_as_the_venue_says_so(desk: LiveDesk) -> None:
    desk.signal()
    for endpoint in ("POST /orders", "POST /order"):
        desk.arm("geoblocked", endpoint=endpoint, count=1)
    desk.execute()
    (lock,) = desk.rows("SELECT reason, ends_at - starts_at AS length FROM locks WHERE released_at IS NULL")
    assert lock == {"reason": "geoblocked", "length": timedelta(hours=1)}
    desk.clear_faults()
    desk.arm("geoblocked")
    desk.signal(outcome_index=1)
    still = desk.execute()
    desk.clear_faults()

    desk.execute()

    assert still.waiting == {"not_eligible": 1}
    assert desk.rows("SELECT release_kind FROM locks") == [{"release_kind": "RECOVERED"}]
    assert desk.reasons() == ["accepted", "accepted"]


def test_a_lock_for_closed_only_mode_ends_with_the_mode(desk: LiveDesk) -> None:
    desk.change(
        f"""
        INSERT INTO locks (scope, scope_id, reason, starts_at, created_by)
        VALUES ('TRADING_WALLET', '{desk.trading_wallet_id}', 'closed_only', '2020-01-01Z', 'lt-execute')
        """
    )
    desk.arm("closed_only", seconds=30)
    desk.signal()
    desk.execute()
    assert desk.rows("SELECT released_at FROM locks") == [{"released_at": None}]
    desk.advance(40)

    desk.execute()

    assert desk.rows("SELECT release_kind FROM locks") == [{"release_kind": "RECOVERED"}]
    assert desk.reasons() == ["accepted"]


def test_a_stake_that_the_markets_volatility_doubles_stays_within_the_largest_bet(desk: LiveDesk) -> None:
    desk.change(
        "UPDATE lt_risk_rules SET use_volatility_adjustment = TRUE, volatility_lookback_days = 1, "
        "low_volatility_per_day = 0.000001, high_volatility_per_day = 0.000002, low_volatility_multiplier = 2, "
        "high_volatility_multiplier = 2"
    )
    desk.change('UPDATE ft_wallet_versions SET config = config || \'{"bet_size": "20", "max_bet": "30"}\'::jsonb')
    desk.advance_to(desk.market["end_ms"] - 100_000)
    # So near its end nobody may offer the outcome that has won.
    desk.signal(outcome_index=desk.dearer())

    desk.execute()

    (decision,) = desk.rows("SELECT reason, stake_usd, own FROM decisions")
    assert (decision["reason"], decision["own"]["stake_multiplier"]) == ("accepted", "2")
    assert decision["stake_usd"] == 30

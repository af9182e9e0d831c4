"""The gate on the committed state of a real Postgres: what counts, when it counts, and what is stored of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.store.risk import observations
from tests.builders import ALICE, BOB, NOON
from tests.risk.risk_fixtures import CAPITAL, RiskDesk

pytestmark = [pytest.mark.integration, pytest.mark.risk]


def test_an_entry_inside_all_limits_goes_in_with_every_verdict_stored(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(
        daily_budget_usd=100, max_order_usd=20, max_spread_fraction=Decimal("0.1"), max_orders_per_minute=3
    )

    entered = risk_desk.enter(seat, "20")

    assert (entered.reason, entered.reserved) == (Reason.ACCEPTED, Usd(20))
    assert [(each["rule"], each["verdict"]) for each in risk_desk.verdicts()] == [
        ("cash", "PASS"),
        ("wallet_unallocated", "PASS"),
        ("daily_budget", "PASS"),
        ("order_size", "PASS"),
        ("signal_age", "PASS"),
        ("spread", "PASS"),
        ("order_rate", "PASS"),
    ]


def test_the_smallest_limit_cuts_the_entry_and_both_looks_are_stored(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(shrink_to_fit=True, max_order_usd=30, daily_budget_usd=17)

    entered = risk_desk.enter(seat, "50")

    assert (entered.reason, entered.reserved) == (Reason.ACCEPTED, Usd(17))
    stored = [(each["rule"], each["verdict"], each["observed"]) for each in risk_desk.verdicts()]
    assert ("order_size", "SHRINK", "50.000000") in stored
    assert ("daily_budget", "SHRINK", "50.000000") in stored
    assert ("daily_budget", "PASS", "17.000000") in stored
    (decision,) = risk_desk.rows("SELECT stake_usd FROM decisions")
    assert decision["stake_usd"] == 17


def test_without_shrinking_an_entry_that_is_too_large_is_refused(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_order_usd=30)

    assert risk_desk.enter(seat, "30.01").reason is Reason.RISK_REJECTED
    assert risk_desk.enter(seat, "30").reason is Reason.ACCEPTED


def test_what_is_left_below_the_venue_s_minimum_is_too_small_and_never_bumped(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(shrink_to_fit=True, daily_budget_usd=Decimal("0.99"))

    entered = risk_desk.enter(seat, "20")

    assert entered.reason is Reason.BELOW_MINIMUM_ORDER
    assert risk_desk.snapshot(seat).available == CAPITAL
    assert ("daily_budget", "SHRINK") in [(each["rule"], each["verdict"]) for each in risk_desk.verdicts()]


def test_missing_data_has_its_own_reason_and_the_rule_s_name(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_spread_fraction=Decimal("0.1"))

    assert risk_desk.enter(seat, book={"bids": ()}).reason is Reason.RISK_NO_DATA
    (spread,) = [each for each in risk_desk.verdicts() if each["rule"] == "spread"]
    assert (spread["observed"], spread["verdict"]) == (None, "NO_DATA")


def test_a_budget_counts_open_reservations_and_then_what_was_really_spent(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(daily_budget_usd=40)
    first = risk_desk.enter(seat, "30")
    assert risk_desk.enter(seat, "11").reason is Reason.RISK_REJECTED

    assert first.lt_order_id is not None
    risk_desk.fill(first.lt_order_id, "0.5")

    assert risk_desk.snapshot(seat).spent_today == Usd(15)
    assert risk_desk.enter(seat, "25").reason is Reason.ACCEPTED


def test_periods_turn_in_the_strategy_s_own_time_zone(risk_desk: RiskDesk) -> None:
    """NOON in UTC on Monday is already 01:00 on Tuesday in Auckland."""
    seat = risk_desk.add_strategy(time_zone="Pacific/Auckland")
    risk_desk.now = datetime(2026, 9, 28, 10, 59, tzinfo=UTC)
    risk_desk.bought(seat, "20", trade_time=risk_desk.now - timedelta(seconds=5))
    before = risk_desk.snapshot(seat)
    risk_desk.now = datetime(2026, 9, 28, 11, 0, tzinfo=UTC)
    after = risk_desk.snapshot(seat)

    assert (before.spent_today, after.spent_today) == (Usd(20), Usd(0))
    assert before.spent_this_week == after.spent_this_week == Usd(20)


def test_week_and_month_turn_on_their_own_days(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "20")

    risk_desk.now = datetime(2026, 9, 30, 12, tzinfo=UTC)
    assert (risk_desk.snapshot(seat).spent_this_week, risk_desk.snapshot(seat).spent_this_month) == (Usd(20), Usd(20))
    risk_desk.now = datetime(2026, 10, 1, 0, 0, tzinfo=UTC)
    assert (risk_desk.snapshot(seat).spent_this_week, risk_desk.snapshot(seat).spent_this_month) == (Usd(20), Usd(0))
    risk_desk.now = datetime(2026, 10, 5, 0, 0, tzinfo=UTC)
    assert risk_desk.snapshot(seat).spent_this_week == Usd(0)


def test_the_equity_of_a_period_s_beginning_is_what_was_there_then(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = risk_desk.bought(seat, "100")
    risk_desk.now = NOON + timedelta(hours=3)
    risk_desk.resolve(seat, order, "0")
    same_day = risk_desk.snapshot(seat)
    risk_desk.now = NOON + timedelta(days=1)
    next_day = risk_desk.snapshot(seat)

    assert (same_day.day_start_equity, same_day.equity) == (Usd(1000), Usd(900))
    assert next_day.day_start_equity == Usd(900)
    assert next_day.week_start_equity == Usd(1000)


def test_exposure_is_told_by_market_event_trader_and_wallet(risk_desk: RiskDesk) -> None:
    wallet = risk_desk.add_wallet()
    one, other = risk_desk.add_strategy(wallet), risk_desk.add_strategy(wallet)
    risk_desk.bought(one, "20", market=0)
    risk_desk.enter(one, "10", market=1, trader=BOB)
    risk_desk.bought(one, "5", market=2, outcome=1)
    risk_desk.bought(other, "40", market=0)

    seen = risk_desk.snapshot(one, market=0)

    assert (seen.exposure, seen.market_exposure, seen.event_exposure) == (Usd(35), Usd(20), Usd(30))
    assert (seen.trader_exposure, risk_desk.snapshot(one, trader=BOB).trader_exposure) == (Usd(25), Usd(10))
    assert (seen.wallet_exposure, seen.wallet_market_exposure, seen.wallet_equity) == (Usd(75), Usd(60), Usd(2000))
    assert (seen.open_positions, seen.positions_in_market, seen.holds_this_position) == (3, 1, True)
    assert (risk_desk.snapshot(one, market=0, outcome=1).holds_this_position, seen.position_usd) == (False, Usd(20))


def test_a_position_of_two_traders_is_shared_between_them_as_they_bought_it(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "30", trader=ALICE)
    risk_desk.bought(seat, "10", trader=BOB)
    risk_desk.sell(seat, "40", "20")

    assert risk_desk.snapshot(seat, trader=ALICE).trader_exposure == Usd(15)
    assert risk_desk.snapshot(seat, trader=BOB).trader_exposure == Usd(5)


def test_a_neighbour_on_the_same_wallet_uses_up_the_wallet_s_limit(risk_desk: RiskDesk) -> None:
    wallet = risk_desk.add_wallet()
    one = risk_desk.add_strategy(wallet, max_wallet_exposure_usd=50)
    other = risk_desk.add_strategy(wallet)
    risk_desk.bought(other, "40")

    assert risk_desk.enter(one, "10.01").reason is Reason.RISK_REJECTED
    assert risk_desk.enter(one, "10").reason is Reason.ACCEPTED


def test_exposure_is_dollars_and_never_shares(risk_desk: RiskDesk) -> None:
    """Incident 27: shares were summed as dollars."""
    seat = risk_desk.add_strategy(max_total_exposure_usd=100)
    risk_desk.bought(seat, "60", book={"asks": (("0.50", "100000"),)})

    assert risk_desk.snapshot(seat).exposure == Usd(60)
    assert risk_desk.enter(seat, "40", market=3).reason is Reason.ACCEPTED


def test_losses_of_the_day_count_sales_resolutions_and_gains_alike(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(daily_loss_limit_usd=25)
    risk_desk.bought(seat, "40", market=0)
    lost = risk_desk.bought(seat, "20", market=1)
    won = risk_desk.bought(seat, "10", market=2)
    risk_desk.sell(seat, "80", "25")
    assert risk_desk.snapshot(seat).profit_today == Usd(-15)
    assert risk_desk.enter(seat, "5", market=4).reason is Reason.ACCEPTED

    risk_desk.resolve(seat, lost, "0")
    assert risk_desk.snapshot(seat).profit_today == Usd(-35)
    assert risk_desk.enter(seat, "5", market=4).reason is Reason.RISK_REJECTED

    risk_desk.resolve(seat, won, "20")
    assert risk_desk.snapshot(seat).profit_today == Usd(-25)
    assert risk_desk.enter(seat, "5", market=4).reason is Reason.RISK_REJECTED
    risk_desk.now = NOON + timedelta(days=1)
    assert risk_desk.snapshot(seat).profit_today == Usd(0)
    assert risk_desk.enter(seat, "5", market=4).reason is Reason.ACCEPTED


def test_entries_of_one_minute_are_counted_for_strategy_and_wallet(risk_desk: RiskDesk) -> None:
    wallet = risk_desk.add_wallet()
    one = risk_desk.add_strategy(wallet, max_orders_per_minute=2)
    other = risk_desk.add_strategy(wallet, max_wallet_orders_per_minute=3)
    reasons = [risk_desk.enter(one, "5", market=number).reason for number in range(3)]
    reasons += [risk_desk.enter(other, "5", market=number).reason for number in range(2)]
    risk_desk.now += timedelta(seconds=60)
    reasons.append(risk_desk.enter(one, "5", market=4).reason)

    assert reasons == [
        Reason.ACCEPTED,
        Reason.ACCEPTED,
        Reason.RISK_REJECTED,
        Reason.ACCEPTED,
        Reason.RISK_REJECTED,
        Reason.ACCEPTED,
    ]


def test_a_stake_far_above_the_usual_is_refused_once_there_is_a_usual(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_stake_to_median_multiple=3)
    for number in range(5):
        assert risk_desk.enter(seat, str(10 + number), market=number).reason is Reason.ACCEPTED

    assert risk_desk.snapshot(seat).median_stake == Usd(12)
    assert risk_desk.enter(seat, "36.01", market=6).reason is Reason.RISK_REJECTED
    assert risk_desk.enter(seat, "36", market=6).reason is Reason.ACCEPTED


def test_traders_who_trade_as_one_are_copied_once(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(same_trade_window_seconds=30)
    at = NOON - timedelta(seconds=60)
    assert risk_desk.enter(seat, "10", trader=ALICE, trade_time=at).reason is Reason.ACCEPTED

    assert risk_desk.enter(seat, "10", trader=BOB, trade_time=at + timedelta(seconds=30)).reason is Reason.RISK_REJECTED
    assert risk_desk.enter(seat, "10", trader=BOB, trade_time=at + timedelta(seconds=31)).reason is Reason.ACCEPTED
    assert risk_desk.enter(seat, "10", trader=ALICE, trade_time=at).reason is Reason.ACCEPTED
    assert risk_desk.enter(seat, "10", trader=BOB, trade_time=at, market=1).reason is Reason.ACCEPTED


def test_a_trader_who_comes_back_after_a_long_silence_is_not_copied_at_first(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_trader_silence_days=14)

    assert risk_desk.enter(seat, "10").reason is Reason.RISK_REJECTED
    risk_desk.now += timedelta(minutes=2)
    assert risk_desk.enter(seat, "10").reason is Reason.ACCEPTED


def test_a_trader_without_a_record_is_no_data_and_one_below_the_rate_is_refused(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(min_trader_win_rate_fraction=Decimal("0.5"))
    assert risk_desk.enter(seat, "10").reason is Reason.RISK_NO_DATA

    for won, expected in ((19, Reason.RISK_REJECTED), (20, Reason.ACCEPTED)):
        risk_desk.change("DELETE FROM trader_stats")
        risk_desk.change(
            "INSERT INTO trader_stats VALUES (:trader, :at, 40, :won, 20, 40, :won, 20)",
            trader=ALICE,
            at=NOON - timedelta(hours=1),
            won=won,
        )
        assert risk_desk.enter(seat, "10").reason is expected


def test_volatility_scales_the_stake_and_without_history_nothing_is_entered(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(
        use_volatility_adjustment=True,
        volatility_lookback_days=7,
        low_volatility_per_day=Decimal("0.2"),
        high_volatility_per_day=1,
        low_volatility_multiplier=1,
        high_volatility_multiplier=Decimal("0.5"),
    )

    assert risk_desk.enter(seat, "40").reason is Reason.RISK_NO_DATA
    assert risk_desk.enter(seat, "40", volatility=Decimal("0.6")).reserved == Usd(30)
    assert risk_desk.enter(seat, "40", volatility=Decimal("5"), market=1).reserved == Usd(20)


def test_the_venue_s_latency_is_the_95th_percentile_of_late_calls(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_venue_latency_milliseconds=200)
    assert risk_desk.enter(seat, "10").reason is Reason.ACCEPTED

    with risk_desk.database.transaction() as transaction:
        observations.save_calls(transaction, seat.strategy.trading_wallet_id, [*[50] * 94, *[300] * 6], 0, NOON)
    assert risk_desk.snapshot(seat).venue_latency_milliseconds == 300
    assert risk_desk.enter(seat, "10").reason is Reason.RISK_REJECTED


def test_a_rule_that_trips_locks_in_the_same_transaction_and_the_lock_stops_the_next(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_consecutive_losses=2)
    for number in range(2):
        risk_desk.resolve(seat, risk_desk.bought(seat, "5", market=number), "0")

    assert risk_desk.enter(seat, "5", market=3).reason is Reason.RISK_TRIPPED
    assert risk_desk.enter(seat, "5", market=3).reason is Reason.ENTRIES_LOCKED
    (lock,) = risk_desk.locks()
    assert (lock.scope, lock.reason, lock.ends_at) == (LockScope.STRATEGY, LockReason.CONSECUTIVE_LOSSES, None)
    assert risk_desk.rows("SELECT alert_type, status FROM lt_alerts") == [{"alert_type": "lock", "status": "ACTIVE"}]


def breaker(**limits: Any) -> dict[str, Any]:
    return {
        "breaker_scope": "STRATEGY",
        "breaker_window_seconds": 600,
        "breaker_cooldown_seconds": 900,
        **limits,
    }


def test_a_breaker_ends_after_its_cool_down_and_what_tripped_it_does_not_trip_it_again(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(**breaker(breaker_error_rate_fraction=Decimal("0.5")))
    with risk_desk.database.transaction() as transaction:
        observations.save_calls(transaction, seat.strategy.trading_wallet_id, [10] * 6, 3, NOON)

    assert risk_desk.enter(seat, "5").reason is Reason.RISK_TRIPPED
    risk_desk.now += timedelta(seconds=899)
    assert risk_desk.enter(seat, "5").reason is Reason.ENTRIES_LOCKED
    risk_desk.now += timedelta(seconds=1)
    assert risk_desk.enter(seat, "5").reason is Reason.ACCEPTED


def test_a_breaker_trips_again_for_what_happens_after_it(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(**breaker(breaker_error_rate_fraction=Decimal("0.5")))
    wallet = seat.strategy.trading_wallet_id
    with risk_desk.database.transaction() as transaction:
        observations.save_calls(transaction, wallet, [10] * 6, 3, NOON)
    risk_desk.enter(seat, "5")
    risk_desk.now += timedelta(seconds=901)
    with risk_desk.database.transaction() as transaction:
        observations.save_calls(transaction, wallet, [10] * 6, 6, risk_desk.now)

    assert risk_desk.enter(seat, "5").reason is Reason.RISK_TRIPPED
    assert len(risk_desk.rows("SELECT 1 FROM locks")) == 2


def test_too_few_calls_say_nothing_of_a_rate(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(**breaker(breaker_error_rate_fraction=Decimal("0.5")))
    with risk_desk.database.transaction() as transaction:
        observations.save_calls(transaction, seat.strategy.trading_wallet_id, [10] * 4, 4, NOON)

    assert risk_desk.enter(seat, "5").reason is Reason.ACCEPTED


def test_the_slippage_of_the_last_fills_trips_the_breaker_once_there_are_enough(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(**breaker(breaker_slippage_fraction=Decimal("0.04"), breaker_slippage_fills=2))
    for number in range(2):
        entered = risk_desk.enter(seat, "10", market=number)
        assert entered.lt_order_id is not None
        risk_desk.fill(entered.lt_order_id, price="0.53")

    assert risk_desk.standing(seat).breaker.fills_slippage_fraction == Decimal("0.06")
    assert risk_desk.enter(seat, "10", market=3).reason is Reason.RISK_TRIPPED


def test_breaks_that_were_seen_twice_trip_and_a_passing_one_does_not(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(**breaker(breaker_breaks=1))
    risk_desk.change(
        "INSERT INTO breaks (trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at) "
        "VALUES (:wallet, 'COLLATERAL', 'collateral', 10, 9, :at, :at)",
        wallet=seat.strategy.trading_wallet_id,
        at=NOON,
    )
    assert risk_desk.enter(seat, "5").reason is Reason.ACCEPTED

    risk_desk.change("UPDATE breaks SET last_seen_at = :at", at=NOON + timedelta(seconds=1))
    assert risk_desk.enter(seat, "5").reason is Reason.RISK_TRIPPED


def test_a_feed_that_fell_behind_trips_and_one_that_never_told_is_no_data(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(**breaker(breaker_feed_lag_seconds=120))
    assert risk_desk.enter(seat, "5").reason is Reason.RISK_NO_DATA

    for lag, expected in ((120, Reason.ACCEPTED), (121, Reason.RISK_TRIPPED)):
        with risk_desk.database.transaction() as transaction:
            observations.save_feed_freshness(transaction, "trades", NOON - timedelta(seconds=lag), NOON)
        assert risk_desk.enter(seat, "5").reason is expected


def test_marks_that_grow_old_trip_while_the_market_still_trades(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(**breaker(breaker_price_age_seconds=300))
    risk_desk.bought(seat, "10")
    risk_desk.now += timedelta(seconds=300)
    assert risk_desk.enter(seat, "5", market=1).reason is Reason.ACCEPTED
    risk_desk.now += timedelta(seconds=1)
    assert risk_desk.standing(seat).breaker.price_age_seconds == 301

    risk_desk.change(
        "UPDATE markets SET accepting_orders = FALSE WHERE condition_id = :id", id=risk_desk.market(0).condition_id
    )
    assert risk_desk.enter(seat, "5", market=1).reason is Reason.ACCEPTED
    risk_desk.change("UPDATE markets SET accepting_orders = TRUE")
    assert risk_desk.enter(seat, "5", market=1).reason is Reason.RISK_TRIPPED


@pytest.mark.parametrize(
    ("scope", "stops_the_neighbour", "stops_the_stranger"),
    [("STRATEGY", False, False), ("TRADING_WALLET", True, False), ("GLOBAL", True, True)],
)
def test_a_breaker_stops_its_scope_and_nobody_else(
    risk_desk: RiskDesk, scope: str, stops_the_neighbour: bool, stops_the_stranger: bool
) -> None:
    wallet = risk_desk.add_wallet()
    seat = risk_desk.add_strategy(wallet, **breaker(breaker_error_rate_fraction=Decimal("0.5"), breaker_scope=scope))
    neighbour, stranger = risk_desk.add_strategy(wallet), risk_desk.add_strategy()
    with risk_desk.database.transaction() as transaction:
        observations.save_calls(transaction, seat.strategy.trading_wallet_id, [10] * 6, 6, NOON)
    risk_desk.enter(seat, "5")

    assert (risk_desk.enter(neighbour, "5").reason is Reason.ENTRIES_LOCKED) == stops_the_neighbour
    assert (risk_desk.enter(stranger, "5").reason is Reason.ENTRIES_LOCKED) == stops_the_stranger

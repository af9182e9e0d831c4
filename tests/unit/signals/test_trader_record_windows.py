"""A trader's record as of a moment: two windows, nothing later, nothing made up."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Usd
from live_trading.nouns.trades import TraderRecord
from live_trading.signals.trader_record import ClosedPosition, TradeSize, chosen_record, prior_mean, stats_as_of
from tests.builders import ALICE, NOON, YES, a_record, stats

INSTANT = timedelta(microseconds=1)
THIRTY_DAYS = timedelta(days=30)


def closed(at: datetime, pnl: str = "1") -> ClosedPosition:
    return ClosedPosition(token_id=YES, closed_at=at, pnl=Usd(pnl))


def traded(at: datetime, usd: str = "10") -> TradeSize:
    return TradeSize(time=at, usd=Usd(usd))


def test_a_position_counts_from_the_moment_it_is_closed() -> None:
    found = stats_as_of(ALICE, NOON, [closed(NOON), closed(NOON + INSTANT)], [])

    assert found.lifetime.resolved_count == 1


def test_a_trade_counts_from_the_moment_it_is_made() -> None:
    found = stats_as_of(ALICE, NOON, [], [traded(NOON, "10"), traded(NOON + INSTANT, "9999")])

    assert found.lifetime.average_trade_usd == Usd(10)


def test_a_trade_of_unknown_size_leaves_the_average_of_its_windows_unknown() -> None:
    trades = [traded(NOON), TradeSize(time=NOON - THIRTY_DAYS, usd=None)]

    found = stats_as_of(ALICE, NOON, [], trades)

    assert (found.last_30_days.average_trade_usd, found.lifetime.average_trade_usd) == (Usd(10), None)


def test_a_trade_of_unknown_time_and_size_leaves_every_average_unknown() -> None:
    found = stats_as_of(ALICE, NOON, [closed(NOON)], [traded(NOON), TradeSize(time=None, usd=None)])

    assert (found.last_30_days.average_trade_usd, found.lifetime.average_trade_usd) == (None, None)
    assert found.lifetime.resolved_count == 1


def test_the_window_holds_the_last_thirty_days_and_the_lifetime_holds_all() -> None:
    just_in, just_out = NOON - THIRTY_DAYS + INSTANT, NOON - THIRTY_DAYS

    found = stats_as_of(
        ALICE, NOON, [closed(just_in), closed(just_out)], [traded(just_in, "10"), traded(just_out, "30")]
    )

    assert found.last_30_days == TraderRecord(resolved_count=1, won_count=1, average_trade_usd=Usd(10))
    assert found.lifetime == TraderRecord(resolved_count=2, won_count=2, average_trade_usd=Usd(20))


def test_only_a_profit_is_a_win() -> None:
    positions = [closed(NOON, "0.000001"), closed(NOON, "0"), closed(NOON, "-5")]

    assert stats_as_of(ALICE, NOON, positions, []).lifetime.won_count == 1


def test_a_trader_without_history_has_counts_of_zero_and_no_average() -> None:
    found = stats_as_of(ALICE, NOON, [], [])

    nothing = TraderRecord(resolved_count=0, won_count=0, average_trade_usd=None)
    assert (found.trader, found.as_of, found.last_30_days, found.lifetime) == (ALICE, NOON, nothing, nothing)


def test_thirty_days_count_where_they_hold_enough_positions() -> None:
    recent, ever = a_record(resolved=30), a_record(resolved=500)

    assert chosen_record(stats(last_30_days=recent, lifetime=ever), 30) == recent
    assert chosen_record(stats(last_30_days=recent, lifetime=ever), 31) == ever


def test_an_empty_window_says_nothing_even_where_no_minimum_is_set() -> None:
    recent, ever = a_record(resolved=0, won=0), a_record(resolved=500)

    assert chosen_record(stats(last_30_days=recent, lifetime=ever), 0) == ever


def test_the_mean_of_a_population_is_of_all_its_positions() -> None:
    assert prior_mean(45 + 10, 90 + 10) == Decimal("0.55")


def test_a_population_without_a_resolved_position_has_no_mean() -> None:
    assert prior_mean(0, 0) is None


MOMENTS = st.integers(min_value=-90 * 24, max_value=90 * 24).map(lambda hours: NOON + timedelta(hours=hours))


@given(st.lists(st.builds(closed, MOMENTS, st.sampled_from(["1", "-1"]))), st.lists(st.builds(traded, MOMENTS)))
def test_the_future_never_changes_a_record(positions: list[ClosedPosition], trades: list[TradeSize]) -> None:
    known_then = stats_as_of(
        ALICE,
        NOON,
        [each for each in positions if each.closed_at <= NOON],
        [each for each in trades if each.time <= NOON],
    )

    found = stats_as_of(ALICE, NOON, positions, trades)

    assert found == known_then
    assert found.last_30_days.resolved_count <= found.lifetime.resolved_count
    assert found.lifetime.won_count <= found.lifetime.resolved_count

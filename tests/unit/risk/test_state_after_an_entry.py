"""What an entry that was let in changes of the state that the next one is judged on."""

from __future__ import annotations

from dataclasses import fields

from live_trading.nouns.money import Usd
from live_trading.risk.after_entry import FEWEST_STAKES, MEDIAN_OF, median_after
from live_trading.risk.snapshot import RiskSnapshot

# A reservation is no profit and no loss: it leaves equity, and how the strategy stands, as they are.
_STAYS = {
    "standing",
    "equity",
    "day_start_equity",
    "week_start_equity",
    "month_start_equity",
    "profit_today",
    "profit_this_week",
    "wallet_unallocated",
    "wallet_equity",
    "venue_latency_milliseconds",
    "trader_win_rate",
    "trader_silence",
}
_CHANGES = {
    "available",
    "spent_today",
    "spent_this_week",
    "spent_this_month",
    "exposure",
    "position_usd",
    "market_exposure",
    "event_exposure",
    "trader_exposure",
    "wallet_exposure",
    "wallet_market_exposure",
    "holds_this_position",
    "open_positions",
    "positions_in_market",
    "orders_last_minute",
    "wallet_orders_last_minute",
    "median_stake",
    "is_same_trade",
}


def test_of_every_fact_it_is_said_whether_an_entry_changes_it() -> None:
    """A new fact of the rules belongs to one of the two, and where an entry changes it, into `after_entry`."""
    assert {each.name for each in fields(RiskSnapshot)} == _STAYS | _CHANGES
    assert not _STAYS & _CHANGES


def test_the_median_is_that_of_the_last_stakes_the_new_ones_included() -> None:
    own = [Usd(each) for each in (1, 2, 3, 4)]

    assert median_after(None, own, []) is None
    assert median_after(Usd(7), own, []) == Usd(7)
    assert median_after(None, own, [Usd(9)]) == Usd(3)
    assert median_after(None, own, [Usd(9), Usd(9), Usd(9)]) == Usd(4)


def test_too_few_stakes_say_nothing_and_the_oldest_are_forgotten() -> None:
    few = [Usd(1)] * (FEWEST_STAKES - 2)
    many = [Usd(1)] * MEDIAN_OF

    assert median_after(Usd(7), few, [Usd(9)]) == Usd(7)
    assert median_after(Usd(1), many, [Usd(9)] * (MEDIAN_OF // 2 + 1)) == Usd(9)

"""Live positions are left at the venue by the rules of their strategy: once, of what is settled, whatever is paused."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest

from live_trading.nouns.money import Shares
from tests.e2e.live_fixtures import TRADER, DeskMaker, LiveDesk

pytestmark = [pytest.mark.e2e, pytest.mark.exits]

AT_ANY_PRICE = {"trigger_observations": 1, "limit_fraction": "0.5", "floor_fraction": "0.9"}


def holding(desks: DeskMaker, **rules: Any) -> LiveDesk:
    """A desk that has bought after the trader and settled, with these rules of leaving from now on."""
    desk = desks.make(seconds_left=300, settle_seconds=0)
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal(outcome_index=desk.dearer())
    desk.execute()
    desk.settle()
    assert shares(desk) == settled(desk) > Shares(0)
    leave_by(desk, **rules)
    return desk


def leave_by(desk: LiveDesk, **rules: Any) -> None:
    exits = json.dumps({"exits": AT_ANY_PRICE | rules})
    desk.change(f"UPDATE ft_wallet_versions SET config = config || '{exits}'::jsonb")


def shares(desk: LiveDesk) -> Shares:
    return Shares(desk.rows("SELECT coalesce(sum(shares), 0) AS held FROM positions")[0]["held"])


def settled(desk: LiveDesk) -> Shares:
    return Shares(desk.rows("SELECT coalesce(sum(settled_shares), 0) AS held FROM positions")[0]["held"])


def exits(desk: LiveDesk) -> list[tuple[str, str, str]]:
    rows = desk.rows("SELECT purpose, exit_reason, state FROM lt_orders WHERE side = 'SELL' ORDER BY made_number")
    return [(row["purpose"], row["exit_reason"], row["state"]) for row in rows]


def trader_sells(desk: LiveDesk, fraction: str) -> None:
    """The trader gives up a part of what they bought."""
    desk.change(
        f"""
        INSERT INTO source_trades (
            transaction_hash, token_id, trader_address, side, price, shares, occurrence, condition_id, outcome,
            outcome_index, title, slug, trade_time, seen_at
        )
        SELECT
            '0x{uuid.uuid4().hex * 2}', token_id, trader_address, 'SELL', price, shares * {fraction}, 0, condition_id,
            outcome, outcome_index, title, slug, trade_time + interval '1 second', seen_at
        FROM source_trades WHERE trader_address = '{TRADER}' AND side = 'BUY'
        """
    )


def test_a_take_profit_sells_the_position_and_the_money_comes_back(desks: DeskMaker) -> None:
    desk = holding(desks, take_profit_price="0.01")

    report = desk.execute()
    desk.settle()
    desk.settle()

    assert report.exits == {"take_profit": 1}
    assert exits(desk) == [("EXIT", "take_profit", "FILLED")]
    assert shares(desk) < Shares("0.1")
    assert desk.balances().unsettled.value == 0
    assert desk.rows("SELECT * FROM breaks") == []


def limit(desk: LiveDesk, **rules: Any) -> None:
    positions = json.dumps({"positions": rules})
    desk.change(f"UPDATE ft_wallet_versions SET config = config || '{positions}'::jsonb")


def test_entries_of_one_run_and_of_runs_before_count_together(desks: DeskMaker) -> None:
    desk = desks.make(seconds_left=300, settle_seconds=0)
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    limit(desk, max_entries=2)
    for _ in range(3):
        desk.signal(outcome_index=desk.dearer())
    desk.execute()
    assert sorted(desk.reasons()) == ["accepted", "accepted", "too_many_entries"]
    desk.settle()

    desk.signal(outcome_index=desk.dearer())
    desk.execute()

    assert sorted(desk.reasons()) == ["accepted", "accepted", "too_many_entries", "too_many_entries"]
    assert len(desk.venue_orders()) == 2


def test_after_a_stop_the_market_cools_down_and_what_was_left_stays_left(desks: DeskMaker) -> None:
    desk = holding(desks, stop_loss_price="0.99")
    outcome = desk.dearer()
    limit(desk, cooldown_minutes_after_stop=1)
    desk.execute()
    desk.signal(outcome_index=1 - outcome)
    desk.settle()
    assert exits(desk) == [("EXIT", "stop_loss", "FILLED")]
    assert desk.reasons() == ["accepted", "cooling_down"]

    limit(desk, reentry=False)
    desk.signal(outcome_index=outcome)
    desk.execute()

    assert desk.reasons() == ["accepted", "cooling_down", "position_was_left"]


def test_a_paused_strategy_is_left_all_the_same(desks: DeskMaker) -> None:
    desk = holding(desks, stop_loss_price="0.99")
    desk.change("UPDATE lt_strategies SET is_active = FALSE")

    desk.execute()
    desk.settle()

    assert exits(desk) == [("EXIT", "stop_loss", "FILLED")]


def test_the_traders_sale_sells_its_part_once_and_has_its_decision(desks: DeskMaker) -> None:
    desk = holding(desks, follow_trader=True)
    held = shares(desk)
    trader_sells(desk, "0.5")

    for _ in range(4):
        desk.settle()

    assert exits(desk) == [("EXIT", "trader_sold", "FILLED")]
    half = held.value / 2
    assert abs(shares(desk).value - half) < Decimal("0.1")
    assert desk.reasons() == ["accepted", "trader_sold"]


def test_what_has_not_settled_is_not_sold_and_is_not_forgotten(desks: DeskMaker) -> None:
    desk = desks.make(seconds_left=300, settle_seconds=0)
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    leave_by(desk, max_hold_minutes=0)
    desk.signal(outcome_index=desk.dearer())
    desk.execute()
    for _ in range(6):
        desk.advance(1)
        desk.execute()
        if desk.rows("SELECT 1 FROM fills"):
            break
    assert settled(desk) == Shares(0)
    assert exits(desk) == []

    for _ in range(3):
        desk.settle()

    assert exits(desk) == [("EXIT", "time_stop", "FILLED")]


def test_an_exit_that_the_venue_turns_away_goes_out_later_and_only_once(desks: DeskMaker) -> None:
    desk = holding(desks, take_profit_price="0.01")
    desk.arm("engine_restarting", endpoint="POST /order", count=1)
    desk.execute()
    assert [state for _, _, state in exits(desk)] == ["INTENT"]

    for _ in range(3):
        desk.settle()

    assert exits(desk) == [("EXIT", "take_profit", "FILLED")]
    assert len(desk.venue_orders()) == 2


def test_an_exit_whose_answer_is_lost_is_not_placed_twice(desks: DeskMaker) -> None:
    desk = holding(desks, take_profit_price="0.01")
    desk.arm("accept_then_server_error", endpoint="POST /order", count=1)

    for _ in range(3):
        desk.settle()

    assert exits(desk) == [("EXIT", "take_profit", "FILLED")]
    assert shares(desk) < Shares("0.1")

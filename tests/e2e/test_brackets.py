"""A take-profit that rests at the venue: kept there while its position is held, and gone before any other sale."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from live_trading.api.routes.live.trading_routes import ClosePosition
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.orders.rounding import plan_marketable_buy
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.store.accounts import live_strategies
from live_trading.store.feed import markets
from tests.e2e.live_fixtures import DeskMaker, LiveDesk, beside
from tests.e2e.test_orders_by_hand import by_hand
from tests.e2e.test_positions_are_left import exits, holding, leave_by, shares

pytestmark = [pytest.mark.e2e, pytest.mark.exits]

OUT_OF_REACH = {"take_profit_price": "0.99", "bracket_take_profit": True}


def resting(desks: DeskMaker, **rules: Any) -> LiveDesk:
    """A desk whose position has its bracket at the venue."""
    desk = holding(desks, **(OUT_OF_REACH | rules))
    desk.execute()
    assert exits(desk) == [("EXIT", "take_profit", "LIVE")]
    return desk


def sales(desk: LiveDesk) -> list[dict[str, Any]]:
    return desk.rows("SELECT * FROM lt_orders WHERE side = 'SELL' ORDER BY made_number")


def until_ended(desk: LiveDesk) -> None:
    for _ in range(3):
        desk.settle()


def test_a_bracket_rests_at_its_level_and_is_renewed_only_after_its_end(desks: DeskMaker) -> None:
    desk = resting(desks)
    held = shares(desk)
    (first,) = sales(desk)
    assert (first["order_type"], first["limit_price"]) == ("GTD", Decimal("0.99"))
    assert held - Shares("0.1") < Shares(first["order_shares"]) <= held

    desk.execute()
    assert len(sales(desk)) == 1
    desk.advance((first["expires_at"] - desk.now()).total_seconds())
    desk.execute()
    desk.settle()

    assert exits(desk) == [("EXIT", "take_profit", "EXPIRED"), ("EXIT", "take_profit", "LIVE")]
    assert shares(desk) == held


def test_a_stop_takes_the_bracket_away_before_it_sells(desks: DeskMaker) -> None:
    desk = resting(desks)

    leave_by(desk, **OUT_OF_REACH, stop_loss_price="0.98")
    desk.execute()
    assert [reason for _, reason, state in exits(desk) if state in ("LIVE", "INTENT")] in (["take_profit"], [])
    until_ended(desk)

    assert exits(desk) == [("EXIT", "take_profit", "CANCELLED"), ("EXIT", "stop_loss", "FILLED")]
    stop = sales(desk)[1]
    assert stop["intent_at"] >= sales(desk)[0]["finished_at"]
    assert shares(desk) < Shares("0.1")
    assert desk.rows("SELECT * FROM breaks") == []


def test_a_close_by_hand_takes_the_bracket_away_and_sells_all(desks: DeskMaker) -> None:
    desk = resting(desks)
    token = sales(desk)[0]["token_id"]
    body = ClosePosition(slippage_bound_fraction=Decimal("0.5"))

    answer = desk.parts.trading_actions("test").close_position(by_hand(), desk.lt_strategy_id, token, body)
    until_ended(desk)

    assert answer.status == 202
    assert exits(desk) == [("EXIT", "take_profit", "CANCELLED"), ("EXIT", None, "FILLED")]
    assert shares(desk) < Shares("0.1")


def test_a_lock_that_flattens_takes_the_bracket_away_and_places_no_other(desks: DeskMaker) -> None:
    desk = resting(desks)
    desk.change(
        "INSERT INTO locks (scope, reason, mode, starts_at, created_by)"
        " VALUES ('GLOBAL', 'kill_switch', 'FLATTEN', now() - interval '1 year', 'operator')"
    )

    until_ended(desk)

    assert [(reason, state) for _, reason, state in exits(desk)] == [("take_profit", "CANCELLED"), (None, "FILLED")]
    assert shares(desk) < Shares("0.1")


def test_a_buyer_who_comes_to_the_bracket_gets_the_position_at_its_level(desks: DeskMaker) -> None:
    desk = holding(desks, **OUT_OF_REACH)
    index = desk.market["token_ids"].index(desk.rows("SELECT token_id FROM positions")[0]["token_id"])
    ask = desk.book(index).best_ask
    assert ask is not None
    leave_by(desk, take_profit_price=str(ask), bracket_take_profit=True)
    desk.execute()
    assert exits(desk) == [("EXIT", "take_profit", "LIVE")]

    buys(beside(desk), index, limit=ask, usd="1800")
    for _ in range(2):
        desk.settle()

    (sale,) = sales(desk)
    assert (sale["order_type"], sale["limit_price"], sale["state"]) == ("GTD", ask.value, "FILLED")
    assert shares(desk) < Shares("0.1")
    assert desk.balances().unsettled.value == 0
    assert desk.rows("SELECT * FROM breaks WHERE kind <> 'UNKNOWN_TRADE' AND closed_at IS NULL") == []


def buys(desk: LiveDesk, outcome_index: int, *, limit: Price, usd: str) -> None:
    """Somebody else's wallet takes what is offered up to a price."""
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
        market = markets.by_condition(transaction, [desk.market["condition_id"]])[desk.market["condition_id"]]
    account = VenueAccount(wallet, desk.parts.secret(wallet), desk.parts.endpoints, desk.parts.chance)
    plan = plan_marketable_buy(
        market=market, outcome_index=outcome_index, limit_price=limit, stake=Usd(usd), order_type=OrderType.FAK
    )
    assert isinstance(plan, OrderPlan)
    account.post([account.sign(plan)])

"""Selling and cancelling by hand, resting orders, and trades that the wallet's owner makes beside the system."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from live_trading.api.fields import parsed
from live_trading.api.once import Caller
from live_trading.api.problems import ProblemCode, problem_of
from live_trading.api.routes.live.trading_routes import ClosePosition
from live_trading.api.routes.money.break_routes import AcceptBreak
from live_trading.chain.abi import Function
from live_trading.nouns.errors import DoesNotFit
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.orders.rounding import plan_marketable_buy, plan_marketable_sell
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.store.accounts import live_strategies
from live_trading.store.feed import markets
from live_trading.store.positions import held_positions
from live_trading.store.positions.held_positions import HeldPosition
from local.chain import ADDRESSES, LocalChain
from tests.e2e.live_fixtures import CAPITAL, LiveDesk

pytestmark = pytest.mark.e2e

OWNER = "operator"


def by_hand(key: str | None = None) -> Caller:
    return Caller(owner_id=OWNER, idempotency_key=key, request_hash="0" * 64)


def close(desk: LiveDesk, *, shares: str | None = None, key: str | None = None, bound: str = "0.5") -> dict[str, Any]:
    actions = desk.parts.trading_actions(f"test-{uuid4().hex[:8]}")
    body = ClosePosition(shares=shares, slippage_bound_fraction=Decimal(bound))
    return actions.close_position(by_hand(key), desk.lt_strategy_id, desk.market["token_ids"][0], body).body


def bought(desk: LiveDesk) -> Shares:
    """A settled position in the first token."""
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    desk.advance(10)
    desk.execute()
    (row,) = desk.rows("SELECT shares, settled_shares FROM positions")
    assert row["shares"] == row["settled_shares"] > 0
    return Shares(row["shares"])


def until_listed(desk: LiveDesk) -> None:
    """The venue lists a trade some seconds after its match; it has not settled by then."""
    for _ in range(6):
        desk.advance(1)
        desk.execute()
        if desk.rows("SELECT 1 FROM fills"):
            return
    raise AssertionError("the trade is never listed")


def settled(desk: LiveDesk) -> None:
    desk.advance(10)
    report = desk.execute()
    assert (report.failures, report.reconciled[0].failures, report.reconciled[0].breaks) == ([], [], 0)


def test_a_whole_position_is_sold_by_hand_and_the_proceeds_are_cash_once_settled(desk: LiveDesk) -> None:
    bought(desk)

    order = close(desk)
    settled(desk)

    assert (order["purpose"], order["side"]) == ("EXIT", "SELL")
    assert [row["state"] for row in desk.orders()] == ["FILLED", "FILLED"]
    balances = desk.balances()
    assert balances.unsettled == Usd.zero()
    # Sizes have two decimals: what is left of a position is less than that.
    assert balances.available + balances.position_cost == CAPITAL + balances.realised_pnl - balances.fees
    left = [row["shares"] for row in desk.rows("SELECT shares FROM positions")]
    assert all(shares < Decimal("0.01") for shares in left)


def test_a_number_of_shares_is_sold_and_the_rest_stays_at_its_cost(desk: LiveDesk) -> None:
    held = bought(desk)
    half = Shares.floor(held.value / 2, Decimal("0.01"))
    cost = desk.balances().position_cost

    close(desk, shares=str(half))
    settled(desk)

    (row,) = desk.rows("SELECT shares FROM positions")
    assert Shares(row["shares"]) == held - half
    kept = desk.balances().position_cost.value / cost.value
    assert abs(kept - (held - half).value / held.value) < Decimal("0.00001")


def test_shares_that_have_not_settled_are_not_sold(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.signal()
    desk.execute()
    until_listed(desk)

    with pytest.raises(DoesNotFit) as refused:
        close(desk, shares="5")

    assert problem_of(refused.value).code is ProblemCode.INVALID
    assert [order["side"] for order in desk.orders()] == ["BUY"]


def test_the_same_request_twice_is_one_sale(desk: LiveDesk) -> None:
    bought(desk)

    first = close(desk, key="once")
    second = close(desk, key="once")

    assert first["lt_order_id"] == second["lt_order_id"]
    assert [order["side"] for order in desk.orders()] == ["BUY", "SELL"]


def test_more_shares_than_are_held_are_refused_with_what_may_be_sold(desk: LiveDesk) -> None:
    held = bought(desk)

    with pytest.raises(DoesNotFit) as refused:
        close(desk, shares="100000")

    assert [field.allowed for field in problem_of(refused.value).fields] == [f"up to {held}"]


def test_a_position_is_sold_while_entries_are_locked(desk: LiveDesk) -> None:
    bought(desk)
    desk.change(
        "INSERT INTO locks (scope, reason, starts_at, created_by) VALUES ('GLOBAL', 'kill_switch', now(), 'operator')"
    )

    close(desk)
    settled(desk)

    assert [(row["purpose"], row["state"]) for row in desk.orders()] == [("ENTRY", "FILLED"), ("EXIT", "FILLED")]


def resting(desk: LiveDesk) -> dict[str, Any]:
    """A GTD order below the market, so that it rests."""
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    desk.signal(price=Decimal("0.02"), shares="1000")
    desk.execute()
    (order,) = desk.orders()
    assert order["state"] == "LIVE"
    return order


def test_a_resting_order_ends_by_itself_and_gives_its_reservation_back(desk: LiveDesk) -> None:
    order = resting(desk)

    desk.advance((order["expires_at"] - desk.now()).total_seconds())
    desk.execute()

    (order,) = desk.orders()
    assert order["state"] == "EXPIRED"
    assert desk.balances().reserved == Usd.zero()


def test_a_resting_order_is_cancelled_by_its_strategy(desk: LiveDesk) -> None:
    order = resting(desk)
    actions = desk.parts.trading_actions("test")

    answer = actions.cancel_strategy(by_hand(), desk.lt_strategy_id)
    again = actions.cancel_strategy(by_hand(), desk.lt_strategy_id)

    assert (answer.status, answer.body["cancelled"]) == (200, [order["order_hash"]])
    assert again.body["cancelled"] == []
    settled(desk)
    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]
    assert desk.balances().available == CAPITAL


def test_cancelling_a_wallet_takes_every_resting_order_of_the_account(desk: LiveDesk) -> None:
    order = resting(desk)

    answer = desk.parts.trading_actions("test").cancel_wallet(by_hand(), desk.trading_wallet_id)

    assert answer.body["cancelled"] == [order["order_hash"]]
    settled(desk)
    assert [row["state"] for row in desk.orders()] == ["CANCELLED"]


def test_an_order_that_was_never_sent_is_withdrawn(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    desk.arm("rate_limited", endpoint="/order", count=1)
    desk.signal()
    desk.execute()
    (order,) = desk.orders()

    answer = desk.parts.trading_actions("test").cancel_order(by_hand(), order["lt_order_id"])

    assert answer.body["withdrawn"] == [order["order_hash"]]
    assert desk.balances().available == CAPITAL


def test_a_cancel_that_the_venue_does_not_answer_says_so_and_loses_nothing(desk: LiveDesk) -> None:
    resting(desk)
    desk.arm("server_error", endpoint="/orders", count=None)

    answer = desk.parts.trading_actions("test").cancel_strategy(by_hand(), desk.lt_strategy_id)
    desk.clear_faults()
    again = desk.parts.trading_actions("test").cancel_strategy(by_hand(), desk.lt_strategy_id)

    assert answer.status == 207
    assert len(answer.body["not_done"]) == 1
    assert len(again.body["cancelled"]) == 1


def trade_beside_us(desk: LiveDesk, *, side: str, amount: str) -> OrderPlan:
    """What the wallet's owner does at the venue's own page."""
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
        market = markets.by_condition(transaction, [desk.market["condition_id"]])[desk.market["condition_id"]]
    # The venue's page marks no order as an installation does.
    account = VenueAccount(wallet, desk.parts.secret(wallet), desk.parts.endpoints, desk.parts.chance)
    book = desk.book()
    if side == "BUY":
        assert book.best_ask is not None
        plan = plan_marketable_buy(
            market=market, outcome_index=0, limit_price=book.best_ask, stake=Usd(amount), order_type=OrderType.FAK
        )
    else:
        assert book.best_bid is not None
        plan = plan_marketable_sell(
            market=market, outcome_index=0, limit_price=book.best_bid, shares=Shares(amount), order_type=OrderType.FAK
        )
    assert isinstance(plan, OrderPlan)
    account.post([account.sign(plan)])
    return plan


def test_a_purchase_beside_us_is_adopted_and_paid_by_nobodys_money(desk: LiveDesk) -> None:
    bought(desk)
    before = desk.balances()

    trade_beside_us(desk, side="BUY", amount="15")
    desk.advance(10)
    report = desk.execute().reconciled[0]

    assert (report.failures, report.adopted, report.breaks) == ([], 1, 0)
    assert desk.balances() == before
    (found,) = desk.rows("SELECT kind, closed_by, correction_reference FROM breaks")
    assert (found["kind"], found["closed_by"]) == ("UNKNOWN_TRADE", "explained")
    assert desk.execute().reconciled[0].adopted == 0


def test_shares_of_a_strategy_sold_beside_us_stop_the_entries_of_the_wallet(desk: LiveDesk) -> None:
    held = bought(desk)

    trade_beside_us(desk, side="SELL", amount=str(Shares.floor(held.value / 2, Decimal("0.01"))))
    for _ in range(3):
        desk.advance(10)
        desk.execute()
    desk.signal(outcome_index=1)
    desk.execute()

    (lock,) = desk.rows("SELECT scope, reason FROM locks WHERE released_at IS NULL")
    assert (lock["scope"], lock["reason"]) == ("TRADING_WALLET", "break_found")
    assert desk.reasons() == ["accepted", "entries_locked"]


@pytest.mark.money_faults
def test_what_is_left_of_shares_sold_beside_us_is_closed_once_the_sale_is_explained(desk: LiveDesk) -> None:
    held = bought(desk)
    sold = Shares.floor(held.value / 2, Decimal("0.01"))
    trade_beside_us(desk, side="SELL", amount=str(sold))
    for _ in range(3):
        desk.advance(10)
        desk.execute()
    assert [each.sellable for each in held_by(desk)] == [held - sold]

    accept(desk, open_break(desk))
    close(desk)
    settled(desk)

    (row,) = desk.rows("SELECT sum(shares) AS shares FROM fills WHERE side = 'SELL'")
    assert held - sold - Shares(row["shares"]) < Shares("0.01")
    assert desk.rows("SELECT 1 FROM locks WHERE released_at IS NULL") == []


@pytest.mark.money_faults
def test_shares_bought_beside_us_are_given_to_a_strategy_at_their_cost_and_sold_by_it(desk: LiveDesk) -> None:
    held = bought(desk)
    trade_beside_us(desk, side="BUY", amount="15")
    desk.advance(10)
    desk.execute()
    desk.advance(10)
    desk.execute()
    (found,) = desk.rows("SELECT break_id, observed AS shares FROM breaks")
    given = {"token_id": desk.market["token_ids"][0], "lt_strategy_id": str(desk.lt_strategy_id), "cost_usd": "15"}
    before = desk.balances()

    accept(desk, found["break_id"], adopt=[given])

    (position,) = held_by(desk)
    assert position.shares == position.sellable
    assert position.shares > held
    assert desk.balances().available == before.available - Usd(15)
    settled(desk)
    close(desk)
    settled(desk)
    assert all(each.shares < Shares("0.01") for each in held_by(desk))


def held_by(desk: LiveDesk) -> list[HeldPosition]:
    with desk.database.transaction() as transaction:
        return held_positions.of_strategy(transaction, desk.lt_strategy_id)


def open_break(desk: LiveDesk) -> int:
    (found,) = desk.rows("SELECT break_id FROM breaks WHERE closed_at IS NULL")
    return int(found["break_id"])


def accept(desk: LiveDesk, break_id: int, **said: Any) -> None:
    body = parsed(AcceptBreak, {"reason": "a trade of mine", **said})
    desk.parts.wallet_breaks.accept(by_hand(), desk.trading_wallet_id, break_id, body)


def test_money_taken_from_the_wallet_stops_entries_until_its_owner_explains_it(desk: LiveDesk) -> None:
    bought(desk)
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
    call = ("0x" + "de" * 20, Usd(250).base_units)
    LocalChain.attach(desk.stack.rpc_url).send_as(
        wallet.address, ADDRESSES.collateral_token, Function("transfer(address,uint256)"), *call
    )
    for _ in range(2):
        desk.advance(10)
        desk.execute()
    assert len(desk.rows("SELECT 1 FROM locks WHERE released_at IS NULL AND reason = 'break_found'")) == 1
    (found,) = desk.rows("SELECT break_id, observed - expected AS difference FROM breaks WHERE closed_at IS NULL")

    answer = desk.parts.wallet_breaks.accept(
        by_hand(), desk.trading_wallet_id, found["break_id"], AcceptBreak(reason="a withdrawal of mine")
    )
    report = desk.execute().reconciled[0]

    assert found["difference"] == -250
    assert answer.body["correction_reference"] == f"correction:{found['break_id']}"
    assert report.breaks == 0
    assert desk.rows("SELECT 1 FROM locks WHERE released_at IS NULL") == []


@pytest.mark.money_faults
def test_dollars_that_an_order_may_have_taken_are_no_break_while_its_look_up_fails(desk: LiveDesk) -> None:
    resting(desk)
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
    call = ("0x" + "de" * 20, Usd(10).base_units)
    LocalChain.attach(desk.stack.rpc_url).send_as(
        wallet.address, ADDRESSES.collateral_token, Function("transfer(address,uint256)"), *call
    )
    desk.arm("server_error", endpoint="/data/order", count=None)

    seen = [desk.settle().reconciled[0].breaks for _ in range(3)]

    assert seen == [None, None, None]
    assert desk.rows("SELECT 1 FROM breaks UNION ALL SELECT 1 FROM locks") == []
    desk.clear_faults()
    assert desk.settle().reconciled[0].breaks == 1


def test_several_signals_of_one_run_go_out_once_each_and_are_judged_one_by_one(desk: LiveDesk) -> None:
    desk.change("UPDATE lt_strategies SET slippage_bound_fraction = 0.5")
    for _ in range(6):
        desk.signal()

    report = desk.execute()

    assert sum(report.orders.values()) == 6
    posts = [order["posts_seen"] for order in desk.venue_orders().values()]
    assert posts == [1] * 6
    settled(desk)

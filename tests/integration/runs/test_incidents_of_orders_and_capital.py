"""Incidents of orders, reconciliation and capital that were recorded elsewhere, each as what must not happen here.

`docs/incidents.md` lists all of them with the test that pins each; here are those that no other test pins.
"""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest

from live_trading.nouns.money import Price, Usd
from live_trading.nouns.orders import OrderPlan, OrderType
from live_trading.orders.rounding import limit_for_buy, plan_marketable_buy
from live_trading.polymarket.clob import venue_client
from live_trading.polymarket.clob.outcomes import Unknown
from live_trading.polymarket.signing.order_payload import own_order
from live_trading.store.accounts import live_strategies
from live_trading.store.feed import markets
from tests.e2e.live_fixtures import CAPITAL, LiveDesk

pytestmark = pytest.mark.e2e


def rest(desk: LiveDesk, *, usd: int) -> None:
    """One GTD order of about so many dollars below the market."""
    desk.change("UPDATE lt_strategies SET order_type = 'GTD', slippage_bound_fraction = 0")
    bet(desk, usd)
    desk.signal(price=Decimal("0.02"), shares="1000")
    desk.execute()
    assert [order["state"] for order in desk.orders()] == ["LIVE"]


def bet(desk: LiveDesk, usd: int) -> None:
    desk.change(
        f"""
        UPDATE ft_wallet_versions SET config = config || '{{"bet_size": "{usd}", "max_bet": "{usd}"}}'::jsonb
        """
    )


def test_an_order_is_for_the_token_that_the_trader_bought(desk: LiveDesk) -> None:
    """Incident 1: a condition id, or the first token of the market, passed as the token to buy."""
    desk.signal(outcome_index=1)

    desk.execute()

    (order,) = desk.orders()
    (at_venue,) = desk.venue_orders().values()
    wanted = desk.market["token_ids"][1]
    assert (order["token_id"], order["signed_payload"]["tokenId"], at_venue["token_id"]) == (wanted,) * 3
    desk.settle()
    assert desk.rows("SELECT DISTINCT token_id FROM fills") == [{"token_id": wanted}]


def test_a_read_that_fails_is_never_an_empty_list_of_strategies(desk: LiveDesk) -> None:
    """Incidents 10 and 11: a column that was not there made every strategy stand still, without a word."""
    desk.signal()
    desk.change("ALTER TABLE lt_strategies RENAME COLUMN max_signal_age_seconds TO renamed")

    report = desk.execute()

    (failure,) = report.failures
    assert failure.part == f"wallet {desk.trading_wallet_id}"
    assert (failure.error, failure.message) == ("KeyError", "'max_signal_age_seconds'")
    assert desk.reasons() == []


def test_a_resting_order_keeps_its_reservation_for_as_long_as_it_rests(desk: LiveDesk) -> None:
    """Incidents 6 and 34: a resting order was forgotten after 30 seconds, its cash unlocked and its value not shown."""
    rest(desk, usd=20)
    reserved = desk.balances().reserved

    for _ in range(3):
        desk.advance(40)
        desk.execute()

    assert [order["state"] for order in desk.orders()] == ["LIVE"]
    assert reserved.is_positive
    assert (desk.balances().reserved, desk.balances().equity) == (reserved, CAPITAL)


def test_the_slippage_bound_is_counted_once_and_from_the_traders_price(desk: LiveDesk) -> None:
    """Incident 17: the live bound came on top of the slippage that paper had already added."""
    desk.change('UPDATE ft_wallet_versions SET config = config || \'{"assumed_slippage_fraction": "0.05"}\'::jsonb')
    traded_at = desk.book().best_ask
    assert traded_at is not None
    desk.signal(price=traded_at.value)

    desk.execute()

    (order,) = desk.orders()
    assert order["signal_price"] == traded_at.value
    assert order["limit_price"] == limit_for_buy(traded_at, Decimal("0.05"), desk.book().tick_size).value
    assert order["limit_price"] <= traded_at.value * Decimal("1.05")


def test_an_answer_under_another_order_id_is_neither_an_acceptance_nor_a_second_order(desk: LiveDesk) -> None:
    """Incident 21: an id in the answer that was not the order's own became a second row of the same order."""
    desk.signal()
    desk.execute()
    with desk.database.transaction() as transaction:
        wallet = live_strategies.trading_wallet(transaction, desk.trading_wallet_id)
        market = markets.by_condition(transaction, [desk.market["condition_id"]])[desk.market["condition_id"]]
    plan = plan_marketable_buy(
        market=market, outcome_index=0, limit_price=Price("0.99"), stake=Usd(10), order_type=OrderType.FAK
    )
    assert isinstance(plan, OrderPlan)
    signed = desk.parts.account(wallet).sign(plan)
    answer = SimpleNamespace(ok=True, order_id="0x" + "12" * 32)

    outcome = venue_client._judged(signed, own_order(signed), answer)  # type: ignore[arg-type]

    assert isinstance(outcome, Unknown)


def test_a_huge_trade_of_the_trader_does_not_make_ours_huge(desk: LiveDesk) -> None:
    """Incident 31 at its source: one order of 7,855 dollars held the capital of a small strategy."""
    desk.signal(shares="20000")

    desk.execute()

    (order,) = desk.orders()
    assert order["order_usd"] <= 20
    desk.settle()
    assert desk.balances().exposure <= Usd(20)


def test_cash_of_an_order_that_ended_meanwhile_serves_the_signals_of_the_same_run(desk: LiveDesk) -> None:
    """Incident 32: cash of orders long over made new ones fail for want of cash."""
    rest(desk, usd=300)
    desk.advance(240)
    desk.change("UPDATE lt_strategies SET order_type = 'FAK', slippage_bound_fraction = 0.5")
    desk.signal()

    desk.execute()

    assert desk.reasons() == ["accepted", "accepted"]
    desk.settle()
    assert [order["state"] for order in desk.orders()] == ["EXPIRED", "FILLED"]


def test_one_wallets_failure_does_not_stop_the_others(desk: LiveDesk) -> None:
    """Incident 42: one wallet's error stopped seventy others for thirty hours."""
    broken = _wallet_without_secret(desk)
    desk.signal()

    report = desk.execute()

    failed = [failure.part for each in report.reconciled for failure in each.failures]
    assert failed == [f"wallet {broken}"]
    desk.settle()
    assert [order["state"] for order in desk.orders()] == ["FILLED"]


def test_one_strategys_unreadable_configuration_does_not_stop_the_others(desk: LiveDesk) -> None:
    """Incident 42, of a strategy: its configuration has a key that is not known any more."""
    _wallet_without_secret(desk)
    desk.change(f"UPDATE lt_strategies SET trading_wallet_id = '{desk.trading_wallet_id}'")
    desk.change(
        f"""
        UPDATE ft_wallet_versions SET config = config || '{{"gone": 1}}'::jsonb
        WHERE ft_wallet_id <> '{desk.ft_wallet_id}'
        """
    )
    desk.signal()

    report = desk.execute()

    assert "InvalidConfig" in [failure.error for failure in report.failures]
    desk.settle()
    assert [order["state"] for order in desk.orders()] == ["FILLED"]


def _wallet_without_secret(desk: LiveDesk) -> str:
    """An older wallet whose secret is gone, with a strategy."""
    wallet, paper, strategy = uuid4(), uuid4(), uuid4()
    desk.change(
        f"""
        INSERT INTO trading_wallets SELECT
            '{wallet}', owner_id, 'other', '0x{wallet.hex}{wallet.hex[:8]}', 0, 'no/such/secret', 0,
            created_at - INTERVAL '1 hour' FROM trading_wallets;
        UPDATE trading_wallets SET verification = 'VERIFIED';
        INSERT INTO ft_wallets SELECT
            '{paper}', owner_id, 'other', is_active, starting_balance_usd, 1, created_at, updated_at FROM ft_wallets;
        INSERT INTO ft_wallet_versions SELECT
            '{paper}', version, config, config_hash, created_by, created_at FROM ft_wallet_versions;
        INSERT INTO lt_strategies SELECT
            '{strategy}', owner_id, 'other', '{paper}', '{wallet}', is_active, initial_capital_usd, order_type,
            slippage_bound_fraction, max_signal_age_seconds, time_zone, launched_at, created_at, updated_at
            FROM lt_strategies;
        INSERT INTO lt_risk_rules (lt_strategy_id, updated_at) SELECT '{strategy}', updated_at FROM lt_risk_rules
        """
    )
    return str(wallet)

"""An order that goes out later is held against the book of then, by the rules of price and liquidity alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderState, OrderType, Purpose, SignedOrder
from live_trading.nouns.risk_rules import RiskRules
from live_trading.nouns.trades import Side
from live_trading.services.orders.second_look import market_verdict
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.orders.entry_signals import EntrySignal
from live_trading.store.orders.lt_orders import StoredOrder
from tests.builders import NOON, a_book

pytestmark = pytest.mark.money_faults

SIGNAL = EntrySignal(signal_price=Price("0.50"), trade_time=NOON)
CALM: dict[str, Any] = {"asks": (("0.50", "1000"),), "bids": (("0.49", "1000"),)}


def an_order() -> StoredOrder:
    return StoredOrder(
        lt_order_id=uuid4(),
        lt_strategy_id=uuid4(),
        trading_wallet_id=uuid4(),
        token_id="1",
        condition_id="0x" + "1" * 64,
        outcome_index=0,
        side=Side.BUY,
        order_type=OrderType.FAK,
        limit_price=Price("0.55"),
        order_usd=Usd(20),
        order_shares=Shares("36.36"),
        reserved=Usd(20),
        signed=SignedOrder(order_hash="0x" + "2" * 64, payload={}),
        state=OrderState.INTENT,
        purpose=Purpose.ENTRY,
        attempt=1,
        sends=1,
        not_before=None,
        expires_at=None,
        last_refusal=None,
        last_refusal_text=None,
        absence_proofs=0,
        last_looked_up_at=None,
        decided_at=NOON,
        intent_at=NOON,
        sent_at=NOON,
    )


def a_strategy(**limits: Any) -> LiveStrategy:
    return LiveStrategy(
        lt_strategy_id=uuid4(),
        name="live",
        ft_wallet_id=uuid4(),
        trading_wallet_id=uuid4(),
        order_type=OrderType.FAK,
        slippage_bound_fraction=Decimal("0.1"),
        max_signal_age_seconds=600,
        time_zone="UTC",
        launched_at=NOON,
        rules=replace(RiskRules.off(), **limits),
    )


@pytest.mark.parametrize(
    ("limits", "moved"),
    [
        ({"max_slippage_fraction": Decimal("0.05")}, {"asks": (("0.54", "1000"),)}),
        ({"max_spread_fraction": Decimal("0.05")}, {"bids": (("0.30", "1000"),)}),
        ({"min_liquidity_multiple": Decimal(3)}, {"asks": (("0.50", "60"),)}),
        ({"max_entry_price": Price("0.54")}, {}),
    ],
)
def test_a_book_that_the_rules_would_not_have_any_more_stops_the_order(
    limits: dict[str, Any], moved: dict[str, Any]
) -> None:
    later = NOON + timedelta(seconds=40)

    off = market_verdict(an_order(), a_strategy(), SIGNAL, a_book(**(CALM | moved)), later)
    on = market_verdict(an_order(), a_strategy(**limits), SIGNAL, a_book(**(CALM | moved)), later)

    assert (off.lets_enter, on.lets_enter) == (True, False)


def test_an_empty_book_stops_an_order_whose_slippage_is_bounded() -> None:
    strategy = a_strategy(max_slippage_fraction=Decimal("0.05"))

    assert market_verdict(an_order(), strategy, SIGNAL, a_book(**CALM), NOON).lets_enter
    assert not market_verdict(an_order(), strategy, SIGNAL, a_book(asks=(), bids=()), NOON).lets_enter

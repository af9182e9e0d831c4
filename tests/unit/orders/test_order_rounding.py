"""Amounts on the venue's grid, and never more than was meant."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.rounding import (
    PriceOffGrid,
    TooSmall,
    UnknownTick,
    ceil_to_tick,
    floor_to_tick,
    limit_for_buy,
    limit_for_sell,
    plan_limit,
    plan_marketable_buy,
    plan_marketable_sell,
)
from tests.builders import CRYPTO_FEES, NOON, a_market

TICKS = [Price(tick) for tick in ("0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001")]
ticks = st.sampled_from(TICKS)
fractions = st.decimals(min_value="0.0001", max_value="0.9999", places=4)
amounts = st.decimals(min_value="0.01", max_value="5000", places=6)


def buy(stake: str, limit: str, tick: str = "0.01", order_type: OrderType = OrderType.FAK) -> OrderPlan | TooSmall:
    return plan_marketable_buy(
        market=a_market(tick_size=Price(tick)),
        outcome_index=0,
        limit_price=Price(limit),
        stake=Usd(stake),
        order_type=order_type,
    )


@given(price=fractions, tick=ticks)
def test_a_rounded_price_is_on_the_grid_and_inside_it(price: Decimal, tick: Price) -> None:
    for rounded in (floor_to_tick(price, tick), ceil_to_tick(price, tick)):
        assert rounded.value % tick.value == 0
        assert tick.value <= rounded.value <= 1 - tick.value


@given(price=fractions, bound=st.decimals(min_value=0, max_value="0.5", places=4), tick=ticks)
def test_a_limit_never_passes_the_slippage_bound_unless_the_grid_has_no_such_price(
    price: Decimal, bound: Decimal, tick: Price
) -> None:
    signal = Price(price)

    assert limit_for_buy(signal, bound, tick).value <= max(price * (1 + bound), tick.value)
    assert limit_for_sell(signal, bound, tick).value >= min(price * (1 - bound), 1 - tick.value)


@given(stake=amounts, price=fractions, tick=ticks)
def test_a_purchase_never_spends_more_than_the_stake_nor_states_a_worse_price(
    stake: Decimal, price: Decimal, tick: Price
) -> None:
    limit = floor_to_tick(price, tick)
    plan = plan_marketable_buy(
        market=a_market(tick_size=tick, fees=CRYPTO_FEES),
        outcome_index=0,
        limit_price=limit,
        stake=Usd(stake),
        order_type=OrderType.FAK,
    )

    if isinstance(plan, TooSmall):
        assert plan.observed < plan.minimum
        return
    assert plan.usd.value <= stake
    assert plan.usd.value % Decimal("0.01") == 0
    assert plan.shares.value % Decimal("0.0001") == 0
    assert plan.usd.value / plan.shares.value < limit.value + tick.value
    assert plan.reservation == plan.usd + plan.fee_bound


@given(shares=amounts, price=fractions, tick=ticks)
def test_a_sale_never_gives_more_than_is_held_nor_asks_for_less_than_the_limit(
    shares: Decimal, price: Decimal, tick: Price
) -> None:
    limit = floor_to_tick(price, tick)
    plan = plan_marketable_sell(
        market=a_market(tick_size=tick),
        outcome_index=0,
        limit_price=limit,
        shares=Shares(shares),
        order_type=OrderType.FOK,
    )

    if isinstance(plan, TooSmall):
        return
    assert plan.shares.value <= shares
    assert plan.shares.value % Decimal("0.01") == 0
    assert abs(plan.usd.value - plan.shares.value * limit.value) < Decimal("0.0001")
    assert not plan.reservation


@given(shares=amounts, price=fractions, tick=ticks, side=st.sampled_from(list(Side)))
def test_a_resting_order_has_sizes_of_two_decimals(shares: Decimal, price: Decimal, tick: Price, side: Side) -> None:
    plan = plan_limit(
        market=a_market(tick_size=tick),
        outcome_index=1,
        side=side,
        limit_price=floor_to_tick(price, tick),
        shares=Shares(shares),
        order_type=OrderType.GTD,
        expiration=NOON + timedelta(minutes=4),
    )

    if isinstance(plan, OrderPlan):
        assert plan.shares.value <= shares
        assert plan.shares.value % Decimal("0.01") == 0
        assert plan.expiration == NOON + timedelta(minutes=4)


@pytest.mark.parametrize(
    ("stake", "limit", "reason"),
    [
        ("0.99", "0.10", RejectionCode.BELOW_MINIMUM_AMOUNT),
        ("1.00", "0.50", RejectionCode.BELOW_MINIMUM_SIZE),
        ("2.49", "0.50", RejectionCode.BELOW_MINIMUM_SIZE),
        ("2.50", "0.50", None),
    ],
)
def test_an_order_under_the_venues_minimum_is_too_small_and_never_bumped_up(
    stake: str, limit: str, reason: RejectionCode | None
) -> None:
    plan = buy(stake, limit)

    assert (plan.reason if isinstance(plan, TooSmall) else None) == reason


def test_the_venues_table_of_a_fine_tick_still_takes_four_decimals_of_a_marketable_order() -> None:
    plan = buy("10", "0.123", tick="0.001")

    assert isinstance(plan, OrderPlan)
    assert plan.shares == Shares("81.3008")


def test_a_limit_between_two_ticks_is_refused() -> None:
    with pytest.raises(PriceOffGrid):
        buy("10", "0.405")


def test_a_tick_that_the_venues_table_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownTick):
        buy("10", "0.40", tick="0.02")


@pytest.mark.parametrize("order_type", [OrderType.GTC, OrderType.GTD])
def test_a_resting_order_is_not_planned_by_its_stake(order_type: OrderType) -> None:
    with pytest.raises(ValueError, match="rests"):
        buy("10", "0.40", order_type=order_type)


@pytest.mark.parametrize(
    ("order_type", "expires"), [(OrderType.GTC, True), (OrderType.GTD, False), (OrderType.FAK, False)]
)
def test_type_and_expiration_must_fit_together(order_type: OrderType, *, expires: bool) -> None:
    with pytest.raises(ValueError, match=str(order_type)):
        plan_limit(
            market=a_market(),
            outcome_index=0,
            side=Side.BUY,
            limit_price=Price("0.40"),
            shares=Shares(10),
            order_type=order_type,
            expiration=NOON if expires else None,
        )

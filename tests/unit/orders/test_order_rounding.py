"""Amounts on the venue's grid, and never more than was meant."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import OrderPlan, OrderType, RejectionCode
from live_trading.nouns.trades import Side
from live_trading.orders.rounding import (
    PriceOffGrid,
    TooSmall,
    Unplanned,
    UnusableTick,
    ceil_to_tick,
    floor_to_tick,
    limit_for_buy,
    limit_for_sale,
    limit_for_sell,
    plan_limit,
    plan_marketable_buy,
    plan_marketable_sell,
)
from tests.builders import CRYPTO_FEES, NOON, a_market

TICKS = [Price(tick) for tick in ("0.1", "0.02", "0.01", "0.005", "0.0025", "0.001", "0.0005", "0.00025", "0.0001")]
ticks = st.sampled_from(TICKS)
fractions = st.decimals(min_value="0.0001", max_value="0.9999", places=4)
amounts = st.decimals(min_value="0.01", max_value="5000", places=6)


def buy(stake: str, limit: str, tick: str = "0.01", order_type: OrderType = OrderType.FAK) -> OrderPlan | Unplanned:
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
    assert isinstance(plan, OrderPlan)
    assert plan.usd.value % Decimal("0.01") == 0
    assert plan.shares.value % Decimal("0.0001") == 0
    assert limit.value <= plan.usd.value / plan.shares.value < limit.value + Decimal("0.0001")
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
        assert plan.observed < plan.minimum
        return
    assert isinstance(plan, OrderPlan)
    assert shares - 1 < plan.shares.value <= shares
    assert plan.shares.value % Decimal("0.01") == 0
    assert plan.usd.value == plan.shares.value * limit.value
    assert plan.usd.value % Decimal("0.0001") == 0
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
        assert plan.usd.value == plan.shares.value * plan.limit_price.value


@pytest.mark.parametrize(
    ("stake", "limit", "reason"),
    [
        ("0.99", "0.10", RejectionCode.BELOW_MINIMUM_AMOUNT),
        ("1.00", "0.50", None),
        ("4.00", "0.90", None),
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


@pytest.mark.parametrize(
    ("tick", "limit"), [("0.02", "0.42"), ("0.005", "0.405"), ("0.00025", "0.40025"), ("0.05", "0.95"), ("0.5", "0.5")]
)
def test_any_tick_that_divides_a_dollar_is_a_grid(tick: str, limit: str) -> None:
    assert isinstance(buy("10", limit, tick=tick), OrderPlan)
    with pytest.raises(PriceOffGrid):
        buy("10", str(Decimal(limit) + Decimal(tick) / 2), tick=tick)


@pytest.mark.parametrize("tick", ["0.03", "0.3", "0.00005", "0.000001", "0.99", "1", "0"])
def test_a_tick_that_makes_no_grid_is_a_verdict_and_not_an_error(tick: str) -> None:
    market = a_market(tick_size=Price(tick))
    sale = plan_marketable_sell(
        market=market, outcome_index=0, limit_price=Price("0.4"), shares=Shares(10), order_type=OrderType.FAK
    )
    resting = plan_limit(
        market=market,
        outcome_index=0,
        side=Side.BUY,
        limit_price=Price("0.4"),
        shares=Shares(10),
        order_type=OrderType.GTC,
        expiration=None,
    )

    assert buy("10", "0.40", tick=tick) == sale == resting == UnusableTick(tick=Price(tick))


def sell(shares: str, limit: str, tick: str) -> OrderPlan | Unplanned:
    return plan_marketable_sell(
        market=a_market(tick_size=Price(tick)),
        outcome_index=0,
        limit_price=Price(limit),
        shares=Shares(shares),
        order_type=OrderType.FAK,
    )


@pytest.mark.parametrize(
    ("shares", "limit", "tick", "sold", "dollars"),
    [
        ("4.44", "0.90", "0.01", "4.44", "3.996"),
        ("19.69", "0.22", "0.01", "19.69", "4.3318"),
        ("10.19", "0.123", "0.001", "10.1", "1.2423"),
        ("10.0099", "0.5", "0.001", "10", "5"),
        ("4.44", "0.4975", "0.0025", "4.44", "2.2089"),
        ("4.43", "0.4975", "0.0025", "4.4", "2.189"),
        ("4.44", "0.9987", "0.0001", "4", "3.9948"),
    ],
)
def test_a_sale_asks_for_price_times_shares_in_four_decimals(
    shares: str, limit: str, tick: str, sold: str, dollars: str
) -> None:
    plan = sell(shares, limit, tick)

    assert isinstance(plan, OrderPlan)
    assert (plan.shares, plan.usd) == (Shares(sold), Usd(dollars))


def test_a_resting_order_still_needs_the_markets_minimum_of_shares() -> None:
    def resting(shares: str) -> OrderPlan | Unplanned:
        return plan_limit(
            market=a_market(),
            outcome_index=0,
            side=Side.BUY,
            limit_price=Price("0.90"),
            shares=Shares(shares),
            order_type=OrderType.GTC,
            expiration=None,
        )

    too_small = resting("4.44")
    assert isinstance(too_small, TooSmall)
    assert too_small.reason is RejectionCode.BELOW_MINIMUM_SIZE
    assert isinstance(resting("5"), OrderPlan)


@example(best=Decimal("0.5275"), bound=Decimal("0.474"), shares=Decimal("3.61"), tick=Price("0.0025"))
@given(best=fractions, bound=st.decimals(min_value=0, max_value="0.9", places=4), shares=amounts, tick=ticks)
def test_a_sale_is_priced_between_its_bound_and_the_best_bid_and_leaves_no_tenth_of_a_share_behind(
    best: Decimal, bound: Decimal, shares: Decimal, tick: Price
) -> None:
    best_bid = floor_to_tick(best, tick)

    limit = limit_for_sale(best_bid, bound, Shares(shares), tick)

    assert limit_for_sell(best_bid, bound, tick) <= limit <= best_bid
    plan = sell(str(shares), str(limit), str(tick))
    if isinstance(plan, TooSmall):
        assert Shares.floor(shares, Decimal("0.01")).value * best_bid.value < Decimal("1.9")
        return
    assert isinstance(plan, OrderPlan)
    if limit.value % Decimal("0.001") == 0:
        assert shares - plan.shares.value < Decimal("0.1")


@pytest.mark.parametrize(
    ("best", "bound", "shares", "tick", "limit"),
    [
        ("0.50", "0.1", "10", "0.01", "0.45"),
        ("0.50", "0.1", "2.10", "0.01", "0.48"),
        ("0.50", "0.1", "1.90", "0.01", "0.50"),
        ("0.9987", "0.0004", "4.44", "0.0001", "0.9984"),
        ("0.9987", "0.001", "4.44", "0.0001", "0.998"),
        ("0.0123", "0.5", "500", "0.0001", "0.007"),
    ],
)
def test_the_limit_of_a_sale_is_raised_to_the_venues_dollar_and_to_tenths_of_a_cent(
    best: str, bound: str, shares: str, tick: str, limit: str
) -> None:
    assert limit_for_sale(Price(best), Decimal(bound), Shares(shares), Price(tick)) == Price(limit)


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

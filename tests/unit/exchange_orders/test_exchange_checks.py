"""Grid, decimals, sizes and expiration of orders."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.exchange.engine.checks import check_expiration, limit_price
from local.exchange.errors import Refused
from local.exchange.terms import OrderType, Side
from local.exchange.units import BASE_UNITS, Price

HASH = "0x" + "ab" * 32
CENT = Price("0.01")
ticks = st.sampled_from([Price("0.01"), Price("0.001"), Price("0.1"), Price("0.005"), Price("0.0025")])


@st.composite
def grid_prices(draw: st.DrawFn) -> tuple[Price, Price]:
    tick = draw(ticks)
    steps = draw(st.integers(1, int(1 / tick.value) - 1))
    return tick, Price(tick.value * steps)


@given(case=grid_prices(), hundredths=st.integers(500, 10**8), side=st.sampled_from(Side))
def test_the_amounts_of_a_limit_order_state_its_price(case: tuple[Price, Price], hundredths: int, side: Side) -> None:
    tick, price = case
    shares = hundredths * BASE_UNITS // 100
    dollars = int(price.value * shares)
    maker, taker = (dollars, shares) if side is Side.BUY else (shares, dollars)

    assert limit_price(HASH, side, maker, taker, tick) == price


@given(case=grid_prices(), cents=st.integers(100, 10**8))
def test_the_floored_amounts_of_a_market_buy_state_its_limit(case: tuple[Price, Price], cents: int) -> None:
    tick, price = case
    dollars = cents * BASE_UNITS // 100
    shares = int(Decimal(dollars) / price.value / 100) * 100

    assert limit_price(HASH, Side.BUY, dollars, shares, tick) == price


@given(case=grid_prices(), hundredths=st.integers(100, 10**8))
def test_the_floored_amounts_of_a_market_sell_state_its_limit(case: tuple[Price, Price], hundredths: int) -> None:
    tick, price = case
    shares = hundredths * BASE_UNITS // 100
    dollars = int(price.value * shares / 100) * 100

    assert limit_price(HASH, Side.SELL, shares, dollars, tick) == price


@pytest.mark.parametrize(
    ("side", "maker", "taker", "stated"),
    [
        (Side.BUY, 5_550_000, 10_000_000, "0.555"),
        (Side.SELL, 10_000_000, 5_550_000, "0.555"),
        (Side.BUY, 10_000_000, 10_000_000, "1"),
        (Side.SELL, 10_000_000, 10_000_000, "1"),
        (Side.BUY, 50_000, 10_000_000, "0.005"),
        (Side.BUY, 9_950_000, 10_000_000, "0.995"),
    ],
)
def test_a_price_off_the_grid_is_refused_in_the_venues_words(side: Side, maker: int, taker: int, stated: str) -> None:
    with pytest.raises(Refused) as refused:
        limit_price(HASH, side, maker, taker, CENT)

    expected = f"order {HASH} is invalid. Price ({stated}) breaks minimum tick size rule: 0.01"
    assert (refused.value.status, refused.value.text) == (400, expected)


@pytest.mark.parametrize(
    ("order_type", "expiration_s", "is_valid"),
    [
        (OrderType.GTD, 1_180, True),
        (OrderType.GTD, 1_179, False),
        (OrderType.GTD, 0, False),
        (OrderType.GTC, 0, True),
        (OrderType.GTC, 5_000, False),
        (OrderType.FAK, 5_000, False),
    ],
)
def test_only_a_dated_order_expires_and_not_within_three_minutes(
    order_type: OrderType, expiration_s: int, is_valid: bool
) -> None:
    if is_valid:
        check_expiration(order_type, expiration_s, now_ms=1_000_000)
        return
    with pytest.raises(Refused, match="invalid expiration"):
        check_expiration(order_type, expiration_s, now_ms=1_000_000)

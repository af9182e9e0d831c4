"""The venue's taker fee, and the bound that is reserved for it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd, total_usd
from live_trading.orders.fees import fee_bound_buy, fee_bound_sell, taker_fee
from tests.builders import CRYPTO_FEES, NO_FEES

TICK = Price("0.001")
schedules = st.builds(
    FeeSchedule,
    rate=st.decimals(min_value=0, max_value="0.25", places=4),
    exponent=st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1), Decimal(2)]),
)
prices = st.decimals(min_value="0.001", max_value="0.999", places=3)


@pytest.mark.parametrize(
    ("price", "shares", "fee"),
    [("0.5", "100", "1.75"), ("0.1", "100", "0.63"), ("0.9", "100", "0.63"), ("0.01", "7.77", "0.00538")],
)
def test_the_fee_of_a_match_is_the_documented_one(price: str, shares: str, fee: str) -> None:
    assert taker_fee(CRYPTO_FEES, Price(price), Shares(shares)) == Usd(fee)


def test_a_market_without_fees_costs_and_reserves_nothing() -> None:
    assert taker_fee(NO_FEES, Price("0.5"), Shares(100)) == Usd.zero()
    assert fee_bound_buy(NO_FEES, Usd(100), Price("0.5"), TICK) == Usd.zero()
    assert fee_bound_sell(NO_FEES, Shares(100)) == Usd.zero()


@given(
    fees=schedules,
    limit=prices,
    usd=st.integers(min_value=100, max_value=100_000),
    fills=st.lists(st.tuples(prices, st.integers(min_value=1, max_value=50)), min_size=1, max_size=6),
)
def test_no_way_of_filling_a_purchase_costs_more_in_fees_than_was_reserved(
    fees: FeeSchedule, limit: Decimal, usd: int, fills: list[tuple[Decimal, int]]
) -> None:
    dollars = Decimal(usd) / 100
    weight = sum(parts for _, parts in fills)
    charged = total_usd(
        [
            taker_fee(fees, Price(min(price, limit)), Shares.floor(dollars * parts / weight / min(price, limit)))
            for price, parts in fills
        ]
    )

    assert charged <= fee_bound_buy(fees, Usd(dollars), Price(limit), TICK)


@given(fees=schedules, price=prices, shares=st.decimals(min_value="0.01", max_value="10000", places=2))
def test_no_price_of_a_sale_costs_more_in_fees_than_was_bounded(
    fees: FeeSchedule, price: Decimal, shares: Decimal
) -> None:
    if fees.exponent:
        assert taker_fee(fees, Price(price), Shares(shares)) <= fee_bound_sell(fees, Shares(shares))

"""Slippage, fill rate and latencies of an order; positive slippage is money lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side
from live_trading.orders.quality import (
    OrderTimes,
    Stage,
    by_stage,
    fill_rate,
    latencies,
    percentiles,
    slippage,
)
from tests.builders import NOON

prices = st.decimals(min_value="0.001", max_value="0.999", places=3).map(Price)


@pytest.mark.parametrize(
    ("side", "fill", "basis_points", "usd"),
    [(Side.BUY, "0.42", "500", "2"), (Side.BUY, "0.38", "-500", "-2"), (Side.SELL, "0.38", "500", "2")],
)
def test_slippage_is_what_the_fill_cost_more_than_its_reference(
    side: Side, fill: str, basis_points: str, usd: str
) -> None:
    found = slippage(side, Price("0.40"), Price(fill), Shares(100))

    assert found is not None
    assert (found.basis_points, found.usd) == (Decimal(basis_points), Usd(usd))


@given(reference=prices, fill=prices)
def test_what_a_buyer_loses_a_seller_wins(reference: Price, fill: Price) -> None:
    bought = slippage(Side.BUY, reference, fill, Shares(10))
    sold = slippage(Side.SELL, reference, fill, Shares(10))

    assert bought is not None
    assert sold is not None
    assert bought.usd == -sold.usd
    assert bought.basis_points == -sold.basis_points


@pytest.mark.parametrize(("reference", "fill"), [(None, "0.4"), ("0.4", None), ("0", "0.4")])
def test_without_a_price_there_is_no_slippage(reference: str | None, fill: str | None) -> None:
    known = None if reference is None else Price(reference)

    assert slippage(Side.BUY, known, None if fill is None else Price(fill), Shares(1)) is None


def test_the_fill_rate_is_of_dollars_when_buying_and_of_shares_when_selling() -> None:
    amounts = {"filled_usd": Usd(5), "order_usd": Usd(20), "filled": Shares(30), "ordered": Shares(40)}

    assert fill_rate(Side.BUY, **amounts) == Decimal("0.25")
    assert fill_rate(Side.SELL, **amounts) == Decimal("0.75")


def test_only_complete_stages_are_measured() -> None:
    times = OrderTimes(
        trade_time=NOON - timedelta(seconds=3),
        seen_at=NOON - timedelta(milliseconds=1500),
        decided_at=NOON,
        sent_at=NOON + timedelta(milliseconds=40),
        answered_at=None,
        filled_at=None,
        confirmed_at=None,
    )

    assert latencies(times) == {
        Stage.TRADE_TO_SEEN: 1500,
        Stage.SEEN_TO_DECIDED: 1500,
        Stage.DECIDED_TO_SENT: 40,
    }


@given(st.lists(st.decimals(min_value=-1000, max_value=1000, places=2), min_size=1, max_size=60))
def test_percentiles_are_values_that_occurred_in_order(values: list[Decimal]) -> None:
    found = percentiles(values)

    assert {found.p50, found.p90, found.p95, found.highest} <= set(values)
    assert found.p50 <= found.p90 <= found.p95 <= found.highest == max(values)
    assert sum(value <= found.p50 for value in values) * 2 >= len(values)


def test_of_nothing_the_percentiles_are_nothing() -> None:
    assert percentiles([]).count == 0
    assert by_stage([])[Stage.SENT_TO_FILLED].count == 0

"""Nothing is flattened for less than a fraction of what it was worth when the lock began."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.orders.rounding import limit_for_sale
from live_trading.services.guarding.flatten_floor import floor_price
from live_trading.store.positions.held_positions import HeldPosition

pytestmark = pytest.mark.money_faults

CENT = Price("0.01")


def a_position(shares: str = "40", cost: str = "20") -> HeldPosition:
    return HeldPosition(
        lt_strategy_id=uuid4(),
        condition_id="0x" + "1" * 64,
        token_id="1",
        outcome_index=0,
        shares=Shares(shares),
        cost=Usd(cost),
        settled=Shares(shares),
        sellable=Shares(shares),
    )


def test_the_floor_is_a_fraction_of_the_mark_and_of_the_cost_where_there_is_no_mark() -> None:
    assert floor_price(a_position(), Price("0.60"), Decimal("0.8")) == Price("0.48")
    assert floor_price(a_position(), None, Decimal("0.8")) == Price("0.40")


def test_a_bid_under_the_floor_sells_nothing_and_one_above_it_no_lower_than_the_floor() -> None:
    wide = Decimal("0.5")

    assert limit_for_sale(Price("0.10"), wide, Shares(40), CENT, floor=Price("0.48")) is None
    assert limit_for_sale(Price("0.50"), wide, Shares(40), CENT, floor=Price("0.475")) == Price("0.48")
    assert limit_for_sale(Price("0.50"), wide, Shares(40), CENT) == Price("0.25")


@given(
    best=st.integers(1, 9999),
    floor=st.integers(1, 9999),
    bound=st.integers(0, 50),
    shares=st.integers(1, 100_000),
    tick=st.sampled_from(["0.01", "0.001", "0.0001"]),
)
def test_no_limit_is_under_its_floor_or_over_the_best_bid(
    best: int, floor: int, bound: int, shares: int, tick: str
) -> None:
    best_bid = Price((Decimal(best) * Decimal("0.0001") // Decimal(tick)) * Decimal(tick))
    if not best_bid:
        return
    least = Price(Decimal(floor) * Decimal("0.0001"))

    limit = limit_for_sale(best_bid, Decimal(bound) / 100, Shares(shares), Price(tick), floor=least)

    assert (limit is None) == (best_bid < least)
    assert limit is None or least <= limit <= best_bid

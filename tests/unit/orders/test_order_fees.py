"""The venue's taker fee, and the bound that is reserved for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd, notional, total_shares, total_usd
from live_trading.orders.fees import (
    dearer,
    fee_bound_buy,
    fee_bound_sell,
    fee_per_share,
    is_same_fee,
    taker_fee,
    trade_fee,
)
from tests.builders import CRYPTO_FEES, NO_FEES
from tests.recorded import recorded_case_json

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


@pytest.mark.venue_facts
def test_recorded_events_of_the_chain_charge_and_move_what_the_formulas_say() -> None:
    for event in cast("list[dict[str, Any]]", recorded_case_json("chain_order_filled_fees.json")):
        making, taking = int(event["maker_amount_filled"]), int(event["taker_amount_filled"])
        usd, shares = (making, taking) if event["side"] == "BUY" else (taking, making)
        fees = FeeSchedule(rate=Decimal(event["fee_rate"]), exponent=Decimal(1))
        bought, price = Shares.of_base_units(shares), Price(event["price"])

        assert taker_fee(fees, price, bought).base_units == int(event["fee"]), event
        assert notional(price, bought).base_units == usd, event


@pytest.mark.venue_facts
@pytest.mark.parametrize(
    ("price", "shares", "moved"),
    [("0.583", "21.1663", 12339952), ("0.9873", "50.6431", 49999932), ("0.98", "5.051019", 4949998)],
)
def test_what_moves_is_floored_on_six_places(price: str, shares: str, moved: int) -> None:
    assert notional(Price(price), Shares(shares)).base_units == moved


@pytest.mark.venue_facts
def test_a_trade_over_several_prices_is_charged_once_at_its_average() -> None:
    fees = FeeSchedule(rate=Decimal("0.04"), exponent=Decimal(1))
    # 155.03 shares at 0.0864503644 in all.
    matched = [(Price("0.08"), Shares("55.03")), (Price("0.09"), Shares(100))]

    assert trade_fee(fees, matched) == Usd("0.48975")


def test_a_fee_that_ends_on_the_fifth_decimal_loses_no_step_to_an_endless_average() -> None:
    fees = FeeSchedule(rate=Decimal("0.03"), exponent=Decimal(1))
    matched = [(Price("0.2"), Shares("1")), (Price("0.4"), Shares("2"))]

    # One dollar for three shares: 0.03 x 1/3 x 2/3 x 3 is 0.02 exactly.
    assert trade_fee(fees, matched) == Usd("0.02")


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


@example(
    fees=FeeSchedule(rate=Decimal("0.0592"), exponent=Decimal(0)),
    limit=Decimal("0.001"),
    fills=[(Decimal("0.001"), 184), (Decimal("0.001"), 999)],
)
@given(
    fees=schedules,
    limit=prices,
    fills=st.lists(st.tuples(prices, st.integers(min_value=1, max_value=10**9)), min_size=1, max_size=6),
)
def test_one_trade_over_many_prices_costs_no_more_than_the_bound_of_its_dollars(
    fees: FeeSchedule, limit: Decimal, fills: list[tuple[Decimal, int]]
) -> None:
    matched = [(Price(min(price, limit)), Shares.of_base_units(amount)) for price, amount in fills]
    usd = total_usd([notional(price, shares) for price, shares in matched])
    sold = total_shares([shares for _, shares in matched])

    charged = trade_fee(fees, matched)

    # A single price is charged as it is, so the dollars before they were floored count: each match lost up to a unit.
    before_floors = usd + Usd(Decimal("0.000001") * len(matched))
    assert charged <= fee_bound_buy(fees, before_floors, Price(limit), TICK)
    if fees.exponent:
        assert charged <= fee_bound_sell(fees, sold)


@given(fees=schedules, price=prices, shares=st.decimals(min_value="0.01", max_value="10000", places=2))
def test_no_price_of_a_sale_costs_more_in_fees_than_was_bounded(
    fees: FeeSchedule, price: Decimal, shares: Decimal
) -> None:
    if fees.exponent:
        assert taker_fee(fees, Price(price), Shares(shares)) <= fee_bound_sell(fees, Shares(shares))


@pytest.mark.money_faults
@given(schedules, schedules, prices)
def test_the_dearer_of_two_schedules_charges_at_no_price_less_than_either(
    one: FeeSchedule, other: FeeSchedule, price: Decimal
) -> None:
    at = Price(price)
    found = dearer(one, other)

    assert fee_per_share(found, at) >= max(fee_per_share(one, at), fee_per_share(other, at))
    assert dearer(one, one) == one


def test_schedules_without_a_rate_charge_the_same() -> None:
    nothing, curved = (FeeSchedule(rate=Decimal(0), exponent=Decimal(each)) for each in (1, 2))

    assert is_same_fee(nothing, curved)
    assert not is_same_fee(nothing, FeeSchedule(rate=Decimal("0.01"), exponent=Decimal(1)))

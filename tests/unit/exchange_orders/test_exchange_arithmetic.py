"""The simulator's integers against what the chain has recorded, and against the rules that the contracts state."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.exchange.arithmetic import (
    FeeTerms,
    average_price,
    collateral_of,
    other_side_of,
    shares_for,
    taker_fee,
    taking,
    whole_pairs,
)
from local.exchange.units import NoQuantity, Price, Shares, Usd
from tests.recorded import FOLDER

CRYPTO = FeeTerms(rate=Decimal("0.07"))

cents = st.integers(1, 99).map(lambda hundredths: Price(Decimal(hundredths).scaleb(-2)))
sizes = st.integers(1, 10**11).map(Shares.of_base_units)


def amounts(event: dict[str, Any]) -> tuple[Usd, Shares]:
    given, got = int(event["maker_amount_filled"]), int(event["taker_amount_filled"])
    usd, shares = (given, got) if event["side"] == "BUY" else (got, given)
    return Usd.of_base_units(usd), Shares.of_base_units(shares)


def test_the_fee_of_every_recorded_fill_is_that_of_the_chain() -> None:
    file = FOLDER.parent / "cases" / "chain_order_filled_fees.json"
    if not file.is_file():
        pytest.skip(f"no recorded cases at {file.parent}: {file.name} is missing")
    events = json.loads(file.read_text(encoding="utf-8"))

    computed = [taker_fee(FeeTerms(rate=Decimal(str(event["fee_rate"]))), *amounts(event)) for event in events]

    assert [fee.base_units for fee in computed] == [int(event["fee"]) for event in events]


def test_a_match_over_several_prices_pays_one_fee_at_its_average_price() -> None:
    usd, shares = Usd("13.402400"), Shares("155.03")

    assert average_price(usd, shares) == Price("0.0864503644")
    assert taker_fee(FeeTerms(rate=Decimal("0.04")), usd, shares).base_units == 489_750


@pytest.mark.parametrize(
    ("price", "shares", "moved"),
    [("0.583", "21.1663", 12_339_952), ("0.9873", "50.6431", 49_999_932), ("0.98", "5.051019", 4_949_998)],
)
def test_the_chain_moves_the_floor_of_price_times_shares(price: str, shares: str, moved: int) -> None:
    assert collateral_of(Price(price), Shares(shares)).base_units == moved


def test_an_order_gets_its_own_ratio_of_what_it_gives_and_no_more() -> None:
    assert taking(1_000_000, maker_amount=4_949_998, taker_amount=5_051_019) == 1_020_408


@given(price=cents, shares=sizes)
def test_a_fee_is_in_hundred_thousandths_and_never_above_five_percent(price: Price, shares: Shares) -> None:
    usd = collateral_of(price, shares)

    fee = taker_fee(CRYPTO, usd, shares).base_units

    assert fee % 10 == 0
    assert 0 <= fee <= usd.base_units * 500 // 10_000


def test_the_rate_of_a_market_is_its_own() -> None:
    usd, shares = Usd("3.25"), Shares(25)

    fees = [taker_fee(FeeTerms(rate=Decimal(rate)), usd, shares) for rate in ("0", "0.03", "0.05")]

    assert fees == [Usd(0), Usd("0.08482"), Usd("0.14137")]


def test_a_fee_with_an_exponent_bends_the_curve() -> None:
    assert taker_fee(FeeTerms(rate=Decimal("0.25"), exponent=2), Usd(50), Shares(100)) == Usd("1.5625")


@given(price=cents, shares=sizes)
def test_both_parts_of_a_pair_add_up_to_a_dollar_a_share(price: Price, shares: Shares) -> None:
    pairs = whole_pairs(shares, price)
    one = collateral_of(price, pairs)

    assert other_side_of(one, pairs) == collateral_of(Price(1 - price.value), pairs)
    assert shares.base_units - pairs.base_units < 100


@given(price=cents, units=st.integers(1, 10**11))
def test_dollars_never_buy_more_shares_than_they_pay_for(price: Price, units: int) -> None:
    usd = Usd.of_base_units(units)

    assert collateral_of(price, shares_for(usd, price)) <= usd


def test_half_a_base_unit_is_no_amount() -> None:
    with pytest.raises(NoQuantity, match="six decimal places"):
        Usd("0.0000005")

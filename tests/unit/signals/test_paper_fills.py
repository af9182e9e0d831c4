"""A paper bet gets what the recorded book would have given: full, partial or nothing, with its evidence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd, total_shares
from live_trading.signals.paper import FillResult, fixed_slippage_fill, walk_book
from tests.builders import CRYPTO_FEES, NO_FEES, NOON, a_book

LIMIT = Price("0.42")


def test_a_bet_that_the_best_offer_covers_is_filled_in_full_at_its_price() -> None:
    fill = walk_book(a_book(asks=[("0.40", "100"), ("0.41", "100")]), LIMIT, Usd(10), NO_FEES)

    assert (fill.result, fill.shares, fill.cost, fill.average_price) == (
        FillResult.FULL,
        Shares(25),
        Usd(10),
        Price("0.40"),
    )


def test_a_larger_bet_walks_up_the_book_best_offer_first() -> None:
    fill = walk_book(a_book(asks=[("0.40", "10"), ("0.41", "100")]), LIMIT, Usd("8.10"), NO_FEES)

    assert (fill.result, fill.shares, fill.cost) == (FillResult.FULL, Shares(20), Usd("8.10"))
    assert fill.average_price == Price("0.405")


def test_offers_above_the_limit_are_left_and_the_fill_is_partial() -> None:
    fill = walk_book(a_book(asks=[("0.42", "10"), ("0.43", "1000")]), LIMIT, Usd(10), NO_FEES)

    assert (fill.result, fill.shares, fill.cost) == (FillResult.PARTIAL, Shares(10), Usd("4.20"))


def test_a_book_without_an_offer_within_the_limit_fills_nothing() -> None:
    for asks in ([], [("0.43", "1000")]):
        fill = walk_book(a_book(asks=asks), LIMIT, Usd(10), CRYPTO_FEES)

        assert (fill.result, fill.shares, fill.cost, fill.fee, fill.average_price) == (
            FillResult.NONE,
            Shares(0),
            Usd(0),
            Usd(0),
            None,
        )


def test_an_empty_level_does_not_hide_the_levels_behind_it() -> None:
    fill = walk_book(a_book(asks=[("0.40", "0"), ("0.41", "100")]), LIMIT, Usd("4.10"), NO_FEES)

    assert (fill.result, fill.shares) == (FillResult.FULL, Shares(10))


def test_a_rest_of_less_than_a_cent_is_a_full_fill() -> None:
    fill = walk_book(a_book(asks=[("0.33", "100")]), LIMIT, Usd(1), NO_FEES)

    assert (fill.result, fill.shares, fill.cost) == (FillResult.FULL, Shares("3.0303"), Usd("0.999999"))


def test_one_fee_at_the_average_price_is_charged_on_top_of_the_stake() -> None:
    fill = walk_book(a_book(asks=[("0.40", "10"), ("0.41", "100")]), LIMIT, Usd("8.10"), CRYPTO_FEES)

    assert fill.cost == Usd("8.10")
    # 0.07 x 0.405 x 0.595 x 20 is 0.337365
    assert fill.fee == Usd("0.33736")


def test_the_book_is_the_evidence_of_the_fill_and_of_no_fill() -> None:
    for limit in (LIMIT, Price("0.01")):
        fill = walk_book(a_book(book_hash="abc"), limit, Usd(10), NO_FEES)

        assert (fill.book_hash, fill.taken_at) == ("abc", NOON)


def test_the_older_rule_fills_all_at_the_price_plus_three_thousandths() -> None:
    fill = fixed_slippage_fill(Price("0.40"), Usd(10), CRYPTO_FEES)

    assert (fill.result, fill.shares, fill.average_price) == (FillResult.FULL, Shares("24.9252"), Price("0.4012"))
    assert fill.cost <= Usd(10)
    assert fill.fee == Usd("0.41915")
    assert fill.book_hash is None


@pytest.mark.parametrize(("price", "expected"), [("0.999", "0.9999"), ("1", "0.9999")])
def test_the_older_rule_never_pays_a_dollar(price: str, expected: str) -> None:
    assert fixed_slippage_fill(Price(price), Usd(10), NO_FEES).average_price == Price(expected)


def test_the_older_rule_cannot_buy_at_no_price() -> None:
    assert fixed_slippage_fill(Price(0), Usd(10), NO_FEES).result is FillResult.NONE


CENTS = st.integers(min_value=1, max_value=99)
LEVELS = st.dictionaries(CENTS, st.integers(min_value=0, max_value=10**9), max_size=12)


@given(
    LEVELS,
    CENTS,
    st.integers(min_value=1, max_value=10**6),
    st.sampled_from([NO_FEES, CRYPTO_FEES, FeeSchedule(rate=Decimal("0.05"), exponent=Decimal(2))]),
)
def test_a_walk_never_passes_the_stake_the_limit_or_the_depth(
    depth: dict[int, int], limit_cents: int, stake_cents: int, fees: FeeSchedule
) -> None:
    asks = [(f"{cents / 100:.2f}", str(Shares.of_base_units(depth[cents]))) for cents in sorted(depth)]
    limit, stake = Price(Decimal(limit_cents) / 100), Usd(Decimal(stake_cents) / 100)
    book = a_book(asks=asks)

    fill = walk_book(book, limit, stake, fees)

    within = total_shares([level.shares for level in book.asks if level.price <= limit])
    assert Usd(0) <= fill.cost <= stake
    assert fill.shares <= within
    assert fill.cost.value <= limit.value * fill.shares.value + Decimal("0.00001")
    assert (fill.result is FillResult.NONE) == (not fill.shares)
    if fill.result is FillResult.PARTIAL:
        assert stake - fill.cost >= Usd("0.01")
        assert fill.shares == within

"""What one transaction moved, shared out among the trades in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Shares, Usd, total_shares, total_usd
from live_trading.nouns.orders import Moved
from live_trading.orders.moved import shared_out


def moved(usd: int, shares: int, fee: int) -> Moved:
    return Moved(usd=Usd.of_base_units(usd), shares=Shares.of_base_units(shares), fee=Usd.of_base_units(fee))


amounts = st.integers(min_value=1, max_value=10**12)
parts = st.builds(moved, amounts, amounts, st.integers(min_value=0, max_value=10**9))


def summed(each: list[Moved]) -> Moved:
    return Moved(
        usd=total_usd([part.usd for part in each]),
        shares=total_shares([part.shares for part in each]),
        fee=total_usd([part.fee for part in each]),
    )


@given(total=parts, expected=st.lists(parts, min_size=1, max_size=5))
def test_the_parts_add_up_to_what_moved_and_none_is_negative(total: Moved, expected: list[Moved]) -> None:
    shared = shared_out(total, expected)

    assert summed(shared) == total
    assert all(not (each.usd.is_negative or each.shares.is_negative or each.fee.is_negative) for each in shared)


@given(expected=st.lists(parts, min_size=1, max_size=5))
def test_where_expectation_and_receipt_agree_every_trade_keeps_its_own(expected: list[Moved]) -> None:
    assert shared_out(summed(expected), expected) == expected


def test_a_fee_that_nobody_expected_follows_the_dollars() -> None:
    shared = shared_out(moved(40, 100, 8), [moved(10, 50, 0), moved(30, 50, 0)])

    assert [each.fee.base_units for each in shared] == [2, 6]


def test_there_must_be_a_trade_to_share_out_to() -> None:
    with pytest.raises(ValueError, match="nothing"):
        shared_out(moved(1, 1, 0), [])

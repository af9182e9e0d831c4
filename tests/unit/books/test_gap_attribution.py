"""The terms of the gap add up exactly, and each names its cause."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from live_trading.gap.attribution import GapTerms, LiveSide, PaperSide, attribute
from live_trading.nouns.money import Price, Shares, Usd

ONE = Decimal(1)


def paper(**changes: Any) -> PaperSide:
    """Ten dollars at 0.50 that won, without fees."""
    side = PaperSide(stake=Usd(10), shares=Shares(20), cost=Usd(10), fee=Usd(0), pnl=Usd(10))
    return replace(side, **changes)


def live(**changes: Any) -> LiveSide:
    """The same ten dollars at the same price."""
    side = LiveSide(
        stake=Usd(10),
        order_usd=Usd(10),
        best_offer=Price("0.5"),
        shares=Shares(20),
        cost=Usd(10),
        fee=Usd(0),
        failed_shares=Shares(0),
        failed_cost=Usd(0),
        failed_fee=Usd(0),
        pnl=Usd(10),
    )
    return replace(side, **changes)


def only(terms: GapTerms) -> dict[str, Usd]:
    return {name: value for name in GapTerms.__dataclass_fields__ if (value := getattr(terms, name))}


def test_equal_trades_have_no_gap() -> None:
    assert only(attribute(paper(), live(), ONE)) == {}


def test_a_trade_that_live_did_not_make_is_missed_as_a_whole() -> None:
    assert only(attribute(paper(), None, ONE)) == {"missed": Usd(10)}


def test_a_trade_that_only_live_made_counts_against_paper() -> None:
    nothing = paper(shares=Shares(0), cost=Usd(0), pnl=Usd(0))

    assert only(attribute(nothing, live(), ONE)) == {"missed": Usd(-10)}


def test_half_the_stake_is_sizing() -> None:
    half = live(stake=Usd(5), order_usd=Usd(5), shares=Shares(10), cost=Usd(5), pnl=Usd(5))

    assert only(attribute(paper(), half, ONE)) == {"sizing": Usd(5)}


def test_a_best_offer_that_moved_is_timing() -> None:
    later = live(best_offer=Price("0.625"), shares=Shares(16), pnl=Usd(6))

    assert only(attribute(paper(), later, ONE)) == {"timing": Usd(4)}


def test_a_walk_up_the_book_is_spread_and_depth() -> None:
    deep = live(shares=Shares(16), pnl=Usd(6))

    assert only(attribute(paper(), deep, ONE)) == {"spread_and_depth": Usd(4)}


def test_a_part_that_did_not_match_is_partial_fill() -> None:
    part = live(shares=Shares(5), cost=Usd("2.5"), pnl=Usd("2.5"))

    assert only(attribute(paper(), part, ONE)) == {"partial_fill": Usd("7.5")}


def test_a_fee_is_a_fee() -> None:
    assert only(attribute(paper(), live(fee=Usd("0.35"), pnl=Usd("9.65")), ONE)) == {"fee": Usd("0.35")}


def test_fills_that_were_taken_back_are_a_settlement_failure() -> None:
    failed = live(shares=Shares(0), cost=Usd(0), failed_shares=Shares(20), failed_cost=Usd(10), pnl=Usd(0))

    assert only(attribute(paper(), failed, ONE)) == {"settlement_failure": Usd(10)}


def test_a_sale_before_the_end_is_the_exit() -> None:
    sold = live(pnl=Usd(4))

    assert only(attribute(paper(), sold, ONE)) == {"exit": Usd(6)}


MONEY = st.integers(min_value=1, max_value=10**9).map(Usd.of_base_units)
MAYBE = st.integers(min_value=0, max_value=10**9).map(Usd.of_base_units)
SIGNED = st.integers(min_value=-(10**10), max_value=10**10).map(Usd.of_base_units)
SHARES = st.integers(min_value=0, max_value=10**9).map(Shares.of_base_units)
PRICES = st.none() | st.integers(min_value=1000, max_value=999_000).map(lambda units: Price(Decimal(units).scaleb(-6)))


@given(
    on_paper=st.builds(PaperSide, stake=MONEY, shares=SHARES, cost=MONEY, fee=MAYBE, pnl=SIGNED),
    on_chain=st.none()
    | st.builds(
        LiveSide,
        stake=MONEY,
        order_usd=MONEY,
        best_offer=PRICES,
        shares=SHARES,
        cost=MAYBE,
        fee=MAYBE,
        failed_shares=SHARES,
        failed_cost=MAYBE,
        failed_fee=MAYBE,
        pnl=SIGNED,
    ),
    per_share=st.fractions(min_value=0, max_value=1).map(lambda part: Decimal(part.numerator) / part.denominator),
)
def test_the_terms_add_up_to_paper_minus_live(
    on_paper: PaperSide, on_chain: LiveSide | None, per_share: Decimal
) -> None:
    terms = attribute(on_paper, on_chain, per_share)

    assert terms.total == on_paper.pnl - (Usd(0) if on_chain is None else on_chain.pnl)

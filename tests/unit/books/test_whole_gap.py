"""Every dollar between the leader, paper and live has a term, whatever each side did."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.gap.attribution import GapTerms, LiveSide, PaperSide, attribute
from live_trading.gap.shapley import average_terms
from live_trading.gap.whole import GapKind, GapRow, GapTerm, LeaderTerm, TradeSides, rest_of, row_of, summed
from live_trading.nouns.money import Price, Shares, Usd, total_usd

pytestmark = pytest.mark.analytics

usd = st.decimals(min_value="0", max_value="1000", places=6).map(Usd)
some_usd = st.decimals(min_value="0.01", max_value="1000", places=6).map(Usd)
some_shares = st.decimals(min_value="0.01", max_value="5000", places=6).map(Shares)
shares = st.one_of(st.just(Shares.zero()), some_shares)
profits = st.decimals(min_value="-1000", max_value="5000", places=6).map(Usd)
prices = st.decimals(min_value="0.001", max_value="0.999", places=6).map(Price)


@st.composite
def papers(draw: st.DrawFn) -> PaperSide:
    filled = draw(shares)
    cost = draw(some_usd) if filled else Usd.zero()
    return PaperSide(
        stake=cost + draw(usd) if filled else draw(some_usd),
        shares=filled,
        cost=cost,
        fee=draw(usd) if filled else Usd.zero(),
        pnl=draw(profits) if filled else Usd.zero(),
    )


@st.composite
def lives(draw: st.DrawFn) -> LiveSide:
    filled, failed = draw(shares), draw(shares)
    return LiveSide(
        stake=draw(some_usd),
        order_usd=draw(some_usd),
        best_offer=draw(st.none() | prices),
        shares=filled,
        cost=draw(some_usd) if filled else Usd.zero(),
        fee=draw(usd) if filled else Usd.zero(),
        failed_shares=failed,
        failed_cost=draw(some_usd) if failed else Usd.zero(),
        failed_fee=draw(usd) if failed else Usd.zero(),
        pnl=draw(profits) if filled else Usd.zero(),
        paper_then=draw(st.none() | prices.map(lambda price: price.value)),
    )


@st.composite
def trades(draw: st.DrawFn) -> TradeSides:
    live = draw(st.none() | lives())
    return TradeSides(
        paper=draw(papers()) if live is None else draw(st.none() | papers()),
        live=live,
        leader_price=draw(prices),
        per_share=draw(st.decimals(min_value="0", max_value="1", places=6)),
        is_before_launch=draw(st.booleans()),
    )


@given(sides=trades())
def test_the_terms_of_a_trade_explain_all_of_it(sides: TradeSides) -> None:
    row = row_of(sides)

    assert row.error == Usd.zero()
    to_live = [value for name, value in row.terms.items() if isinstance(name, GapTerm)]
    assert total_usd(to_live) == row.paper - row.live
    assert total_usd(list(row.averages.values())) == row.paper - row.live


@given(found=st.lists(trades(), max_size=12), rest=profits)
def test_the_terms_of_a_strategy_explain_all_of_it(found: list[TradeSides], rest: Usd) -> None:
    rows = [*(row_of(each) for each in found), rest_of(rest)]

    leader, live = (total_usd([getattr(row, name) for row in rows]) for name in ("leader", "live"))
    assert total_usd(list(summed(row.terms for row in rows).values())) == leader - live


PAPER = PaperSide(stake=Usd(10), shares=Shares(20), cost=Usd(10), fee=Usd(0), pnl=Usd(10))
LIVE = LiveSide(
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
    paper_then=Decimal("0.5"),
)
TRADE = TradeSides(paper=PAPER, live=LIVE, leader_price=Price("0.5"), per_share=Decimal(1), is_before_launch=False)


def test_the_same_trade_on_the_same_book_has_no_gap() -> None:
    row = row_of(TRADE)

    assert (row.kind, row.leader, row.paper, row.live) == (GapKind.PAIRED, Usd(10), Usd(10), Usd(10))
    assert row.terms == row.averages == {}


def test_what_the_leader_paid_less_is_the_price_that_moved() -> None:
    row = row_of(replace(TRADE, leader_price=Price("0.4")))

    assert row.leader == Usd(15)
    assert row.terms == {LeaderTerm.MOVED_PRICE: Usd(5)}


def test_what_paper_could_not_fill_is_a_term_of_its_own() -> None:
    half = replace(PAPER, shares=Shares(10), cost=Usd(5), pnl=Usd(5), fee=Usd("0.5"))
    row = row_of(replace(TRADE, paper=replace(half, pnl=Usd("4.5")), live=None))

    assert row.kind is GapKind.PAPER_ONLY
    assert row.terms == {
        LeaderTerm.PAPER_UNFILLED: Usd(5),
        LeaderTerm.PAPER_FEE: Usd("0.5"),
        GapTerm.MISSED: Usd("4.5"),
    }


def test_a_trade_that_only_live_made_is_its_own_gap() -> None:
    row = row_of(replace(TRADE, paper=None))

    assert (row.kind, row.paper, row.live) == (GapKind.LIVE_ONLY, Usd(0), Usd(10))
    assert row.terms == {LeaderTerm.PAPER_MISSED: Usd(10), GapTerm.LIVE_ONLY: Usd(-10)}


def test_paper_from_before_the_launch_is_no_miss_of_live() -> None:
    row = row_of(replace(TRADE, live=None, is_before_launch=True))

    assert row.kind is GapKind.BEFORE_LAUNCH
    assert row.terms == {GapTerm.BEFORE_LAUNCH: Usd(10)}


def test_a_book_that_moved_between_the_two_is_timing_and_not_depth() -> None:
    later = replace(LIVE, shares=Shares(16), pnl=Usd(6), paper_then=Decimal("0.625"), best_offer=Price("0.5"))

    assert row_of(replace(TRADE, live=later)).terms == {GapTerm.TIMING: Usd(4)}


def test_two_causes_that_multiply_share_what_they_make_together() -> None:
    both = replace(
        LIVE,
        stake=Usd(5),
        order_usd=Usd(5),
        shares=Shares(8),
        cost=Usd(5),
        pnl=Usd(3),
        paper_then=Decimal("0.625"),
    )
    row = row_of(replace(TRADE, live=both))

    assert row.terms == {GapTerm.SIZING: Usd(5), GapTerm.TIMING: Usd(2)}
    assert row.averages == {GapTerm.SIZING: Usd(4), GapTerm.TIMING: Usd(3)}


@given(paper=papers(), live=lives(), per_share=st.decimals(min_value="0", max_value="1", places=6))
def test_the_average_sums_to_what_the_order_sums_to(paper: PaperSide, live: LiveSide, per_share: Decimal) -> None:
    terms = attribute(paper, live, per_share)

    assert average_terms(paper, live, terms).total == terms.total


def test_what_cannot_be_reordered_stays_as_it_was_told() -> None:
    nothing = replace(LIVE, shares=Shares(0), cost=Usd(0), pnl=Usd(0))
    terms = attribute(PAPER, nothing, Decimal(1))

    assert average_terms(PAPER, nothing, terms) == terms
    assert isinstance(terms, GapTerms)
    assert isinstance(row_of(replace(TRADE, live=nothing)), GapRow)

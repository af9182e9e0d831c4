"""Price-time matching, for any demand against any offers."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from local.exchange.arithmetic import collateral_of
from local.exchange.engine.demand import Demand
from local.exchange.engine.matching import (
    DUST_SHARES,
    DUST_USD,
    Offer,
    is_filled,
    match,
    shares_of,
    usd_of,
)
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd

prices = st.integers(1, 99).map(lambda cents: Price(Decimal(cents).scaleb(-2)))
sizes = st.integers(1, 10**11).map(Shares.of_base_units)
sides = st.sampled_from(Side)


@st.composite
def offers_and_demand(draw: st.DrawFn) -> tuple[list[Offer], Demand]:
    side = draw(sides)
    offers = [Offer(price=p, shares=s) for p, s in draw(st.lists(st.tuples(prices, sizes), max_size=12))]
    offers.sort(key=lambda offer: offer.price, reverse=side is Side.SELL)
    limit = draw(prices)
    if side is Side.BUY and draw(st.booleans()):
        return offers, Demand(side=side, limit=limit, usd=Usd(draw(st.integers(1, 100_000))))
    return offers, Demand(side=side, limit=limit, shares=draw(sizes))


@given(offers_and_demand())
def test_nothing_trades_through_the_limit(case: tuple[list[Offer], Demand]) -> None:
    offers, demand = case

    for execution in match(demand, offers):
        price = execution.offer.price
        assert price <= demand.limit if demand.side is Side.BUY else price >= demand.limit


@given(offers_and_demand())
def test_no_more_is_taken_than_wanted_or_offered(case: tuple[list[Offer], Demand]) -> None:
    offers, demand = case

    executions = match(demand, offers)

    assert all(Shares.zero() < execution.shares <= execution.offer.shares for execution in executions)
    assert demand.shares is None or shares_of(executions) <= demand.shares
    assert demand.usd is None or usd_of(executions) <= demand.usd


@given(offers_and_demand())
def test_a_worse_offer_is_touched_only_when_every_better_one_is_used_up(case: tuple[list[Offer], Demand]) -> None:
    offers, demand = case

    executions = match(demand, offers)

    for execution, offer in zip(executions, offers, strict=False):
        assert execution.offer is offer
    for execution in executions[:-1]:
        assert execution.shares == execution.offer.shares


@given(offers_and_demand())
def test_what_is_left_could_not_have_traded(case: tuple[list[Offer], Demand]) -> None:
    offers, demand = case

    executions = match(demand, offers)

    if not is_filled(demand, executions):
        untouched = offers[len(executions) :]
        assert not untouched or not demand.accepts(untouched[0].price)
    else:
        assert demand.usd is None or demand.usd - usd_of(executions) < DUST_USD
        assert demand.shares is None or demand.shares - shares_of(executions) < DUST_SHARES


@given(offers_and_demand())
def test_dollars_are_price_times_shares_on_six_places(case: tuple[list[Offer], Demand]) -> None:
    offers, demand = case

    for execution in match(demand, offers):
        assert execution.usd == collateral_of(execution.offer.price, execution.shares)


def test_a_dollar_sized_buy_gets_more_shares_when_it_fills_below_its_limit() -> None:
    demand = Demand(side=Side.BUY, limit=Price("0.60"), usd=Usd(6))

    (execution,) = match(demand, [Offer(price=Price("0.50"), shares=Shares(100))])

    assert (execution.shares, execution.usd) == (Shares(12), Usd(6))

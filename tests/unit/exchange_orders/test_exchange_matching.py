"""Price-time matching, for any demand against any offers."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Price, Shares, Usd, notional
from live_trading.nouns.trades import Side
from local.exchange.engine.demand import Demand
from local.exchange.engine.matching import (
    DUST_SHARES,
    DUST_USD,
    Offer,
    is_filled,
    match,
    shares_of,
    taker_fee,
    usd_of,
)

CRYPTO = FeeSchedule(rate=Decimal("0.07"), exponent=Decimal(1))

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
        assert execution.usd == notional(execution.offer.price, execution.shares)


@given(price=prices, shares=sizes)
def test_a_fee_has_five_places_and_stays_below_the_rate(price: Price, shares: Shares) -> None:
    fee = taker_fee(CRYPTO, price, shares)

    assert fee.value == round(fee.value, 5)
    assert Decimal(0) <= fee.value <= Decimal("0.07") * shares.value / 4 + Decimal("0.00001")


def test_a_fee_is_charged_as_the_venue_does() -> None:
    sports = FeeSchedule(rate=Decimal("0.05"), exponent=Decimal(1))

    assert taker_fee(sports, Price("0.13"), Shares(25)) == Usd("0.14138")


def test_a_dollar_sized_buy_gets_more_shares_when_it_fills_below_its_limit() -> None:
    demand = Demand(side=Side.BUY, limit=Price("0.60"), usd=Usd(6))

    (execution,) = match(demand, [Offer(price=Price("0.50"), shares=Shares(100))])

    assert (execution.shares, execution.usd) == (Shares(12), Usd(6))

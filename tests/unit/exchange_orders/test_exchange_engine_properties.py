"""Rules that hold for any sequence of orders, snapshots and cancellations."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from local.exchange.arithmetic import total_usd
from local.exchange.engine.incoming import Incoming
from local.exchange.engine.orders import Order, parse_post
from local.exchange.engine.trades import Leg, TradeStatus
from local.exchange.errors import Refused
from local.exchange.identity.contracts import STANDARD_DOMAIN
from local.exchange.identity.signing import OrderFields, order_hash
from local.exchange.terms import OrderType, Side
from local.exchange.units import BASE_UNITS, Price, Shares, Usd
from tests.unit.exchange.exchange_traders import UP, ZERO
from tests.unit.exchange.exchange_venue import DOWN, Snapshot, Venue

ACCOUNTS = tuple("0x" + digit * 40 for digit in "abc")
START_USD = 500 * BASE_UNITS
START_SHARES = 300 * BASE_UNITS


@dataclass(frozen=True, kw_only=True)
class Step:
    """One order of an account; the clock moves `seconds` after it."""

    account: str
    side: Side
    cents: int
    shares: int
    order_type: OrderType
    token_id: str
    post_only: bool
    seconds: int


steps = st.builds(
    Step,
    account=st.sampled_from(ACCOUNTS),
    side=st.sampled_from(Side),
    cents=st.integers(30, 70),
    shares=st.integers(5, 120),
    order_type=st.sampled_from([OrderType.GTC, OrderType.FAK, OrderType.FOK]),
    token_id=st.sampled_from([UP, DOWN]),
    post_only=st.booleans(),
    seconds=st.integers(0, 3),
)


@st.composite
def ladders(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    touch = draw(st.integers(35, 64))
    sizes = st.integers(1, 9_000).map(lambda hundredths: f"{Shares.of_base_units(hundredths * 10_000).value:f}")
    bids = {f"0.{touch - step:02d}": draw(sizes) for step in range(draw(st.integers(0, 3)))}
    asks = {f"0.{touch + 1 + step:02d}": draw(sizes) for step in range(draw(st.integers(0, 3)))}
    return bids, asks


@st.composite
def venues(draw: st.DrawFn) -> Venue:
    books = draw(st.lists(ladders(), min_size=1, max_size=6))
    venue = Venue(*(Snapshot(at_s=index * 2, bids=bids, asks=asks) for index, (bids, asks) in enumerate(books)))
    for account in ACCOUNTS:
        venue.chain.usd[account] = START_USD
        venue.chain.tokens[account, UP] = venue.chain.tokens[account, DOWN] = START_SHARES
    return venue


def incoming(venue: Venue, step: Step, salt: int) -> Incoming:
    """The order of a step, as it stands once its signature has been checked."""
    price, shares = Price(f"0.{step.cents:02d}"), Shares(step.shares)
    dollars = Usd(price.value * shares.value)
    is_market_buy = step.side is Side.BUY and step.order_type is not OrderType.GTC
    usd_units = dollars.base_units // 10_000 * 10_000 if is_market_buy else dollars.base_units
    shares_units = int(usd_units / price.value / 100) * 100 if is_market_buy else shares.base_units
    maker, taker = (usd_units, shares_units) if step.side is Side.BUY else (shares.base_units, usd_units)
    order = {
        "salt": salt,
        "maker": step.account,
        "signer": step.account,
        "tokenId": step.token_id,
        "makerAmount": str(maker),
        "takerAmount": str(taker),
        "side": step.side.value,
        "expiration": "0",
        "signatureType": 0,
        "timestamp": "1",
        "metadata": ZERO,
        "builder": ZERO,
        "signature": "0x00",
    }
    post_only = step.post_only and step.order_type is OrderType.GTC
    body = parse_post({"order": order, "owner": "key", "orderType": step.order_type.value, "postOnly": post_only})
    fields: OrderFields = body.order.fields()
    return Incoming(
        order_hash=order_hash(fields, STANDARD_DOMAIN), body=body, fields=fields, market=venue.markets.market
    )


def play(venue: Venue, sequence: list[Step]) -> list[tuple[Step, str | None]]:
    """Place every step's order; the refusal of each, None where it was taken in."""
    outcomes: list[tuple[Step, str | None]] = []
    for salt, step in enumerate(sequence):
        try:
            venue.engine.place(incoming(venue, step, salt), step.account)
            outcomes.append((step, None))
        except Refused as refused:
            outcomes.append((step, refused.text))
        venue.advance(step.seconds)
    venue.advance(20)
    return outcomes


def legs(venue: Venue) -> list[Leg]:
    return [leg for trade in venue.engine.records.trades() for leg in trade.settling_legs]


games = settings(max_examples=60, deadline=None)


@games
@given(venue=venues(), sequence=st.lists(steps, max_size=14))
def test_no_account_trades_through_its_limit(venue: Venue, sequence: list[Step]) -> None:
    play(venue, sequence)

    for leg in legs(venue):
        assert leg.order is not None
        assert leg.price <= leg.order.limit if leg.side is Side.BUY else leg.price >= leg.order.limit


@games
@given(venue=venues(), sequence=st.lists(steps, max_size=14))
def test_cash_and_shares_move_by_exactly_what_was_traded(venue: Venue, sequence: list[Step]) -> None:
    play(venue, sequence)

    assert {trade.status for trade in venue.engine.records.trades()} <= {TradeStatus.CONFIRMED}
    usd: defaultdict[str, int] = defaultdict(int)
    tokens: defaultdict[tuple[str, str], int] = defaultdict(int)
    for leg in legs(venue):
        sign = 1 if leg.side is Side.BUY else -1
        usd[leg.account] -= sign * leg.usd.base_units + leg.fee.base_units
        tokens[leg.account, leg.token_id] += sign * leg.shares.base_units
    for account, token_id in itertools.product(ACCOUNTS, (UP, DOWN)):
        assert venue.chain.usd[account] == START_USD + usd[account] >= 0
        assert venue.chain.tokens[account, token_id] == START_SHARES + tokens[account, token_id] >= 0


@games
@given(venue=venues(), sequence=st.lists(steps, max_size=14))
def test_both_sides_of_every_trade_are_equal(venue: Venue, sequence: list[Step]) -> None:
    play(venue, sequence)

    for trade in venue.engine.records.trades():
        assert sum(leg.shares.base_units for leg in trade.makers) == trade.taker.shares.base_units
        parts = [_taker_side(leg, trade.taker) for leg in trade.makers]
        assert total_usd(parts) == trade.taker.usd
        assert trade.taker.fee_units == (0 if trade.taker.order is None else _fee_units(trade.taker))
        for maker in trade.makers:
            is_same_token = maker.token_id == trade.taker.token_id
            assert (maker.side is trade.taker.side) is not is_same_token
            assert maker.fee == Usd.zero()


@games
@given(venue=venues(), sequence=st.lists(steps, max_size=14))
def test_an_order_is_filled_by_its_trades_and_never_beyond_its_size(venue: Venue, sequence: list[Step]) -> None:
    play(venue, sequence)

    by_order: defaultdict[str, list[Leg]] = defaultdict(list)
    for leg in legs(venue):
        by_order[leg.order_hash].append(leg)
    for order in venue.engine.records.orders():
        assert order.matched_shares.base_units == sum(leg.shares.base_units for leg in by_order[order.order_hash])
        assert order.matched_usd.base_units == sum(leg.usd.base_units for leg in by_order[order.order_hash])
        if order.is_dollar_sized:
            assert order.matched_usd <= order.usd
        else:
            assert order.matched_shares <= order.shares


@games
@given(venue=venues(), sequence=st.lists(steps, max_size=14))
def test_a_fill_or_kill_fills_whole_or_not_at_all(venue: Venue, sequence: list[Step]) -> None:
    play(venue, sequence)

    for order in venue.engine.records.orders():
        if order.order_type is OrderType.FOK:
            assert _is_untouched(order) or _is_whole(order)


@games
@given(venue=venues(), sequence=st.lists(steps, max_size=14))
def test_no_two_resting_orders_could_trade_with_each_other(venue: Venue, sequence: list[Step]) -> None:
    play(venue, sequence)

    for one, other in itertools.combinations(venue.engine.resting, 2):
        if one.account != other.account:
            assert not _would_trade(one, other)


@games
@given(venue=venues(), sequence=st.lists(steps, max_size=14))
def test_playing_the_same_game_again_gives_the_same_trades(venue: Venue, sequence: list[Step]) -> None:
    snapshots = venue.snapshots
    again = Venue(*snapshots)
    for account in ACCOUNTS:
        again.chain.usd[account] = START_USD
        again.chain.tokens[account, UP] = again.chain.tokens[account, DOWN] = START_SHARES

    assert play(venue, sequence) == play(again, sequence)
    assert [trade.trade_id for trade in venue.engine.records.trades()] == [
        trade.trade_id for trade in again.engine.records.trades()
    ]


def _taker_side(maker: Leg, taker: Leg) -> Usd:
    """What the taker moves against a maker: the same dollars, or the rest of a dollar a share."""
    if maker.token_id == taker.token_id:
        return maker.usd
    return Usd.of_base_units(maker.shares_units - maker.usd_units)


def _fee_units(taker: Leg) -> int:
    """7 % of p (1 − p) a share at the average price, in whole hundred-thousandths, at most 5 % of the dollars."""
    formula = 7 * taker.usd_units * (taker.shares_units - taker.usd_units) // (100 * taker.shares_units)
    return min(formula, taker.usd_units // 20) // 10 * 10


def _is_untouched(order: Order) -> bool:
    return not order.matched_shares


def _is_whole(order: Order) -> bool:
    if order.is_dollar_sized:
        return (order.usd - order.matched_usd) < Usd("0.0001")
    return order.matched_shares == order.shares


def _would_trade(one: Order, other: Order) -> bool:
    if one.token_id == other.token_id:
        if one.side is other.side:
            return False
        buy, sell = (one, other) if one.side is Side.BUY else (other, one)
        return buy.limit >= sell.limit
    if one.side is not other.side:
        return False
    together = one.limit.value + other.limit.value
    return together >= 1 if one.side is Side.BUY else together <= 1

"""The scripted traders: their fills come from the book, their past from the seed."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from local.exchange.feeds.portfolio import Mark, PositionStatus, positions
from local.exchange.tape.history import past_records, write_history
from local.exchange.tape.listings import Listings, Stage, recorded_listing
from local.exchange.tape.recorded import RawBook
from local.exchange.tape.script import Script
from local.exchange.tape.tape import Tape, TapeTrade
from local.exchange.tape.timeline import Timeline
from local.exchange.tape.traders import Wish, fills_from_book, make_traders, seeded
from local.exchange.terms import Side
from local.exchange.units import Price, Shares, Usd
from tests.unit.exchange.exchange_builders import recorded_markets

BOOK = RawBook(
    at_ms=0,
    bids=((Price("0.50"), Shares(20)), (Price("0.49"), Shares(100))),
    asks=((Price("0.52"), Shares(10)), (Price("0.53"), Shares(30)), (Price("0.60"), Shares(500))),
)


def _total(fills: list[tuple[Price, Shares]]) -> Decimal:
    return sum((shares.value for _, shares in fills), Decimal(0))


def test_a_buy_takes_levels_up_to_its_limit_and_never_more_than_they_hold() -> None:
    wish = Wish(side=Side.BUY, outcome_index=0, usd=Decimal(1000), limit=Price("0.53"))

    fills = fills_from_book(wish, BOOK, seeded("a"))

    assert {price for price, _ in fills} == {Price("0.52"), Price("0.53")}
    assert _total(fills) == 40


def test_a_buy_spends_at_most_its_dollars() -> None:
    wish = Wish(side=Side.BUY, outcome_index=0, usd=Decimal(10), limit=Price("0.99"))

    fills = fills_from_book(wish, BOOK, seeded("a"))

    spent = sum((price.value * shares.value for price, shares in fills), Decimal(0))
    assert Decimal("9.98") < spent <= 10


def test_a_sale_takes_bids_best_first() -> None:
    wish = Wish(side=Side.SELL, outcome_index=0, shares=Decimal(25), limit=Price("0.01"))

    fills = fills_from_book(wish, BOOK, seeded("a"))

    assert fills[0][0] == Price("0.50")
    assert fills[-1] == (Price("0.49"), Shares(5))
    assert _total(fills) == 25


def test_a_maker_is_hit_at_the_best_price_of_its_own_side() -> None:
    wish = Wish(side=Side.BUY, outcome_index=0, usd=Decimal(8), limit=Price("0.55"), is_maker=True)

    assert fills_from_book(wish, BOOK, seeded("a")) == [(Price("0.50"), Shares(16))]


def test_an_order_under_the_venues_minimum_comes_to_nothing() -> None:
    small = Wish(side=Side.BUY, outcome_index=0, usd=Decimal("0.9"), limit=Price("0.99"))

    assert fills_from_book(small, BOOK, seeded("a")) == []


def test_the_same_seed_gives_the_same_traders_and_another_seed_other_ones() -> None:
    assert make_traders(12, 1) == make_traders(12, 1)
    assert not {trader.address for trader in make_traders(12, 1)} & {trader.address for trader in make_traders(12, 2)}
    assert all(trader.label.startswith("synthetic-") for trader in make_traders(12, 1))


def _played(seed: int) -> tuple[Script, Tape, Listings]:
    markets = recorded_markets()
    timeline, tape = Timeline(markets.start_ms), Tape()
    listings = Listings(recorded_listing(market, ordinal) for ordinal, market in enumerate(markets))
    script = Script(
        seed=seed,
        timeline=timeline,
        markets=markets,
        listings=listings,
        tape=tape,
        traders=make_traders(8, seed),
    )
    script.schedule()
    timeline.advance_to(max(market.closes_ms for market in markets))
    return script, tape, listings


def test_the_replay_is_the_same_every_time() -> None:
    first, second = _played(3)[1], _played(3)[1]

    assert list(first.entries()) == list(second.entries())
    assert len(first) > 20


def test_every_scripted_price_and_size_was_in_the_recorded_book_at_its_moment() -> None:
    markets, tape = recorded_markets(), _played(3)[1]
    taken: Counter[tuple[str, Price, bool]] = Counter()
    for entry in tape.entries():
        trade = entry.event
        assert isinstance(trade, TapeTrade)
        book = markets.book(trade.token_id, trade.matched_ms)
        assert book is not None
        lifts_asks = (trade.side is Side.BUY) != trade.is_maker
        offered = dict(book.asks if lifts_asks else book.bids)
        taken[trade.transaction_hash, trade.price, lifts_asks] += trade.shares.base_units

        assert taken[trade.transaction_hash, trade.price, lifts_asks] <= offered[trade.price].base_units


def test_fills_share_transactions_and_some_are_exact_duplicates() -> None:
    trades = [entry.event for entry in _played(1)[1].entries() if isinstance(entry.event, TapeTrade)]
    by_transaction = Counter(trade.transaction_hash for trade in trades)
    twins = Counter((t.transaction_hash, t.token_id, t.side, t.price, t.shares) for t in trades)

    assert max(by_transaction.values()) > 2
    assert max(twins.values()) >= 2
    assert {trade.side for trade in trades} == {Side.BUY, Side.SELL}
    assert {trade.is_maker for trade in trades} == {True, False}


def test_nobody_sells_more_than_it_holds() -> None:
    held: Counter[tuple[str, str]] = Counter()
    for entry in sorted(_played(2)[1].entries(), key=lambda known: known.sequence):
        trade = entry.event
        assert isinstance(trade, TapeTrade)
        sign = 1 if trade.side is Side.BUY else -1
        held[trade.account, trade.token_id] += sign * trade.shares.base_units

        assert held[trade.account, trade.token_id] >= 0


def test_winners_are_redeemed_at_what_the_payout_says() -> None:
    script, tape, listings = _played(1)
    for listing in list(listings):
        script.market_resolved(listing)
    script.timeline.advance_to(script.timeline.now_ms() + 900_000)

    redemptions = [entry.event for entry in tape.entries() if not isinstance(entry.event, TapeTrade)]
    winners = [event for event in redemptions if event.usd]
    assert winners
    assert all(event.usd == Usd(event.shares.value) for event in winners)


REPLAY_START_MS = 1_790_585_113_000


@pytest.mark.parametrize("seed", [1, 2])
def test_the_past_has_the_counts_and_win_rates_that_it_was_dealt(seed: int) -> None:
    traders, tape, listings = make_traders(8, seed), Tape(), Listings()
    write_history(tape=tape, listings=listings, traders=traders, seed=seed, replay_start_ms=REPLAY_START_MS)
    records = past_records(traders, seed)
    for trader in traders:
        events = [entry.event for entry in tape.entries(trader.address)]
        held = positions(events, lambda condition_id, token_id: _resolved_mark(listings, condition_id, token_id))

        record = records[trader.address]
        assert len(held) == record.resolved
        assert sum(position.total_pnl > 0 for position in held) == record.won
        assert {position.status for position in held} <= {PositionStatus.CLOSED, PositionStatus.REDEEMABLE}


def _resolved_mark(listings: Listings, condition_id: str, token_id: str) -> Mark:
    listing, resolution = listings.by_condition(condition_id), listings.resolution(condition_id)
    assert listing is not None
    assert resolution is not None
    return Mark(price=listing.payout_per_share(listing.token_ids.index(token_id)), resolved_ms=resolution[0])


def test_the_past_spans_few_and_many_positions_and_lies_within_ninety_days() -> None:
    traders, tape, listings = make_traders(8, 1), Tape(), Listings()
    write_history(tape=tape, listings=listings, traders=traders, seed=1, replay_start_ms=REPLAY_START_MS)
    counts = sorted(record.resolved for record in past_records(traders, 1).values())
    rates = [record.won / record.resolved for record in past_records(traders, 1).values()]

    assert (counts[0], counts[-1]) == (12, 300)
    assert 0.4 < min(rates) < max(rates) < 0.7
    times = [entry.event.block_ms for entry in tape.entries()]
    assert min(times) > REPLAY_START_MS - 91 * 86_400_000
    assert max(times) < REPLAY_START_MS
    assert all(listings.stage(listing, REPLAY_START_MS) is Stage.RESOLVED for listing in listings)

"""The recorded books."""

from __future__ import annotations

from decimal import Decimal

import pytest

from local.exchange.tape.recorded import payout_numerators
from local.exchange.units import Price
from tests.unit.exchange.exchange_builders import recorded_markets


def test_all_eighteen_markets_are_there_in_the_order_in_which_they_end() -> None:
    markets = list(recorded_markets(limit=None))

    assert len(markets) == 18
    assert [market.end_ms for market in markets] == sorted(market.end_ms for market in markets)
    assert {market.payouts for market in markets} == {(1, 0), (0, 1)}


def test_a_book_is_the_newest_snapshot_not_after_the_moment() -> None:
    markets = recorded_markets()
    token_id = next(iter(markets)).token_ids[0]
    first, second, third = markets.book_times(token_id)[:3]

    books = [markets.book(token_id, at_ms) for at_ms in (first, second - 1, second, third - 1)]

    assert [book and book.at_ms for book in books] == [first, first, second, second]


def test_there_is_no_book_before_the_first_snapshot_after_the_last_or_for_an_unknown_token() -> None:
    markets = recorded_markets()
    market = next(iter(markets))
    token_id = market.token_ids[1]

    assert markets.book(token_id, market.opens_ms - 1) is None
    assert markets.book(token_id, market.closes_ms + 1) is None
    assert markets.book("5", market.start_ms) is None


def test_levels_are_best_first_and_exact() -> None:
    markets = recorded_markets()
    market = next(iter(markets))
    for at_ms in range(market.start_ms, market.end_ms, 60_000):
        book = markets.book(market.token_ids[0], at_ms)

        assert book is not None
        assert [price for price, _ in book.bids] == sorted((price for price, _ in book.bids), reverse=True)
        assert [price for price, _ in book.asks] == sorted(price for price, _ in book.asks)
        assert all(shares.is_positive for _, shares in book.bids + book.asks)


def test_the_two_tokens_of_a_market_mirror_each_other() -> None:
    markets = recorded_markets()
    market = next(iter(markets))
    up, down = (markets.book(token, market.start_ms) for token in market.token_ids)

    assert up is not None
    assert down is not None
    mirrored = [(Price(1 - price.value), shares) for price, shares in down.asks]
    assert list(up.bids)[:5] == mirrored[:5]


def test_the_tick_gets_finer_once_a_price_needs_it_and_never_coarser() -> None:
    markets = recorded_markets()
    market = next(iter(markets))
    for token_id in market.token_ids:
        ticks = [markets.tick_size(token_id, at_ms) for at_ms in markets.book_times(token_id)]

        assert ticks[0] == Price("0.01")
        assert ticks[-1] == Price("0.001")
        assert ticks == sorted(ticks, reverse=True)


def test_every_recorded_price_lies_on_the_tick_of_its_moment() -> None:
    markets = recorded_markets()
    market = next(iter(markets))
    token_id = market.token_ids[0]
    for at_ms in markets.book_times(token_id)[::25]:
        book = markets.book(token_id, at_ms)
        assert book is not None
        tick = markets.tick_size(token_id, at_ms).value

        assert all(price.value % tick == 0 for price, _ in book.bids + book.asks)


def test_a_market_is_open_from_its_first_to_its_last_snapshot() -> None:
    markets = recorded_markets()
    market = next(iter(markets))
    moments = (market.opens_ms - 1, market.opens_ms, market.closes_ms, market.closes_ms + 1)

    assert [markets.is_open(market.condition_id, at_ms) for at_ms in moments] == [False, True, True, False]
    assert not markets.is_open("0x00", market.start_ms)


def test_markets_are_found_by_token_and_by_condition() -> None:
    markets = recorded_markets()
    market = next(iter(markets))

    assert markets.by_condition(market.condition_id) is market
    assert markets.by_token(market.token_ids[1]) is market
    assert markets.by_token("5") is None


@pytest.mark.parametrize(
    ("payouts", "numerators"),
    [(("1.0", "0.0"), (1, 0)), (("0.5", "0.5"), (1, 1)), (("0.25", "0.75"), (1, 3)), (("0.0", "1.0"), (0, 1))],
)
def test_payouts_become_the_smallest_whole_numerators(payouts: tuple[str, str], numerators: tuple[int, int]) -> None:
    assert payout_numerators(Decimal(payouts[0]), Decimal(payouts[1])) == numerators

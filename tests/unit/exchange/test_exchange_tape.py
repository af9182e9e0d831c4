"""The tape."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from local.exchange.tape.tape import Tape
from local.exchange.units import Price, Usd
from tests.unit.exchange.exchange_builders import ACCOUNT, tape_redemption, tape_trade


def test_a_fill_shows_from_its_visible_moment_on() -> None:
    tape = Tape()
    tape.append(tape_trade(settled_ms=1_000, visible_ms=4_000))

    assert list(tape.visible(ACCOUNT, 3_999)) == []
    assert len(list(tape.visible(ACCOUNT, 4_000))) == 1


def test_a_late_row_takes_the_place_of_its_block_time() -> None:
    tape = Tape()
    tape.append(tape_trade(price="0.2", settled_ms=2_000))
    tape.append(tape_trade(price="0.1", settled_ms=1_000, visible_ms=60_000))

    shown = [entry.event for entry in tape.visible(None, 60_000)]

    assert [event.block_ms for event in shown] == [2_000, 1_000]


def test_without_a_settlement_time_the_block_is_the_visible_moment() -> None:
    trade = tape_trade(settled_ms=1_000)

    assert trade.block_ms == 1_000
    assert tape_redemption(visible_ms=7_000).block_ms == 7_000


def test_volume_counts_a_fill_once_on_its_takers_side() -> None:
    tape = Tape()
    taken = tape_trade(price="0.5", shares="10")
    tape.append(taken)
    tape.append(tape_trade(account="0x" + "b2" * 20, price="0.5", shares="10", is_maker=True))

    assert tape.volume(taken.condition_id) == Usd(5)
    assert tape.last_price(taken.token_id) == Price("0.5")
    assert tape.last_price("9") is None


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 20_000)), max_size=30))
def test_the_feed_is_ordered_by_block_second_and_then_by_sequence(times: list[tuple[int, int]]) -> None:
    tape = Tape()
    for settled_ms, lag_ms in times:
        tape.append(tape_trade(settled_ms=settled_ms, visible_ms=settled_ms + lag_ms))

    places = [entry.place for entry in tape.visible(ACCOUNT, 100_000)]

    assert len(places) == len(times)
    assert places == sorted(places, reverse=True)

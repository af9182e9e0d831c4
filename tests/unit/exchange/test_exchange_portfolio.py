"""Positions folded from the tape."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from local.exchange.feeds.portfolio import Mark, PositionStatus, positions
from local.exchange.tape.tape import TapeEvent
from local.exchange.terms import Side
from local.exchange.units import Shares
from tests.unit.exchange.exchange_builders import CONDITION, tape_redemption, tape_trade


def _marked(price: str, resolved_ms: int | None = None) -> Mark:
    return Mark(price=Decimal(price), resolved_ms=resolved_ms)


def test_an_open_position_is_marked_at_the_present_price_and_counts_fees_as_cost() -> None:
    events = [tape_trade(price="0.4", shares="10", fee="0.168"), tape_trade(price="0.6", shares="10", fee="0")]

    (position,) = positions(events, lambda *_: _marked("0.7"))

    assert position.status is PositionStatus.OPEN
    assert (position.held, position.average_price, position.entry_cost) == (Decimal(20), Decimal("0.5"), Decimal(10))
    assert position.current_value == 14
    assert position.unrealized_pnl == Decimal("14") - Decimal("10.168")


def test_a_sale_realises_its_share_of_the_cost() -> None:
    events: list[TapeEvent] = [
        tape_trade(price="0.4", shares="10"),
        tape_trade(side=Side.SELL, price="0.6", shares="4", fee="0.01"),
    ]

    (position,) = positions(events, lambda *_: _marked("0.4"))

    assert position.held == 6
    assert position.realized_pnl == Decimal("0.79")
    assert position.entry_cost == Decimal("2.4")


def test_a_winner_is_redeemable_until_it_is_redeemed() -> None:
    bought = tape_trade(price="0.4", shares="10", settled_ms=1_000)

    (held,) = positions([bought], lambda *_: _marked("1", resolved_ms=5_000))
    (closed,) = positions([bought, tape_redemption()], lambda *_: _marked("1", resolved_ms=5_000))

    assert (held.status, held.unrealized_pnl, held.last_event_ms) == (PositionStatus.REDEEMABLE, Decimal(6), 5_000)
    assert (closed.status, closed.realized_pnl, closed.last_event_ms) == (PositionStatus.CLOSED, Decimal(6), 9_000)
    assert not held.is_lost


def test_a_loser_that_is_still_held_is_lost_and_redeemable() -> None:
    (position,) = positions([tape_trade(price="0.4")], lambda *_: _marked("0", resolved_ms=5_000))

    assert position.is_lost
    assert position.status is PositionStatus.REDEEMABLE
    assert position.total_pnl == -4


def test_resolved_tokens_that_left_the_chain_count_as_redeemed() -> None:
    events = [tape_trade(price="0.4")]

    (gone,) = positions(events, lambda *_: _marked("1", resolved_ms=5_000), lambda _: Shares(0))
    (there,) = positions(events, lambda *_: _marked("1", resolved_ms=5_000), lambda _: Shares(10))

    assert (gone.status, gone.realized_pnl) == (PositionStatus.CLOSED, Decimal(6))
    assert there.status is PositionStatus.REDEEMABLE


def test_each_token_is_a_position_of_its_own() -> None:
    events = [tape_trade(token_id="1"), tape_trade(token_id="2"), tape_trade(token_id="1")]

    held = positions(events, lambda *_: _marked("0.5"))

    assert [(position.token_id, position.held) for position in held] == [("1", Decimal(20)), ("2", Decimal(10))]
    assert {position.condition_id for position in held} == {CONDITION}


@given(
    st.lists(st.tuples(st.sampled_from(["0.2", "0.41", "0.77"]), st.integers(1, 50)), min_size=1),
    st.integers(0, 100),
)
def test_total_profit_is_what_came_in_less_what_went_out(buys: list[tuple[str, int]], percent: int) -> None:
    bought = sum(shares for _, shares in buys)
    sold = bought * percent // 100
    events = [tape_trade(price=price, shares=str(shares), fee="0.01") for price, shares in buys]
    if sold:
        events.append(tape_trade(side=Side.SELL, price="0.5", shares=str(sold), fee="0.02"))

    (position,) = positions(events, lambda *_: _marked("0.3"))

    paid = sum((Decimal(price) * shares for price, shares in buys), Decimal(0)) + Decimal("0.01") * len(buys)
    received = Decimal("0.5") * sold - (Decimal("0.02") if sold else 0)
    worth = (bought - sold) * Decimal("0.3")
    assert abs(position.total_pnl - (received + worth - paid)) < Decimal("1e-15")

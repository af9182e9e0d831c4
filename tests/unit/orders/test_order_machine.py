"""The life of an order is closed and total: every pair of state and cause is in the table or illegal."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.orders import OrderState
from live_trading.orders.machine import TERMINAL, TRANSITIONS, Cause, IllegalTransition, next_state

FOUND = [cause for cause in Cause if cause.startswith("found_")]


@pytest.mark.parametrize(("state", "cause"), list(product(OrderState, Cause)))
def test_every_pair_leads_somewhere_or_is_illegal(state: OrderState, cause: Cause) -> None:
    if (state, cause) in TRANSITIONS:
        assert next_state(state, cause) in OrderState
    else:
        with pytest.raises(IllegalTransition):
            next_state(state, cause)


@given(st.lists(st.sampled_from(list(Cause)), max_size=30))
def test_nothing_leaves_a_final_state(causes: list[Cause]) -> None:
    state, was_final = OrderState.INTENT, None
    for cause in causes:
        if (state, cause) in TRANSITIONS:
            state = next_state(state, cause)
        if was_final is not None:
            assert state is was_final
        was_final = state if state in TERMINAL else None


def test_every_state_can_be_reached_from_an_intent() -> None:
    reached = {OrderState.INTENT}
    while more := {to for (state, _), to in TRANSITIONS.items() if state in reached} - reached:
        reached |= more

    assert reached == set(OrderState)


def test_every_state_but_the_final_ones_has_a_way_out() -> None:
    leaving = {state for (state, _), to in TRANSITIONS.items() if to is not state}

    assert leaving == set(OrderState) - TERMINAL


@pytest.mark.parametrize("cause", [Cause.REFUSED, Cause.REFUSED_FOR_NOW])
def test_the_refusal_of_a_second_post_proves_nothing_about_the_first(cause: Cause) -> None:
    assert next_state(OrderState.UNKNOWN, cause) is OrderState.UNKNOWN


@pytest.mark.parametrize("state", [OrderState.LIVE, OrderState.DELAYED, OrderState.PARTIALLY_FILLED])
def test_an_order_that_the_venue_has_acknowledged_is_never_absent(state: OrderState) -> None:
    assert (state, Cause.PROVED_ABSENT) not in TRANSITIONS


@pytest.mark.parametrize("state", [OrderState.SENT, OrderState.UNKNOWN])
def test_an_order_in_doubt_is_never_simply_not_sent(state: OrderState) -> None:
    assert (state, Cause.NEVER_SENT) not in TRANSITIONS


@pytest.mark.parametrize("cause", FOUND)
def test_an_unknown_order_that_is_found_is_what_it_was_found_to_be(cause: Cause) -> None:
    assert next_state(OrderState.UNKNOWN, cause) is next_state(OrderState.SENT, cause)

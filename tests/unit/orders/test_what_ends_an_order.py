"""An order ends where its POST's answer, its look-up and its trades agree in quantities, and never before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import AcceptedStatus, Fill, FillStatus, OrderState, OrderType, PostAnswer
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueOrder, VenueOrderStatus
from live_trading.services.orders.order_proofs import ABSENCE_PROOFS, ABSENCE_SPACING, is_undecided
from live_trading.services.orders.order_updates import (
    OrderUpdate,
    VenueTruth,
    awaits_its_trades,
    is_proved_by_trades,
    plan_update,
)
from live_trading.store.orders.lt_orders import StoredOrder
from tests.builders import NOON, a_fill
from tests.unit.orders.test_order_updates import an_order, at_venue, stored

pytestmark = pytest.mark.money_faults

FIRST = a_fill(price="0.50", shares="18.5")
SECOND = a_fill(price="0.50", shares="1.5", number=2)
PART = a_fill(price="0.40", shares="3.275")


def improved(**changes: Any) -> StoredOrder:
    """Ten dollars at 0.55 at most: at least 18.1818 shares; it traded 20 at 0.50 in two trades."""
    order = an_order(limit_price=Price("0.55"), order_shares=Shares("18.1818"), state=OrderState.LIVE)
    return replace(order, **changes)


def answered(usd: str, shares: str, *trade_ids: str, status: AcceptedStatus = AcceptedStatus.MATCHED) -> PostAnswer:
    return PostAnswer(status=status, usd=Usd(usd), shares=Shares(shares), trade_ids=trade_ids, transaction_hashes=())


def looked(
    order: StoredOrder,
    venue: VenueOrder | None = None,
    heard: tuple[Fill, ...] = (),
    *,
    known: tuple[Fill, ...] = (),
    is_unlisted: bool = False,
) -> OrderUpdate:
    truth = VenueTruth(order=venue, fills=heard, is_unlisted=is_unlisted)
    return plan_update(order, [stored(fill, number) for number, fill in enumerate(known)], truth, NOON)


def third_look(order: StoredOrder) -> StoredOrder:
    return replace(order, absence_proofs=ABSENCE_PROOFS - 1, last_looked_up_at=NOON - ABSENCE_SPACING)


def test_a_purchase_in_dollars_is_whole_when_its_dollars_are_spent_and_not_when_it_has_its_fewest_shares() -> None:
    assert not is_proved_by_trades(improved(), [FIRST])
    assert is_proved_by_trades(improved(), [FIRST, SECOND])


@pytest.mark.parametrize(
    "venue",
    [
        None,
        replace(at_venue(VenueOrderStatus.MATCHED, "18.18"), matched_usd=Usd(10)),
        replace(at_venue(VenueOrderStatus.CANCELLED, "18.18"), matched_usd=Usd(10)),
    ],
)
@pytest.mark.parametrize("answer", [None, answered("10", "20"), answered("10", "20", "trade-1", "trade-2")])
def test_a_price_improved_purchase_does_not_end_before_its_second_trade_is_listed(
    venue: VenueOrder | None, answer: PostAnswer | None
) -> None:
    order = improved(answer=answer)

    assert looked(order, venue, (FIRST,)).cause is None
    assert looked(order, venue, (FIRST, SECOND)).cause is Cause.FOUND_FILLED


def test_trades_that_the_answer_names_are_waited_for_where_it_leaves_the_amounts_out() -> None:
    order = improved(answer=answered("0", "0", "trade-1", "trade-2"))
    found = replace(at_venue(VenueOrderStatus.MATCHED, "16.81"), matched_usd=Usd("9.25"))

    assert looked(order, found, (FIRST,)).cause is None
    assert looked(order, found, (FIRST, replace(SECOND, venue_trade_id="trade-2"))).cause is Cause.FOUND_FILLED


def test_trades_that_the_look_up_names_are_waited_for() -> None:
    found = replace(at_venue(VenueOrderStatus.MATCHED, "0"), states_matched=False, trade_ids=("trade-1", "trade-2"))

    assert looked(an_order(), found, (PART,)).cause is None


@pytest.mark.parametrize("state", [OrderState.SENT, OrderState.UNKNOWN, OrderState.LIVE, OrderState.DELAYED])
def test_a_finished_order_with_no_quantity_and_no_trade_proves_nothing(state: OrderState) -> None:
    """However often it is looked up."""
    order = third_look(an_order(state=state))

    for states_matched in (True, False):
        said = replace(at_venue(VenueOrderStatus.MATCHED, "0"), states_matched=states_matched)
        assert looked(order, said).cause is None


def test_a_cancelled_order_without_a_quantity_ends_only_after_looks_spaced_in_time() -> None:
    silent = replace(at_venue(VenueOrderStatus.CANCELLED, "0"), states_matched=False)

    assert looked(an_order(), silent).cause is None
    assert looked(third_look(an_order()), silent).cause is Cause.FOUND_CANCELLED
    assert looked(an_order(), at_venue(VenueOrderStatus.CANCELLED, "0")).cause is Cause.FOUND_CANCELLED


@pytest.mark.parametrize("status", [VenueOrderStatus.CANCELLED, VenueOrderStatus.UNMATCHED, VenueOrderStatus.EXPIRED])
def test_an_end_that_denies_what_the_post_was_answered_is_not_believed(status: VenueOrderStatus) -> None:
    order = third_look(an_order(state=OrderState.LIVE, answer=answered("4", "10")))

    assert looked(order, at_venue(status, "0")).cause is None
    assert looked(order, at_venue(status, "0")).absent is False


@pytest.mark.parametrize(
    ("venue", "answer"),
    [
        (replace(at_venue(VenueOrderStatus.MATCHED, "3.27"), matched_usd=Usd("1.31")), None),
        (at_venue(VenueOrderStatus.MATCHED, "0"), answered("1.31", "3.275", "trade-1")),
        (replace(at_venue(VenueOrderStatus.CANCELLED, "3.27"), matched_usd=Usd("1.31")), answered("1.31", "3.275")),
        (None, answered("1.31", "3.275", "trade-1")),
        (None, answered("0", "0", "trade-1")),
    ],
)
def test_a_fak_that_got_a_part_is_cancelled_whatever_answer_told_it(
    venue: VenueOrder | None, answer: PostAnswer | None
) -> None:
    order = an_order(order_usd=Usd(20), order_shares=Shares(50), state=OrderState.LIVE, answer=answer)

    assert looked(order, venue, (PART,)).cause is Cause.FOUND_CANCELLED


def test_a_part_whose_post_was_not_answered_ends_after_looks_that_found_nothing_more() -> None:
    order = an_order(order_usd=Usd(20), order_shares=Shares(50))

    first, later = looked(order, heard=(PART,)), looked(order, heard=(PART,), known=(PART,))
    last = looked(third_look(order), heard=(PART,), known=(PART,))

    assert (first.cause, first.absent) == (None, False)
    assert (later.cause, later.absent) == (None, True)
    assert last.cause is Cause.FOUND_CANCELLED


def test_news_starts_the_count_of_looks_anew() -> None:
    order = third_look(an_order(order_usd=Usd(20), order_shares=Shares(50)))

    update = looked(order, heard=(PART, replace(SECOND, shares=Shares(2))), known=(PART,))

    assert (update.cause, update.absent) == (None, False)


@pytest.mark.parametrize("state", [OrderState.LIVE, OrderState.DELAYED, OrderState.PARTIALLY_FILLED])
def test_an_order_that_was_taken_and_then_forgotten_ends_after_looks_spaced_in_time(state: OrderState) -> None:
    order = an_order(state=state, answer=answered("0", "0", status=AcceptedStatus.DELAYED))

    assert (looked(order).cause, looked(order).absent) == (None, True)
    assert looked(third_look(order)).cause is Cause.FOUND_CANCELLED


def test_a_taken_order_is_not_forgotten_while_its_match_may_be_put_off() -> None:
    order = third_look(an_order(state=OrderState.DELAYED, sent_at=NOON - timedelta(seconds=80)))

    assert (looked(order).cause, looked(order).absent) == (None, None)


def test_an_order_whose_match_was_answered_is_never_forgotten() -> None:
    order = third_look(an_order(state=OrderState.LIVE, answer=answered("10", "25", "trade-1")))

    assert (looked(order).cause, looked(order).absent) == (None, False)


def test_looks_before_the_last_sending_was_some_time_ago_prove_nothing() -> None:
    sent = third_look(an_order(sent_at=NOON - ABSENCE_SPACING + timedelta(microseconds=1)))

    assert (looked(sent).cause, looked(sent).absent) == (None, None)
    assert looked(replace(sent, sent_at=NOON - ABSENCE_SPACING)).cause is Cause.PROVED_ABSENT


@pytest.mark.parametrize("order_type", [OrderType.GTC, OrderType.GTD])
def test_open_orders_of_the_same_pass_are_evidence_for_resting_types(order_type: OrderType) -> None:
    order = third_look(an_order(order_type=order_type))

    assert looked(order).cause is None
    assert looked(order, at_venue(VenueOrderStatus.LIVE)).cause is Cause.FOUND_LIVE
    assert looked(order, is_unlisted=True).cause is Cause.PROVED_ABSENT


def test_a_gtd_that_is_forgotten_expires_after_its_end_and_not_before() -> None:
    resting = third_look(an_order(order_type=OrderType.GTD, state=OrderState.LIVE))
    ends = {"before": NOON + timedelta(seconds=1), "after": NOON - ABSENCE_SPACING}

    found = {name: looked(replace(resting, expires_at=end), is_unlisted=True).cause for name, end in ends.items()}

    assert found == {"before": None, "after": Cause.FOUND_EXPIRED}


def test_a_resting_order_is_forgotten_only_where_the_open_orders_do_not_list_it() -> None:
    resting = third_look(an_order(order_type=OrderType.GTC, state=OrderState.PARTIALLY_FILLED))

    assert looked(resting, heard=(PART,), known=(PART,)).cause is None
    assert looked(resting, heard=(PART,), known=(PART,), is_unlisted=True).cause is Cause.FOUND_CANCELLED


def test_a_resting_order_of_shares_is_whole_with_its_shares_and_not_with_its_dollars() -> None:
    order = an_order(order_type=OrderType.GTC, state=OrderState.LIVE)
    cheaper = a_fill(price="0.30", shares="25")
    nearly = a_fill(price="0.40", shares="24.98")

    assert is_proved_by_trades(order, [cheaper])
    assert not is_proved_by_trades(order, [nearly])


def test_a_trade_that_is_listed_twice_counts_once() -> None:
    half = a_fill(shares="12.5")
    other = a_fill(shares="12.5", number=2)

    twice = looked(an_order(), at_venue(VenueOrderStatus.MATCHED, "25"), (half, half))
    both = looked(an_order(), at_venue(VenueOrderStatus.MATCHED, "25"), (half, other), known=(half,))

    assert (twice.cause, len(twice.new_fills)) == (None, 1)
    assert (both.cause, both.new_fills) == (Cause.FOUND_FILLED, (other,))


def test_stored_trades_count_where_a_list_leaves_them_out() -> None:
    order = improved(answer=answered("10", "20"))

    assert looked(order, None, (SECOND,), known=(FIRST,)).cause is Cause.FOUND_FILLED


def test_a_sale_is_whole_with_its_shares() -> None:
    sale = an_order(side=Side.SELL, state=OrderState.LIVE, answer=answered("9.99", "25"))
    sold = a_fill(side=Side.SELL, shares="25")

    assert looked(sale, heard=(replace(sold, shares=Shares(24)),)).cause is None
    assert looked(sale, heard=(sold,)).cause is Cause.FOUND_FILLED


def test_a_failed_trade_is_no_reason_to_wait_for_more() -> None:
    failed = replace(a_fill(), status=FillStatus.FAILED)

    assert looked(an_order(answer=answered("10", "25")), None, (failed,)).cause is Cause.FOUND_FILLED


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_the_last_look_of_a_finished_order_is_over_only_where_nothing_contradicts_its_end(state: OrderState) -> None:
    order = an_order(state=state, finished_at=NOON - timedelta(minutes=5))

    quiet, alive = looked(order), looked(order, at_venue(VenueOrderStatus.LIVE))
    more = looked(order, at_venue(VenueOrderStatus.MATCHED, "25"), (PART,))

    assert [(each.is_last_look, each.is_contradicted) for each in (quiet, alive, more)] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert more.new_fills == (PART,)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"state": OrderState.DELAYED}, True),
        ({"state": OrderState.INTENT}, False),
        ({"sent_at": NOON}, False),
        ({"order_type": OrderType.GTC, "state": OrderState.LIVE}, False),
        ({"order_type": OrderType.GTC, "state": OrderState.LIVE, "cancel_asked_at": NOON - timedelta(hours=1)}, True),
        ({"order_type": OrderType.GTD, "state": OrderState.LIVE, "expires_at": NOON - timedelta(minutes=1)}, False),
        ({"order_type": OrderType.GTD, "state": OrderState.LIVE, "expires_at": NOON - timedelta(hours=1)}, True),
        ({"order_type": OrderType.GTC, "state": OrderState.SENT}, True),
        ({"state": OrderState.FILLED, "finished_at": NOON}, False),
    ],
)
def test_an_order_is_undecided_when_its_end_should_long_be_known(*, changes: dict[str, Any], expected: bool) -> None:
    order = replace(an_order(sent_at=NOON - timedelta(minutes=6)), **changes)

    assert is_undecided(order, NOON) is expected


@pytest.mark.parametrize("status", list(VenueOrderStatus))
@pytest.mark.parametrize("matched", ["0", "18.5", "20"])
@pytest.mark.parametrize("heard", [(), (FIRST,)])
def test_no_look_up_could_end_an_order_whose_trades_are_not_listed_yet(
    status: VenueOrderStatus, matched: str, heard: tuple[Fill, ...]
) -> None:
    """So that none is asked for while they are to be expected."""
    order = improved(answer=answered("10", "20"), sent_at=NOON - timedelta(seconds=3), absence_proofs=0)
    assert awaits_its_trades(order, heard, NOON)

    for venue in (None, replace(at_venue(status, matched), matched_usd=Usd(10))):
        update = looked(order, venue, heard)
        assert update.cause is None
        assert not update.absent


@pytest.mark.parametrize(
    "order",
    [
        improved(answer=answered("10", "20"), sent_at=NOON - ABSENCE_SPACING),
        improved(answer=answered("10", "20"), sent_at=NOON, absence_proofs=1),
        improved(answer=None, sent_at=NOON),
        improved(answer=answered("0", "0", status=AcceptedStatus.LIVE), sent_at=NOON),
    ],
)
def test_an_order_is_looked_up_once_its_trades_should_be_there_or_nothing_was_told_of_any(order: StoredOrder) -> None:
    assert not awaits_its_trades(order, (), NOON)


def test_an_order_whose_trades_are_listed_awaits_none() -> None:
    order = improved(answer=answered("10", "20"), sent_at=NOON)

    assert not awaits_its_trades(order, (FIRST, SECOND), NOON)

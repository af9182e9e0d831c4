"""What the venue's facts prove about an order, and never more than that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import (
    Fill,
    FillStatus,
    Moved,
    OrderState,
    OrderType,
    Purpose,
    RejectionCode,
    SignedOrder,
)
from live_trading.nouns.trades import Side
from live_trading.orders.machine import TERMINAL, Cause
from live_trading.polymarket.clob.account import VenueOrder, VenueOrderStatus
from live_trading.services.orders.order_proofs import ABSENCE_PROOFS, ABSENCE_SPACING
from live_trading.services.orders.order_updates import OrderUpdate, VenueTruth, plan_update
from live_trading.store.orders.fills import StoredFill
from live_trading.store.orders.lt_orders import StoredOrder
from tests.builders import CONDITION, NOON, ORDER, ORDER_HASH, STRATEGY, TRADING_WALLET, YES, a_fill


def an_order(**changes: Any) -> StoredOrder:
    """A FAK that spends 10 dollars at 0.40 and was sent a while ago."""
    order = StoredOrder(
        lt_order_id=ORDER,
        lt_strategy_id=STRATEGY,
        trading_wallet_id=TRADING_WALLET,
        token_id=YES,
        condition_id=CONDITION,
        outcome_index=0,
        side=Side.BUY,
        order_type=OrderType.FAK,
        limit_price=Price("0.40"),
        order_usd=Usd(10),
        order_shares=Shares(25),
        reserved=Usd(10),
        signed=SignedOrder(order_hash=ORDER_HASH, payload={}),
        state=OrderState.SENT,
        purpose=Purpose.ENTRY,
        attempt=1,
        sends=1,
        not_before=None,
        expires_at=None,
        last_refusal=None,
        last_refusal_text=None,
        absence_proofs=0,
        last_looked_up_at=None,
        decided_at=NOON,
        intent_at=NOON,
        sent_at=NOON - timedelta(minutes=5),
    )
    return replace(order, **changes)


def at_venue(status: VenueOrderStatus, matched: str = "0") -> VenueOrder:
    return VenueOrder(
        order_hash=ORDER_HASH,
        status=status,
        raw_status=status,
        condition_id=CONDITION,
        token_id=YES,
        side=Side.BUY,
        price=Price("0.40"),
        matched=Shares(matched),
    )


def stored(fill: Fill, fill_id: int = 1) -> StoredFill:
    return StoredFill(fill_id=fill_id, lt_order_id=ORDER, fill=fill)


def planned(
    order: StoredOrder,
    *,
    venue: VenueOrder | None = None,
    fills: tuple[Fill, ...] = (),
    known: tuple[Fill, ...] = (),
    moved: dict[str, Moved] | None = None,
) -> OrderUpdate:
    truth = VenueTruth(order=venue, fills=fills, moved=moved or {})
    return plan_update(order, [stored(fill, number) for number, fill in enumerate(known)], truth, NOON)


@pytest.mark.parametrize(
    ("status", "matched", "fills", "cause"),
    [
        (VenueOrderStatus.MATCHED, "25", (a_fill(),), Cause.FOUND_FILLED),
        (VenueOrderStatus.LIVE, "0", (), Cause.FOUND_LIVE),
        (VenueOrderStatus.LIVE, "10", (a_fill(shares="10"),), Cause.FOUND_PARTIAL),
        (VenueOrderStatus.CANCELLED, "0", (), Cause.FOUND_CANCELLED),
        (VenueOrderStatus.UNMATCHED, "0", (), Cause.FOUND_CANCELLED),
        (VenueOrderStatus.INVALID, "0", (), Cause.FOUND_CANCELLED),
        (VenueOrderStatus.EXPIRED, "0", (), Cause.FOUND_EXPIRED),
        (VenueOrderStatus.DELAYED, "0", (), None),
        (VenueOrderStatus.UNRECOGNISED, "0", (), None),
    ],
)
def test_what_the_venue_says_of_an_order_is_its_cause(
    status: VenueOrderStatus, matched: str, fills: tuple[Fill, ...], cause: Cause | None
) -> None:
    assert planned(an_order(), venue=at_venue(status, matched), fills=fills).cause == cause


@pytest.mark.parametrize("status", [VenueOrderStatus.MATCHED, VenueOrderStatus.CANCELLED, VenueOrderStatus.EXPIRED])
def test_an_order_does_not_end_before_all_its_fills_are_known(status: VenueOrderStatus) -> None:
    assert planned(an_order(), venue=at_venue(status, "25"), fills=(a_fill(shares="10"),)).cause is None


def test_one_look_that_finds_nothing_proves_nothing() -> None:
    update = planned(an_order())

    assert (update.cause, update.absent) == (None, True)


def test_absence_is_believed_after_enough_looks_spaced_in_time() -> None:
    looked_up = an_order(absence_proofs=ABSENCE_PROOFS - 1, last_looked_up_at=NOON - ABSENCE_SPACING)
    too_soon = replace(looked_up, last_looked_up_at=NOON - ABSENCE_SPACING + timedelta(microseconds=1))

    assert (planned(looked_up).cause, planned(looked_up).rejection) == (
        Cause.PROVED_ABSENT,
        RejectionCode.NEVER_ARRIVED,
    )
    assert (planned(too_soon).cause, planned(too_soon).absent) == (None, None)


def test_an_absent_order_ends_with_the_refusal_that_it_got_last() -> None:
    refused = an_order(
        state=OrderState.UNKNOWN,
        absence_proofs=ABSENCE_PROOFS,
        last_looked_up_at=NOON - ABSENCE_SPACING,
        last_refusal=RejectionCode.NO_MATCH,
    )

    assert planned(refused).rejection is RejectionCode.NO_MATCH


def test_an_order_with_a_fill_on_record_is_never_absent() -> None:
    forgotten = an_order(absence_proofs=ABSENCE_PROOFS, last_looked_up_at=NOON - ABSENCE_SPACING)

    update = planned(forgotten, fills=(a_fill(),))

    assert (update.cause, update.absent) == (Cause.FOUND_FILLED, False)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_finished_order_only_follows_its_fills(state: OrderState) -> None:
    settled = replace(a_fill(), status=FillStatus.CONFIRMED, transaction_hash="0xa")

    update = planned(an_order(state=state), fills=(settled,), known=(a_fill(),), moved={"0xa": settled.moved})

    assert update.cause is None
    assert [each.to for each in update.progressed] == [FillStatus.CONFIRMED]


def confirmed(number: int = 1, transaction_hash: str | None = "0xa") -> Fill:
    return replace(a_fill(number=number), status=FillStatus.CONFIRMED, transaction_hash=transaction_hash)


@pytest.mark.parametrize("transaction_hash", ["0xa", None])
def test_a_confirmed_trade_is_mined_until_its_receipt_is_read(transaction_hash: str | None) -> None:
    fill = confirmed(transaction_hash=transaction_hash)

    new = planned(an_order(), fills=(fill,))
    known = planned(an_order(), fills=(fill,), known=(a_fill(),))

    assert [each.status for each in new.new_fills] == [FillStatus.MINED]
    assert [each.to for each in known.progressed] == [FillStatus.MINED]
    assert new.unread == known.unread == {"trade-1": transaction_hash}


def test_a_settled_trade_is_not_unread_again() -> None:
    assert planned(an_order(), fills=(confirmed(),), known=(confirmed(),)).unread == {}


def test_trades_of_one_transaction_settle_together_because_its_receipt_tells_their_sum() -> None:
    mined = replace(confirmed(number=2), status=FillStatus.MINED)
    total = Moved(usd=Usd(20), shares=Shares(50), fee=Usd(0))

    early = planned(an_order(), fills=(confirmed(), mined), moved={"0xa": total})
    unheard = planned(an_order(), fills=(confirmed(),), known=(mined, mined), moved={"0xa": total})
    whole = planned(an_order(), fills=(confirmed(), confirmed(number=2)), moved={"0xa": total})

    assert [each.status for each in early.new_fills] == [FillStatus.MINED] * 2
    assert (early.moved, unheard.moved) == ({}, {})
    assert [each.status for each in whole.new_fills] == [FillStatus.CONFIRMED] * 2
    assert whole.moved == {"0xa": total}


@pytest.mark.parametrize("end", [FillStatus.CONFIRMED, FillStatus.FAILED])
@pytest.mark.parametrize("stale", [FillStatus.MATCHED, FillStatus.MINED, FillStatus.RETRYING])
def test_settlement_never_goes_back_from_its_end(end: FillStatus, stale: FillStatus) -> None:
    known = replace(a_fill(), status=end)

    assert planned(an_order(), fills=(replace(a_fill(), status=stale),), known=(known,)).progressed == ()


fills_of_venue = st.lists(
    st.builds(
        lambda number, status: replace(a_fill(number=number, shares="5"), status=status),
        st.integers(min_value=1, max_value=4),
        st.sampled_from(list(FillStatus)),
    ),
    max_size=4,
    unique_by=lambda fill: fill.venue_trade_id,
)


@given(fills=fills_of_venue, is_read=st.booleans())
def test_planning_again_from_facts_that_are_booked_finds_nothing_new(fills: list[Fill], *, is_read: bool) -> None:
    told = tuple(replace(fill, transaction_hash=f"0x{fill.venue_trade_id}") for fill in fills)
    moved = {str(fill.transaction_hash): fill.moved for fill in told} if is_read else {}
    live = at_venue(VenueOrderStatus.LIVE, "0")

    first = planned(an_order(), venue=live, fills=told, moved=moved)
    again = planned(an_order(), venue=live, fills=told, known=first.new_fills, moved=moved)

    assert [fill.venue_trade_id for fill in first.new_fills] == [fill.venue_trade_id for fill in told]
    assert (again.new_fills, again.progressed) == ((), ())

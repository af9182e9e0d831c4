"""What is believed of fills that come late, twice or one by one: the books end right, and somebody is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from live_trading.ledger import order_entries
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import AcceptedStatus, Fill, FillStatus, OrderState, PostAnswer, RejectionCode
from live_trading.orders.machine import Cause
from live_trading.polymarket.clob.account import VenueOrder, VenueOrderStatus
from live_trading.services.orders.order_alerts import tell_contradiction, tell_if_undecided
from live_trading.services.orders.order_booking import Refusal, apply_updates, transition
from live_trading.services.orders.order_updates import VenueTruth, plan_update
from live_trading.services.watching.checkup import HealthService
from live_trading.services.watching.findings import Finding
from live_trading.store.books import ledger
from live_trading.store.database.connection import ConstraintViolated
from live_trading.store.orders import fills, lt_orders, order_changes
from live_trading.store.orders.lt_orders import StoredOrder
from tests.builders import NOON, a_fill
from tests.risk.risk_fixtures import CAPITAL, RiskDesk, Seat
from tests.settlement.parts.bookkeeping_fixtures import HandClock

pytestmark = [pytest.mark.integration, pytest.mark.risk, pytest.mark.money_faults]

TEN = Usd(10)
GIVEN_UP = Refusal(code=RejectionCode.NEVER_ARRIVED, text="")


def entered(desk: RiskDesk, seat: Seat, **where: Any) -> StoredOrder:
    """Ten dollars at 0.55 at most, for at least 18.1818 shares, sent."""
    lt_order_id = desk.enter(seat, "10", **where).lt_order_id
    assert lt_order_id is not None
    with desk.database.transaction() as transaction:
        (order,) = lt_orders.locked(transaction, [lt_order_id])
        transition(transaction, order, Cause.SENT_TO_VENUE, actor="tests", now=desk.now)
    return as_it_is(desk, lt_order_id)


def as_it_is(desk: RiskDesk, lt_order_id: UUID) -> StoredOrder:
    with desk.database.transaction() as transaction:
        (order,) = lt_orders.locked(transaction, [lt_order_id])
    return order


def trade(order: StoredOrder, shares: str, number: int = 1, **changes: Any) -> Fill:
    """A trade of the order at 0.50."""
    return a_fill(
        price="0.50",
        shares=shares,
        order_hash=order.signed.order_hash,
        token_id=order.token_id,
        venue_trade_id=f"{order.lt_order_id}:{number}",
        side=order.side,
        **changes,
    )


def said(order: StoredOrder, status: VenueOrderStatus, usd: str) -> VenueOrder:
    return VenueOrder(
        order_hash=order.signed.order_hash,
        status=status,
        raw_status=status,
        condition_id=order.condition_id,
        token_id=order.token_id,
        side=order.side,
        price=order.limit_price,
        matched=Shares.floor(Usd(usd).value / order.limit_price.value, Price("0.01").value),
        matched_usd=Usd(usd),
    )


def hear(desk: RiskDesk, order: StoredOrder, *heard: Fill, venue: VenueOrder | None = None) -> OrderState:
    """One pass over the order, with what the receipts of settled trades tell."""
    moved = {str(fill.transaction_hash): fill.moved for fill in heard if fill.transaction_hash is not None}
    with desk.database.transaction() as transaction:
        (stored_order,) = lt_orders.locked(transaction, [order.lt_order_id])
        stored = fills.of_orders(transaction, [order.lt_order_id])[order.lt_order_id]
        update = plan_update(stored_order, stored, VenueTruth(order=venue, fills=heard, moved=moved), desk.now)
        states = apply_updates(transaction, [(stored_order, update)], actor="tests", now=desk.now)
    return states[order.lt_order_id]


def balances(desk: RiskDesk, seat: Seat) -> tuple[Usd, Usd]:
    """Available and reserved."""
    with desk.database.transaction() as transaction:
        found = ledger.balances_of_strategy(transaction, seat.strategy.lt_strategy_id)
    return found.available, found.reserved


def told(desk: RiskDesk, alert_type: str) -> list[dict[str, Any]]:
    return desk.rows(f"SELECT * FROM lt_alerts WHERE alert_type = '{alert_type}' AND status <> 'RESOLVED'")


@pytest.mark.parametrize("status", [VenueOrderStatus.MATCHED, VenueOrderStatus.CANCELLED, None])
@pytest.mark.parametrize("is_answered", [True, False])
def test_a_price_improved_entry_gives_nothing_back_before_its_second_trade_is_listed(
    status: VenueOrderStatus | None, risk_desk: RiskDesk, *, is_answered: bool
) -> None:
    """Available 990.75 and reserved -0.75 it was, or 998 and -8 with a look-up of nothing."""
    seat = risk_desk.add_strategy()
    order = entered(risk_desk, seat)
    if is_answered:
        answer(risk_desk, order, Usd(10), Shares(20))
    venue = None if status is None else said(order, status, "10")
    first, second = trade(order, "18.5"), trade(order, "1.5", 2)

    assert hear(risk_desk, order, first, venue=venue) not in (OrderState.FILLED, OrderState.CANCELLED)
    assert balances(risk_desk, seat) == (CAPITAL - TEN, Usd("0.75"))
    assert hear(risk_desk, order, first, second, venue=venue) is OrderState.FILLED
    assert balances(risk_desk, seat) == (CAPITAL - TEN, Usd(0))


def answer(desk: RiskDesk, order: StoredOrder, usd: Usd, shares: Shares, *trade_ids: str) -> None:
    """The venue takes the order and says so."""
    said_so = PostAnswer(
        status=AcceptedStatus.MATCHED, usd=usd, shares=shares, trade_ids=trade_ids, transaction_hashes=("0xa",)
    )
    with desk.database.transaction() as transaction:
        order_changes.note_answers(transaction, {order.lt_order_id: said_so})
        transition(transaction, order, Cause.ACCEPTED_MATCHED, actor="tests", now=desk.now)
    assert as_it_is(desk, order.lt_order_id).answer == said_so


def test_an_answer_that_tells_of_less_does_not_replace_one_that_told_of_more(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = entered(risk_desk, seat)
    answer(risk_desk, order, Usd(10), Shares(20), "t1")
    with risk_desk.database.transaction() as transaction:
        less = PostAnswer(status=AcceptedStatus.LIVE, usd=Usd(0), shares=Shares(0), trade_ids=(), transaction_hashes=())
        order_changes.note_answers(transaction, {order.lt_order_id: less})

    kept = as_it_is(risk_desk, order.lt_order_id).answer

    assert kept is not None
    assert (kept.status, kept.shares, kept.trade_ids) == (AcceptedStatus.MATCHED, Shares(20), ("t1",))


ENDS = {
    OrderState.REJECTED: Cause.PROVED_ABSENT,
    OrderState.CANCELLED: Cause.FOUND_CANCELLED,
    OrderState.EXPIRED: Cause.FOUND_EXPIRED,
    OrderState.FILLED: Cause.FOUND_FILLED,
}


@pytest.mark.parametrize("state", sorted(ENDS))
def test_a_trade_of_a_finished_order_is_booked_takes_its_release_back_and_is_told(
    state: OrderState, risk_desk: RiskDesk
) -> None:
    seat = risk_desk.add_strategy()
    order = ended(risk_desk, entered(risk_desk, seat), state)
    assert balances(risk_desk, seat) == (CAPITAL, Usd(0))

    for _ in range(2):
        assert hear(risk_desk, order, trade(order, "20")) is state

    assert balances(risk_desk, seat) == (CAPITAL - TEN, Usd(0))
    (row,) = risk_desk.rows("SELECT outcome FROM lt_orders")
    assert row["outcome"] == "OPEN"
    (alert,) = told(risk_desk, "late_fill")
    assert alert["severity"] == ("CRITICAL" if state is OrderState.REJECTED else "WARNING")
    names = (order.signed.order_hash, order.condition_id, order.token_id, "$10", order.trading_wallet_id)
    assert all(str(each) in alert["message"] for each in names)


def ended(desk: RiskDesk, order: StoredOrder, state: OrderState) -> StoredOrder:
    with desk.database.transaction() as transaction:
        refusal = GIVEN_UP if state is OrderState.REJECTED else None
        transition(transaction, order, ENDS[state], actor="tests", now=desk.now, refusal=refusal)
    return as_it_is(desk, order.lt_order_id)


@pytest.mark.parametrize("state", sorted(ENDS))
def test_a_late_trade_that_settles_or_fails_leaves_the_books_right(state: OrderState, risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = ended(risk_desk, entered(risk_desk, seat), state)
    late, other = trade(order, "10"), trade(order, "6", 2)
    hear(risk_desk, order, late, other)

    confirmed = replace(late, status=FillStatus.CONFIRMED, transaction_hash="0xa")
    hear(risk_desk, order, confirmed, replace(other, status=FillStatus.FAILED))

    assert balances(risk_desk, seat) == (CAPITAL - Usd(5), Usd(0))


def test_a_fill_that_costs_more_than_was_reserved_takes_the_excess_from_cash(risk_desk: RiskDesk) -> None:
    """An order that is still open never leaves less than nothing reserved."""
    seat = risk_desk.add_strategy()
    order = entered(risk_desk, seat)
    answer(risk_desk, order, Usd(15), Shares(40))
    dear = trade(order, "20", fee="0.3")

    assert hear(risk_desk, order, dear) is OrderState.LIVE
    assert balances(risk_desk, seat) == (CAPITAL - Usd("10.3"), Usd(0))
    hear(risk_desk, order, replace(dear, status=FillStatus.FAILED))

    assert balances(risk_desk, seat) == (CAPITAL - TEN, TEN)


def test_nobody_reserves_what_is_not_there(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = entered(risk_desk, seat)
    wallet = {"trading_wallet_id": order.trading_wallet_id, "lt_strategy_id": order.lt_strategy_id}
    at = {"lt_order_id": seat.subject.ft_wallet_id, "occurred_at": NOON}
    too_much = order_entries.reservation(**wallet, **at, amount=CAPITAL)
    too_far = order_entries.release(**wallet, **at, amount=TEN + Usd("0.000001"))

    for entry in (too_much, too_far):
        with pytest.raises(ConstraintViolated), risk_desk.database.transaction() as transaction:
            ledger.post(transaction, entry, NOON)

    assert balances(risk_desk, seat) == (CAPITAL - TEN, TEN)


def test_a_late_fill_is_booked_although_its_cash_is_spent_and_health_says_so(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(capital=Usd(10))
    order = ended(risk_desk, entered(risk_desk, seat), OrderState.REJECTED)
    again = entered(risk_desk, seat, market=1)
    hear(risk_desk, again, trade(again, "20", 3))

    hear(risk_desk, order, trade(order, "20"))

    assert balances(risk_desk, seat) == (Usd(-10), Usd(0))
    finding = health_says(risk_desk, "overdrafts", NOON)
    assert finding.status == "CRITICAL"
    assert str(order.trading_wallet_id) in finding.detail


def health_says(desk: RiskDesk, check: str, at: datetime) -> Finding:
    health = HealthService(database=desk.database, clock=HandClock(at), probes={}, notify=None)
    (finding,) = [each for each in health.look().findings if each.check == check]
    return finding


def test_a_finished_order_is_watched_until_it_was_looked_up_once_more(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = ended(risk_desk, entered(risk_desk, seat), OrderState.CANCELLED)
    unsent = risk_desk.enter(seat, "10", market=2).lt_order_id
    assert unsent is not None
    with risk_desk.database.transaction() as transaction:
        (intent,) = lt_orders.locked(transaction, [unsent])
        transition(transaction, intent, Cause.NEVER_SENT, actor="tests", now=risk_desk.now, refusal=GIVEN_UP)
        before = lt_orders.unfinished(transaction, order.trading_wallet_id)
        order_changes.note_last_look(transaction, order.lt_order_id, risk_desk.now)
        after = lt_orders.unfinished(transaction, order.trading_wallet_id)
        kept = lt_orders.of_hashes(transaction, order.trading_wallet_id, [order.signed.order_hash, "0x" + "0" * 64])

    assert [each.lt_order_id for each in before] == [order.lt_order_id]
    assert after == []
    assert [each.lt_order_id for each in kept] == [order.lt_order_id]


def test_an_order_that_has_trades_is_not_among_those_that_are_sent_again(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = entered(risk_desk, seat)
    with risk_desk.database.transaction() as transaction:
        order_changes.note_lookup(transaction, lt_order_id=order.lt_order_id, absent=True, now=NOON)
        lost = lt_orders.missing(transaction, order.trading_wallet_id)
    hear(risk_desk, order, trade(order, "2"))
    with risk_desk.database.transaction() as transaction:
        order_changes.note_lookup(transaction, lt_order_id=order.lt_order_id, absent=True, now=NOON)
        with_trades = lt_orders.missing(transaction, order.trading_wallet_id)

    assert [each.lt_order_id for each in lost] == [order.lt_order_id]
    assert with_trades == []


def test_an_order_whose_end_is_not_proved_is_told_until_it_is(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = entered(risk_desk, seat)
    seen: list[list[str]] = []
    for minutes in (5, 6, 30):
        later = risk_desk.now + timedelta(minutes=minutes)
        with risk_desk.database.transaction() as transaction:
            tell_if_undecided(transaction, order, later)
        seen.append([each["severity"] for each in told(risk_desk, "order_undecided")])
    (alert,) = told(risk_desk, "order_undecided")
    done = ended(risk_desk, order, OrderState.CANCELLED)
    with risk_desk.database.transaction() as transaction:
        tell_if_undecided(transaction, done, risk_desk.now + timedelta(minutes=1))

    assert seen == [[], ["WARNING"], ["CRITICAL"]]
    names = (order.signed.order_hash, order.condition_id, order.token_id, "$10", order.trading_wallet_id, "SENT")
    assert all(str(each) in alert["message"] for each in names)
    assert told(risk_desk, "order_undecided") == []


def test_what_contradicts_the_end_of_an_order_is_told_until_its_last_look_is_quiet(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    order = ended(risk_desk, entered(risk_desk, seat), OrderState.REJECTED)
    later = risk_desk.now + timedelta(minutes=6)
    with risk_desk.database.transaction() as transaction:
        tell_contradiction(transaction, order, "LIVE with 0 shares matched", later)
        tell_if_undecided(transaction, order, later)
    stays = told(risk_desk, "order_undecided")
    with risk_desk.database.transaction() as transaction:
        order_changes.note_last_look(transaction, order.lt_order_id, later)
    with risk_desk.database.transaction() as transaction:
        tell_if_undecided(transaction, as_it_is_in(transaction, order.lt_order_id), later)

    assert [(each["severity"], "LIVE" in each["message"]) for each in stays] == [("CRITICAL", True)]
    assert told(risk_desk, "order_undecided") == []


def as_it_is_in(transaction: Any, lt_order_id: UUID) -> StoredOrder:
    (order,) = lt_orders.locked(transaction, [lt_order_id])
    return order

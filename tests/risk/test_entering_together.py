"""Entries that are judged and written together come to what they come to one by one, and cost few round trips."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderPlan, SignedOrder
from live_trading.polymarket.clob.account import VenueAccount
from live_trading.services.entering.entry import Candidate, Entered, Wanted
from live_trading.services.running.failures import PartFailure
from live_trading.store.risk import locks
from tests.builders import ALICE, BOB
from tests.risk.risk_fixtures import RiskDesk, Seat
from tests.statement_counting import counted_round_trips

pytestmark = pytest.mark.integration

# Rules whose verdict on an entry depends on the entries before it, at limits that some of a batch pass.
_LIMITS: tuple[dict[str, Any], ...] = (
    {"daily_budget_usd": 90},
    {"weekly_budget_fraction": Decimal("0.1")},
    {"max_position_fraction": Decimal("0.05")},
    {"max_position_fraction": Decimal("0.05"), "shrink_to_fit": True},
    {"max_total_exposure_fraction": Decimal("0.12"), "shrink_to_fit": True},
    {"max_market_exposure_fraction": Decimal("0.06")},
    {"max_event_exposure_fraction": Decimal("0.08"), "shrink_to_fit": True},
    {"max_trader_exposure_fraction": Decimal("0.09")},
    {"max_wallet_exposure_fraction": Decimal("0.11")},
    {"max_wallet_market_exposure_fraction": Decimal("0.04")},
    {"max_concurrent_positions": 4},
    {"max_positions_per_market": 1},
    {"max_orders_per_minute": 5},
    {"max_wallet_orders_per_minute": 7},
    {"max_stake_to_median_multiple": Decimal("1.4")},
    {"same_trade_window_seconds": 45},
    {"max_consecutive_losses": 2},
    {"max_drawdown_fraction": Decimal("0.02")},
)


def _together(
    desk: RiskDesk, asked: Sequence[tuple[Seat, Candidate]]
) -> tuple[list[Entered | None], list[PartFailure]]:
    failures: list[PartFailure] = []
    wanted = [Wanted(strategy=seat.strategy, subject=seat.subject, candidate=each) for seat, each in asked]
    first = asked[0][0]
    return desk.entry_desk().enter_all(first.lease, first.account, wanted, failures), failures


def _written(desk: RiskDesk, seats: Sequence[Seat]) -> list[Any]:
    """All that entering has written for these strategies, in its order, without what is random in it."""
    found: list[Any] = []
    for seat in seats:
        strategy = seat.strategy.lt_strategy_id
        found += desk.rows(
            f"""
            SELECT source_trade_id, verdict, reason, stake_usd, checks::text AS checks, risk_checks::text AS risk_checks
            FROM decisions WHERE lt_strategy_id = '{strategy}' ORDER BY source_trade_id
            """
        )
        found += desk.rows(
            f"""
            SELECT
                intent.source_trade_id, token_id, order_usd, order_shares, reserved_usd, limit_price, state, attempt,
                decision.source_trade_id AS decided, best_ask, depth_usd, venue.venue_status, audit_log.cause,
                audit_log.after_state ->> 'state' AS audited
            FROM lt_orders AS intent
            INNER JOIN decisions AS decision USING (decision_id)
            INNER JOIN orders AS venue USING (lt_order_id, token_id, condition_id)
            INNER JOIN audit_log ON subject_id = lt_order_id::text AND action = 'intent_committed'
            WHERE intent.lt_strategy_id = '{strategy}' ORDER BY intent.made_number
            """.replace("token_id, order_usd", "intent.token_id, order_usd")
        )
        found += desk.rows(
            f"""
            SELECT kind, account, token_id, amount_usd, shares
            FROM ledger_entries INNER JOIN ledger_transactions USING (ledger_transaction_id)
            WHERE lt_strategy_id = '{strategy}' ORDER BY ledger_entry_id
            """
        )
        found += [(lock.scope, lock.reason, lock.detail.replace(str(strategy), "")) for lock in desk.locks_of(seat)]
    return found


def _seats(desk: RiskDesk, limits: Sequence[dict[str, Any]]) -> list[Seat]:
    wallet = desk.add_wallet()
    return [desk.add_strategy(wallet, **each) for each in limits]


@dataclass(frozen=True, slots=True)
class _Past:
    """An entry of before: which strategy made it, and whether it waits (0), is held (1) or was lost (2)."""

    which: int
    candidate: Candidate
    ends: int


def _past(desk: RiskDesk, chosen: Random) -> list[_Past]:
    return [
        _Past(
            chosen.randrange(2),
            desk.candidate(str(chosen.randrange(5, 25)), market=market),
            chosen.randrange(3),
        )
        for market in chosen.sample(range(4), chosen.randrange(4))
    ]


def _lived(desk: RiskDesk, seats: Sequence[Seat], past: Sequence[_Past]) -> None:
    for each in past:
        seat = seats[each.which]
        entered = _one(desk, seat, each.candidate)
        if entered.lt_order_id is None or not each.ends:
            continue
        desk.fill(entered.lt_order_id)
        if each.ends == 2:
            desk.resolve(seat, entered.lt_order_id, "0")


def _one(desk: RiskDesk, seat: Seat, candidate: Candidate) -> Entered:
    return desk.entry_desk().enter(seat.lease, seat.account, seat.strategy, seat.subject, candidate)


@pytest.mark.parametrize("seed", range(12))
def test_a_batch_comes_to_what_its_entries_come_to_one_by_one(risk_desk: RiskDesk, seed: int) -> None:
    chosen = Random(seed)
    limits = [dict(itertools.chain(*(each.items() for each in chosen.sample(_LIMITS, 3)))) for _ in range(2)]
    singly, together = _seats(risk_desk, limits), _seats(risk_desk, limits)
    past = _past(risk_desk, chosen)
    for seats in (singly, together):
        _lived(risk_desk, seats, past)
    risk_desk.now += timedelta(minutes=chosen.choice((0, 2, 60)))
    asked = [
        (
            chosen.randrange(2),
            risk_desk.candidate(
                str(chosen.randrange(1, 30)),
                market=chosen.randrange(4),
                outcome=chosen.randrange(2),
                trader=chosen.choice((ALICE, BOB)),
                trade_time=risk_desk.now - timedelta(seconds=chosen.randrange(100)),
            ),
        )
        for _ in range(14)
    ]

    one_by_one = [_one(risk_desk, singly[which], candidate) for which, candidate in asked]
    at_once, failures = _together(risk_desk, [(together[which], candidate) for which, candidate in asked])

    assert not failures
    assert [(each.reason, each.reserved) for each in at_once if each] == [
        (each.reason, each.reserved) for each in one_by_one
    ]
    assert _written(risk_desk, together) == _written(risk_desk, singly)
    assert any(each.lt_order_id for each in one_by_one)


def test_what_has_to_be_cut_down_is_cut_in_its_turn(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_total_exposure_fraction=Decimal("0.05"), shrink_to_fit=True)
    asked = [(seat, risk_desk.candidate("30", market=number)) for number in range(3)]

    entered, failures = _together(risk_desk, asked)

    assert not failures
    assert [each.reason for each in entered if each] == [Reason.ACCEPTED, Reason.ACCEPTED, Reason.RISK_REJECTED]
    reserved = [each.reserved for each in entered if each]
    assert reserved[0] > reserved[1] > Usd.zero()
    assert reserved[0] + reserved[1] <= Usd(50)


def test_a_candidate_that_cannot_be_signed_stops_itself_alone(
    risk_desk: RiskDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = risk_desk.add_strategy()
    asked = [(seat, risk_desk.candidate("20", market=number)) for number in range(3)]
    sign = VenueAccount.sign

    def refuses_one(account: VenueAccount, plan: OrderPlan) -> SignedOrder:
        if plan.condition_id == risk_desk.market(1).condition_id:
            raise GiveUp("no signature for this one")
        return sign(account, plan)

    monkeypatch.setattr(VenueAccount, "sign", refuses_one)

    entered, failures = _together(risk_desk, asked)

    assert [each is not None and each.reason for each in entered] == [Reason.ACCEPTED, False, Reason.ACCEPTED]
    assert [each.message for each in failures] == ["no signature for this one"]


def test_a_candidate_that_the_database_refuses_stops_itself_alone(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    first = risk_desk.candidate("20", market=0)
    asked = [(seat, first), (seat, first), (seat, risk_desk.candidate("20", market=1))]

    entered, failures = _together(risk_desk, asked)

    assert [each is not None and each.reason for each in entered] == [Reason.ACCEPTED, False, Reason.ACCEPTED]
    assert len(failures) == 1
    (orders,) = risk_desk.rows("SELECT count(*) AS made FROM lt_orders")
    assert orders["made"] == 2


def test_a_lock_that_an_entry_trips_stops_those_behind_it(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_drawdown_fraction=Decimal("0.01"))
    lost = risk_desk.bought(seat, "50")
    risk_desk.resolve(seat, lost, "0")
    asked = [(seat, risk_desk.candidate("20", market=number)) for number in (1, 2)]

    entered, failures = _together(risk_desk, asked)

    assert not failures
    assert [each.reason for each in entered if each] == [Reason.RISK_TRIPPED, Reason.ENTRIES_LOCKED]


@pytest.mark.parametrize(
    ("scope", "stopped"),
    [
        (LockScope.GLOBAL, [True, True, True]),
        (LockScope.TRADER, [True, False, False]),
        (LockScope.MARKET, [False, True, False]),
        (LockScope.EVENT, [False, False, True]),
    ],
)
def test_a_lock_stops_those_that_it_is_for(risk_desk: RiskDesk, scope: LockScope, stopped: list[bool]) -> None:
    seat = risk_desk.add_strategy()
    asked = [
        (seat, risk_desk.candidate("20", market=0, trader=ALICE)),
        (seat, risk_desk.candidate("20", market=2, trader=BOB)),
        (seat, risk_desk.candidate("20", market=4, trader=BOB)),
    ]
    named = {
        LockScope.GLOBAL: None,
        LockScope.TRADER: ALICE,
        LockScope.MARKET: risk_desk.market(2).condition_id,
        LockScope.EVENT: risk_desk.market(4).event_id,
    }
    with risk_desk.database.transaction() as transaction:
        locks.put(
            transaction,
            scope=scope,
            scope_id=named[scope],
            reason=LockReason.LOCKED_BY_USER,
            detail="test",
            created_by="tests",
            now=risk_desk.now,
        )

    entered, _ = _together(risk_desk, asked)

    assert [each is not None and each.reason is Reason.ENTRIES_LOCKED for each in entered] == stopped


@pytest.mark.parametrize(("orders", "most"), [(1, 24.0), (5, 6.0), (30, 1.0)])
def test_round_trips_an_entry_fall_with_the_size_of_the_batch(risk_desk: RiskDesk, orders: int, most: float) -> None:
    wallet = risk_desk.add_wallet()
    seats = [risk_desk.add_strategy(wallet) for _ in range(2)]
    asked = [
        (seats[number % 2], risk_desk.candidate("5", market=number % 10, trader=(ALICE, BOB)[number % 2]))
        for number in range(orders)
    ]

    with counted_round_trips() as made:
        entered, _ = _together(risk_desk, asked)

    assert all(each is not None and each.lt_order_id for each in entered)
    assert len(made.trips) / orders <= most, made.text()


def test_two_who_enter_the_same_at_once_enter_it_once(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    asked = [(seat, risk_desk.candidate("20", market=number)) for number in range(3)]
    with risk_desk.database.transaction() as transaction:
        transaction.execute("UPDATE leases SET fencing_token = fencing_token + 1")
        newer = transaction.only("SELECT fencing_token FROM leases")
    overtaking = replace(seat, lease=replace(seat.lease, fencing_token=newer["fencing_token"]))

    entered, _ = _together(risk_desk, [(overtaking, each) for _, each in asked])
    with pytest.raises(Exception, match="was taken over"):
        _together(risk_desk, asked)

    assert all(each is not None and each.lt_order_id for each in entered)
    (orders,) = risk_desk.rows("SELECT count(*) AS made FROM lt_orders")
    assert orders["made"] == 3

"""The gate's state from kept sums is, to the last base unit, what sums over everything that ever was would say."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from live_trading.nouns.locks import LockReason, LockScope, ReleaseKind
from live_trading.risk.periods import day_start
from live_trading.store.risk import locks, risk_facts, standing
from live_trading.store.risk.risk_facts import EntryKey
from tests.builders import ALICE, BOB
from tests.integration.ledger import summed_histories
from tests.integration.ledger.random_histories import STEPS, History
from tests.risk.risk_fixtures import RiskDesk, Seat


def accepted(desk: RiskDesk, seat: Seat, reason: LockReason) -> None:
    """A lock of this reason that a person has released."""
    scope = {"scope": LockScope.STRATEGY, "scope_id": str(seat.strategy.lt_strategy_id), "reason": reason}
    kind = ReleaseKind.RECOVERED if reason is LockReason.CIRCUIT_BREAKER else ReleaseKind.BY_HAND
    with desk.database.transaction() as transaction:
        locks.put(transaction, detail="", created_by="tests", now=desk.now, **scope)
        locks.release(transaction, released_by="tests", now=desk.now + timedelta(seconds=1), kind=kind, **scope)
    desk.now += timedelta(seconds=2)


@pytest.mark.integration
@pytest.mark.risk
@settings(
    max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    before=STEPS,
    after=STEPS,
    released=st.none()
    | st.sampled_from([LockReason.DRAWDOWN, LockReason.CONSECUTIVE_LOSSES, LockReason.CIRCUIT_BREAKER]),
)
def test_after_any_history_rules_see_what_they_saw_when_all_of_it_was_summed(
    risk_desk: RiskDesk,
    before: list[tuple[str, int, int]],
    after: list[tuple[str, int, int]],
    released: LockReason | None,
) -> None:
    history = History(risk_desk)
    history.play(before)
    if released is not None:
        accepted(risk_desk, history.seats[0], released)
    history.play(after)

    for seat in history.seats:
        for market, trader in ((0, ALICE), (1, BOB)):
            found = risk_desk.market(market)
            key = EntryKey(
                token_id=found.token_ids[0],
                condition_id=found.condition_id,
                event_id=found.event_id,
                trader=trader,
                trade_time=risk_desk.now,
            )
            with risk_desk.database.transaction() as transaction:
                seen = risk_facts.snapshot(transaction, seat.strategy, key, risk_desk.now)
                wanted = summed_histories.snapshot(transaction, seat.strategy, key, risk_desk.now)
            for each in fields(seen):
                assert getattr(seen, each.name) == getattr(wanted, each.name), each.name


@pytest.mark.integration
@pytest.mark.risk
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_strategies_that_are_read_together_stand_as_each_does_alone(
    risk_desk: RiskDesk, steps: list[tuple[str, int, int]]
) -> None:
    history = History(risk_desk)
    history.play(steps)
    strategies = [seat.strategy for seat in history.seats]
    with risk_desk.database.transaction() as transaction:
        together = standing.of_strategies(transaction, strategies, risk_desk.now)
        states = risk_facts.states(transaction, strategies, risk_desk.now)
        for seat in history.seats:
            alone = summed_histories.snapshot(
                transaction,
                seat.strategy,
                EntryKey(token_id="", condition_id="", event_id=None, trader=None, trade_time=risk_desk.now),
                risk_desk.now,
            )
            state = states[seat.strategy.lt_strategy_id]
            assert together[seat.strategy.lt_strategy_id] == state.standing == alone.standing
            for name in ("equity", "available", "spent_today", "spent_this_month", "profit_this_week", "exposure"):
                assert getattr(state, name) == getattr(alone, name), name
            assert state.open_positions == alone.open_positions


def test_every_zones_day_begins_on_a_quarter_of_an_hour() -> None:
    days = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=number) for number in range(0, 3650, 5)]
    for zone in sorted(available_timezones()):
        assert all(day_start(day, zone).timestamp() % 900 == 0 for day in days), zone

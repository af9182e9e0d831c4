"""What went wrong with money and limits before, each pinned where it would show: on the committed state.

Numbers are those of docs/incidents.md; those without one were defects of the old risk manager that nobody counted.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from live_trading.ledger import order_entries, settlement_entries
from live_trading.nouns.decisions import Reason
from live_trading.nouns.money import Usd
from live_trading.store.books import ledger
from tests.builders import NOON
from tests.risk.risk_fixtures import CAPITAL, RiskDesk

pytestmark = [pytest.mark.integration, pytest.mark.risk]


def test_incident_26_without_a_budget_there_is_no_hidden_one(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()

    assert risk_desk.enter(seat, "1000").reason is Reason.ACCEPTED
    assert [each["rule"] for each in risk_desk.verdicts()] == ["cash", "wallet_unallocated", "signal_age"]


def test_incident_27_exposure_is_what_was_paid_and_not_how_many_shares(risk_desk: RiskDesk) -> None:
    """192.13 + 15 > 197.39: shares were summed as dollars, against equity that counted cash twice."""
    seat = risk_desk.add_strategy(capital=Usd(200), max_total_exposure_fraction=Decimal("0.5"))
    risk_desk.bought(seat, "60")
    (held,) = risk_desk.rows("SELECT sum(shares) AS shares FROM ledger_entries WHERE account = 'POSITION_COST'")

    assert held["shares"] == 120
    assert risk_desk.enter(seat, "40", market=1).reason is Reason.ACCEPTED
    assert risk_desk.enter(seat, "5", market=2).reason is Reason.RISK_REJECTED


def test_incident_28_opening_positions_is_no_drawdown_and_winning_is_credited(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(max_drawdown_fraction=Decimal("0.07"))
    orders = [risk_desk.bought(seat, "100", market=number) for number in range(5)]
    assert risk_desk.standing(seat).drawdown == 0

    for order in orders:
        risk_desk.resolve(seat, order, "120")

    assert risk_desk.standing(seat).marked_equity == Usd(1100)
    assert risk_desk.enter(seat, "5", market=6).reason is Reason.ACCEPTED


def test_incident_29_giving_a_reservation_back_twice_gives_it_back_once(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    entered = risk_desk.enter(seat, "50")
    assert entered.lt_order_id is not None
    risk_desk.fill(entered.lt_order_id, "0")
    again = order_entries.release(
        trading_wallet_id=seat.strategy.trading_wallet_id,
        lt_strategy_id=seat.strategy.lt_strategy_id,
        lt_order_id=entered.lt_order_id,
        amount=Usd(50),
        occurred_at=risk_desk.now,
    )
    with risk_desk.database.transaction() as transaction:
        booked = ledger.post(transaction, again, risk_desk.now)

    assert booked is False
    assert (risk_desk.snapshot(seat).available, risk_desk.snapshot(seat).equity) == (CAPITAL, CAPITAL)


def test_incident_29_profits_can_be_put_to_work(risk_desk: RiskDesk) -> None:
    """Capping at the first capital mended the double unlock and destroyed every profit."""
    seat = risk_desk.add_strategy(max_total_exposure_fraction=Decimal("0.5"))
    order = risk_desk.bought(seat, "400")
    risk_desk.resolve(seat, order, "1400")
    with risk_desk.database.transaction() as transaction:
        claim = settlement_entries.Claim(
            trading_wallet_id=seat.strategy.trading_wallet_id,
            lt_strategy_id=seat.strategy.lt_strategy_id,
            token_id=risk_desk.market().token_ids[0],
            lt_redemption_id=order,
            shares=risk_desk.shares_pending(seat),
            payout=Usd(1400),
        )
        ledger.post(transaction, settlement_entries.redemption(claim, risk_desk.now), risk_desk.now)

    assert risk_desk.snapshot(seat).available == Usd(2000)
    assert risk_desk.enter(seat, "1000", market=1).reason is Reason.ACCEPTED


def test_incident_30_what_was_not_spent_comes_back_to_the_budget(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(daily_budget_usd=50)
    entered = risk_desk.enter(seat, "50")
    assert entered.lt_order_id is not None
    assert risk_desk.snapshot(seat).spent_today == Usd(50)

    risk_desk.fill(entered.lt_order_id, "0.2")

    assert risk_desk.snapshot(seat).spent_today == Usd(10)
    assert risk_desk.enter(seat, "40").reason is Reason.ACCEPTED


def test_incident_31_an_oversized_order_is_refused_and_not_capped_in_the_books(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(capital=Usd(9000), max_stake_to_median_multiple=5)
    for number in range(5):
        risk_desk.enter(seat, "8", market=number)

    assert risk_desk.enter(seat, "7855", market=6).reason is Reason.RISK_REJECTED
    assert risk_desk.snapshot(seat).exposure == Usd(40)


def test_incident_37_bets_decided_together_do_not_spend_the_same_cash(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy(capital=Usd(30))

    reasons = [risk_desk.enter(seat, "20", market=number).reason for number in range(2)]

    assert reasons == [Reason.ACCEPTED, Reason.RISK_REJECTED]
    assert risk_desk.snapshot(seat).available == Usd(10)


def test_the_stake_is_not_counted_against_itself(risk_desk: RiskDesk) -> None:
    """Cash was checked after the check's own lock on it, so that the last half of it could not be used."""
    seat = risk_desk.add_strategy(capital=Usd(100), max_total_exposure_usd=100, daily_budget_usd=100)

    assert risk_desk.enter(seat, "100").reason is Reason.ACCEPTED
    assert risk_desk.snapshot(seat).available == Usd(0)


def test_a_strategy_that_was_never_reset_has_a_new_day_all_the_same(risk_desk: RiskDesk) -> None:
    """Counters were reset where the last reset was another day; one that had never been was NULL and stayed."""
    seat = risk_desk.add_strategy(daily_budget_usd=20)
    risk_desk.bought(seat, "20")
    assert risk_desk.enter(seat, "5").reason is Reason.RISK_REJECTED

    risk_desk.now = NOON.replace(hour=0) + timedelta(days=1)

    assert risk_desk.snapshot(seat).spent_today == Usd(0)
    assert risk_desk.enter(seat, "5").reason is Reason.ACCEPTED


def test_week_and_month_are_checked_and_not_only_the_day(risk_desk: RiskDesk) -> None:
    weekly = risk_desk.add_strategy(weekly_budget_usd=30)
    monthly = risk_desk.add_strategy(monthly_budget_usd=30)
    for seat in (weekly, monthly):
        risk_desk.bought(seat, "20")
    risk_desk.now = NOON + timedelta(days=1)

    assert risk_desk.enter(weekly, "11").reason is Reason.RISK_REJECTED
    assert risk_desk.enter(monthly, "11").reason is Reason.RISK_REJECTED


def test_open_positions_are_really_counted(risk_desk: RiskDesk) -> None:
    """A count without rows was read as zero rows, and the limit on positions never held."""
    seat = risk_desk.add_strategy(max_concurrent_positions=2, max_positions_per_market=1)
    risk_desk.bought(seat, "5", market=0)
    risk_desk.enter(seat, "5", market=1)

    assert risk_desk.enter(seat, "5", market=2).reason is Reason.RISK_REJECTED
    assert risk_desk.enter(seat, "5", market=0, outcome=1).reason is Reason.RISK_REJECTED


def test_a_loss_is_net_of_what_came_back_for_it(risk_desk: RiskDesk) -> None:
    """The cost of every losing order was the loss, and sales did not count at all."""
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "40")
    risk_desk.sell(seat, "80", "30")

    assert risk_desk.snapshot(seat).profit_today == Usd(-10)

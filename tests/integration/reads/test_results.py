"""Equity, results by day and differences to paper: what is kept, in pages, and sums that are the ledger's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from live_trading.nouns.money import Usd
from live_trading.services.settling import gap_explaining
from tests.builders import NOON
from tests.integration.api_fixtures import STRANGER
from tests.integration.reads.reading_fixtures import Reads
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = pytest.mark.integration


def some_days(desk: RiskDesk, *, time_zone: str = "Asia/Kathmandu") -> Seat:
    """A strategy that won, lost and sold over some days, a snapshot after each."""
    seat = desk.add_strategy(capital=Usd(5000), time_zone=time_zone)
    for number, end in enumerate(("40", "0", "30", "10", "25")):
        order = desk.bought(seat, "20", market=number)
        desk.project(seat)
        desk.now += timedelta(hours=19)
        if number % 2:
            desk.sell(seat, "40", end, market=number)
        else:
            desk.resolve(seat, order, end)
        desk.project(seat)
    return seat


def of(seat: Seat, what: str) -> str:
    return f"/api/lt/strategies/{seat.strategy.lt_strategy_id}/{what}"


@pytest.mark.parametrize("time_zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_days_of_the_strategys_zone_come_to_what_the_ledger_says(
    risk_desk: RiskDesk, reads: Reads, time_zone: str
) -> None:
    seat = some_days(risk_desk, time_zone=time_zone)

    whole = reads.get(of(seat, "pnl?limit=100"))
    days = [
        each for page in reads.pages(of(seat, "pnl"), "days", limit=2) for each in page if each["day"] <= "2026-10-05"
    ]

    assert days == [each for each in whole["days"] if each["day"] <= "2026-10-05"]
    assert [each["day"] for each in whole["days"]] == sorted({each["day"] for each in whole["days"]}, reverse=True)
    assert sum(Decimal(each["net_pnl_usd"]) for each in whole["days"]) == Decimal(whole["net_pnl_usd"])
    assert sum(Decimal(each["fees_usd"]) for each in whole["days"]) == Decimal(whole["fees_usd"])
    (booked,) = risk_desk.rows(
        "SELECT -sum(amount_usd) AS usd FROM ledger_entries WHERE account = 'REALISED_PNL' "
        f"AND lt_strategy_id = '{seat.strategy.lt_strategy_id}'"
    )
    assert Decimal(whole["realised_pnl_usd"]) == booked["usd"] == Decimal("40") + 0 + 30 + 10 + 25 - 100
    for newer, older in pairwise(whole["days"]):
        assert newer["starts_at"] == older["ends_at"]


def test_a_day_ends_with_what_its_last_snapshot_says(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = some_days(risk_desk, time_zone="UTC")

    days = {each["day"]: each for each in reads.get(of(seat, "pnl?limit=100&until=2026-10-03T00:00:00Z"))["days"]}

    assert set(days) == {"2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01", "2026-10-02"}
    last = risk_desk.rows(
        "SELECT marked_equity_usd FROM equity_snapshots WHERE taken_at < '2026-09-30' ORDER BY taken_at DESC LIMIT 1"
    )
    assert Decimal(days["2026-09-29"]["marked_equity_usd"]) == last[0]["marked_equity_usd"]
    assert Decimal(days["2026-09-29"]["unrealised_pnl_usd"]) == 0


def test_a_period_has_the_days_that_lie_in_it(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = some_days(risk_desk, time_zone="UTC")

    found = reads.get(of(seat, "pnl?since=2026-09-29T13:00:00Z&until=2026-10-01T00:00:00Z"))

    assert [each["day"] for each in found["days"]] == ["2026-09-30", "2026-09-29"]
    assert found["next_cursor"] is None
    before_launch = reads.get(of(seat, "pnl?until=2026-09-01T00:00:00Z"))
    assert before_launch["days"] == []


def test_snapshots_of_equity_come_newest_first_in_pages(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = some_days(risk_desk)
    kept = risk_desk.rows("SELECT * FROM equity_snapshots ORDER BY taken_at DESC")

    points = [each for page in reads.pages(of(seat, "equity"), "points", limit=3) for each in page]

    assert [Decimal(each["equity_usd"]) for each in points] == [row["equity_usd"] for row in kept]
    assert [Decimal(each["marked_profit_usd"]) for each in points] == [
        row["marked_equity_usd"] - row["transfers_in_usd"] for row in kept
    ]
    middle = points[4]["taken_at"].replace("+00:00", "Z")
    assert reads.get(of(seat, f"equity?since={middle}"))["points"] == points[:5]
    assert reads.get(of(seat, f"equity?until={middle}"))["points"] == points[5:]


def with_gaps(desk: RiskDesk, count: int) -> list[Seat]:
    """Two strategies with the differences of some trades, which the gaps' own tests compute."""
    seats = [desk.add_strategy(), desk.add_strategy()]
    for seat in seats:
        for number in range(count):
            entered = desk.enter(seat, "20", market=number)
            assert entered.lt_order_id is not None
            (order,) = desk.rows(f"SELECT * FROM lt_orders WHERE lt_order_id = '{entered.lt_order_id}'")
            paper = uuid4()
            desk.change(
                """
                INSERT INTO ft_orders (
                    ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
                    signal_price, stake_usd, fill_method, fill_result, fill_price, shares, cost_usd, fee_usd,
                    trade_time, decided_at, outcome, pnl_usd, resolved_at
                ) VALUES (
                    :paper, :wallet, 1, :trade, :token, :condition, 0, 0.5, 20, 'book', 'FULL', 0.5, 40, 20, 0, :now,
                    :now, 'WON', 20, :now
                )
                """,
                paper=paper,
                wallet=seat.strategy.ft_wallet_id,
                trade=order["source_trade_id"],
                condition=order["condition_id"],
                token=order["token_id"],
                now=NOON,
            )
    with desk.database.transaction() as transaction:
        gap_explaining.explain(transaction, desk.now)
    return seats


def test_differences_to_paper_come_with_terms_that_add_up(risk_desk: RiskDesk, reads: Reads) -> None:
    seats = with_gaps(risk_desk, 3)

    found: list[dict[str, Any]] = [each for page in reads.pages("/api/lt/gaps", "gaps", limit=2) for each in page]

    assert len({(each["lt_strategy_id"], each["source_trade_id"]) for each in found}) == len(found) == 6
    assert [each["source_trade_id"] for each in found] == sorted(
        (each["source_trade_id"] for each in found), reverse=True
    )
    for each in found:
        to_paper, to_live = (sum(Decimal(one["usd"]) for one in each[name]) for name in ("to_paper", "to_live"))
        assert to_live == Decimal(each["gap_usd"]) == Decimal(each["paper_pnl_usd"]) - Decimal(each["live_pnl_usd"])
        assert to_paper == Decimal(each["leader_pnl_usd"]) - Decimal(each["paper_pnl_usd"])
        assert each["kind"] == "PAIRED"
    of_one = [each for each in found if each["lt_strategy_id"] == str(seats[0].strategy.lt_strategy_id)]
    assert reads.get(of(seats[0], "gaps"))["gaps"] == of_one
    assert reads.get(f"/api/lt/gaps?lt_strategy_id={seats[0].strategy.lt_strategy_id}")["gaps"] == of_one
    assert reads.get("/api/lt/gaps", owner=STRANGER)["gaps"] == []


def test_the_waterfall_leads_from_the_leader_over_paper_to_live(risk_desk: RiskDesk, reads: Reads) -> None:
    seat, other = with_gaps(risk_desk, 9)

    found = reads.get(of(seat, "gap"))

    taken = {name: sum(Decimal(each["usd"]) for each in found[name]) for name in ("to_paper", "to_live")}
    leader, paper, live = (Decimal(found[f"{bar}_pnl_usd"]) for bar in ("leader", "paper", "live"))
    assert (leader - taken["to_paper"], paper - taken["to_live"]) == (paper, live)
    assert (paper, live, found["identity_error_usd"]) == (180, 0, "0.000000")
    assert sum(Decimal(each["average_usd"]) for each in found["to_live"]) == paper - live
    assert (found["trades_looked_at"], found["markets_looked_at"]) == (9, 9)
    assert all(Decimal(each["low_usd"]) <= Decimal(each["high_usd"]) for each in found["to_live"])
    day = risk_desk.now.date()
    assert reads.get(of(seat, f"gap?since={day}"))["paper_pnl_usd"] == found["paper_pnl_usd"]
    assert Decimal(reads.get(of(seat, f"gap?until={day}"))["paper_pnl_usd"]) == 0
    assert reads.status(of(other, "gap"), owner=STRANGER) == 404
    assert reads.status(of(seat, "gap?since=2026-13-01")) == 422
    assert reads.status(of(seat, f"gap?since={day}&until={day}")) == 422


def test_a_term_opens_the_trades_behind_it(risk_desk: RiskDesk, reads: Reads) -> None:
    seat, _ = with_gaps(risk_desk, 3)

    assert len(reads.get(of(seat, "gaps?term=missed"))["gaps"]) == 3
    assert reads.get(of(seat, "gaps?term=settlement_failure"))["gaps"] == []
    assert reads.status(of(seat, "gaps?term=luck")) == 422


@pytest.mark.parametrize("what", ["equity", "pnl", "gaps", "gap"])
def test_results_of_somebody_else_do_not_exist(risk_desk: RiskDesk, reads: Reads, what: str) -> None:
    seat = risk_desk.add_strategy()

    assert reads.status(of(seat, what)) == 200
    assert reads.status(of(seat, what), owner=STRANGER) == 404
    assert reads.status(f"/api/lt/gaps?lt_strategy_id={seat.strategy.lt_strategy_id}", owner=STRANGER) == 404


@pytest.mark.parametrize("bound", ["since", "until"])
@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("0001-01-01T00:00:00Z", 200),
        ("9999-12-31T23:59:59Z", 200),
        ("0001-01-01T00:00:00%2B14:00", 422),
        ("9999-12-31T23:59:59-12:00", 422),
    ],
)
def test_the_ends_of_time_are_moments_and_what_lies_beyond_is_refused(
    risk_desk: RiskDesk, reads: Reads, bound: str, moment: str, status: int
) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat)

    for path in (of(seat, "pnl"), of(seat, "equity"), of(seat, "ledger"), "/api/lt/orders", "/api/lt/fills"):
        assert reads.status(f"{path}?{bound}={moment}") == status, path

"""Exports: what their rows sum to is what the ledger says, and pages of any size hold every row once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings

from live_trading.api.routes.money import export_routes
from live_trading.ledger import found_entries, order_entries
from live_trading.ledger.accounts import Account
from live_trading.ledger.found_entries import Gone, Stake
from live_trading.ledger.transactions import Book, reversal
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.orders import Moved
from live_trading.nouns.trades import Side
from live_trading.store.books import ledger
from tests.builders import a_fill
from tests.integration.api_fixtures import STRANGER
from tests.integration.ledger.random_histories import STEPS, History
from tests.integration.reads.reading_fixtures import Reads
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = pytest.mark.integration

LOTS = "/api/lt/exports/tax-lots"
TRADES = "/api/lt/exports/trades"
EVERY = (TRADES, "/api/lt/exports/fills", "/api/lt/exports/ledger", LOTS)


def traded(desk: RiskDesk) -> Seat:
    """A strategy that sold, won and lost; nothing is held at the end."""
    seat = desk.add_strategy(capital=Usd(5000))
    for number, end in enumerate(("sold", "won", "lost", "sold in two", "won")):
        desk.now += timedelta(minutes=1)
        order = desk.bought(seat, "20", market=number)
        desk.now += timedelta(minutes=1)
        if end == "sold":
            desk.sell(seat, "40", "21.5", market=number)
        elif end == "sold in two":
            desk.sell(seat, "15", "9", market=number)
            desk.sell(seat, "25", "10.000001", market=number)
        if "sold" in end:
            desk.change(
                "UPDATE lt_orders SET outcome = 'SOLD', pnl_usd = 0, resolved_at = :now WHERE lt_order_id = :id",
                now=desk.now,
                id=order,
            )
        else:
            desk.resolve(seat, order, "40" if end == "won" else "0")
    return seat


def result(desk: RiskDesk, account: str, seat: Seat) -> Decimal:
    (row,) = desk.rows(
        f"SELECT coalesce(sum(amount_usd), 0) AS usd FROM ledger_entries WHERE account = '{account}' "
        f"AND lt_strategy_id = '{seat.strategy.lt_strategy_id}'"
    )
    usd: Decimal = row["usd"]
    return usd


def column(rows: list[dict[str, str]], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


def test_gains_of_lots_and_of_round_trips_are_the_ledgers_profit_after_fees(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = traded(risk_desk)
    net = -result(risk_desk, "REALISED_PNL", seat) - result(risk_desk, "FEES", seat)
    lots, trades = reads.table(LOTS).rows, reads.table(TRADES).rows

    assert column(lots, "gain_usd") == column(trades, "gain_usd") == net
    assert column(lots, "proceeds_usd") - column(lots, "cost_usd") == -result(risk_desk, "REALISED_PNL", seat)
    assert column(lots, "fees_usd") == column(trades, "fees_usd") == result(risk_desk, "FEES", seat)
    assert Counter(row["kind"] for row in lots) == {"SOLD": 3, "REDEEMED": 2, "LOST": 1}
    assert [row["ended_by"] for row in trades] == ["REDEEMED", "SOLD", "LOST", "REDEEMED", "SOLD"]
    assert {row["outcome_label"] for row in lots} == {"Yes"}
    assert all(row["acquired_at"] < row["disposed_at"] for row in lots)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_history_lots_come_to_what_was_realised_and_paid(
    risk_desk: RiskDesk, reads: Reads, steps: list[tuple[str, int, int]]
) -> None:
    history = History(risk_desk)
    history.play(steps)

    for seat in history.seats:
        rows = [
            row
            for page in reads.tables(f"{LOTS}?lt_strategy_id={seat.strategy.lt_strategy_id}", limit=2)
            for row in page
        ]
        held = held_at_cost(risk_desk, seat)
        # What is held cost by lots what it did, and not what the average says.
        gains = column(rows, "proceeds_usd") - column(rows, "cost_usd")
        if not held:
            assert gains == -result(risk_desk, "REALISED_PNL", seat)
        assert not any(Decimal(row["shares"]) < 0 for row in rows)


def held_at_cost(desk: RiskDesk, seat: Seat) -> Decimal:
    (row,) = desk.rows(
        "SELECT coalesce(sum(shares), 0) AS shares FROM ledger_holdings WHERE account = 'POSITION_COST' "
        f"AND lt_strategy_id = '{seat.strategy.lt_strategy_id}'"
    )
    shares: Decimal = row["shares"]
    return shares


def test_what_receipts_correct_and_what_is_found_later_is_in_the_gains(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = traded(risk_desk)
    strategy = seat.strategy
    book = Book(strategy.trading_wallet_id, strategy.lt_strategy_id)
    fill = a_fill(
        side=Side.SELL, venue_trade_id="sale", shares="10", usd=Usd(6), token_id=risk_desk.market(0).token_ids[0]
    )
    dearer = order_entries.sell_correction(
        reference=order_entries.correction_reference(fill, 1),
        book=book,
        fill=fill,
        moved=Moved(usd=Usd("5.25"), shares=fill.shares, fee=fill.fee + Usd("0.01")),
        cost=Usd.zero(),
        paid_to=Account.CASH,
        occurred_at=risk_desk.now,
    )
    gone = found_entries.departure(
        break_id=7,
        trading_wallet_id=strategy.trading_wallet_id,
        token_id=risk_desk.market(1).token_ids[0],
        gone=[
            Gone(
                stake=Stake(
                    lt_strategy_id=strategy.lt_strategy_id,
                    account=Account.PENDING_REDEMPTION,
                    shares=Shares(40),
                    amount=Usd(40),
                ),
                shares=Shares(10),
                proceeds=Usd(3),
            )
        ],
        external=Shares.zero(),
        from_token=Usd.zero(),
        from_income=Usd(3),
        occurred_at=risk_desk.now,
    )
    with risk_desk.database.transaction() as transaction:
        ledger.post_all(transaction, [dearer, gone], risk_desk.now)

    rows = reads.table(LOTS).rows

    assert column(rows, "proceeds_usd") - column(rows, "cost_usd") == -result(risk_desk, "REALISED_PNL", seat)
    assert column(rows, "fees_usd") == result(risk_desk, "FEES", seat)
    assert [(row["shares"], row["proceeds_usd"], row["kind"]) for row in rows[:2]] == [
        ("0.000000", "-7.000000", "LOST"),
        ("0.000000", "-0.750000", "LOST"),
    ]


def test_a_sale_that_did_not_settle_is_in_no_row(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "20")
    risk_desk.sell(seat, "10", "6")
    (row,) = risk_desk.rows("SELECT source_reference FROM ledger_transactions WHERE source_reference LIKE 'fill:sale%'")
    with risk_desk.database.transaction() as transaction:
        booked = ledger.booked(transaction, row["source_reference"])
        ledger.post(transaction, reversal(booked, occurred_at=risk_desk.now), risk_desk.now)

    assert reads.table(LOTS).rows == []


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_pages_of_any_size_hold_every_row_once(risk_desk: RiskDesk, reads: Reads, path: str, limit: int) -> None:
    seat = traded(risk_desk)
    whole = reads.table(path)

    rows = [row for page in reads.tables(path, limit=limit) for row in page]
    own = [
        row for page in reads.tables(f"{path}?lt_strategy_id={seat.strategy.lt_strategy_id}", limit=2) for row in page
    ]

    assert rows == whole.rows != []
    assert whole.next_cursor is None
    assert [row for row in whole.rows if row["lt_strategy_id"]] == own


@pytest.mark.parametrize("bound", ["MOST_ROWS", "MOST_BYTES"])
def test_a_page_ends_where_an_answer_would_become_too_large(
    risk_desk: RiskDesk, reads: Reads, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    traded(risk_desk)
    whole = reads.table("/api/lt/exports/ledger").rows
    monkeypatch.setattr(export_routes, bound, {"MOST_ROWS": 5, "MOST_BYTES": 700}[bound])

    pages = list(reads.tables("/api/lt/exports/ledger", limit=500))

    assert [row for page in pages for row in page] == whole
    assert len(pages) > 1
    assert bound == "MOST_BYTES" or max(len(page) for page in pages) <= 5


def test_periods_of_an_export_follow_each_other(risk_desk: RiskDesk, reads: Reads) -> None:
    traded(risk_desk)
    middle = (risk_desk.now - timedelta(minutes=4)).isoformat().replace("+00:00", "Z")

    for path in EVERY:
        parts = reads.table(f"{path}?since={middle}").rows, reads.table(f"{path}?until={middle}").rows
        assert parts[0] + parts[1] == reads.table(path).rows
        assert all(parts)


@pytest.mark.parametrize("path", EVERY)
def test_nobody_elses_rows_are_exported(risk_desk: RiskDesk, reads: Reads, path: str) -> None:
    seat = traded(risk_desk)

    assert reads.table(path, owner=STRANGER).rows == []
    assert reads.status(f"{path}?lt_strategy_id={seat.strategy.lt_strategy_id}", owner=STRANGER) == 404
    assert reads.status(f"{path}?lt_strategy_id={uuid4()}") == 404

"""Statements of the ledger: every entry with what its account came to, to the last digit, page by page."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings

from live_trading.nouns.money import Usd
from live_trading.store.books import ledger
from tests.integration.api_fixtures import STRANGER
from tests.integration.ledger.random_histories import STEPS, History, earned
from tests.integration.reads.reading_fixtures import Reads
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = pytest.mark.integration


def of_strategy(seat: Seat) -> str:
    return f"/api/lt/strategies/{seat.strategy.lt_strategy_id}/ledger"


def of_wallet(seat: Seat) -> str:
    return f"/api/trading-wallets/{seat.strategy.trading_wallet_id}/ledger"


def kept(desk: RiskDesk, column: str, book: object) -> dict[str, Decimal]:
    rows = desk.rows(
        f"SELECT account, sum(amount_usd) AS usd FROM ledger_balances WHERE {column} = '{book}' GROUP BY 1"
    )
    return {row["account"]: row["usd"] for row in rows if row["usd"]}


def balances(shown: list[dict[str, str]]) -> dict[str, Decimal]:
    return {each["account"]: usd for each in shown if (usd := Decimal(each["balance_usd"]))}


def traded(desk: RiskDesk, entries: int = 6) -> Seat:
    """A strategy that bought, sold, won and lost, a minute each."""
    seat = desk.add_strategy(capital=Usd(5000))
    for number in range(entries):
        desk.now += timedelta(minutes=1)
        order = desk.bought(seat, "20", market=number)
        if number % 3 == 0:
            desk.sell(seat, "10", "6", market=number)
        else:
            desk.resolve(seat, order, "40" if number % 3 == 1 else "0")
    return seat


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_statement_ends_at_the_balances_that_are_kept_and_begins_with_nothing(
    risk_desk: RiskDesk, reads: Reads, steps: list[tuple[str, int, int]]
) -> None:
    history = History(risk_desk)
    history.play(steps)
    books = [(of_strategy(seat), "lt_strategy_id", seat.strategy.lt_strategy_id) for seat in history.seats]
    books.append((of_wallet(history.seats[0]), "trading_wallet_id", history.seats[0].strategy.trading_wallet_id))

    for path, column, book in books:
        shown = reads.get(f"{path}?limit=500")

        assert balances(shown["closing"]) == kept(risk_desk, column, book)
        assert balances(shown["opening"]) == {}
        assert shown["next_cursor"] is None


def test_pages_hang_together_and_every_line_has_what_its_account_came_to(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = traded(risk_desk)
    whole = reads.get(f"{of_strategy(seat)}?limit=500")

    cursor, pages = "", []
    while cursor is not None:
        page = reads.get(f"{of_strategy(seat)}?limit=5" + (f"&cursor={cursor}" if cursor else ""))
        pages.append(page)
        cursor = page["next_cursor"]

    assert [each for page in pages for each in page["transactions"]] == whole["transactions"]
    for newer, older in pairwise(pages):
        assert balances(newer["opening"]) == balances(older["closing"])
    assert len(pages) > 3
    running: dict[str, Decimal] = defaultdict(Decimal)
    for booked in reversed(whole["transactions"]):
        for entry in booked["entries"]:
            running[entry["account"]] += Decimal(entry["amount_usd"])
            assert Decimal(entry["balance_usd"]) == running[entry["account"]]


def test_what_is_booked_while_pages_are_turned_moves_none_of_them(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = traded(risk_desk)
    before = [each for page in reads.pages(of_strategy(seat), "transactions", limit=5) for each in page]

    found: list[Any] = []
    for page in reads.pages(of_strategy(seat), "transactions", limit=5):
        found += page
        risk_desk.bought(seat, "15", market=7)

    assert found == before


def test_a_period_begins_where_the_one_before_it_ended(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = traded(risk_desk)
    middle = (risk_desk.now - timedelta(minutes=3)).isoformat().replace("+00:00", "Z")

    later = reads.get(f"{of_strategy(seat)}?limit=500&since={middle}")
    earlier = reads.get(f"{of_strategy(seat)}?limit=500&until={middle}")

    assert balances(later["opening"]) == balances(earlier["closing"]) != {}
    assert balances(later["closing"]) == kept(risk_desk, "lt_strategy_id", seat.strategy.lt_strategy_id)
    assert min(each["recorded_at"] for each in later["transactions"]) == middle.replace("Z", "+00:00")
    assert len(later["transactions"]) + len(earlier["transactions"]) == len(
        reads.get(f"{of_strategy(seat)}?limit=500")["transactions"]
    )
    empty = reads.get(f"{of_strategy(seat)}?since=2099-01-01T00:00:00Z")
    assert (empty["transactions"], empty["opening"]) == ([], empty["closing"])
    assert balances(empty["closing"]) == balances(later["closing"])


def test_balances_of_long_ago_are_exact_over_blocks_of_numbers(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = risk_desk.add_strategy()
    for leap in (0, 998, 1999, 99_998, 100_999, 200_001):
        risk_desk.rows(
            f"SELECT setval(pg_get_serial_sequence('ledger_transactions', 'ledger_transaction_id'), {leap + 7})"
        )
        for number in range(3):
            with risk_desk.database.transaction() as transaction:
                ledger.post(
                    transaction, earned(seat, Usd("0.000001"), f"{leap}:{number}", risk_desk.now), risk_desk.now
                )

    pages = [reads.get(f"{of_strategy(seat)}?limit=1")]
    while pages[-1]["next_cursor"] is not None:
        pages.append(reads.get(f"{of_strategy(seat)}?limit=1&cursor={pages[-1]['next_cursor']}"))

    assert balances(pages[0]["closing"]) == kept(risk_desk, "lt_strategy_id", seat.strategy.lt_strategy_id)
    for newer, older in pairwise(pages):
        assert balances(newer["opening"]) == balances(older["closing"])
    assert balances(pages[-1]["opening"]) == {}
    assert len(pages) == 19


def test_as_a_table_it_has_a_line_an_entry(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = traded(risk_desk)
    shown = reads.get(f"{of_strategy(seat)}?limit=500")

    rows = [row for page in reads.tables(of_strategy(seat), limit=4) for row in page]

    assert [(row["ledger_transaction_id"], row["account"], row["amount_usd"], row["balance_usd"]) for row in rows] == [
        (str(booked["ledger_transaction_id"]), entry["account"], entry["amount_usd"], entry["balance_usd"])
        for booked in shown["transactions"]
        for entry in booked["entries"]
    ]


def test_nobody_elses_statement_exists(risk_desk: RiskDesk, reads: Reads) -> None:
    seat = traded(risk_desk, 1)

    assert reads.status(of_strategy(seat), owner=STRANGER) == 404
    assert reads.status(of_wallet(seat), owner=STRANGER) == 404
    assert reads.status(f"/api/lt/strategies/{uuid4()}/ledger") == 404
    assert reads.status(f"/api/trading-wallets/{uuid4()}/ledger") == 404

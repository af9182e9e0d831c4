"""Whatever is posted, and by how many at once: what is kept is what the entries come to, and who differs is told of."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.transactions import Book, LedgerTransaction, transaction_of
from live_trading.nouns.alerts import AlertType
from live_trading.nouns.money import Shares, Usd
from live_trading.services.watching import kept_watch
from live_trading.store.books import ledger
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import alerts
from live_trading.wiring.database import database_of
from local.machine.patience import HANG_SECONDS
from tests.builders import NOON
from tests.integration.ledger.random_histories import STEPS, History, earned
from tests.risk.risk_fixtures import RiskDesk, Seat

pytestmark = [pytest.mark.integration, pytest.mark.risk]

TABLES = {
    "ledger_balances": "trading_wallet_id, lt_strategy_id, account",
    "ledger_holdings": "trading_wallet_id, lt_strategy_id, account, token_id",
    "ledger_blocks": "book_id, size, block, account",
    "ledger_periods": "lt_strategy_id, span, starts_at",
    "entry_spending": "lt_strategy_id, span, starts_at",
    "ended_positions": "lt_strategy_id, token_id",
}
# A period that nothing moved has no row, or one of zeroes.
SAYING = {
    "ledger_blocks": "WHERE amount_usd <> 0",
    "ledger_periods": "WHERE held_usd <> 0 OR lost_usd <> 0 OR fees_usd <> 0",
    "entry_spending": "WHERE spent_usd <> 0",
}


def kept(desk: RiskDesk) -> dict[str, list[dict[str, Any]]]:
    return {
        table: desk.rows(f"SELECT * FROM {table} {SAYING.get(table, '')} ORDER BY {key}")
        for table, key in TABLES.items()
    }


def rebuild(desk: RiskDesk) -> None:
    desk.change(
        "SELECT ledger_rebuild_kept(), entry_spending_rebuild(), ended_positions_rebuild() WHERE :yes::boolean",
        yes=True,
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_history_what_is_kept_is_what_is_computed_anew(
    risk_desk: RiskDesk, steps: list[tuple[str, int, int]]
) -> None:
    History(risk_desk).play(steps)
    before = kept(risk_desk)

    rebuild(risk_desk)

    after = kept(risk_desk)
    for table in TABLES:
        assert before[table] == after[table], table


def a_move(seats: list[Seat], number: int) -> LedgerTransaction:
    """A transaction over books of several strategies and of their wallet, in another order each time."""
    turned = seats[number % len(seats) :] + seats[: number % len(seats)]
    lines = []
    for seat in turned:
        book = Book(seat.strategy.trading_wallet_id, seat.strategy.lt_strategy_id)
        lines.append(book.entry(Account.POSITION_COST, Usd(1), token_id=str(number % 3), shares=Shares(2)))
        lines.append(Book(seat.strategy.trading_wallet_id, None).entry(Account.UNALLOCATED, Usd(-1)))
    return transaction_of(f"move:{threading.get_ident()}:{number}", TransactionKind.CORRECTION, NOON, lines)


def test_many_who_post_to_the_same_accounts_at_once_wait_for_each_other_in_no_circle(
    risk_desk: RiskDesk, database_url: str
) -> None:
    wallet = risk_desk.add_wallet()
    seats = [risk_desk.add_strategy(wallet) for _ in range(4)]
    failures: list[Exception] = []
    start = threading.Barrier(6)

    def posts(worker: int) -> None:
        own = database_of(database_url, application_name="poster")
        try:
            start.wait(60)
            for round_ in range(15):
                with own.transaction() as transaction:
                    for part in range(3):
                        ledger.post(transaction, a_move(seats, worker + 100 * round_ + 7 * part), NOON)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test's own thread tells of it
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=posts, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANG_SECONDS)

    assert failures == []
    assert not any(thread.is_alive() for thread in threads)
    before = kept(risk_desk)
    rebuild(risk_desk)
    assert kept(risk_desk) == before
    (row,) = risk_desk.rows("SELECT sum(shares) AS shares FROM ledger_holdings WHERE account = 'POSITION_COST'")
    assert row["shares"] == 6 * 15 * 3 * 4 * 2


def test_transactions_of_one_statement_are_booked_once_each(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    first, second = (earned(seat, Usd(amount), f"late:{amount}", NOON) for amount in (5, 7))
    with risk_desk.database.transaction() as transaction:
        assert ledger.post_all(transaction, [first], NOON) == {"late:5"}
        assert ledger.post_all(transaction, [first, second], NOON) == {"late:7"}
        assert ledger.available_of(transaction, [seat.strategy.lt_strategy_id]) == {
            seat.strategy.lt_strategy_id: Usd(1012)
        }


def whole_round(transaction: Transaction, now: datetime) -> int:
    """As many passes as there are accounts."""
    count = transaction.only("SELECT count(*) AS n FROM ledger_balances")["n"]
    return max(kept_watch.compare(transaction, now) for _ in range(count))


def alerts_of(desk: RiskDesk) -> list[dict[str, Any]]:
    return desk.rows(
        f"SELECT * FROM lt_alerts WHERE alert_type = '{AlertType.KEPT_SUMS}' AND status <> 'RESOLVED' ORDER BY subject"
    )


def test_a_kept_row_that_is_not_the_ledgers_raises_an_alert_until_it_is_made_anew(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    risk_desk.bought(seat, "100")
    with risk_desk.database.transaction() as transaction:
        assert whole_round(transaction, risk_desk.now) == 0
    assert alerts_of(risk_desk) == []

    risk_desk.change("UPDATE ledger_holdings SET shares = shares - :gone WHERE account = 'POSITION_COST'", gone=3)
    risk_desk.change("UPDATE ledger_balances SET amount_usd = amount_usd + :more WHERE account = 'CASH'", more=1)
    with risk_desk.database.transaction() as transaction:
        whole_round(transaction, risk_desk.now)
        assert kept_watch.compare(transaction, risk_desk.now) == 2
    cash, position = alerts_of(risk_desk)
    assert "CASH of strategy" in cash["message"]
    assert "$901.000000" in cash["message"]
    assert "197.000000 shares" in position["message"]
    assert "200.000000 shares" in position["message"]
    assert risk_desk.market().token_ids[0] in position["message"]

    rebuild(risk_desk)
    with risk_desk.database.transaction() as transaction:
        assert kept_watch.compare(transaction, risk_desk.now) == 0
        assert alerts.open_subjects(transaction, AlertType.KEPT_SUMS) == []


def test_outcomes_that_lost_long_ago_are_expected_only_where_they_are_asked_for(risk_desk: RiskDesk) -> None:
    seat = risk_desk.add_strategy()
    wallet = seat.strategy.trading_wallet_id
    lost, held = risk_desk.market(0).token_ids[0], risk_desk.market(1).token_ids[0]
    risk_desk.resolve(seat, risk_desk.bought(seat, "20"), "0")

    def expected(*also: str) -> ledger.ExpectedHoldings:
        with risk_desk.database.transaction() as transaction:
            return ledger.expected_of_wallet(transaction, wallet, also)

    assert expected().tokens == {lost: Shares(40)}
    assert expected().worthless == {lost}

    risk_desk.now += timedelta(days=2)
    risk_desk.bought(seat, "10", market=1)
    assert expected().tokens == {held: Shares(20)}
    assert expected(lost, "never seen").tokens == {held: Shares(20), lost: Shares(40)}
    assert expected(lost).worthless == {lost}
    assert expected().collateral == Usd(970)

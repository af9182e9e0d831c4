"""What is too old for a subject is decided in one statement, with the reasons that the evaluation would give."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from live_trading.nouns.trades import Side
from live_trading.services.following import evaluation
from live_trading.services.following.evaluation import Subject
from live_trading.signals.evaluate import evaluate
from live_trading.store.database import cursors
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import subjects
from live_trading.store.feed.source_trades import StoredTrade
from tests.integration.source_builders import (
    ALICE,
    NOON,
    a_trade,
    create_wallet,
    follow,
    minutes,
    seconds,
    store_trades,
)

pytestmark = [pytest.mark.integration, pytest.mark.money_faults]

NOW = NOON + minutes(60)


@pytest.fixture(autouse=True)
def _followed(database: Database) -> None:
    follow(database, [ALICE])


def subject_of(transaction: Transaction) -> Subject:
    (row,) = subjects.active_ft_wallets(transaction)
    return evaluation.subject_of(row)


def decided_at_once(database: Database) -> dict[str, int]:
    with database.transaction() as transaction:
        subject = subject_of(transaction)
        return dict(evaluation.decide_too_old(transaction, [(subject, 600)], NOW).get(subject.key, {}))


def undecided(transaction: Transaction, subject: Subject) -> list[StoredTrade]:
    return evaluation.undecided(transaction, [subject], newest_first=False).get(subject.key, [])


def reasons(database: Database) -> dict[int, str]:
    with database.transaction() as transaction:
        rows = transaction.rows("SELECT source_trade_id, reason FROM decisions")
    return {row["source_trade_id"]: row["reason"] for row in rows}


@pytest.mark.parametrize(
    "config",
    [{}, {"max_signal_age_seconds": 60}, {"end_date": NOON.isoformat()}],
    ids=["as it is", "a limit of its own", "ended"],
)
def test_the_reasons_are_those_of_the_evaluation_and_nothing_young_enough_is_touched(
    database: Database, config: dict[str, object]
) -> None:
    create_wallet(database, config=config)
    ages = (1, 59, 60, 61, 599, 600, 601, 3000)
    store_trades(
        database,
        [
            a_trade(number, trade_time=NOW - seconds(age), side=side)
            for number, (age, side) in enumerate(
                ((age, side) for age in ages for side in (Side.BUY, Side.SELL)), start=1
            )
        ],
    )
    with database.transaction() as transaction:
        subject = subject_of(transaction)
        prepared = evaluation.inputs_for(
            transaction,
            [(subject, undecided(transaction, subject))],
            bankrolls={subject.key: subjects.paper_bankroll(transaction, subject.ft_wallet_id)},
            now=NOW,
            max_signal_age_seconds={subject.key: 600},
        )[subject.key]
    limit = timedelta(seconds=int(str(config.get("max_signal_age_seconds", 600))))

    decided_at_once(database)

    assert reasons(database) == {
        each.source_trade_id: evaluate(each.inputs).reason
        for each in prepared
        if NOW - each.inputs.trade.trade_time > limit
    }


def test_a_second_time_decides_nothing_and_each_decision_says_what_it_saw(database: Database) -> None:
    ft_wallet_id = create_wallet(database)
    store_trades(database, [a_trade(1)])

    assert decided_at_once(database) == {"signal_too_old": 1}
    assert decided_at_once(database) == {}
    with database.transaction() as transaction:
        (row,) = transaction.rows("SELECT * FROM decisions")
    assert row["checks"] == [["signal_age_seconds", "3600.000", "600", False]]
    assert row["own"] == {"too_old_after": 600}
    assert (row["ft_wallet_id"], row["config_version"], row["decided_at"]) == (ft_wallet_id, 1, NOW)


def test_of_what_is_left_of_a_backlog_the_newest_come_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_wallet(database)
    store_trades(database, [a_trade(number, trade_time=NOW - seconds(100 - number)) for number in range(1, 6)])
    monkeypatch.setattr(evaluation, "BATCH", 2)
    with database.transaction() as transaction:
        found = undecided(transaction, subject_of(transaction))

    assert [each.trade.transaction_hash for each in found] == [a_trade(4).transaction_hash, a_trade(5).transaction_hash]


def test_the_cursor_follows_what_was_decided_at_once(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade(number) for number in range(1, 4)])
    decided_at_once(database)
    with database.transaction() as transaction:
        subject = subject_of(transaction)
        evaluation.settle(transaction, [subject], NOW)

        assert cursors.number(transaction, subject.cursor_name) == max(reasons_in(transaction, subject.ft_wallet_id))


def reasons_in(transaction: Transaction, ft_wallet_id: UUID) -> list[int]:
    rows = transaction.rows("SELECT source_trade_id FROM decisions WHERE ft_wallet_id = :id", id=ft_wallet_id)
    return [row["source_trade_id"] for row in rows]

"""What an evaluation run reads: undecided trades, their inputs, and the cursor, for FT wallets and LT strategies."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from live_trading.nouns.decisions import Evaluation, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.services.following import evaluation
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.signals.evaluate import evaluate
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import decisions, marks, subjects
from live_trading.store.feed.decisions import DecisionRecord
from live_trading.store.feed.marks import Mark
from tests.integration.source_builders import (
    ALICE,
    BOB,
    NOON,
    a_record,
    a_trade,
    create_wallet,
    follow,
    minutes,
    seconds,
    stats_of,
    store_market,
    store_stats,
    store_trades,
)

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _followed(database: Database) -> None:
    follow(database, [ALICE, BOB])


def wallet_subject(transaction: Transaction) -> Subject:
    (row,) = subjects.active_ft_wallets(transaction)
    return evaluation.subject_of(row)


def launch_strategy(database: Database, ft_wallet_id: UUID, launched_at: object = NOON) -> UUID:
    trading_wallet_id, lt_strategy_id = uuid4(), uuid4()
    with database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO trading_wallets (
                trading_wallet_id, owner_id, name, address, signature_type, secret_name, opening_balance_usd, created_at
            ) VALUES (:id, 'owner', 'main', :address, 0, 'secret', 100, :now)
            """,
            id=trading_wallet_id,
            address="0x" + "e0" * 20,
            now=NOON,
        )
        transaction.execute(
            """
            INSERT INTO lt_strategies (
                lt_strategy_id, owner_id, name, ft_wallet_id, trading_wallet_id, is_active, initial_capital_usd,
                order_type, slippage_bound_fraction, max_signal_age_seconds, launched_at, created_at, updated_at
            ) VALUES (:id, 'owner', 'live', :ft_wallet_id, :wallet, TRUE, 100, 'FAK', 0.03, 600, :at, :at, :at)
            """,
            id=lt_strategy_id,
            ft_wallet_id=ft_wallet_id,
            wallet=trading_wallet_id,
            at=launched_at,
        )
    return lt_strategy_id


def prepared(database: Database, subject: Subject, bankroll: str = "100") -> list[PreparedTrade]:
    with database.transaction() as transaction:
        is_live = subject.lt_strategy_id is not None
        trades = evaluation.undecided(transaction, [subject], newest_first=is_live).get(subject.key, [])
        return evaluation.inputs_for(
            transaction,
            [(subject, trades)],
            bankrolls={subject.key: Usd(bankroll)},
            now=NOON + minutes(5),
            max_signal_age_seconds={subject.key: 600},
        )[subject.key]


def record_of(subject: Subject, each: PreparedTrade) -> DecisionRecord:
    return DecisionRecord(
        source_trade_id=each.source_trade_id,
        ft_wallet_id=subject.ft_wallet_id,
        lt_strategy_id=subject.lt_strategy_id,
        config_version=subject.config_version,
        evaluation=evaluate(each.inputs),
        inputs=each.inputs,
        decided_at=NOON + minutes(5),
    )


def test_undecided_trades_come_oldest_trade_first_whatever_the_order_of_arrival(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade(1, trade_time=NOON + seconds(30))])
    store_trades(database, [a_trade(2, trade_time=NOON + seconds(10))])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)

    found = prepared(database, subject)

    assert [each.inputs.trade.transaction_hash for each in found] == [
        a_trade(2).transaction_hash,
        a_trade(1).transaction_hash,
    ]


def test_a_wallet_and_the_strategy_behind_it_decide_the_same_trade_each(database: Database) -> None:
    ft_wallet_id = create_wallet(database)
    lt_strategy_id = launch_strategy(database, ft_wallet_id)
    store_trades(database, [a_trade()])
    with database.transaction() as transaction:
        wallet, strategy = wallet_subject(transaction), evaluation.strategy_subject(transaction, lt_strategy_id)
    (for_wallet,) = prepared(database, wallet)
    with database.transaction() as transaction:
        decisions.record(transaction, [record_of(wallet, for_wallet)])

    (for_strategy,) = prepared(database, strategy)
    with database.transaction() as transaction:
        new = decisions.record(transaction, [record_of(strategy, for_strategy)])

    assert list(new) == [(strategy.key, for_strategy.source_trade_id)]
    assert prepared(database, wallet) == prepared(database, strategy) == []


def test_a_strategy_decides_only_trades_made_since_its_launch(database: Database) -> None:
    lt_strategy_id = launch_strategy(database, create_wallet(database), NOON + minutes(1))
    store_trades(database, [a_trade(1, trade_time=NOON + seconds(59)), a_trade(2, trade_time=NOON + seconds(60))])
    with database.transaction() as transaction:
        strategy = evaluation.strategy_subject(transaction, lt_strategy_id)

    found = prepared(database, strategy)

    assert [each.inputs.trade.transaction_hash for each in found] == [a_trade(2).transaction_hash]


def test_a_decision_is_stored_once_and_a_repeat_says_that_nothing_is_new(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade()])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)
    (each,) = prepared(database, subject)
    record = record_of(subject, each)

    with database.transaction() as transaction:
        first = decisions.record(transaction, [record])
        second = decisions.record(transaction, [record])

    assert list(first) == [(subject.key, each.source_trade_id)]
    assert second == {}


def test_a_record_from_after_the_trade_is_not_used(database: Database) -> None:
    create_wallet(database)
    early = stats_of(ALICE, NOON, a_record(resolved=40, won=30))
    late = stats_of(ALICE, NOON + timedelta(hours=1), a_record(resolved=99, won=1))
    store_stats(database, [early, late, stats_of(BOB, NOON + timedelta(hours=1), a_record(resolved=50, won=0))])
    store_trades(database, [a_trade(trade_time=NOON + minutes(59))])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)

    (each,) = prepared(database, subject)

    assert each.inputs.stats == early
    assert each.inputs.prior_mean == Decimal("0.75")


def test_the_population_is_the_latest_record_of_each_followed_trader_at_that_hour(database: Database) -> None:
    create_wallet(database)
    earlier = stats_of(BOB, NOON - timedelta(hours=30), a_record(resolved=1, won=1))
    latest = stats_of(BOB, NOON - timedelta(hours=3), a_record(resolved=60, won=20))
    own = [stats_of(ALICE, NOON + timedelta(hours=hour), a_record(resolved=40, won=30 + hour)) for hour in (0, 1)]
    store_stats(database, [earlier, latest, *own])
    store_trades(database, [a_trade(occurrence=hour, trade_time=NOON + minutes(1 + 60 * hour)) for hour in (0, 1)])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)

    found = prepared(database, subject)

    assert [each.inputs.prior_mean for each in found] == [Decimal("0.5"), Decimal("0.51")]


def test_what_is_not_stored_is_absent_and_not_assumed(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade()])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)

    (each,) = prepared(database, subject)

    assert (each.inputs.stats, each.inputs.prior_mean, each.inputs.market) == (None, None, None)


def test_the_number_of_questions_does_not_grow_with_the_number_of_trades(database: Database) -> None:
    create_wallet(database)
    store_market(database)
    store_stats(database, [stats_of(ALICE, NOON)])
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in range(1, 301)])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)
        trades = evaluation.undecided(transaction, [subject], newest_first=False)[subject.key]
        asked: list[str] = []
        rows = transaction.rows

        def counted(sql: str, **parameters: object) -> list[dict[str, object]]:
            asked.append(sql)
            return rows(sql, **parameters)

        transaction.rows = counted  # type: ignore[method-assign]
        found = evaluation.inputs_for(
            transaction,
            [(subject, trades)],
            bankrolls={subject.key: Usd("1")},
            now=NOON,
            max_signal_age_seconds={subject.key: None},
        )

    assert len(found[subject.key]) == 300
    assert len(asked) <= 3


def test_the_mark_passes_what_is_decided_and_keeps_what_waits(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade(number, trade_time=NOON + seconds(number)) for number in (1, 2, 3)])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)
    first, second, third = prepared(database, subject)

    with database.transaction() as transaction:
        decisions.record(transaction, [record_of(subject, first), record_of(subject, third)])
        evaluation.settle(transaction, [subject], NOON)
        waiting = marks.of_names(transaction, [subject.cursor_name])[1][subject.cursor_name]
    (again,) = prepared(database, subject)
    with database.transaction() as transaction:
        decisions.record(transaction, [record_of(subject, second)])
        evaluation.settle(transaction, [subject], NOON)
        done = marks.of_names(transaction, [subject.cursor_name])[1][subject.cursor_name]

    assert waiting == Mark(position=third.source_trade_id, waiting=(second.source_trade_id,))
    assert again == second
    assert done == Mark(position=third.source_trade_id)


def test_a_rejected_decision_has_its_reason_and_no_stake(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade()])
    with database.transaction() as transaction:
        subject = wallet_subject(transaction)
    (each,) = prepared(database, subject)
    refused = Evaluation(
        verdict=Verdict.REJECTED,
        reason=Reason.RISK_REJECTED,
        checks=(),
        stake=Usd.zero(),
        probability=Decimal("0.5"),
        cost_per_share=None,
        edge=Decimal("-0.25"),
        conviction=None,
        win_rate=None,
    )

    with database.transaction() as transaction:
        decisions.record(
            transaction,
            [
                DecisionRecord(
                    source_trade_id=each.source_trade_id,
                    ft_wallet_id=subject.ft_wallet_id,
                    lt_strategy_id=None,
                    config_version=1,
                    evaluation=refused,
                    inputs=each.inputs,
                    decided_at=NOON,
                    risk_checks=[{"rule": "daily_budget", "verdict": "REJECT"}],
                )
            ],
        )
        stored = transaction.only("SELECT * FROM decisions")

    assert (stored["verdict"], stored["reason"], stored["edge"]) == ("REJECTED", "risk_rejected", Decimal("-0.25"))
    assert stored["risk_checks"] == [{"rule": "daily_budget", "verdict": "REJECT"}]

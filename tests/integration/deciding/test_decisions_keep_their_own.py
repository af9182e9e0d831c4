"""What a decision keeps: little, and enough to compute it again."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest

from live_trading.nouns.decisions import Reason, Verdict
from live_trading.nouns.money import Price
from live_trading.nouns.trades import Side
from live_trading.services.following import evaluation
from live_trading.services.following.decision_records import decision_record, refused
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.services.following.explaining import ExplainedDecision, explain
from live_trading.signals.evaluate import evaluate, explained
from live_trading.signals.inputs import canonical, inputs_hash
from live_trading.store.database.connection import Database
from live_trading.store.feed import decisions, subjects
from tests.integration.source_builders import (
    ALICE,
    NOON,
    a_market,
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

NOW = NOON + minutes(5)
MOST_BYTES = 400


@pytest.fixture(autouse=True)
def _known(database: Database) -> None:
    follow(database, [ALICE])
    store_market(database, a_market(question="Will it rain in Paris on the last day of September, as they say?"))
    store_stats(database, [stats_of()])


def prepared(database: Database) -> list[tuple[Subject, PreparedTrade]]:
    """Every pending trade of every wallet."""
    with database.transaction() as transaction:
        of = [each for each in evaluation.wallet_subjects(transaction) if isinstance(each, Subject)]
        found = evaluation.undecided(transaction, of, newest_first=False)
        made = evaluation.inputs_for(
            transaction,
            [(each, found.get(each.key, [])) for each in of],
            bankrolls={each.key: subjects.paper_bankroll(transaction, each.ft_wallet_id) for each in of},
            now=NOW,
            max_signal_age_seconds={each.key: 600 for each in of},
        )
    return [(each, one) for each in of for one in made[each.key]]


def stored(database: Database) -> list[int]:
    """Decides everything and stores it; the numbers of the decisions."""
    with database.transaction() as transaction:
        made = decisions.record(
            transaction,
            [decision_record(subject, each, evaluate(each.inputs), NOW) for subject, each in prepared(database)],
        )
    return sorted(made.values())


def explained_of(database: Database, decision_id: int) -> ExplainedDecision:
    with database.transaction() as transaction:
        return explain(transaction, decision_id)


def agrees(found: ExplainedDecision) -> tuple[bool, bool]:
    return found.hash_agrees, found.verdict_agrees


def test_a_decision_takes_few_bytes_and_its_evidence_is_kept_once_for_all(database: Database) -> None:
    for number in range(20):
        create_wallet(
            database, name=f"wallet {number}", config={"price_min": "0.10", "price_max": "0.40", "min_edge": "0.05"}
        )
    prices = [Price("0.3"), *[Price(f"0.{cents}") for cents in range(41, 60)]]
    store_trades(
        database,
        [a_trade(number, price=prices[number % 20], trade_time=NOON + seconds(number)) for number in range(100)],
    )

    stored(database)

    with database.transaction() as transaction:
        (size,) = transaction.rows(
            """
            SELECT
                avg(pg_column_size(decision.*)) AS bytes, count(*) AS decisions,
                count(*) FILTER (WHERE verdict = 'ACCEPTED') AS accepted, (SELECT count(*) FROM decision_evidence) AS kept
            FROM decisions AS decision
            """
        )
    assert (size["decisions"], size["accepted"], size["kept"]) == (2000, 100, 100)
    assert size["bytes"] <= MOST_BYTES


def test_a_refusal_keeps_the_check_that_failed_and_all_are_computed_again(database: Database) -> None:
    create_wallet(database, config={"price_max": "0.4"})
    store_trades(database, [a_trade()])
    ((_, each),) = prepared(database)

    (decision_id,) = stored(database)
    found = explained_of(database, decision_id)

    assert [(check.name, check.passed) for check in found.decision.checks] == [("price", False)]
    assert found.decision.checks[0].reason is Reason.PRICE_OUT_OF_RANGE
    assert found.checks == explained(each.inputs).checks
    assert agrees(found) == (True, True)
    assert found.decision.inputs_hash == inputs_hash(each.inputs)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"positions": {"max_entries": 1, "cooldown_minutes_after_stop": 5}},
        {"exits": {"follow_trader": True}},
        {"start_date": (NOON + timedelta(days=1)).isoformat()},
    ],
    ids=["accepted", "limited", "leaving", "not running"],
)
def test_every_kind_of_input_is_made_again_of_what_is_kept(database: Database, config: dict[str, object]) -> None:
    create_wallet(database, config=config)
    store_trades(database, [a_trade(1), a_trade(2, side=Side.SELL, trade_time=NOON + seconds(1))])

    found = [explained_of(database, each) for each in stored(database)]

    assert len(found) == (2 if "exits" in config else 1)
    assert all(agrees(each) == (True, True) for each in found)


def test_what_was_accepted_and_refused_afterwards_agrees_and_what_was_changed_does_not(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade()])
    ((subject, each),) = prepared(database)
    verdict = refused(evaluate(each.inputs), Reason.RISK_REJECTED)
    with database.transaction() as transaction:
        made = decisions.record(transaction, [decision_record(subject, each, verdict, NOW + seconds(3), results=())])
    (decision_id,) = made.values()

    assert agrees(explained_of(database, decision_id)) == (True, True)
    with database.transaction() as transaction:
        transaction.execute("UPDATE decision_evidence SET shared = jsonb_set(shared, '{trade,price}', '\"0.99\"')")
    assert agrees(explained_of(database, decision_id)) == (False, False)


def test_what_was_too_old_is_explained_by_its_age(database: Database) -> None:
    create_wallet(database)
    store_trades(database, [a_trade(trade_time=NOON + seconds(0.123456))])
    with database.transaction() as transaction:
        of = [each for each in evaluation.wallet_subjects(transaction) if isinstance(each, Subject)]
        evaluation.decide_too_old(transaction, [(each, 60) for each in of], NOW)
        (row,) = transaction.rows("SELECT decision_id FROM decisions")

    found = explained_of(database, row["decision_id"])

    assert (found.decision.reason, agrees(found)) == (Reason.SIGNAL_TOO_OLD, (True, True))
    with database.transaction() as transaction:
        transaction.execute("UPDATE decisions SET own = '{\"too_old_after\": 3600}'")
    assert agrees(explained_of(database, row["decision_id"])) == (False, False)


def test_a_decision_of_the_code_before_is_read_as_one_of_now(database: Database) -> None:
    wallet = create_wallet(database, config={"price_max": "0.4"})
    store_trades(database, [a_trade()])
    ((_, each),) = prepared(database)
    decision_id = _as_before(database, wallet, each)

    found = explained_of(database, decision_id)

    assert (found.decision.verdict, agrees(found)) == (Verdict.REJECTED, (True, True))
    assert found.decision.checks == found.checks
    assert prepared(database) == []


def _as_before(database: Database, wallet: UUID, each: PreparedTrade) -> int:
    """The row that was written before inputs were parted."""
    made = explained(each.inputs)
    checks = [
        {
            "name": check.name,
            "observed": check.observed,
            "limit": check.limit,
            "passed": check.passed,
            "reason": check.reason,
        }
        for check in made.checks
    ]
    with database.transaction() as transaction:
        row = transaction.only(
            """
            INSERT INTO decisions (
                source_trade_id, ft_wallet_id, config_version, verdict, reason, checks, stake_usd, inputs, inputs_hash,
                decided_at
            ) VALUES (
                :trade, :wallet, 1, 'REJECTED', :reason, :checks::jsonb, 0, :inputs::jsonb, :hash, :now
            ) RETURNING decision_id
            """,
            trade=each.source_trade_id,
            wallet=wallet,
            reason=made.reason,
            checks=json.dumps(checks),
            inputs=canonical(each.inputs),
            hash=inputs_hash(each.inputs),
            now=NOW,
        )
    return int(row["decision_id"])

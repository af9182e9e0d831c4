"""One decision over the API: every check in order, what would have let it in, and what is not there any more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from live_trading.nouns.decisions import Reason
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import RejectionCode
from live_trading.orders.rounding import TooSmall
from live_trading.risk.gate import check_entry
from live_trading.services.following.decision_records import decision_record, refused, unplanned_check
from live_trading.services.following.evaluation import strategy_subject
from live_trading.signals.evaluate import evaluate, explained
from live_trading.store.database.connection import Database
from live_trading.store.feed import decisions
from tests.builders import a_proposal, a_risk_snapshot, risk_rules
from tests.integration.api_fixtures import STRANGER, Api
from tests.integration.explaining.decided_world import (
    NOW,
    decide,
    decide_too_old,
    known_world,
    own_wallet,
    prepared,
)
from tests.integration.source_builders import a_trade, store_trades

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _known(database: Database) -> None:
    known_world(database)


def shown(api: Api, decision_id: int) -> dict[str, Any]:
    reply = api.call("GET", f"/api/decisions/{decision_id}")
    assert reply.status == 200, reply.body
    body: dict[str, Any] = reply.body
    return body


def test_every_check_is_shown_in_order_also_behind_the_one_that_decided(api: Api, database: Database) -> None:
    own_wallet(database, price_max="0.4", min_edge="0.35", max_conviction="0.5")
    store_trades(database, [a_trade()])
    ((_, each),) = prepared(database)
    (decision_id,) = decide(database)

    found = shown(api, decision_id)

    assert [(check["name"], check["passed"]) for check in found["checks"]] == [
        (check.name, check.passed) for check in explained(each.inputs).checks
    ]
    assert (found["completeness"], found["hash_agrees"], found["verdict_agrees"]) == ("COMPLETE", True, True)
    assert [check["name"] for check in found["checks"] if check["is_decisive"]] == ["price"]
    assert Decimal(found["edge"]) == Decimal(found["probability"]) - Decimal(found["cost_per_share"])
    failed = {check["name"]: check["would_pass_with"] for check in found["checks"] if check["passed"] is False}
    assert {name: (with_["settings"], with_["how"], with_["value"]) for name, with_ in failed.items()} == {
        "price": (["config.price_max"], "SET", "0.500000"),
        "min_edge": (["config.min_edge"], "SET", "0.2985"),
        "max_conviction": (["config.max_conviction"], "SET", "1"),
    }
    assert all(check["would_pass_with"] is None for check in found["checks"] if check["passed"] is not False)
    off = next(check for check in found["checks"] if check["name"] == "model_probability")
    assert (off["passed"], off["had_data"]) == (None, False)


def test_the_paper_order_that_came_of_it_is_named(api: Api, database: Database) -> None:
    wallet = own_wallet(database)
    (decision_id,) = decide(database, [a_trade()])
    order_id = uuid4()
    with database.transaction() as transaction:
        transaction.execute(
            """
            INSERT INTO ft_orders (
                ft_order_id, ft_wallet_id, config_version, source_trade_id, token_id, condition_id, outcome_index,
                signal_price, stake_usd, fill_method, fill_result, shares, cost_usd, fee_usd, trade_time, decided_at
            ) SELECT :id, :wallet, 1, source_trade_id, token_id, condition_id, 0, 0.5, 10, 'book', 'FULL', 20, 10, 0,
                trade_time, :now FROM source_trades
            """,
            id=order_id,
            wallet=wallet,
            now=NOW,
        )

    found = shown(api, decision_id)

    assert found["paper_order"] == {"order_id": str(order_id), "state": "FULL", "outcome": "OPEN"}
    assert found["live_orders"] == []
    assert all(check["passed"] is not False for check in found["checks"])


def strategy_decision(api: Api, database: Database, *, reason: Reason, **limits: Any) -> int:
    """A strategy's decision on a trade that its rules, or its order's size, refused."""
    wallet = own_wallet(database)
    strategy = UUID(api.strategy(ft_wallet_id=str(wallet))["lt_strategy_id"])
    store_trades(database, [a_trade()])
    ((_, each),) = prepared(database)
    results = check_entry(risk_rules(**limits), a_proposal(), a_risk_snapshot(spent_today=Usd(30))).results
    with database.transaction() as transaction:
        subject = strategy_subject(transaction, strategy)
        verdict = refused(evaluate(each.inputs), reason)
        made = decisions.record(transaction, [decision_record(subject, each, verdict, NOW, results)])
    return next(iter(made.values()))


def test_a_risk_rule_that_refused_says_what_it_saw_and_which_limit_would_have_done(
    api: Api, database: Database
) -> None:
    decision_id = strategy_decision(api, database, reason=Reason.RISK_REJECTED, daily_budget_usd=Usd(50))

    found = shown(api, decision_id)

    assert found["decision"]["failed"] == {
        "kind": "RISK_RULE", "name": "daily_budget", "observed": "51.000000", "limit": "50.000000",
    }  # fmt: skip
    assert found["verdict_agrees"] is True
    rules = {rule["rule"]: rule for rule in found["rules"]}
    assert (rules["daily_budget"]["verdict"], rules["daily_budget"]["let_in"]) == ("REJECT", False)
    assert rules["daily_budget"]["would_pass_with"] == {
        "settings": ["risk_rules.daily_budget_usd", "risk_rules.daily_budget_fraction"],
        "how": "SET",
        "value": "51.000000",
        "not_computable": None,
        "not_computable_words": None,
    }
    assert (rules["cash"]["let_in"], rules["cash"]["would_pass_with"]) == (True, None)


def test_what_failed_after_the_evaluation_stands_behind_its_checks(api: Api, database: Database) -> None:
    own_wallet(database)
    store_trades(database, [a_trade()])
    ((subject, each),) = prepared(database)
    check = unplanned_check(
        TooSmall(reason=RejectionCode.BELOW_MINIMUM_AMOUNT, observed=Decimal("0.4"), minimum=Decimal(1), unit="USD")
    )
    verdict = refused(evaluate(each.inputs), Reason.BELOW_MINIMUM_ORDER, check)
    with database.transaction() as transaction:
        made = decisions.record(transaction, [decision_record(subject, each, verdict, NOW)])
    (decision_id,) = made.values()

    found = shown(api, decision_id)

    assert [found["checks"][-1]["name"], found["checks"][-1]["is_decisive"]] == ["venue_minimum", True]
    assert found["checks"][-1]["would_pass_with"]["not_computable"] == "several_settings"


def test_a_trade_that_was_too_old_was_looked_at_for_nothing_else(api: Api, database: Database) -> None:
    own_wallet(database)
    store_trades(database, [a_trade()])
    decide_too_old(database, timedelta(seconds=60))
    (row,) = api.rows("SELECT decision_id FROM decisions")

    found = shown(api, row["decision_id"])

    assert (found["completeness"], found["hash_agrees"], found["verdict_agrees"]) == ("AGE_ALONE", True, True)
    (check,) = found["checks"]
    assert (check["name"], check["observed"], check["limit"]) == ("signal_age_seconds", "300.000", "60")
    assert check["would_pass_with"]["settings"] == ["lt_strategy.max_signal_age_seconds"]


def test_evidence_that_is_gone_leaves_what_was_kept_and_says_so(api: Api, database: Database) -> None:
    own_wallet(database, price_max="0.4")
    (decision_id,) = decide(database, [a_trade()])
    with database.transaction() as transaction:
        transaction.execute("DELETE FROM decision_evidence")

    found = shown(api, decision_id)

    assert (found["completeness"], found["hash_agrees"], found["verdict_agrees"]) == ("EVIDENCE_GONE", None, None)
    assert [check["name"] for check in found["checks"]] == ["price"]
    assert found["checks"][0]["would_pass_with"]["value"] == "0.500000"


def test_a_configuration_that_cannot_be_read_any_more_is_said_and_no_error(api: Api, database: Database) -> None:
    own_wallet(database, price_max="0.4")
    (decision_id,) = decide(database, [a_trade()])
    with database.transaction() as transaction:
        transaction.execute("UPDATE ft_wallet_versions SET config = config || '{\"gone\": 1}'")

    found = shown(api, decision_id)

    assert (found["completeness"], found["hash_agrees"]) == ("CONFIG_UNREADABLE", None)
    assert found["checks"][0]["would_pass_with"]["not_computable"] == "not_known"


def test_inputs_that_are_not_those_of_the_decision_do_not_agree(api: Api, database: Database) -> None:
    own_wallet(database, price_max="0.4")
    (decision_id,) = decide(database, [a_trade()])
    with database.transaction() as transaction:
        transaction.execute("UPDATE decision_evidence SET shared = jsonb_set(shared, '{trade,side}', '\"SELL\"')")

    found = shown(api, decision_id)

    assert (found["hash_agrees"], found["verdict_agrees"]) == (False, False)


def test_a_decision_of_somebody_else_is_not_found_like_one_that_there_is_not(api: Api, database: Database) -> None:
    own_wallet(database)
    (decision_id,) = decide(database, [a_trade()])

    theirs = api.call("GET", f"/api/decisions/{decision_id}", owner=STRANGER)
    none = api.call("GET", f"/api/decisions/{decision_id + 1}", owner=STRANGER)

    assert theirs.status == none.status == 404
    assert theirs.error["message"] == none.error["message"] == "no such decision"
    assert api.call("GET", "/api/decisions/soon").status == 422

"""A model that was fitted and kept answers for the wallets that ask for one, and decisions name its version."""

from __future__ import annotations

from decimal import Decimal

import pytest

from live_trading.analytics.fitted_model import Feature
from live_trading.services.following.explaining import explain
from live_trading.store.paper import models
from live_trading.store.paper.models import NewModel
from local.fit_model.__main__ import fit_and_keep
from local.fit_model.examples import read_examples
from tests.integration.paper_bench_fixtures import Bench, on_market
from tests.integration.source_builders import NOON, a_trade, create_wallet, minutes, seconds

pytestmark = [pytest.mark.integration, pytest.mark.analytics]

ASKS = {"use_model": True, "model_threshold": "0.4", "min_edge": "-1"}


def keep(bench: Bench, weight: str = "1") -> str:
    new = NewModel(
        name="record-logit",
        intercept=Decimal("0.1"),
        weights={Feature.PRICE_LOG_ODDS: Decimal(weight)},
        figures={"examples": "1"},
        fitted_until=NOON,
    )
    with bench.database.transaction() as transaction:
        return models.save(transaction, new, NOON)


def test_without_a_model_a_wallet_that_asks_for_one_says_so(bench: Bench) -> None:
    wallet = create_wallet(bench.database, config=ASKS)
    bench.feed((a_trade(), NOON + seconds(30)))
    bench.run_paper(NOON + minutes(1))

    assert bench.reasons(wallet) == ["model_probability_missing"]


def test_a_decision_names_the_version_that_it_asked_and_can_be_computed_again(bench: Bench) -> None:
    wallet = create_wallet(bench.database, config=ASKS)
    keep(bench)
    label = keep(bench, "0.9")
    bench.feed((a_trade(), NOON + seconds(30)))
    bench.run_paper(NOON + minutes(1))

    assert label == "record-logit@2"
    assert bench.reasons(wallet) == ["accepted"]
    (decision,) = bench.rows(
        "SELECT decision_id, shared FROM decisions INNER JOIN decision_evidence USING (evidence_key)"
    )
    assert decision["shared"]["model_name"] == label
    keep(bench, "5")
    with bench.database.transaction() as transaction:
        found = explain(transaction, decision["decision_id"])
    assert (found.hash_agrees, found.verdict_agrees) == (True, True)


def test_what_there_is_to_learn_from_is_what_was_judged_and_has_been_paid(bench: Bench) -> None:
    create_wallet(bench.database)
    market, question = bench.open_market()
    won, lost = on_market(market, 1, 0), on_market(market, 2, 1)
    bench.feed((won, NOON + seconds(10)), (lost, NOON + seconds(20)), (a_trade(3), NOON + seconds(30)))
    bench.run_paper(NOON + minutes(1))
    bench.chain.report_payouts(question, [1, 0])
    bench.run_resolve(NOON + minutes(2))

    found = read_examples(bench.database)

    assert [each.came for each in found] == [True, False]
    assert all(each.trade_time < each.ended_at for each in found)
    assert fit_and_keep(bench.database, NOON) == 1, "two trades are no model"
    assert bench.count("models") == 0

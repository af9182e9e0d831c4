"""A model is kept where it knows more than the price on trades that it has not seen."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from live_trading.analytics.fitted_model import Feature, FittedModel, features_of, of_features, probability, with_model
from live_trading.nouns.money import Price
from local.fit_model.examples import Example
from local.fit_model.fitting import fit, walk_forward
from tests.builders import a_config, a_record, a_trade, inputs, stats

pytestmark = pytest.mark.analytics

START = datetime(2026, 1, 1, tzinfo=UTC)


def examples(count: int, *, skill: float, seed: int = 1, lasts: timedelta = timedelta(hours=5)) -> list[Example]:
    """Trades an hour apart whose outcomes come as the price says, and `skill` more often the better the record."""
    random, found = Random(seed), []
    for number in range(count):
        price, better = random.uniform(0.15, 0.85), random.uniform(-1, 1)
        at = START + timedelta(hours=number)
        found.append(
            Example(
                condition_id=str(number // 2),
                trade_time=at,
                ended_at=at + lasts,
                price=Decimal(f"{price:.4f}"),
                figures={
                    Feature.PRICE_LOG_ODDS: Decimal(f"{math.log(price / (1 - price)):.8f}"),
                    Feature.WIN_RATE_ABOVE_PRIOR: Decimal(f"{better / 10:.8f}"),
                    Feature.LOG_RESOLVED: Decimal(4),
                    Feature.LOG_CONVICTION: Decimal(f"{random.uniform(-1, 1):.8f}"),
                    Feature.LOG_TRADE_USD: Decimal(f"{random.uniform(1, 6):.8f}"),
                },
                came=random.random() < price + skill * better,
            )
        )
    return found


def test_what_knows_more_than_the_price_is_better_out_of_sample() -> None:
    trial = walk_forward(examples(1500, skill=0.2))

    assert trial.is_better
    assert trial.found.skill is not None
    assert trial.found.skill > Decimal("0.01")


def test_what_knows_no_more_than_the_price_is_not_kept() -> None:
    assert [walk_forward(examples(1000, skill=0.0, seed=seed)).is_better for seed in range(3)] == [False] * 3


def test_nothing_is_learnt_of_what_had_not_ended_yet() -> None:
    endless = examples(600, skill=0.15, lasts=timedelta(days=3000))

    assert walk_forward(endless).predictions == 0


def test_too_few_examples_are_no_model() -> None:
    assert not walk_forward(examples(60, skill=0.15)).is_better
    with pytest.raises(ValueError, match="examples"):
        fit(examples(60, skill=0.15))


def test_a_fitted_model_says_about_what_the_price_says_where_that_is_all_there_is() -> None:
    fitted = fit(examples(2000, skill=0.0))

    said = of_features(fitted, examples(1, skill=0.0)[0].figures)
    assert float(said) == pytest.approx(float(examples(1, skill=0.0)[0].price), abs=0.05)


ONLY_THE_PRICE = FittedModel(label="m@1", intercept=Decimal(0), weights={Feature.PRICE_LOG_ODDS: Decimal(1)})
ASKS = {"use_model": True, "model_threshold": "0.1"}


def test_the_price_alone_gives_the_price() -> None:
    found = probability(ONLY_THE_PRICE, inputs(trade=a_trade(price=Price("0.42")), config=a_config(**ASKS)))

    assert found == Decimal("0.42000000")


def test_a_figure_that_is_not_known_gives_no_probability() -> None:
    nobody = stats(last_30_days=a_record(average=None), lifetime=a_record(average=None))

    assert features_of(inputs(stats=None)) is None
    assert features_of(replace(inputs(), prior_mean=None)) is None
    assert features_of(inputs(stats=nobody)) is None


def test_only_a_configuration_that_asks_for_a_model_gets_its_word() -> None:
    asked = with_model(inputs(config=a_config(**ASKS)), ONLY_THE_PRICE)
    unasked = with_model(inputs(), ONLY_THE_PRICE)

    assert asked.model_name == "m@1"
    assert asked.model_probability is not None
    assert unasked.model_name is unasked.model_probability is None
    assert with_model(inputs(config=a_config(**ASKS)), None).model_probability is None


@pytest.mark.parametrize("intercept", ["-1000", "1000"])
def test_a_probability_stays_one_whatever_the_coefficients(intercept: str) -> None:
    steep = FittedModel(label="m@1", intercept=Decimal(intercept), weights={})

    assert 0 <= of_features(steep, {}) <= 1

"""A fitted model of how likely a bought outcome is to come: a logistic function of a few figures, in plain arithmetic.

The market's own price is its first figure, so that a model without anything to add says what the price says. Each
figure is taken as of the trade; where one is not known there is no probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from live_trading.signals.inputs import EvaluationInputs
from live_trading.signals.probability import conviction, shrunken_win_rate
from live_trading.signals.trader_record import chosen_record

_ONE = Decimal(1)
_EIGHT_PLACES = Decimal("0.00000001")
# A price of nothing or of a whole dollar has no logarithm of its odds.
_LEAST, _MOST = Decimal("0.001"), Decimal("0.999")
_STEEPEST = Decimal(30)


class Feature(StrEnum):
    """The figures of a trade that a model may weigh."""

    PRICE_LOG_ODDS = "price_log_odds"
    WIN_RATE_ABOVE_PRIOR = "win_rate_above_prior"
    LOG_RESOLVED = "log_resolved"
    LOG_CONVICTION = "log_conviction"
    LOG_TRADE_USD = "log_trade_usd"


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """Coefficients of the figures as they are, without scaling; `label` is its name with its version."""

    label: str
    intercept: Decimal
    weights: Mapping[Feature, Decimal]


def features_of(inputs: EvaluationInputs) -> dict[Feature, Decimal] | None:
    """The figures of a trade as of its time; None where the record lacks what they are made of."""
    if inputs.stats is None or inputs.prior_mean is None:
        return None
    record = chosen_record(inputs.stats, inputs.config.min_trader_resolved_count)
    if record is None:
        return None
    shrunken = shrunken_win_rate(record, inputs.prior_mean)
    convinced = conviction(inputs.trade.trade_usd, record.average_trade_usd)
    dollars = inputs.trade.trade_usd.value
    if shrunken is None or convinced is None or convinced <= 0 or dollars <= 0:
        return None
    price = min(max(inputs.trade.price.value, _LEAST), _MOST)
    return {
        Feature.PRICE_LOG_ODDS: (price / (_ONE - price)).ln(),
        Feature.WIN_RATE_ABOVE_PRIOR: shrunken - inputs.prior_mean,
        Feature.LOG_RESOLVED: (_ONE + record.resolved_count).ln(),
        Feature.LOG_CONVICTION: convinced.ln(),
        Feature.LOG_TRADE_USD: dollars.ln(),
    }


def probability(model: FittedModel, inputs: EvaluationInputs) -> Decimal | None:
    """How likely the model holds the bought outcome, 0..1 on eight places; None where a figure is not known."""
    features = features_of(inputs)
    return None if features is None else of_features(model, features)


def of_features(model: FittedModel, features: Mapping[Feature, Decimal]) -> Decimal:
    """The same of the figures."""
    odds = model.intercept + sum((weight * features[name] for name, weight in model.weights.items()), Decimal(0))
    bounded = min(max(odds, -_STEEPEST), _STEEPEST)
    return (_ONE / (_ONE + (-bounded).exp())).quantize(_EIGHT_PLACES)


def with_model(inputs: EvaluationInputs, model: FittedModel | None) -> EvaluationInputs:
    """The inputs with the model's word, where the configuration asks for one and there is one."""
    if model is None or not inputs.config.needs_model:
        return inputs
    found = probability(model, inputs)
    return inputs if found is None else replace(inputs, model_probability=found, model_name=model.label)

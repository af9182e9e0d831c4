"""Fits coefficients, and tries them on later trades than those that they were fitted on.

Walking forward: the trades are cut into spans by time; of each span the model is fitted on what had ended before it
began. The report is of these predictions alone. Fitting uses binary floats, as nothing of it is money: what is kept are
the coefficients as decimals, and the product computes with those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from live_trading.analytics.calibration import Calibration, Forecast, calibration
from live_trading.analytics.fitted_model import Feature, FittedModel, of_features
from live_trading.analytics.intervals import Interval, by_cluster
from live_trading.nouns.money import Price
from local.fit_model.examples import Example

SPANS = 5
UNNAMED = "unnamed"
FEWEST_TO_FIT = 100
FEWEST_TO_TRY = 100
_FEATURES = tuple(Feature)
_SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How the model did on trades that came later; `saved` is the mean error that it saves a trade, by market.

    It is better where the interval of that lies above zero.
    """

    predictions: int
    markets: int
    found: Calibration
    saved: Interval | None

    @property
    def is_better(self) -> bool:
        return self.saved is not None and self.saved.low > 0


@dataclass(frozen=True, slots=True)
class _Prediction:
    condition_id: str
    forecast: Forecast


def fit(examples: Sequence[Example]) -> FittedModel:
    """The coefficients of all examples. Raises ValueError where they are too few or all alike."""
    came = np.array([each.came for each in examples])
    if len(examples) < FEWEST_TO_FIT or came.all() or not came.any():
        raise ValueError(
            f"{len(examples)} examples, {int(came.sum())} of which came: {FEWEST_TO_FIT} of both are needed"
        )
    scaler = StandardScaler()
    scaled = scaler.fit_transform(_matrix(examples))
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(scaled, came)
    # A figure that never varied has no scale, and no weight either.
    scales = np.where(scaler.scale_ == 0, 1.0, scaler.scale_)
    weights = fitted.coef_[0] / scales
    intercept = fitted.intercept_[0] - float((weights * scaler.mean_).sum())
    return FittedModel(
        label=UNNAMED,
        intercept=_decimal(intercept),
        weights={name: _decimal(weight) for name, weight in zip(_FEATURES, weights, strict=True)},
    )


def walk_forward(examples: Sequence[Example]) -> Trial:
    """Predicts each span by what had ended before it began; the first is only learnt from."""
    predictions: list[_Prediction] = []
    spans = np.array_split(np.arange(len(examples)), SPANS)
    for span in spans[1:]:
        if not len(span):
            continue
        begins = examples[span[0]].trade_time
        known = [each for each in examples if each.ended_at < begins]
        try:
            fitted = fit(known)
        except ValueError:
            continue
        predictions += [_predicted(examples[number], fitted) for number in span]
    return Trial(
        predictions=len(predictions),
        markets=len({each.condition_id for each in predictions}),
        found=calibration([each.forecast for each in predictions]),
        saved=None if len(predictions) < FEWEST_TO_TRY else _saved(predictions),
    )


def _predicted(example: Example, fitted: FittedModel) -> _Prediction:
    return _Prediction(
        example.condition_id,
        Forecast(
            probability=of_features(fitted, example.figures), price=Price.nearest(example.price), came=example.came
        ),
    )


def _saved(predictions: Sequence[_Prediction]) -> Interval | None:
    """The squared error of the price less that of the model, a trade."""

    def mean(some: Sequence[_Prediction]) -> Decimal:
        saved = (
            (each.forecast.price.value - each.forecast.came) ** 2
            - (each.forecast.probability - each.forecast.came) ** 2
            for each in some
        )
        return sum(saved, Decimal(0)) / len(some)

    random = Random(_SEED)  # noqa: S311 (draws, no secret)
    return by_cluster(predictions, lambda each: each.condition_id, mean, random=random, draws=400)


def _matrix(examples: Sequence[Example]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[float(each.figures[name]) for name in _FEATURES] for each in examples])


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.8f}")

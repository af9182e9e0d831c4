"""Fitted models, a row a version: at most one of them is asked, and what decisions say of a version stays true."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from live_trading.analytics.fitted_model import Feature, FittedModel
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model to be kept: its coefficients, how it did out of sample, and until when its trades were made."""

    name: str
    intercept: Decimal
    weights: Mapping[Feature, Decimal]
    figures: Mapping[str, str]
    fitted_until: datetime


def active(transaction: Transaction) -> FittedModel | None:
    """The model that is asked; None where there is none."""
    row = transaction.row("SELECT * FROM models WHERE is_active")
    return None if row is None else _model(row)


def save(transaction: Transaction, new: NewModel, now: datetime) -> str:
    """Keeps the next version of a model and puts it in the place of the one that was asked; its label."""
    transaction.execute("UPDATE models SET is_active = FALSE WHERE is_active")
    row = transaction.only(
        """
        INSERT INTO models (model_name, version, intercept, weights, figures, fitted_until, created_at, is_active)
        SELECT
            :name, coalesce(max(version), 0) + 1, :intercept, :weights::jsonb, :figures::jsonb, :fitted_until, :now,
            TRUE
        FROM models WHERE model_name = :name
        RETURNING *
        """,
        name=new.name,
        intercept=new.intercept,
        weights=json.dumps({feature.value: str(weight) for feature, weight in new.weights.items()}),
        figures=json.dumps(dict(new.figures)),
        fitted_until=new.fitted_until,
        now=now,
    )
    return _model(row).label


def _model(row: Row) -> FittedModel:
    return FittedModel(
        label=f"{row['model_name']}@{row['version']}",
        intercept=Decimal(row["intercept"]),
        weights={Feature(name): Decimal(weight) for name, weight in row["weights"].items()},
    )

"""`make fit-model DATABASE_URL=…`: fits the model, says how it does out of sample, and keeps it where it is better."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from live_trading.store.database.connection import Database, StoreUnavailable
from live_trading.store.paper import models
from live_trading.store.paper.models import NewModel
from local.fit_model.examples import read_examples
from local.fit_model.fitting import Trial, fit, walk_forward
from local.postgres.databases import connect

NAME = "record-logit"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where a version was kept, 1 where there is too little to fit or the model is not better than the price."""
    parser = argparse.ArgumentParser(prog="make fit-model", description="Fits the model of the probability of winning.")
    parser.add_argument("database_url", help="postgresql:// of the system's database")
    database = Database(lambda: connect(parser.parse_args(arguments).database_url))
    try:
        return fit_and_keep(database, datetime.now(UTC))
    except StoreUnavailable as error:
        print(f"The database cannot be reached: {error}", file=sys.stderr)
        return 1
    finally:
        database.close()


def fit_and_keep(database: Database, now: datetime) -> int:
    """Fits, tells, and keeps a version where it is better out of sample."""
    examples = read_examples(database)
    trial = walk_forward(examples)
    print(told(len(examples), trial))
    if not trial.is_better:
        print("Not kept: it is not better than the market's price on trades that it had not seen.", file=sys.stderr)
        return 1
    fitted = fit(examples)
    new = NewModel(
        name=NAME,
        intercept=fitted.intercept,
        weights=fitted.weights,
        figures=_figures(len(examples), trial),
        fitted_until=max(each.ended_at for each in examples),
    )
    with database.transaction() as transaction:
        label = models.save(transaction, new, now)
    print(f"Kept as {label}; configurations that ask for a model use it from now on.")
    return 0


def told(count: int, trial: Trial) -> str:
    """The report: scores beside the price's, and how often what was said came, by tenths."""
    found = trial.found
    lines = [
        f"{count} trades with a result",
        f"{trial.predictions} of them, in {trial.markets} markets, predicted by what had ended before",
        f"Mean squared error: model {_or(found.brier)}, price {_or(found.price_brier)}, skill {_or(found.skill)}",
    ]
    if trial.saved is not None:
        lines.append(f"Saved a trade (95 %, by market): {trial.saved.low:.6f} to {trial.saved.high:.6f}")
    if found.bins:
        lines.append(f"{'said':>10}{'came':>10}{'trades':>10}")
        lines += [f"{each.said:>10.3f}{each.came:>10.3f}{each.count:>10}" for each in found.bins]
    return "\n".join(lines)


def _figures(count: int, trial: Trial) -> dict[str, str]:
    found = trial.found
    return {
        "examples": str(count),
        "predictions": str(trial.predictions),
        "markets": str(trial.markets),
        "brier": str(found.brier),
        "price_brier": str(found.price_brier),
        "skill": str(found.skill),
    }


def _or(value: Decimal | None) -> str:
    return "not known" if value is None else f"{value:.6f}"


if __name__ == "__main__":
    sys.exit(main())

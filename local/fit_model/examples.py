"""What there is to learn from: each bought outcome that was judged, with its figures then and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from live_trading.analytics.fitted_model import Feature, features_of
from live_trading.services.following.stored_inputs import inputs_of
from live_trading.signals.config import WalletConfig
from live_trading.store.database.connection import Database, Row

# The record that counts does not depend on who follows: the lifelong one, as a configuration asks that needs none.
_ASKED = WalletConfig(min_trader_resolved_count=0)
_OWN = {
    "is_active": True,
    "bankroll_usd": "0",
    "max_signal_age_seconds": None,
    "model_probability": None,
    "model_name": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One trade; `ended_at` is when it was known whether the outcome `came`, and nothing may learn of it before."""

    condition_id: str
    trade_time: datetime
    ended_at: datetime
    price: Decimal
    figures: Mapping[Feature, Decimal]
    came: bool


def read_examples(database: Database) -> list[Example]:
    """Every trade with evidence whose market paid one of its outcomes in full, in the order of their times."""
    with database.transaction() as transaction:
        rows = transaction.rows(_EVIDENCE)
    found = [example for row in rows if (example := _example(row)) is not None]
    return sorted(found, key=lambda each: each.trade_time)


_EVIDENCE = """
SELECT DISTINCT ON (evidence.source_trade_id)
    evidence.shared, trade.trade_time, trade.condition_id, market.resolved_at, market.payout_numerators,
    market.payout_denominator, array_position(market.token_ids, trade.token_id) AS outcome_place
FROM decision_evidence AS evidence
INNER JOIN source_trades AS trade USING (source_trade_id)
INNER JOIN markets AS market ON market.condition_id = trade.condition_id
WHERE trade.side = 'BUY' AND market.resolution_state = 'RESOLVED'
ORDER BY evidence.source_trade_id, evidence.evidence_key
"""


def _example(row: Row) -> Example | None:
    """None where the payout is a split, or a figure is not known."""
    if row["outcome_place"] is None:
        return None
    paid = Decimal(int(row["payout_numerators"][row["outcome_place"] - 1])) / int(row["payout_denominator"])
    if paid not in (0, 1):
        return None
    kept = {**row["shared"], **_OWN, "now": row["trade_time"].isoformat()}
    inputs = inputs_of(kept, _ASKED, 1)
    figures = features_of(inputs)
    if figures is None:
        return None
    return Example(
        condition_id=row["condition_id"],
        trade_time=row["trade_time"],
        ended_at=row["resolved_at"],
        price=inputs.trade.price.value,
        figures=figures,
        came=paid == 1,
    )

"""Decisions: exactly one for each (FT wallet, source trade) and for each (LT strategy, source trade)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.nouns.decisions import Check, Evaluation
from live_trading.signals.inputs import hash_of
from live_trading.store.database.connection import Transaction
from live_trading.store.feed.subjects import SubjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A verdict to be kept with everything it was made of.

    `lt_strategy_id` is None for the decision of an FT wallet itself. `inputs` are the canonical inputs, kept
    with their hash; `risk_checks` are the verdicts of the risk rules, JSON-ready.
    """

    source_trade_id: int
    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    config_version: int
    evaluation: Evaluation
    inputs: dict[str, Any]
    decided_at: datetime
    risk_checks: Sequence[dict[str, Any]] = ()

    @property
    def key(self) -> SubjectKey:
        return self.ft_wallet_id, self.lt_strategy_id


def record(transaction: Transaction, records: Sequence[DecisionRecord]) -> dict[tuple[SubjectKey, int], int]:
    """Stores the decisions that are not there yet: decision id by subject and source trade, only of the new ones."""
    if not records:
        return {}
    rows = transaction.rows(
        """
        INSERT INTO decisions (
            source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, risk_checks,
            stake_usd, probability, cost_per_share, edge, conviction, inputs, inputs_hash, decided_at
        )
        SELECT made.* FROM jsonb_to_recordset(:made::jsonb) AS made (
            source_trade_id bigint, ft_wallet_id uuid, lt_strategy_id uuid, config_version integer, verdict text,
            reason text, checks jsonb, risk_checks jsonb, stake_usd numeric, probability numeric,
            cost_per_share numeric, edge numeric, conviction numeric, inputs jsonb, inputs_hash text,
            decided_at timestamptz
        )
        ORDER BY made.source_trade_id
        ON CONFLICT DO NOTHING
        RETURNING ft_wallet_id, lt_strategy_id, source_trade_id, decision_id
        """,
        made=json.dumps([_as_json(each) for each in records]),
    )
    return {((row["ft_wallet_id"], row["lt_strategy_id"]), row["source_trade_id"]): row["decision_id"] for row in rows}


def _as_json(record: DecisionRecord) -> dict[str, object]:
    made = record.evaluation
    return {
        "source_trade_id": record.source_trade_id,
        "ft_wallet_id": str(record.ft_wallet_id),
        "lt_strategy_id": None if record.lt_strategy_id is None else str(record.lt_strategy_id),
        "config_version": record.config_version,
        "verdict": made.verdict,
        "reason": made.reason,
        "checks": [_check_as_json(check) for check in made.checks],
        "risk_checks": list(record.risk_checks),
        "stake_usd": str(made.stake),
        "probability": _text(made.probability),
        "cost_per_share": _text(made.cost_per_share),
        "edge": _text(made.edge),
        "conviction": _text(made.conviction),
        "inputs": record.inputs,
        "inputs_hash": hash_of(record.inputs),
        "decided_at": record.decided_at.isoformat(),
    }


def _check_as_json(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "observed": check.observed,
        "limit": check.limit,
        "passed": check.passed,
        "reason": check.reason,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)

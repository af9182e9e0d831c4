"""Decisions: exactly one for each (FT wallet, source trade) and for each (LT strategy, source trade).

A decision keeps what is its own. The trade, its market and its trader's record are kept once for all who judged by the
same: as evidence, under a key made of its text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.nouns.decisions import Check, Evaluation, Verdict
from live_trading.signals.inputs import EvaluationInputs
from live_trading.store.database.connection import Transaction
from live_trading.store.feed.decision_texts import DecisionTexts
from live_trading.store.feed.subjects import SubjectKey

# So many in a statement, well inside the time that one may take.
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A verdict to be kept with everything it was made of.

    `lt_strategy_id` is None for the decision of an FT wallet itself. `risk_checks` are the verdicts of the risk rules,
    JSON-ready.
    """

    source_trade_id: int
    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    config_version: int
    evaluation: Evaluation
    inputs: EvaluationInputs
    decided_at: datetime
    risk_checks: Sequence[dict[str, Any]] = ()

    @property
    def key(self) -> SubjectKey:
        return self.ft_wallet_id, self.lt_strategy_id


def record(transaction: Transaction, records: Sequence[DecisionRecord]) -> dict[tuple[SubjectKey, int], int]:
    """Stores the decisions that are not there yet: decision id by subject and source trade, only of the new ones.

    The records may be of any subjects.
    """
    made: dict[tuple[SubjectKey, int], int] = {}
    texts = DecisionTexts()
    for start in range(0, len(records), AT_ONCE):
        made |= _record(transaction, records[start : start + AT_ONCE], texts)
    return made


def _record(
    transaction: Transaction, records: Sequence[DecisionRecord], texts: DecisionTexts
) -> dict[tuple[SubjectKey, int], int]:
    rows = [_as_json(each, texts) for each in records]
    evidence = texts.new_evidence()
    transaction.later(
        """
        INSERT INTO decision_evidence (source_trade_id, evidence_key, shared)
        SELECT kept.* FROM json_to_recordset(:evidence::json) AS kept (trade bigint, key bigint, shared jsonb)
        ON CONFLICT DO NOTHING
        """,
        evidence="[" + ",".join(each.as_json for each in evidence) + "]",
    )
    kept = transaction.rows(
        """
        INSERT INTO decisions (
            source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, risk_checks,
            stake_usd, probability, cost_per_share, edge, conviction, evidence_key, own, hash, decided_at
        )
        SELECT
            source_trade_id, ft_wallet_id, lt_strategy_id, config_version, verdict, reason, checks, risk_checks,
            stake_usd, probability, cost_per_share, edge, conviction, evidence_key, own, decode(hash, 'hex'), decided_at
        FROM json_to_recordset(:made::json) AS made (
            source_trade_id bigint, ft_wallet_id uuid, lt_strategy_id uuid, config_version integer, verdict text,
            reason text, checks jsonb, risk_checks jsonb, stake_usd numeric, probability numeric,
            cost_per_share numeric, edge numeric, conviction numeric, evidence_key bigint, own jsonb, hash text,
            decided_at timestamptz
        )
        ON CONFLICT DO NOTHING
        RETURNING ft_wallet_id, lt_strategy_id, source_trade_id, decision_id
        """,
        made=json.dumps(rows, separators=(",", ":")),
    )
    return {((row["ft_wallet_id"], row["lt_strategy_id"]), row["source_trade_id"]): row["decision_id"] for row in kept}


def _as_json(record: DecisionRecord, texts: DecisionTexts) -> dict[str, object]:
    made = record.evaluation
    kept = texts.of(record.source_trade_id, record.inputs, record.decided_at)
    row: dict[str, object] = {
        "source_trade_id": record.source_trade_id,
        "ft_wallet_id": str(record.ft_wallet_id),
        "config_version": record.config_version,
        "verdict": made.verdict.value,
        "reason": made.reason.value,
        "checks": [check_as_json(check) for check in _kept_checks(made)],
        "risk_checks": list(record.risk_checks),
        "stake_usd": str(made.stake),
        "evidence_key": kept.evidence_key,
        "own": kept.own,
        "hash": kept.inputs_hash,
        "decided_at": record.decided_at.isoformat(),
    }
    if record.lt_strategy_id is not None:
        row["lt_strategy_id"] = str(record.lt_strategy_id)
    for name in ("probability", "cost_per_share", "edge", "conviction"):
        value = getattr(made, name)
        if value is not None:
            row[name] = str(value)
    return row


def _kept_checks(made: Evaluation) -> Iterator[Check]:
    """What failed, of a refusal; all, of what was not refused. The others are computed again from the inputs."""
    if made.verdict is not Verdict.REJECTED:
        yield from made.checks
        return
    failed = [each for each in made.checks if each.passed is False and each.reason is made.reason]
    yield from failed[-1:]


def check_as_json(check: Check) -> list[object]:
    """A check as it is kept: its name, what it saw, its bound, and whether it passed."""
    return [check.name, check.observed, check.limit, check.passed]

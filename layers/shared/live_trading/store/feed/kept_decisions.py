"""One decision as it is kept, with everything that it can be computed again from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.nouns.decisions import Check, Reason, Verdict
from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """A decision, the configuration that it was made by, as stored, and its inputs.

    `shared` are the inputs that all who judged the trade then had, None where it was too old to be looked at: then
    `own` has `too_old_after`, in seconds. A row from before the inputs were parted has all of them in `whole`.
    """

    decision_id: int
    source_trade_id: int
    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    config_version: int
    config: str
    verdict: Verdict
    reason: Reason
    checks: tuple[Check, ...]
    risk_checks: Sequence[dict[str, Any]]
    stake: Usd
    trade_time: datetime
    decided_at: datetime
    shared: dict[str, Any] | None
    own: dict[str, Any] | None
    whole: dict[str, Any] | None
    inputs_hash: str


def find(transaction: Transaction, decision_id: int) -> KeptDecision | None:
    """The decision of that id."""
    row = transaction.row(
        """
        SELECT
            decision.*, version.config::text AS config, evidence.shared, trade.trade_time,
            coalesce(decision.inputs_hash, encode(decision.hash, 'hex')) AS any_hash
        FROM decisions AS decision
        INNER JOIN source_trades AS trade USING (source_trade_id)
        INNER JOIN ft_wallet_versions AS version
            ON version.ft_wallet_id = decision.ft_wallet_id AND version.version = decision.config_version
        LEFT JOIN decision_evidence AS evidence
            ON evidence.source_trade_id = decision.source_trade_id AND evidence.evidence_key = decision.evidence_key
        WHERE decision.decision_id = :decision_id
        """,
        decision_id=decision_id,
    )
    return None if row is None else _kept(row)


def _kept(row: Row) -> KeptDecision:
    reason = Reason(row["reason"])
    return KeptDecision(
        decision_id=row["decision_id"],
        source_trade_id=row["source_trade_id"],
        ft_wallet_id=row["ft_wallet_id"],
        lt_strategy_id=row["lt_strategy_id"],
        config_version=row["config_version"],
        config=row["config"],
        verdict=Verdict(row["verdict"]),
        reason=reason,
        checks=tuple(check_of(each, reason) for each in row["checks"]),
        risk_checks=row["risk_checks"],
        stake=Usd(row["stake_usd"]),
        trade_time=row["trade_time"],
        decided_at=row["decided_at"],
        shared=row["shared"],
        own=row["own"],
        whole=row["inputs"],
        inputs_hash=row["any_hash"],
    )


def check_of(kept: Any, reason: Reason) -> Check:
    """From a list, or from an object as rows from before have it. What is kept failed for the decision's reason."""
    if isinstance(kept, dict):
        named = kept["reason"]
        return Check(
            name=kept["name"],
            observed=kept["observed"],
            limit=kept["limit"],
            passed=kept["passed"],
            reason=None if named is None else Reason(named),
        )
    name, observed, limit, passed = kept
    return Check(name=name, observed=observed, limit=limit, passed=passed, reason=reason if passed is False else None)

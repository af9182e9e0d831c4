"""Why a decision is what it is: every check computed again from what is kept, and whether it comes to the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from live_trading.nouns.decisions import Check, Verdict
from live_trading.services.following.stored_inputs import inputs_of
from live_trading.services.following.subject import parsed
from live_trading.signals.config import config_hash
from live_trading.signals.evaluate import explained
from live_trading.signals.inputs import hash_of
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import kept_decisions
from live_trading.store.feed.decision_texts import whole_own
from live_trading.store.feed.kept_decisions import KeptDecision
from live_trading.store.feed.late_decisions import late_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDecision:
    """A decision with every check of the evaluation.

    `hash_agrees`: the kept inputs have the hash that was kept with them. `verdict_agrees`: the evaluation comes to the
    decision's verdict and reason; a trade that it accepts may have been refused afterwards, by a risk rule or for what
    the venue said. Where only the hash or the verdict of a whole input was kept, the checks are those that were kept.
    """

    decision: KeptDecision
    checks: tuple[Check, ...]
    hash_agrees: bool
    verdict_agrees: bool


def explain(transaction: Transaction, decision_id: int) -> ExplainedDecision:
    """Computes a decision again. Raises LookupError where there is none of that id, InvalidConfig where the
    configuration that it was made by can be read no more."""
    decision = kept_decisions.find(transaction, decision_id)
    if decision is None:
        raise LookupError(f"no decision {decision_id}")
    whole = _whole(decision)
    if whole is None:
        return _too_old(decision)
    if "stats" not in whole:
        return ExplainedDecision(
            decision=decision,
            checks=decision.checks,
            # The text that its hash was made of was Postgres's own, and is not kept.
            hash_agrees=False,
            verdict_agrees=decision.verdict is Verdict.REJECTED,
        )
    made = explained(inputs_of(whole, parsed(decision.config), decision.config_version))
    refused_later = made.verdict is Verdict.ACCEPTED and decision.verdict is Verdict.REJECTED
    return ExplainedDecision(
        decision=decision,
        checks=made.checks,
        hash_agrees=hash_of(whole) == decision.inputs_hash,
        verdict_agrees=refused_later or (made.verdict is decision.verdict and made.reason is decision.reason),
    )


def _whole(decision: KeptDecision) -> Mapping[str, Any] | None:
    """All canonical inputs; None of a decision that was made for the trade's age alone."""
    if decision.whole is not None:
        return decision.whole
    if decision.shared is None or decision.own is None:
        return None
    own = whole_own(
        decision.own,
        config_hash=config_hash(parsed(decision.config)),
        config_version=decision.config_version,
        decided_at=decision.decided_at,
    )
    return decision.shared | own


def _too_old(decision: KeptDecision) -> ExplainedDecision:
    limit = 0 if decision.own is None else int(decision.own.get("too_old_after", 0))
    computed = late_hash(
        source_trade_id=decision.source_trade_id,
        trade_time=decision.trade_time,
        decided_at=decision.decided_at,
        limit_seconds=limit,
        version=decision.config_version,
        reason=decision.reason.value,
    )
    return ExplainedDecision(
        decision=decision,
        checks=decision.checks,
        hash_agrees=computed == decision.inputs_hash,
        verdict_agrees=decision.decided_at - decision.trade_time > timedelta(seconds=limit),
    )

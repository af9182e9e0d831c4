"""Why a decision is what it is: every check computed again from what is kept, and whether it comes to the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from live_trading.nouns.decisions import Check, Verdict
from live_trading.services.following.stored_inputs import inputs_of
from live_trading.services.following.subject import parsed
from live_trading.signals.config import WalletConfig, config_hash
from live_trading.signals.config_errors import InvalidConfig
from live_trading.signals.evaluate import explained
from live_trading.signals.inputs import hash_of
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import kept_decisions
from live_trading.store.feed.decision_texts import whole_own
from live_trading.store.feed.kept_decisions import KeptDecision
from live_trading.store.feed.late_decisions import late_hash


class Completeness(StrEnum):
    """What the checks of an explained decision are.

    COMPLETE: all of them, computed again. AGE_ALONE: the trade was too old, and nothing else was looked at. OLDER_FORM:
    those that were kept, of a decision whose inputs had another form. EVIDENCE_GONE: those that were kept; what the
    others were computed from is not there any more. CONFIG_UNREADABLE: those that were kept; the configuration is one
    that cannot be read any more.
    """

    COMPLETE = "COMPLETE"
    AGE_ALONE = "AGE_ALONE"
    OLDER_FORM = "OLDER_FORM"
    EVIDENCE_GONE = "EVIDENCE_GONE"
    CONFIG_UNREADABLE = "CONFIG_UNREADABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDecision:
    """A decision with every check of the evaluation, as far as it can be computed again.

    `hash_agrees`: the kept inputs have the hash that was kept with them. `verdict_agrees`: the evaluation comes to the
    decision's verdict and reason; a trade that it accepts may have been refused afterwards, by a risk rule or for what
    the venue said. Where only the hash or the verdict of a whole input was kept, the checks are those that were kept.
    Both are None where there is nothing to compute it from, and so is `config` where it cannot be read.
    """

    decision: KeptDecision
    checks: tuple[Check, ...]
    completeness: Completeness
    hash_agrees: bool | None
    verdict_agrees: bool | None
    config: WalletConfig | None


def explain(transaction: Transaction, decision_id: int) -> ExplainedDecision:
    """Computes a decision again. Raises LookupError where there is none of that id."""
    decision = kept_decisions.find(transaction, decision_id)
    if decision is None:
        raise LookupError(f"no decision {decision_id}")
    try:
        config = parsed(decision.config)
    except InvalidConfig:
        return _as_kept(decision, Completeness.CONFIG_UNREADABLE, None)
    if decision.own is not None and "too_old_after" in decision.own:
        return _too_old(decision, config)
    whole = _whole(decision, config)
    if whole is None:
        return _as_kept(decision, Completeness.EVIDENCE_GONE, config)
    if "stats" not in whole:
        return ExplainedDecision(
            decision=decision,
            checks=decision.checks,
            completeness=Completeness.OLDER_FORM,
            # The text that its hash was made of was Postgres's own, and is not kept.
            hash_agrees=False,
            verdict_agrees=decision.verdict is Verdict.REJECTED,
            config=config,
        )
    made = explained(inputs_of(whole, config, decision.config_version))
    refused_later = made.verdict is Verdict.ACCEPTED and decision.verdict is Verdict.REJECTED
    return ExplainedDecision(
        decision=decision,
        checks=made.checks,
        completeness=Completeness.COMPLETE,
        hash_agrees=hash_of(whole) == decision.inputs_hash,
        verdict_agrees=refused_later or (made.verdict is decision.verdict and made.reason is decision.reason),
        config=config,
    )


def _whole(decision: KeptDecision, config: WalletConfig) -> Mapping[str, Any] | None:
    """All canonical inputs; None where what all who judged the trade shared is not kept."""
    if decision.whole is not None:
        return decision.whole
    if decision.shared is None or decision.own is None:
        return None
    own = whole_own(
        decision.own,
        config_hash=config_hash(config),
        config_version=decision.config_version,
        decided_at=decision.decided_at,
    )
    return decision.shared | own


def _as_kept(decision: KeptDecision, completeness: Completeness, config: WalletConfig | None) -> ExplainedDecision:
    return ExplainedDecision(
        decision=decision,
        checks=decision.checks,
        completeness=completeness,
        hash_agrees=None,
        verdict_agrees=None,
        config=config,
    )


def _too_old(decision: KeptDecision, config: WalletConfig) -> ExplainedDecision:
    limit = int((decision.own or {})["too_old_after"])
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
        completeness=Completeness.AGE_ALONE,
        hash_agrees=computed == decision.inputs_hash,
        verdict_agrees=decision.decided_at - decision.trade_time > timedelta(seconds=limit),
        config=config,
    )

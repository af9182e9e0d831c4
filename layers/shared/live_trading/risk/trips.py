"""The lock that follows from a rule that trips: its scope, its reason, and when it ends by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.breakers import BREAKERS
from live_trading.risk.results import RuleName, RuleResult


@dataclass(frozen=True, slots=True, kw_only=True)
class TripLock:
    """A lock to put; `ends_at` None lasts until somebody releases it."""

    scope: LockScope
    scope_id: str | None
    reason: LockReason
    detail: str
    ends_at: datetime | None


def lock_for(
    result: RuleResult, rules: RiskRules, *, lt_strategy_id: UUID, trading_wallet_id: UUID, now: datetime
) -> TripLock:
    """Drawdown and losses in a row stop the strategy until released; a breaker stops its scope for its cool-down."""
    detail = f"{result.rule}: {result.observed}, limit {result.limit}"
    if result.rule not in BREAKERS:
        reason = LockReason.DRAWDOWN if result.rule is RuleName.DRAWDOWN else LockReason.CONSECUTIVE_LOSSES
        return TripLock(
            scope=LockScope.STRATEGY, scope_id=str(lt_strategy_id), reason=reason, detail=detail, ends_at=None
        )
    scope = rules.breaker_scope or LockScope.STRATEGY
    ids = {LockScope.STRATEGY: str(lt_strategy_id), LockScope.TRADING_WALLET: str(trading_wallet_id)}
    cooldown = rules.breaker_cooldown_seconds
    return TripLock(
        scope=scope,
        scope_id=ids.get(scope),
        reason=LockReason.CIRCUIT_BREAKER,
        detail=detail,
        ends_at=None if cooldown is None else now + timedelta(seconds=cooldown),
    )

"""A change of one strategy: its row locked, what it was and became audited, the answer kept, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from live_trading.api.once import Answer, Caller, once
from live_trading.api.problems import Problem, ProblemCode, not_found
from live_trading.api.resources.edit_tokens import edit_token
from live_trading.api.views.risk_rules_views import risk_rules_view
from live_trading.api.views.strategy_views import current_status, detail, summary
from live_trading.nouns.clock import Clock
from live_trading.store.accounts import strategies, trading_wallets
from live_trading.store.accounts.strategies import StrategyRow
from live_trading.store.database import audit
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.risk import locks

Change = Callable[[Transaction, StrategyRow, datetime], None]


def changed(
    database: Database,
    clock: Clock,
    caller: Caller,
    lt_strategy_id: UUID,
    *,
    action: str,
    cause: str,
    change: Change,
    moves_money: bool = False,
) -> Answer:
    """The strategy after `change`; for one that `moves_money` its wallet is locked against entries and allocations too.

    Raises Problem: NOT_FOUND, WRONG_STATE for a strategy that has ended, and what `change` raises.
    """
    now = clock.now()

    def effect(transaction: Transaction) -> Answer:
        before = _locked(transaction, lt_strategy_id, caller.owner_id, with_wallet=moves_money)
        if before.ended_at is not None:
            raise wrong_state(transaction, before, "the strategy has ended", now)
        seen_before = _seen(transaction, before, now, with_money=moves_money)
        change(transaction, before, now)
        after = _locked(transaction, lt_strategy_id, caller.owner_id)
        seen_after = _seen(transaction, after, now, with_money=moves_money)
        audited(transaction, caller, action, lt_strategy_id, seen_before, seen_after, cause, now)
        return Answer(status=200, body=detail(transaction, after, now), edit_token=edit_token_of(after))

    return once(database, caller, now, effect)


def edit_token_of(strategy: StrategyRow) -> str:
    """What an update may expect the strategy to be; its locks and its money are no edits."""
    return edit_token(
        strategy.name,
        strategy.slippage_bound_fraction,
        strategy.max_signal_age_seconds,
        strategy.order_type,
        strategy.time_zone,
        strategy.is_active,
        strategy.risk_preset,
        risk_rules_view(strategy.rules),
        strategy.ended_at is not None,
    )


def wrong_state(transaction: Transaction, strategy: StrategyRow, message: str, now: datetime) -> Problem:
    """A change that the strategy's present state does not allow."""
    status = current_status(transaction, strategy, now)
    return Problem(ProblemCode.WRONG_STATE, message, facts={"current_state": status})


def audited(
    transaction: Transaction,
    caller: Caller,
    action: str,
    lt_strategy_id: UUID,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
    cause: str,
    now: datetime,
) -> None:
    """Who did what to the strategy, and why."""
    audit.record(
        transaction,
        actor=caller.owner_id,
        action=action,
        subject_type="lt_strategy",
        subject_id=str(lt_strategy_id),
        before=before,
        after=after,
        cause=cause,
        at=now,
    )


def _seen(transaction: Transaction, strategy: StrategyRow, now: datetime, *, with_money: bool) -> Mapping[str, object]:
    return detail(transaction, strategy, now) if with_money else summary(strategy, locks.on_entries(transaction, now))


def _locked(transaction: Transaction, lt_strategy_id: UUID, owner_id: str, *, with_wallet: bool = False) -> StrategyRow:
    """The owner's strategy with its row locked; the wallet's before it, which is the order of entries."""
    if with_wallet:
        seen = strategies.find(transaction, lt_strategy_id, owner_id)
        if seen is not None:
            trading_wallets.lock(transaction, seen.trading_wallet_id, owner_id)
    strategy = strategies.find_for_change(transaction, lt_strategy_id, owner_id)
    if strategy is None:
        raise not_found("strategy")
    return strategy

"""LT strategies behind the API: create with capital and limits, look at, change, pause and resume.

Capital moves from the trading wallet's unallocated balance in the transaction that creates the strategy. A pause is a
lock row: it stops entries and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.problems import (
    FieldProblem,
    Problem,
    ProblemCode,
    already_exists,
    invalid,
    not_found,
    require_unchanged,
)
from live_trading.api.resources.risk_rules_asked import changed_rules, complete_rules
from live_trading.api.resources.strategy_bodies import CreateStrategy, PauseStrategy, ResumeStrategy, UpdateStrategy
from live_trading.api.resources.strategy_capital import insufficient
from live_trading.api.resources.strategy_changes import Change, audited, changed, edit_token_of, wrong_state
from live_trading.api.views.strategy_views import StrategiesView, detail, summary
from live_trading.ledger.capital_entries import allocation
from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import Place
from live_trading.nouns.risk_rules import RiskRules
from live_trading.store.accounts import strategies, trading_wallets
from live_trading.store.accounts.strategies import StrategyRow
from live_trading.store.books import ledger
from live_trading.store.database.connection import AlreadyExists, Database, Transaction
from live_trading.store.paper import ft_wallets
from live_trading.store.risk import locks, risk_state


class Strategies:
    """The owner's strategies. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    def create(self, caller: Caller, body: CreateStrategy) -> Answer:
        """A strategy with limits, first risk state and capital, or nothing of it."""
        rules = complete_rules(body.risk_preset, body.risk_rules)
        _require_may_stop(caller, rules)
        now = self._clock.now()
        strategy = _strategy_asked_for(self._new_id(), caller.owner_id, body, rules, now)

        def effect(transaction: Transaction) -> Answer:
            _check_parts(transaction, strategy)
            strategies.add(transaction, strategy)
            _allocate(transaction, strategy, now)
            risk_state.project(transaction, strategy.as_live(), now)
            made = _existing(transaction, strategy.lt_strategy_id, caller.owner_id)
            view = detail(transaction, made, now)
            audited(transaction, caller, "strategy_created", strategy.lt_strategy_id, None, view, "api", now)
            return Answer(status=201, body=view, edit_token=edit_token_of(made))

        try:
            return once(self._database, caller, now, effect)
        except AlreadyExists as error:
            if error.constraint != strategies.FT_WALLET_TAKEN:
                raise
        with self._database.transaction() as transaction:
            existing = strategies.id_by_ft_wallet(transaction, body.ft_wallet_id)
        raise already_exists("this FT wallet has an LT strategy already", existing_id=existing)

    def list(self, owner_id: str, paging: Paging) -> Answer:
        """A page of the owner's strategies, newest first, without their money."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            in_force = locks.on_entries(transaction, now)
            found = strategies.of_owner(transaction, owner_id, paging.asked)
        page = paging.cut(found, lambda row: Place(at=None, row=str(row.made_number)))
        body: StrategiesView = {
            "strategies": [summary(row, in_force) for row in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def get(self, owner_id: str, lt_strategy_id: UUID) -> Answer:
        """One strategy with its balances."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            strategy = _existing(transaction, lt_strategy_id, owner_id)
            shown = detail(transaction, strategy, now)
        return Answer(status=200, body=shown, edit_token=edit_token_of(strategy))

    def update(
        self, caller: Caller, lt_strategy_id: UUID, body: UpdateStrategy, expected: frozenset[str] | None
    ) -> Answer:
        """Changes what the body names, from the next order on."""
        if not body.model_fields_set:
            raise invalid(FieldProblem(field="body", reason="names nothing to change"))

        def change(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
            require_unchanged(expected, edit_token_of(strategy))
            strategies.change(transaction, strategy.lt_strategy_id, body.changes(), now)
            if body.changes_rules:
                preset = body.asked_preset
                rules = changed_rules(strategy.rules, preset, body.risk_rules)
                _require_may_stop(caller, rules)
                strategies.replace_rules(transaction, strategy.lt_strategy_id, rules, preset, now)

        return self._changed(caller, lt_strategy_id, "strategy_updated", "api", change)

    def pause(self, caller: Caller, lt_strategy_id: UUID, body: PauseStrategy) -> Answer:
        """Stops entries until resumed; the next run cancels and sells where the mode asks for it.

        Exits, resolution and redemption go on.
        """

        def change(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
            put = locks.put_or_widen(
                transaction,
                scope=LockScope.STRATEGY,
                scope_id=str(strategy.lt_strategy_id),
                reason=LockReason.PAUSED_BY_USER,
                detail=body.reason,
                created_by=caller.owner_id,
                now=now,
                mode=body.mode,
            )
            if not put.is_changed:
                raise wrong_state(transaction, strategy, "the strategy is paused already", now)

        return self._changed(caller, lt_strategy_id, "strategy_paused", body.reason or "api", change)

    def resume(self, caller: Caller, lt_strategy_id: UUID, body: ResumeStrategy) -> Answer:
        """Ends the pause. Locks with other reasons stay, and the answer shows them."""

        def change(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
            was_paused = locks.release(
                transaction,
                scope=LockScope.STRATEGY,
                scope_id=str(strategy.lt_strategy_id),
                reason=LockReason.PAUSED_BY_USER,
                released_by=caller.owner_id,
                now=now,
            )
            if not was_paused:
                raise wrong_state(transaction, strategy, "the strategy is not paused", now)

        return self._changed(caller, lt_strategy_id, "strategy_resumed", body.reason or "api", change)

    def _changed(self, caller: Caller, lt_strategy_id: UUID, action: str, cause: str, change: Change) -> Answer:
        return changed(self._database, self._clock, caller, lt_strategy_id, action=action, cause=cause, change=change)


def _existing(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> StrategyRow:
    strategy = strategies.find(transaction, lt_strategy_id, owner_id)
    if strategy is None:
        raise not_found("strategy")
    return strategy


def _strategy_asked_for(
    lt_strategy_id: UUID, owner_id: str, body: CreateStrategy, rules: RiskRules, now: datetime
) -> StrategyRow:
    return StrategyRow(
        lt_strategy_id=lt_strategy_id,
        owner_id=owner_id,
        name=body.name,
        ft_wallet_id=body.ft_wallet_id,
        trading_wallet_id=body.trading_wallet_id,
        is_active=body.is_active,
        initial_capital=Usd(body.initial_capital_usd),
        order_type=body.order_type,
        slippage_bound_fraction=body.slippage_bound_fraction,
        max_signal_age_seconds=body.max_signal_age_seconds,
        time_zone=body.time_zone,
        launched_at=now,
        created_at=now,
        updated_at=now,
        rules=rules,
        risk_preset=body.risk_preset,
    )


def _require_may_stop(caller: Caller, rules: RiskRules) -> None:
    """A breaker that stops everybody's entries is not one strategy's to set."""
    if rules.breaker_scope is LockScope.GLOBAL and not caller.is_admin:
        raise Problem(
            ProblemCode.FORBIDDEN, "a breaker_scope of GLOBAL stops everybody's entries: it needs the scope admin"
        )


def _check_parts(transaction: Transaction, strategy: StrategyRow) -> None:
    """Both wallets are the owner's, and the trading wallet's row is locked from here on."""
    if ft_wallets.find(transaction, strategy.ft_wallet_id, strategy.owner_id) is None:
        raise not_found("FT wallet", field="ft_wallet_id")
    if not trading_wallets.lock(transaction, strategy.trading_wallet_id, strategy.owner_id):
        raise not_found("trading wallet", field="trading_wallet_id")


def _allocate(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
    free = ledger.unallocated(transaction, strategy.trading_wallet_id)
    if strategy.initial_capital > free:
        raise insufficient(
            "initial_capital_usd", "the trading wallet has not so much left to allocate", "unallocated_usd", free
        )
    moved = allocation(
        trading_wallet_id=strategy.trading_wallet_id,
        lt_strategy_id=strategy.lt_strategy_id,
        amount=strategy.initial_capital,
        occurred_at=now,
    )
    ledger.post(transaction, moved, now)

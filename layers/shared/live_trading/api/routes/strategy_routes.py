"""LT strategies behind the API: create with capital and limits, look at, change, pause and resume.

Capital moves from the trading wallet's unallocated balance in the transaction that creates the strategy. A pause is a
lock row: it stops entries and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, PlainValidator

from live_trading.api.body import Body
from live_trading.api.fields import (
    Id,
    LockModeName,
    Name,
    PositiveUsd,
    Remark,
    SignalAge,
    SlippageFraction,
    Switch,
    TimeZone,
    one_of,
)
from live_trading.api.once import Answer, Caller, once
from live_trading.api.problems import FieldProblem, Problem, ProblemCode, already_exists, invalid, not_found
from live_trading.api.risk_rules_asked import changed_rules, complete_rules
from live_trading.api.risk_rules_body import PresetName, RiskRulesBody
from live_trading.api.routing import Request, Routes
from live_trading.api.views.strategy_views import current_status, detail, summary
from live_trading.ledger.capital_entries import allocation
from live_trading.nouns.clock import Clock
from live_trading.nouns.locks import LockMode, LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderType
from live_trading.nouns.risk_rules import RiskPreset, RiskRules
from live_trading.store.accounts import strategies, trading_wallets
from live_trading.store.accounts.strategies import StrategyRow
from live_trading.store.books import ledger
from live_trading.store.database import audit
from live_trading.store.database.connection import AlreadyExists, Database, Transaction
from live_trading.store.paper import ft_wallets
from live_trading.store.risk import locks, risk_state

_Change = Callable[[Transaction, StrategyRow, datetime], None]


DEFAULT_SIGNAL_AGE_SECONDS = 600
# GTC is left out: nothing would end such an order if this system stopped for good.
SupportedOrderType = Annotated[OrderType, PlainValidator(one_of(OrderType.FAK, OrderType.FOK, OrderType.GTD))]


class CreateStrategy(Body):
    """Live money behind a paper wallet.

    Limits come from `risk_preset`, from `risk_rules` with every one named, or from a preset with some named anew.
    """

    name: Name
    ft_wallet_id: Id
    trading_wallet_id: Id
    initial_capital_usd: PositiveUsd
    slippage_bound_fraction: SlippageFraction
    order_type: SupportedOrderType = OrderType.FAK
    max_signal_age_seconds: SignalAge = DEFAULT_SIGNAL_AGE_SECONDS
    time_zone: TimeZone = "UTC"
    is_active: Switch = True
    risk_rules: RiskRulesBody | None = None
    risk_preset: PresetName | None = None


class UpdateStrategy(Body):
    """What changes; a field that is not named stays. None of them may be null."""

    name: Name = Field(default="")
    slippage_bound_fraction: SlippageFraction = Decimal(0)
    max_signal_age_seconds: SignalAge = DEFAULT_SIGNAL_AGE_SECONDS
    order_type: SupportedOrderType = OrderType.FAK
    is_active: Switch = True
    risk_preset: PresetName = RiskPreset.CONSERVATIVE
    risk_rules: RiskRulesBody = RiskRulesBody()

    @property
    def changes_rules(self) -> bool:
        return bool(self.model_fields_set & {"risk_preset", "risk_rules"})

    @property
    def asked_preset(self) -> RiskPreset | None:
        """The preset to start from anew; None where it is not named."""
        return self.risk_preset if "risk_preset" in self.model_fields_set else None

    def changes(self) -> dict[str, object]:
        """The named fields of the strategy itself."""
        return self.model_dump(include=self.model_fields_set - {"risk_preset", "risk_rules"})


class PauseStrategy(Body):
    """Why entries stop, and what else is to happen; a body may be left out where there is nothing to say."""

    reason: Remark = ""
    mode: LockModeName = LockMode.STOP_ENTRIES


class ResumeStrategy(Body):
    """Why entries go on."""

    reason: Remark = ""


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
            view = detail(transaction, strategy, now)
            _audited(transaction, caller, "strategy_created", strategy.lt_strategy_id, None, view, "api", now)
            return Answer(status=201, body=view)

        try:
            return once(self._database, caller, now, effect)
        except AlreadyExists as error:
            if error.constraint != strategies.FT_WALLET_TAKEN:
                raise
        with self._database.transaction() as transaction:
            existing = strategies.id_by_ft_wallet(transaction, body.ft_wallet_id)
        raise already_exists("this FT wallet has an LT strategy already", existing_id=existing)

    def list(self, owner_id: str) -> Answer:
        """Every strategy of the owner, oldest first, without its money."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            in_force = locks.on_entries(transaction, now)
            rows = strategies.of_owner(transaction, owner_id)
        return Answer(status=200, body={"strategies": [summary(row, in_force) for row in rows]})

    def get(self, owner_id: str, lt_strategy_id: UUID) -> Answer:
        """One strategy with its balances."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            strategy = strategies.find(transaction, lt_strategy_id, owner_id)
            if strategy is None:
                raise not_found("strategy")
            return Answer(status=200, body=detail(transaction, strategy, now))

    def update(self, caller: Caller, lt_strategy_id: UUID, body: UpdateStrategy) -> Answer:
        """Changes what the body names, from the next order on."""
        if not body.model_fields_set:
            raise invalid(FieldProblem(field="body", reason="names nothing to change"))

        def change(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
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
                raise _wrong_state(transaction, strategy, "the strategy is paused already", now)

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
                raise _wrong_state(transaction, strategy, "the strategy is not paused", now)

        return self._changed(caller, lt_strategy_id, "strategy_resumed", body.reason or "api", change)

    def _changed(self, caller: Caller, lt_strategy_id: UUID, action: str, cause: str, change: _Change) -> Answer:
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            before = _locked(transaction, lt_strategy_id, caller.owner_id)
            seen_before = summary(before, locks.on_entries(transaction, now))
            change(transaction, before, now)
            after = _locked(transaction, lt_strategy_id, caller.owner_id)
            seen_after = summary(after, locks.on_entries(transaction, now))
            _audited(transaction, caller, action, lt_strategy_id, seen_before, seen_after, cause, now)
            return Answer(status=200, body=detail(transaction, after, now))

        return once(self._database, caller, now, effect)


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
        raise Problem(
            ProblemCode.INSUFFICIENT_FUNDS,
            "the trading wallet has not so much left to allocate",
            fields=[
                FieldProblem(
                    field="initial_capital_usd", reason="is more than what is unallocated", allowed=f"up to {free}"
                )
            ],
            facts={"unallocated_usd": str(free)},
        )
    moved = allocation(
        trading_wallet_id=strategy.trading_wallet_id,
        lt_strategy_id=strategy.lt_strategy_id,
        amount=strategy.initial_capital,
        occurred_at=now,
    )
    ledger.post(transaction, moved, now)


def _locked(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> StrategyRow:
    strategy = strategies.find_for_change(transaction, lt_strategy_id, owner_id)
    if strategy is None:
        raise not_found("strategy")
    return strategy


def _wrong_state(transaction: Transaction, strategy: StrategyRow, message: str, now: datetime) -> Problem:
    status = current_status(transaction, strategy, now)
    return Problem(ProblemCode.WRONG_STATE, message, facts={"current_state": status})


def _audited(
    transaction: Transaction,
    caller: Caller,
    action: str,
    lt_strategy_id: UUID,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    cause: str,
    now: datetime,
) -> None:
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


ROUTES = Routes[Strategies]("strategies")


@ROUTES.post("/api/lt/strategies")
def _create(owned: Strategies, request: Request) -> Answer:
    return owned.create(request.caller, request.body(CreateStrategy))


@ROUTES.get("/api/lt/strategies")
def _list(owned: Strategies, request: Request) -> Answer:
    return owned.list(request.owner)


@ROUTES.get("/api/lt/strategies/<lt_strategy_id>")
def _get(owned: Strategies, request: Request) -> Answer:
    return owned.get(request.owner, request.id("lt_strategy_id", "strategy"))


@ROUTES.patch("/api/lt/strategies/<lt_strategy_id>")
def _update(owned: Strategies, request: Request) -> Answer:
    return owned.update(request.caller, request.id("lt_strategy_id", "strategy"), request.body(UpdateStrategy))


@ROUTES.post("/api/lt/strategies/<lt_strategy_id>/pause")
def _pause(owned: Strategies, request: Request) -> Answer:
    strategy = request.id("lt_strategy_id", "strategy")
    return owned.pause(request.caller, strategy, request.body_or_defaults(PauseStrategy))


@ROUTES.post("/api/lt/strategies/<lt_strategy_id>/resume")
@ROUTES.put("/api/lt/strategies/<lt_strategy_id>/resume")
def _resume(owned: Strategies, request: Request) -> Answer:
    strategy = request.id("lt_strategy_id", "strategy")
    return owned.resume(request.caller, strategy, request.body_or_defaults(ResumeStrategy))

"""LT strategies as their owners create, see and change them. What the executor reads is in `live_strategies`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderType
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.risk_rules import RULE_FIELDS, RiskPreset, RiskRules
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction

FT_WALLET_TAKEN = "lt_strategies_ft_wallet_id_key"

_CHANGEABLE = ("name", "slippage_bound_fraction", "max_signal_age_seconds", "order_type", "time_zone", "is_active")


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRow:
    """A strategy with its limits, whether or not it is active; once it has ended it never is again.

    `made_number` tells in which order strategies were made; 0 for one that is not kept yet.
    """

    lt_strategy_id: UUID
    owner_id: str
    name: str
    ft_wallet_id: UUID
    trading_wallet_id: UUID
    is_active: bool
    initial_capital: Usd
    order_type: OrderType
    slippage_bound_fraction: Decimal
    max_signal_age_seconds: int
    time_zone: str
    launched_at: datetime
    created_at: datetime
    updated_at: datetime
    rules: RiskRules
    risk_preset: RiskPreset | None
    ended_at: datetime | None = None
    made_number: int = 0

    def as_live(self) -> LiveStrategy:
        """What the executor sees of it."""
        return LiveStrategy(
            lt_strategy_id=self.lt_strategy_id,
            name=self.name,
            ft_wallet_id=self.ft_wallet_id,
            trading_wallet_id=self.trading_wallet_id,
            order_type=self.order_type,
            slippage_bound_fraction=self.slippage_bound_fraction,
            max_signal_age_seconds=self.max_signal_age_seconds,
            time_zone=self.time_zone,
            launched_at=self.launched_at,
            rules=self.rules,
        )


_STRATEGIES = """
SELECT rules.*, strategy.*
FROM lt_strategies AS strategy
INNER JOIN lt_risk_rules AS rules ON rules.lt_strategy_id = strategy.lt_strategy_id
"""


def _strategy(row: Row) -> StrategyRow:
    return StrategyRow(
        lt_strategy_id=row["lt_strategy_id"],
        owner_id=row["owner_id"],
        name=row["name"],
        ft_wallet_id=row["ft_wallet_id"],
        trading_wallet_id=row["trading_wallet_id"],
        is_active=row["is_active"],
        initial_capital=Usd(row["initial_capital_usd"]),
        order_type=OrderType(row["order_type"]),
        slippage_bound_fraction=row["slippage_bound_fraction"],
        max_signal_age_seconds=row["max_signal_age_seconds"],
        time_zone=row["time_zone"],
        launched_at=row["launched_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        rules=RiskRules.of(row),
        risk_preset=None if row["risk_preset"] is None else RiskPreset(row["risk_preset"]),
        ended_at=row["ended_at"],
        made_number=row["made_number"],
    )


def add(transaction: Transaction, strategy: StrategyRow) -> None:
    """Writes a strategy and its limits. Raises AlreadyExists (FT_WALLET_TAKEN) for a wallet's second strategy."""
    transaction.execute(
        """
        INSERT INTO lt_strategies (
            lt_strategy_id, owner_id, name, ft_wallet_id, trading_wallet_id, is_active, initial_capital_usd,
            order_type, slippage_bound_fraction, max_signal_age_seconds, time_zone, launched_at, created_at, updated_at
        ) VALUES (
            :lt_strategy_id, :owner_id, :name, :ft_wallet_id, :trading_wallet_id, :is_active, :initial_capital,
            :order_type, :slippage_bound_fraction, :max_signal_age_seconds, :time_zone, :launched_at, :created_at,
            :updated_at
        )
        """,
        lt_strategy_id=strategy.lt_strategy_id,
        owner_id=strategy.owner_id,
        name=strategy.name,
        ft_wallet_id=strategy.ft_wallet_id,
        trading_wallet_id=strategy.trading_wallet_id,
        is_active=strategy.is_active,
        initial_capital=strategy.initial_capital,
        order_type=strategy.order_type,
        slippage_bound_fraction=strategy.slippage_bound_fraction,
        max_signal_age_seconds=strategy.max_signal_age_seconds,
        time_zone=strategy.time_zone,
        launched_at=strategy.launched_at,
        created_at=strategy.created_at,
        updated_at=strategy.updated_at,
    )
    names = ", ".join(RULE_FIELDS)
    values = ", ".join(f":{name}" for name in RULE_FIELDS)
    transaction.execute(
        # The names are those of a dataclass of ours, never of a caller.
        f"INSERT INTO lt_risk_rules (lt_strategy_id, risk_preset, {names}, updated_at) "  # noqa: S608
        f"VALUES (:id, :risk_preset, {values}, :now)",
        id=strategy.lt_strategy_id,
        risk_preset=strategy.risk_preset,
        now=strategy.updated_at,
        **{name: getattr(strategy.rules, name) for name in RULE_FIELDS},
    )


def of_owner(transaction: Transaction, owner_id: str, page: PageAsked) -> list[StrategyRow]:
    """A page of the owner's strategies, newest first."""
    rows = transaction.rows(
        _STRATEGIES
        + """
        WHERE strategy.owner_id = :owner_id AND strategy.made_number < :after_number
        ORDER BY strategy.made_number DESC LIMIT :rows_to_read
        """,
        owner_id=owner_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )
    return [_strategy(row) for row in rows]


def find(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> StrategyRow | None:
    """The owner's strategy of that id."""
    row = transaction.row(
        _STRATEGIES + "WHERE strategy.lt_strategy_id = :lt_strategy_id AND strategy.owner_id = :owner_id",
        lt_strategy_id=lt_strategy_id,
        owner_id=owner_id,
    )
    return None if row is None else _strategy(row)


def find_for_change(transaction: Transaction, lt_strategy_id: UUID, owner_id: str) -> StrategyRow | None:
    """The same with its row locked against other changes and against entries.

    It is read once the lock is there: a statement that waits sees the limits as they were when it began.
    """
    transaction.rows(
        """
        SELECT lt_strategy_id FROM lt_strategies
        WHERE lt_strategy_id = :lt_strategy_id AND owner_id = :owner_id FOR NO KEY UPDATE
        """,
        lt_strategy_id=lt_strategy_id,
        owner_id=owner_id,
    )
    return find(transaction, lt_strategy_id, owner_id)


def id_by_ft_wallet(transaction: Transaction, ft_wallet_id: UUID) -> UUID | None:
    """The strategy behind a paper wallet that has not ended."""
    row = transaction.row(
        "SELECT lt_strategy_id FROM lt_strategies WHERE ft_wallet_id = :ft_wallet_id AND ended_at IS NULL",
        ft_wallet_id=ft_wallet_id,
    )
    return None if row is None else row["lt_strategy_id"]


def change(transaction: Transaction, lt_strategy_id: UUID, changes: Mapping[str, object], now: datetime) -> None:
    """Rewrites the named columns. Raises KeyError for one that may not change."""
    _update(transaction, "lt_strategies", _CHANGEABLE, lt_strategy_id, changes, now)


def end(transaction: Transaction, lt_strategy_id: UUID, now: datetime) -> None:
    """Switches the strategy off for good; its FT wallet may have another one from here on."""
    transaction.execute(
        """
        UPDATE lt_strategies SET is_active = FALSE, ended_at = :now, updated_at = :now
        WHERE lt_strategy_id = :lt_strategy_id
        """,
        lt_strategy_id=lt_strategy_id,
        now=now,
    )


def replace_rules(
    transaction: Transaction, lt_strategy_id: UUID, rules: RiskRules, preset: RiskPreset | None, now: datetime
) -> None:
    """Writes every limit; `preset` None keeps the name of the one that the limits began with."""
    values: dict[str, object] = {name: getattr(rules, name) for name in RULE_FIELDS}
    if preset is not None:
        values["risk_preset"] = preset
    _update(transaction, "lt_risk_rules", (*RULE_FIELDS, "risk_preset"), lt_strategy_id, values, now)


def risk_state(transaction: Transaction, lt_strategy_id: UUID) -> dict[str, Any] | None:
    """The projection that the last run left; for showing, never for deciding."""
    return transaction.row("SELECT * FROM lt_risk_state WHERE lt_strategy_id = :id", id=lt_strategy_id)


def _update(
    transaction: Transaction,
    table: str,
    columns: tuple[str, ...],
    lt_strategy_id: UUID,
    changes: Mapping[str, object],
    now: datetime,
) -> None:
    unknown = set(changes) - set(columns)
    if unknown:
        raise KeyError(f"{table}: {', '.join(sorted(unknown))} cannot be changed")
    assignments = "".join(f"{name} = :{name}, " for name in columns if name in changes)
    transaction.execute(
        # Table and columns are constants of this module.
        f"UPDATE {table} SET {assignments}updated_at = :now WHERE lt_strategy_id = :lt_strategy_id",  # noqa: S608
        now=now,
        lt_strategy_id=lt_strategy_id,
        **changes,
    )

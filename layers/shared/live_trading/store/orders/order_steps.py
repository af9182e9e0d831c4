"""All that is kept of the way of one order, for its owner: its moments, changes of its state, and its fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import FillStatus, LiquidityRole, OrderState, RejectionCode
from live_trading.orders.stages import FillTimes, OrderMoments, StateChange
from live_trading.store.database.connection import Row, Transaction

MOST_CHANGES = 500
MOST_FILLS = 500
"""Of one order; it has some, and what there were beyond these is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSteps:
    """One order. `sends` counts how often its bytes went out, `absences` the look-ups since that knew nothing of it.

    `refusal_for_now` is why the venue last turned it away without a verdict.
    """

    lt_order_id: UUID
    state: OrderState
    decision_id: int | None
    source_trade_id: int | None
    trader_address: str | None
    sends: int
    absences: int
    rejection: tuple[RejectionCode, str | None] | None
    refusal_for_now: tuple[RejectionCode, str | None] | None
    moments: OrderMoments
    changes: tuple[StateChange, ...]
    fills: tuple[FillTimes, ...]


def find(transaction: Transaction, lt_order_id: UUID, owner_id: str) -> OrderSteps | None:
    """The owner's order of that id with its steps."""
    row = transaction.row(
        """
        SELECT intent.*, trade.trader_address FROM lt_orders AS intent
        INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        LEFT JOIN source_trades AS trade ON trade.source_trade_id = intent.source_trade_id
        WHERE intent.lt_order_id = :lt_order_id AND strategy.owner_id = :owner_id
        """,
        lt_order_id=lt_order_id,
        owner_id=owner_id,
    )
    if row is None:
        return None
    changes: list[Row] = []
    transaction.later(
        """
        SELECT at, action, before_state, after_state, cause, actor FROM audit_log
        WHERE subject_type = 'lt_order' AND subject_id = :lt_order_id
        ORDER BY at, audit_log_id LIMIT :most
        """,
        check=changes.extend,
        lt_order_id=str(lt_order_id),
        most=MOST_CHANGES,
    )
    fills = transaction.rows(
        """
        SELECT fill.*, taken_back.recorded_at AS taken_back_at FROM fills AS fill
        LEFT JOIN ledger_transactions AS taken_back
            ON taken_back.source_reference = 'reversal:fill:' || fill.venue_trade_id || ':' || fill.order_hash
        WHERE fill.lt_order_id = :lt_order_id ORDER BY fill.match_time, fill.fill_id LIMIT :most
        """,
        lt_order_id=lt_order_id,
        most=MOST_FILLS,
    )
    return _steps(row, changes, fills)


def _steps(row: Row, changes: list[Row], fills: list[Row]) -> OrderSteps:
    return OrderSteps(
        lt_order_id=row["lt_order_id"],
        state=OrderState(row["state"]),
        decision_id=row["decision_id"],
        source_trade_id=row["source_trade_id"],
        trader_address=row["trader_address"],
        sends=row["sends"],
        absences=row["absence_proofs"],
        rejection=_refusal(row["rejection_code"], row["rejection_text"]),
        refusal_for_now=_refusal(row["last_refusal_code"], row["last_refusal_text"]),
        moments=OrderMoments(**{name: row[name] for name in OrderMoments.__dataclass_fields__}),
        changes=tuple(_change(each) for each in changes),
        fills=tuple(_fill(each) for each in fills),
    )


def _refusal(code: str | None, said: str | None) -> tuple[RejectionCode, str | None] | None:
    return None if code is None else (RejectionCode(code), said)


def _change(row: Row) -> StateChange:
    return StateChange(
        at=row["at"],
        action=row["action"],
        before=_state(row["before_state"]),
        after=_state(row["after_state"]),
        cause=row["cause"],
        actor=row["actor"],
    )


def _state(kept: Mapping[str, Any] | None) -> OrderState | None:
    state = (kept or {}).get("state")
    return None if state is None else OrderState(state)


def _fill(row: Row) -> FillTimes:
    return FillTimes(
        venue_trade_id=row["venue_trade_id"],
        shares=Shares(row["shares"]),
        price=Price(row["price"]),
        usd=Usd(row["cost_usd"]),
        fee=Usd(row["fee_usd"]),
        role=LiquidityRole(row["role"]),
        status=FillStatus(row["status"]),
        transaction_hash=row["transaction_hash"],
        match_time=row["match_time"],
        recorded_at=row["recorded_at"],
        confirmed_at=row["confirmed_at"],
        taken_back_at=row["taken_back_at"],
    )

"""How the API shows the way of one order, step by step."""

from __future__ import annotations

from typing_extensions import TypedDict

from live_trading.api.shapes import (
    AddressAnswer,
    IdAnswer,
    MomentAnswer,
    PriceText,
    SharesText,
    UsdText,
)
from live_trading.nouns.orders import FillStatus, LiquidityRole, OrderState, RejectionCode
from live_trading.orders.machine import Cause
from live_trading.orders.stages import FillTimes, Stage, Step, stages
from live_trading.orders.words import CAUSES, REFUSALS
from live_trading.store.orders.order_steps import OrderSteps


class RefusalView(TypedDict):
    """Why an order came to nothing: our code and what it means, and the venue's own words where it gave any."""

    code: RejectionCode
    meaning: str
    said: str | None


class StageFillView(TypedDict):
    """The trade that a step concerns, as it counts now."""

    venue_trade_id: str
    shares: SharesText
    price: PriceText
    usd: UsdText
    fee_usd: UsdText
    role: LiquidityRole
    status: FillStatus
    transaction_hash: str | None
    recorded_at: MomentAnswer


class StageView(TypedDict):
    """One step, and milliseconds since the one before, and since the first.

    They are negative where the venue's clock, which stamps trades and fills in whole seconds, was ahead of ours.
    """

    step: Step
    at: MomentAnswer
    milliseconds: int | None
    milliseconds_since_first: int
    state_before: OrderState | None
    state_after: OrderState | None
    cause: str | None
    meaning: str | None
    actor: str | None
    fill: StageFillView | None


class OrderStagesView(TypedDict):
    """One order from the trade that it follows to its end.

    `sends` is how often its bytes went out, `look_ups_without_it` how many look-ups since then knew nothing of it.
    `turned_away` is the last answer that was no verdict: the order could go out again.
    """

    lt_order_id: IdAnswer
    state: OrderState
    decision_id: int | None
    source_trade_id: int | None
    trader_address: AddressAnswer | None
    sends: int
    look_ups_without_it: int
    refusal: RefusalView | None
    turned_away: RefusalView | None
    stages: list[StageView]


def order_stages_view(order: OrderSteps) -> OrderStagesView:
    """The order with its steps, the first one first."""
    found = stages(order.moments, order.changes, order.fills)
    return {
        "lt_order_id": str(order.lt_order_id),
        "state": order.state,
        "decision_id": order.decision_id,
        "source_trade_id": order.source_trade_id,
        "trader_address": order.trader_address,
        "sends": order.sends,
        "look_ups_without_it": order.absences,
        "refusal": _refusal_view(order.rejection),
        "turned_away": _refusal_view(order.refusal_for_now),
        "stages": [_stage_view(each, found[0]) for each in found],
    }


def _refusal_view(refusal: tuple[RejectionCode, str | None] | None) -> RefusalView | None:
    if refusal is None:
        return None
    code, said = refusal
    return {"code": code, "meaning": REFUSALS[code], "said": said}


def _stage_view(stage: Stage, first: Stage) -> StageView:
    change = stage.change
    return {
        "step": stage.step,
        "at": stage.at.isoformat(),
        "milliseconds": stage.milliseconds,
        "milliseconds_since_first": round((stage.at - first.at).total_seconds() * 1000),
        "state_before": None if change is None else change.before,
        "state_after": None if change is None else change.after,
        "cause": None if change is None else change.cause,
        "meaning": None if change is None else _meaning(change.cause),
        "actor": None if change is None else change.actor,
        "fill": None if stage.fill is None else _fill_view(stage.fill),
    }


def _meaning(cause: str) -> str | None:
    """None for what no table of causes has: somebody's wish."""
    return CAUSES[Cause(cause)] if cause in list(Cause) else None


def _fill_view(fill: FillTimes) -> StageFillView:
    return {
        "venue_trade_id": fill.venue_trade_id,
        "shares": str(fill.shares),
        "price": str(fill.price),
        "usd": str(fill.usd),
        "fee_usd": str(fill.fee),
        "role": fill.role,
        "status": fill.status,
        "transaction_hash": fill.transaction_hash,
        "recorded_at": fill.recorded_at.isoformat(),
    }

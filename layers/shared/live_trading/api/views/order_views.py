"""How the API shows orders."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from live_trading.api.shapes import (
    ConditionIdAnswer,
    HashAnswer,
    IdAnswer,
    MomentAnswer,
    NextCursor,
    PriceText,
    SharesText,
    TokenIdAnswer,
    UsdText,
)
from live_trading.api.views.execution_views import ExecutionView, execution_of
from live_trading.api.views.plain import moment, text
from live_trading.nouns.orders import OrderState, OrderType, Purpose
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import Outcome
from live_trading.store.orders.order_history import OrderHistory

CoarseStatus = Literal["PENDING", "PARTIAL", "FILLED", "CANCELLED", "REJECTED"]

# The five coarse words of the first version of the API, still what a list shows at a glance.
_COARSE: dict[OrderState, CoarseStatus] = {
    OrderState.INTENT: "PENDING",
    OrderState.SENT: "PENDING",
    OrderState.UNKNOWN: "PENDING",
    OrderState.LIVE: "PENDING",
    OrderState.DELAYED: "PENDING",
    OrderState.PARTIALLY_FILLED: "PARTIAL",
    OrderState.FILLED: "FILLED",
    OrderState.CANCELLED: "CANCELLED",
    OrderState.EXPIRED: "CANCELLED",
    OrderState.REJECTED: "REJECTED",
}


class OrderView(TypedDict):
    """One order with its execution; what is filled leaves out fills whose settlement failed.

    `outcome` is how its position ended, `pnl_usd` what it brought; both are of the order's own shares.
    """

    lt_order_id: IdAnswer
    lt_strategy_id: IdAnswer
    trading_wallet_id: IdAnswer
    source_trade_id: int | None
    order_hash: HashAnswer
    status: CoarseStatus
    state: OrderState
    purpose: Purpose
    attempt: int
    side: Side
    order_type: OrderType
    condition_id: ConditionIdAnswer
    token_id: TokenIdAnswer
    slug: str
    outcome_label: str | None
    outcome: Outcome
    limit_price: PriceText
    order_usd: UsdText
    order_shares: SharesText
    reserved_usd: UsdText
    filled_shares: SharesText
    filled_usd: UsdText
    fee_usd: UsdText
    unsettled_fills: int
    rejection_code: str | None
    rejection_text: str | None
    last_refusal_code: str | None
    pnl_usd: UsdText | None
    execution: ExecutionView
    trade_time: MomentAnswer | None
    decided_at: MomentAnswer
    sent_at: MomentAnswer | None
    expires_at: MomentAnswer | None
    finished_at: MomentAnswer | None


class OrdersView(TypedDict):
    """A page of orders, the newest first."""

    orders: list[OrderView]
    next_cursor: NextCursor


def coarse_status(order: OrderHistory) -> CoarseStatus:
    """PENDING, PARTIAL, FILLED, CANCELLED or REJECTED; PARTIAL is also an order that ended with a rest unfilled."""
    if order.state in (OrderState.CANCELLED, OrderState.EXPIRED) and order.filled:
        return "PARTIAL"
    return _COARSE[order.state]


def order_view(order: OrderHistory) -> OrderView:
    """One order with its execution."""
    times = order.times
    return OrderView(
        lt_order_id=str(order.lt_order_id),
        lt_strategy_id=str(order.lt_strategy_id),
        trading_wallet_id=str(order.trading_wallet_id),
        source_trade_id=order.source_trade_id,
        order_hash=order.order_hash,
        status=coarse_status(order),
        state=order.state,
        purpose=order.purpose,
        attempt=order.attempt,
        side=order.side,
        order_type=order.order_type,
        condition_id=order.condition_id,
        token_id=order.token_id,
        slug=order.slug,
        outcome_label=order.outcome,
        outcome=Outcome(order.outcome_code),
        limit_price=str(order.limit_price),
        order_usd=str(order.order_usd),
        order_shares=str(order.order_shares),
        reserved_usd=str(order.reserved),
        filled_shares=str(order.filled),
        filled_usd=str(order.filled_usd),
        fee_usd=str(order.fee),
        unsettled_fills=order.unsettled_fills,
        rejection_code=order.rejection_code,
        rejection_text=order.rejection_text,
        last_refusal_code=order.last_refusal_code,
        pnl_usd=text(order.pnl),
        execution=execution_of(order),
        trade_time=moment(times.trade_time),
        decided_at=times.decided_at.isoformat(),
        sent_at=moment(times.sent_at),
        expires_at=moment(order.expires_at),
        finished_at=moment(order.finished_at),
    )

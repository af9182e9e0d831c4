"""How the API shows orders and execution quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from typing_extensions import TypedDict

from live_trading.api.shapes import NextCursor
from live_trading.nouns.money import Price
from live_trading.nouns.orders import OrderState
from live_trading.nouns.trades import Side
from live_trading.orders import quality
from live_trading.orders.quality import Percentiles, Reference, Slippage
from live_trading.store.orders.order_history import OrderHistory

# The five coarse words of the first version of the API, still what a list shows at a glance.
_COARSE = {
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


class OrdersView(TypedDict):
    """A page of orders, the newest first."""

    orders: list[dict[str, Any]]
    next_cursor: NextCursor


def coarse_status(order: OrderHistory) -> str:
    """PENDING, PARTIAL, FILLED, CANCELLED or REJECTED; PARTIAL is also an order that ended with a rest unfilled."""
    if order.state in (OrderState.CANCELLED, OrderState.EXPIRED) and order.filled:
        return "PARTIAL"
    return _COARSE[order.state]


def order_view(order: OrderHistory) -> dict[str, Any]:
    """One order with its execution."""
    times = order.times
    return {
        "lt_order_id": str(order.lt_order_id),
        "lt_strategy_id": str(order.lt_strategy_id),
        "trading_wallet_id": str(order.trading_wallet_id),
        "source_trade_id": order.source_trade_id,
        "order_hash": order.order_hash,
        "status": coarse_status(order),
        "state": order.state,
        "purpose": order.purpose,
        "attempt": order.attempt,
        "side": order.side,
        "order_type": order.order_type,
        "condition_id": order.condition_id,
        "token_id": order.token_id,
        "slug": order.slug,
        "outcome_label": order.outcome,
        "outcome": order.outcome_code,
        "limit_price": str(order.limit_price),
        "order_usd": str(order.order_usd),
        "order_shares": str(order.order_shares),
        "reserved_usd": str(order.reserved),
        "filled_shares": str(order.filled),
        "filled_usd": str(order.filled_usd),
        "fee_usd": str(order.fee),
        "unsettled_fills": order.unsettled_fills,
        "rejection_code": order.rejection_code,
        "rejection_text": order.rejection_text,
        "last_refusal_code": order.last_refusal_code,
        "pnl_usd": _text(order.pnl),
        "execution": execution_of(order),
        "trade_time": _moment(times.trade_time),
        "decided_at": _moment(times.decided_at),
        "sent_at": _moment(times.sent_at),
        "expires_at": _moment(order.expires_at),
        "finished_at": _moment(order.finished_at),
    }


def execution_of(order: OrderHistory) -> dict[str, Any]:
    """Prices at the decision, the fill price, slippage against each, fill rate, and milliseconds by stage."""
    against = {reference: _slippage(order, price) for reference, price in references(order).items()}
    return {
        "signal_price": _text(order.signal_price),
        "best_price": _text(best_price(order)),
        "midpoint": _text(order.midpoint),
        "depth_usd": _text(order.depth),
        "limit_price": str(order.limit_price),
        "fill_price": _text(order.fill_price),
        "fill_rate": str(_fill_rate(order)),
        "slippage": {
            reference: None if found is None else {"basis_points": str(found.basis_points), "usd": str(found.usd)}
            for reference, found in against.items()
        },
        "milliseconds": dict(quality.latencies(order.times)),
    }


def execution_summary(orders: Sequence[OrderHistory]) -> dict[str, Any]:
    """The execution of many orders: percentiles of slippage by reference, of fill rate, and of each stage."""
    filled = [order for order in orders if order.filled]
    stages = quality.by_stage([quality.latencies(order.times) for order in orders])
    summary: dict[str, Any] = {"orders": len(orders), "filled_orders": len(filled)}
    summary["fill_rate"] = _percentiles(quality.percentiles([_fill_rate(order) for order in orders if _reached(order)]))
    summary["slippage_basis_points"] = {}
    summary["slippage_usd"] = {}
    for reference in Reference:
        found = [one for order in filled if (one := _slippage(order, references(order)[reference])) is not None]
        summary["slippage_basis_points"][reference] = _percentiles(
            quality.percentiles([one.basis_points for one in found])
        )
        summary["slippage_usd"][reference] = str(sum(one.usd.value for one in found))
    summary["milliseconds"] = {stage: _percentiles(found) for stage, found in stages.items()}
    return summary


def best_price(order: OrderHistory) -> Price | None:
    """The best price on the other side of the book when the order was decided."""
    return order.best_ask if order.side is Side.BUY else order.best_bid


def references(order: OrderHistory) -> dict[Reference, Price | None]:
    """What the fill price is held against."""
    return {
        Reference.SIGNAL: order.signal_price,
        Reference.BEST: best_price(order),
        Reference.MIDPOINT: order.midpoint,
        Reference.LIMIT: order.limit_price,
    }


def _reached(order: OrderHistory) -> bool:
    """Whether the order was ever the venue's to fill."""
    return order.times.sent_at is not None


def _slippage(order: OrderHistory, reference: Price | None) -> Slippage | None:
    return quality.slippage(order.side, reference, order.fill_price, order.filled)


def _fill_rate(order: OrderHistory) -> Decimal:
    return quality.fill_rate(
        order.side,
        filled_usd=order.filled_usd,
        order_usd=order.order_usd,
        filled=order.filled,
        ordered=order.order_shares,
    )


def _percentiles(found: Percentiles) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else str(value) for name, value in asdict(found).items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()

"""What somebody is told of an order: that it filled after its end, or that its end is not proved."""

from __future__ import annotations

from datetime import datetime, timedelta

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.orders import Fill, OrderState
from live_trading.services.orders.order_proofs import LAST_LOOK_AFTER, UNDECIDED_AFTER, is_undecided
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets
from live_trading.store.orders.lt_orders import StoredOrder
from live_trading.store.watch import alerts

_URGENT_AFTER = timedelta(minutes=20)


def tell_late_fill(transaction: Transaction, order: StoredOrder, fill: Fill, now: datetime) -> None:
    """A trade of an order that had ended with us; it stays told until somebody has seen it."""
    is_unexpected = order.state is OrderState.REJECTED
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.LATE_FILL,
        severity=Severity.CRITICAL if is_unexpected else Severity.WARNING,
        subject=str(order.lt_order_id),
        title=f"an order that was {order.state} traded after its end",
        message=(
            f"{_named(transaction, order)} had ended as {order.state} when trade {fill.venue_trade_id} of "
            f"{fill.match_time.isoformat()} was listed: {fill.side} {fill.shares} shares for ${fill.usd} and a fee of "
            f"${fill.fee}. It is booked, and what had been given back for it is taken from the strategy's cash again. "
            "Look at the position and close it if you do not want it; nothing else is needed."
        ),
        at=now,
        concern=_concern(order),
    )


def tell_contradiction(transaction: Transaction, order: StoredOrder, said: str, now: datetime) -> None:
    """The last look at an order that had ended with us finds that the venue has more of it."""
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.ORDER_UNDECIDED,
        severity=Severity.CRITICAL,
        subject=str(order.lt_order_id),
        title=f"an order that is {order.state} here is not over at the venue",
        message=(
            f"{_named(transaction, order)} ended as {order.state} at {_at(order.finished_at)}, and the venue says: "
            f"{said}. It stays watched, and what it trades is booked. Cancelling it at the venue is safe."
        ),
        at=now,
        concern=_concern(order),
    )


def tell_if_undecided(transaction: Transaction, order: StoredOrder, now: datetime) -> None:
    """Raises the alert of an order whose end should long be known, and closes it once the order has ended.

    Where its last look is due and could not be had, or contradicted its end, an alert stays.
    """
    if order.finished_at is not None and (order.last_look_at or now - order.finished_at < LAST_LOOK_AFTER):
        alerts.resolve_alert(transaction, alert_type=AlertType.ORDER_UNDECIDED, subject=str(order.lt_order_id), at=now)
    if not is_undecided(order, now):
        return
    since = order.sent_at or order.intent_at
    is_urgent = now - since > UNDECIDED_AFTER + _URGENT_AFTER
    answer = (
        "no answer to its POST"
        if order.answer is None
        else (f"its POST was answered {order.answer.status} with {order.answer.shares} shares for ${order.answer.usd}")
    )
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.ORDER_UNDECIDED,
        severity=Severity.CRITICAL if is_urgent else Severity.WARNING,
        subject=str(order.lt_order_id),
        title=f"what became of an order is not proved since {_at(since)}",
        message=(
            f"{_named(transaction, order)} is {order.state}, was sent at {_at(order.sent_at)}, {answer}, "
            f"{order.absence_proofs} look-ups found nothing new. ${order.reserved} stay reserved, and each run looks "
            "it up until answer, look-up and trades agree. Compare it with the venue's list of orders and trades; "
            "cancelling it there is safe."
        ),
        at=now,
        concern=_concern(order),
    )


def _concern(order: StoredOrder) -> Concern:
    return Concern(trading_wallet_id=order.trading_wallet_id, lt_strategy_id=order.lt_strategy_id)


def _named(transaction: Transaction, order: StoredOrder) -> str:
    found = markets.by_condition(transaction, [order.condition_id]).get(order.condition_id)
    market = order.condition_id if found is None else f"{found.slug} ({order.condition_id})"
    return (
        f"{order.order_type} {order.side} {order.lt_order_id} ({order.signed.order_hash}) over ${order.order_usd} and "
        f"{order.order_shares} shares of token {order.token_id} in market {market}, strategy {order.lt_strategy_id}, "
        f"wallet {order.trading_wallet_id},"
    )


def _at(moment: datetime | None) -> str:
    return "never" if moment is None else moment.isoformat(timespec="seconds")

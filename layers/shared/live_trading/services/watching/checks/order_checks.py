"""Orders, trades, markets and redemptions that should have come to their end."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.nouns.orders import OrderState
from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import (
    CheckName,
    Finding,
    HealthStatus,
    at,
    count_of,
    graded,
    healthy,
    in_seconds,
    seconds,
)
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import stuck_orders
from live_trading.store.watch.health import money_state, own_state
from live_trading.store.watch.stuck_orders import UnbookedCondition, UndecidedOrder


def orders(transaction: Transaction, look: Look) -> Judge:
    """Orders without an answer, and marketable ones that neither fill nor end."""
    asked = stuck_orders.ask_orders(
        transaction,
        unanswered_before=look.since("unanswered_order"),
        marketable_before=look.since("marketable_order"),
    )

    def judge() -> Sequence[Finding]:
        found = asked.told
        if not found:
            return [healthy(CheckName.ORDERS, "each has an answer", count_of(0))]
        return [_orders(found), *(_order(each, look) for each in found)]

    return judge


def _orders(found: Sequence[UndecidedOrder]) -> Finding:
    return Finding(
        name=CheckName.ORDERS,
        status=HealthStatus.WARNING,
        detail=f"{len(found)} are without an end",
        figures=(count_of(len(found)),),
        alerts=False,
    )


def _order(order: UndecidedOrder, look: Look) -> Finding:
    age = look.now - order.since
    limit = look.limits.span("unanswered_order")
    is_critical = order.state in (OrderState.SENT, OrderState.UNKNOWN) or age > look.limits.span("critical_order")
    return Finding(
        name=CheckName.ORDER,
        subject=str(order.lt_order_id),
        owner_id=order.owner_id,
        status=HealthStatus.CRITICAL if is_critical else HealthStatus.WARNING,
        detail=(
            f"{order.side} of {order.usd} USD in {order.market} from wallet {order.wallet} is {order.state} since "
            f"{at(order.since)}"
        ),
        figures=(in_seconds(age, limit),),
        advice=(
            "its reservation stays, and each run asks for it again: look whether the venue and the wallet's key "
            "answer, and place nothing in its stead"
        ),
    )


def fills(transaction: Transaction, look: Look) -> Judge:
    """Trades that neither settle nor fail; each has an alert of its own."""
    limit, critical = look.limits.span("unsettled_fill"), look.limits.span("critical_unsettled_fill")
    asked = money_state.ask_fills(transaction, look.now - limit)

    def judge() -> Sequence[Finding]:
        found = asked.told
        if found.oldest is None:
            return [healthy(CheckName.FILLS, "each is settled, or young", count_of(0))]
        age = look.now - found.oldest
        return [
            Finding(
                name=CheckName.FILLS,
                status=graded(seconds(age), seconds(limit), seconds(critical)),
                detail=f"{found.count} have neither settled nor failed, the oldest since {at(found.oldest)}",
                figures=(count_of(found.count), in_seconds(age, limit)),
                advice="look the transaction up on the chain; each is asked for in every pass and ends by itself",
                alerts=False,
            )
        ]

    return judge


def receipts(transaction: Transaction, look: Look) -> Judge:
    """Confirmed trades whose receipts cannot be read: nothing of them may be spent."""
    asked = own_state.ask_oldest_unread_receipt(transaction)
    limit = look.limits.span("unread_receipt")

    def judge() -> Sequence[Finding]:
        oldest = asked.told
        if oldest is None:
            return [healthy(CheckName.UNREAD_RECEIPTS, "none")]
        age = look.now - oldest
        return [
            Finding(
                name=CheckName.UNREAD_RECEIPTS,
                status=graded(seconds(age), seconds(limit)),
                detail=f"oldest is {age.total_seconds():.0f} s old",
                figures=(in_seconds(age, limit),),
            )
        ]

    return judge


def conditions(transaction: Transaction, look: Look) -> Judge:
    """Resolved markets in which a wallet waits for an order or a trade of its own."""
    asked = stuck_orders.ask_conditions(transaction, resolved_before=look.since("unbooked"))

    def judge() -> Sequence[Finding]:
        found = asked.told
        if not found:
            return [healthy(CheckName.RESOLVED_MARKETS, "each is booked", count_of(0))]
        return [_condition(each, look) for each in found]

    return judge


def _condition(condition: UnbookedCondition, look: Look) -> Finding:
    return Finding(
        name=CheckName.CONDITION,
        subject=f"{condition.condition_id} of {condition.wallet}",
        owner_id=condition.owner_id,
        status=HealthStatus.WARNING,
        detail=(
            f"{condition.market} is resolved since {at(condition.resolved_at)}, and wallet {condition.wallet} is not "
            "paid"
        ),
        figures=(in_seconds(look.now - condition.resolved_at, look.limits.span("unbooked")),),
        advice="an order or a trade of it there is not final; it is booked by itself once that is",
    )


def redemptions(transaction: Transaction, look: Look) -> Judge:
    """Resolved tokens that are not money again for too long."""
    limit = look.limits.span("overdue_redemption")
    asked = money_state.ask_redemptions(transaction, look.now - limit)

    def judge() -> Sequence[Finding]:
        found = asked.told
        if found.oldest is None:
            return [healthy(CheckName.REDEMPTIONS, "none", count_of(0))]
        return [
            Finding(
                name=CheckName.REDEMPTIONS,
                status=HealthStatus.WARNING,
                detail=f"{found.count} are not booked, the oldest of a market that was resolved {at(found.oldest)}",
                figures=(count_of(found.count), in_seconds(look.now - found.oldest, limit)),
                advice="look at GET /api/lt/redemptions and at the alerts of lt-redemptions; they are tried again",
            )
        ]

    return judge

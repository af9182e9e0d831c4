"""Alerts that nobody was told of."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.services.watching.checks.looking import Judge, Look
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, graded, in_seconds, seconds
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import alerts


def untold(transaction: Transaction, look: Look) -> Judge:
    """An alert about alerts that are not told would be one more of them."""
    oldest = alerts.oldest_untold(transaction)
    limit = look.limits.span("untold_alert")

    def judge() -> Sequence[Finding]:
        if oldest is None:
            status, detail = HealthStatus.HEALTHY, "none"
            return [Finding(name=CheckName.ALERTS_NOT_TOLD, status=status, detail=detail, alerts=False)]
        age = look.now - oldest
        return [
            Finding(
                name=CheckName.ALERTS_NOT_TOLD,
                status=graded(seconds(age), seconds(limit)),
                detail=f"oldest is {age.total_seconds():.0f} s old",
                figures=(in_seconds(age, limit),),
                alerts=False,
            )
        ]

    return judge

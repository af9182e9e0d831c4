"""Messages that wait in vain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, graded, in_seconds, seconds
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import alert_due

# What was given up after days stays in the report this long.
TOLD_OF_REFUSALS_FOR = timedelta(days=1)


def untold(transaction: Transaction, look: Look) -> Judge:
    """What should have been told and was not; what waits for the end of quiet hours is none of it.

    An alert about alerts that are not told would be one more of them.
    """
    found = alert_due.untold(transaction, look.now - TOLD_OF_REFUSALS_FOR)
    limit = look.limits.span("untold_alert")

    def judge() -> Sequence[Finding]:
        if found is None:
            status, detail = HealthStatus.HEALTHY, "none"
            return [Finding(name=CheckName.ALERTS_NOT_TOLD, status=status, detail=detail, alerts=False)]
        age = look.now - found.since
        why = "nobody sends it" if found.channel is None else f"{found.channel} does not take it: {found.error}"
        return [
            Finding(
                name=CheckName.ALERTS_NOT_TOLD,
                status=graded(seconds(age), seconds(limit)),
                detail=f"oldest is {age.total_seconds():.0f} s old, {why}",
                open_detail=f"oldest is {age.total_seconds():.0f} s old",
                figures=(in_seconds(age, limit),),
                alerts=False,
            )
        ]

    return judge

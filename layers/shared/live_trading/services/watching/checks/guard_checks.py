"""Guards that never bit because they never saw anything: each is as good as none."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, count_of, healthy
from live_trading.signals.checks.switched_on import SELDOM_ASKED
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import guard_figures
from live_trading.store.watch.health.guard_figures import GuardFigures, GuardKind

_MOST_LISTED = 50


def guards(transaction: Transaction, look: Look) -> Judge:
    """Checks and risk rules that are switched on and had no data in any of the newest decisions."""
    asked = guard_figures.ask_inert(
        transaction, least=look.limits.guard_least_decisions, most=_MOST_LISTED, but_for=SELDOM_ASKED
    )

    def judge() -> Sequence[Finding]:
        if not asked.told:
            return [healthy(CheckName.GUARDS, "each that is on and was asked often enough saw something", count_of(0))]
        return [_inert(each) for each in asked.told]

    return judge


def _inert(figures: GuardFigures) -> Finding:
    count = figures.count
    what = "risk rule" if count.kind is GuardKind.RISK_RULE else "check"
    return Finding(
        name=CheckName.GUARD,
        subject=f"{count.lt_strategy_id} {count.guard}",
        owner_id=figures.owner_id,
        status=HealthStatus.WARNING,
        detail=(
            f"the {what} {count.guard} of {figures.strategy} had nothing to look at in any of its last "
            f"{count.decisions} decisions"
        ),
        figures=(count_of(count.decisions, "decisions", None), count_of(count.with_data, "with_data", None)),
        advice=(
            "it guards against nothing: look at GET /api/lt/health/guards and at one decision with every check; switch "
            "it off, or find out why what it looks at is missing"
        ),
    )

"""Rules of leaving protect only where somebody looks, and only where what they want is sold."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, at, count_of, healthy, in_seconds
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import exit_liveness
from live_trading.store.watch.exit_liveness import StuckExit


def exits(transaction: Transaction, look: Look) -> Judge:
    """Positions that nobody looked at, and rules that fired and sold nothing."""
    unseen = exit_liveness.ask_not_looked_at(transaction, look.since("unseen_position"))
    stuck = exit_liveness.ask_fired_and_held(transaction, look.since("stuck_exit"))

    def judge() -> Sequence[Finding]:
        if not unseen.told and not stuck.told:
            return [healthy(CheckName.EXITS, "every position is looked at", count_of(0))]
        return [*(_unseen(each, look) for each in unseen.told), *(_stuck(each, look) for each in stuck.told)]

    return judge


def _unseen(position: StuckExit, look: Look) -> Finding:
    return Finding(
        name=CheckName.POSITION,
        subject=f"{position.lt_strategy_id}/{position.token_id} unseen",
        owner_id=position.owner_id,
        status=HealthStatus.CRITICAL,
        detail=(
            f"{position.strategy} holds {position.market} and nobody has looked at its rules of leaving since "
            f"{at(position.since)}"
        ),
        figures=(in_seconds(look.now - position.since, look.limits.span("unseen_position")),),
        advice=("look whether lt-execute runs and whether its wallet fails; close it by hand if it must not wait"),
    )


def _stuck(position: StuckExit, look: Look) -> Finding:
    return Finding(
        name=CheckName.POSITION,
        subject=f"{position.lt_strategy_id}/{position.token_id} not left",
        owner_id=position.owner_id,
        status=HealthStatus.CRITICAL,
        detail=(
            f"a rule of {position.strategy} wants {position.market} sold since {at(position.since)}, and it is still "
            f"held ({position.why})"
        ),
        figures=(in_seconds(look.now - position.since, look.limits.span("stuck_exit")),),
        advice="look at the book; close it by hand with a bound of your own if it must not wait",
    )

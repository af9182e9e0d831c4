"""What answers to our orders told of the venue: the mode that it is in, and wallets that may only close."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.nouns.orders import RejectionCode
from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus, at, healthy, in_seconds
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import venue_modes
from live_trading.store.watch.health.venue_modes import SeenMode

_MEANS = {
    RejectionCode.ENGINE_RESTARTING: "it is restarting, which takes it about two minutes",
    RejectionCode.CANCEL_ONLY: "it takes cancels only",
    RejectionCode.POST_ONLY_MODE: "it takes only orders that rest",
    RejectionCode.TRADING_DISABLED: "trading is disabled",
}


def mode(transaction: Transaction, look: Look) -> Judge:
    """A mode counts as on until the venue takes an order, or for so long after it was last seen."""
    asked = venue_modes.ask_modes(transaction, look.since("venue_mode"))

    def judge() -> Sequence[Finding]:
        seen = asked.told
        if not seen:
            return [healthy(CheckName.VENUE_MODE, "no answer to an order told of any")]
        return [_mode(seen, look)]

    return judge


def _mode(seen: Sequence[SeenMode], look: Look) -> Finding:
    newest = seen[0]
    return Finding(
        name=CheckName.VENUE_MODE,
        status=HealthStatus.WARNING,
        detail=(
            f"{newest.mode}: {_MEANS[newest.mode]}, seen from {at(newest.first_seen_at)} to {at(newest.last_seen_at)}: "
            f"{newest.said}"
        ),
        figures=(in_seconds(look.now - newest.first_seen_at, look.limits.span("venue_mode"), "seen_for"),),
        advice="look at its status page; what could not be placed goes out again by itself while its signal is fresh",
    )

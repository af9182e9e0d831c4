"""What one run of lt-redemptions did."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from live_trading.nouns.money import Usd
from live_trading.services.redeeming.proving import Outcome
from live_trading.settlement.machine import RedemptionState


@dataclass(slots=True, kw_only=True)
class RedeemReport:
    """What one run did, by the state that each redemption was brought to."""

    ran: bool
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    booked: list[tuple[str, Usd]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def note(self, outcome: Outcome) -> None:
        """Counts one redemption that was looked at."""
        redemption = outcome.redemption
        self.states[redemption.state] += 1
        if outcome.paid is not None:
            self.booked.append((redemption.condition_id, outcome.paid))
        if redemption.state in (RedemptionState.FAILED, RedemptionState.NEEDS_OPERATOR):
            self.failures.append(f"{redemption.condition_id}: {redemption.state}")

"""What one run of lt-redemptions did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from live_trading.nouns.measures.metrics import Figures, MetricName, counted
from live_trading.nouns.money import Usd
from live_trading.services.running.failures import PartFailure
from live_trading.settlement.machine import RedemptionState
from live_trading.store.chain.redemptions import Redemption

UNDER_WAY = (
    RedemptionState.PREPARED,
    RedemptionState.BROADCAST,
    RedemptionState.REPLACED,
    RedemptionState.MINED,
    RedemptionState.CONFIRMED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one redemption stands after a look; `paid` where it was settled with money."""

    redemption: Redemption
    paid: Usd | None = None


@dataclass(slots=True, kw_only=True)
class RedeemReport:
    """What one run did: the state that each redemption was brought to, by its id, and those that were paid.

    `waiting` says what is put off and fails nobody, `left` are the wallets that time ran out for.
    """

    ran: bool
    states: dict[str, str] = field(default_factory=dict)
    booked: list[tuple[str, Usd]] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def note(self, outcome: Outcome) -> None:
        """Counts one redemption that was looked at."""
        redemption = outcome.redemption
        self.saw(redemption)
        if outcome.paid is not None:
            self.booked.append((redemption.condition_id, outcome.paid))
        if redemption.state in (RedemptionState.FAILED, RedemptionState.NEEDS_OPERATOR):
            self.failed(part_of(redemption), redemption.state, f"of market {redemption.condition_id}")

    def figures(self) -> Figures:
        """What was booked, what is on its way, and what came to nothing."""
        stand = Counter(self.states.values())
        return counted(
            {
                MetricName.REDEMPTIONS_BOOKED: len(self.booked),
                MetricName.REDEMPTIONS_UNDER_WAY: sum(stand[each] for each in UNDER_WAY),
                MetricName.REDEMPTIONS_FAILED: stand[RedemptionState.FAILED] + stand[RedemptionState.NEEDS_OPERATOR],
            }
        )

    def saw(self, redemption: Redemption) -> None:
        """Notes how a redemption stands now."""
        self.states[str(redemption.lt_redemption_id)] = redemption.state

    def failed(self, part: str, error: str, message: str) -> None:
        """Notes a part that came to nothing, and why; `error` is a class of errors, a state or a code."""
        self.failures.append(PartFailure(part=part, error=error, message=message))


def part_of(redemption: Redemption) -> str:
    """What a redemption is called among the parts of a run."""
    return f"redemption {redemption.lt_redemption_id}"

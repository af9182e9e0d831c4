"""Every figure that the system publishes, by name and unit: a closed set.

What is measured is part of a run's report, so that no query is made for it; how it reaches CloudWatch is in
`wiring/metrics.py`, and nothing else publishes anything. docs/metrics.md says what each means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Unit(StrEnum):
    """A unit as CloudWatch names it; dollars and POL have none there."""

    COUNT = "Count"
    SECONDS = "Seconds"
    MILLISECONDS = "Milliseconds"
    PERCENT = "Percent"
    MONEY = "None"


class MetricName(StrEnum):
    """What a figure is of. Those of health are published by its run, the others by the job that did it."""

    HEARTBEAT = "Heartbeat"
    RUN_FAILED = "RunFailed"
    RUN_SKIPPED = "RunSkipped"
    RUN_SECONDS = "RunSeconds"
    FAILED_PARTS = "FailedParts"

    TRADES_STORED = "TradesStored"
    SIGNALS_DECIDED = "SignalsDecided"
    SIGNALS_ACCEPTED = "SignalsAccepted"
    SIGNALS_REJECTED = "SignalsRejected"
    ORDERS_SENT = "OrdersSent"
    ORDERS_FILLED = "OrdersFilled"
    ORDERS_REJECTED = "OrdersRejected"
    ORDERS_UNKNOWN = "OrdersUnknown"
    TRADE_TO_POST = "TradeToPostMilliseconds"
    FILLS_SETTLED = "FillsSettled"
    FILLS_FAILED = "FillsFailed"
    EQUITY = "EquityUsd"
    RESERVED = "ReservedUsd"
    EXPOSURE = "ExposureUsd"

    MARKETS_RESOLVED = "MarketsResolved"
    REDEMPTIONS_BOOKED = "RedemptionsBooked"
    REDEMPTIONS_UNDER_WAY = "RedemptionsUnderWay"
    REDEMPTIONS_FAILED = "RedemptionsFailed"

    HEALTH_CRITICAL = "HealthCritical"
    HEALTH_WARNING = "HealthWarning"
    INERT_GUARDS = "InertGuards"
    FEED_LAG = "FeedLagSeconds"
    FOLLOWED_TRADES_LAG = "FollowedTradesLagSeconds"
    HEAD_AGE = "HeadAgeSeconds"
    CHAIN_WATCH_AGE = "ChainWatchAgeSeconds"
    VENUE_CLOCK_SKEW = "VenueClockSkewSeconds"
    OLDEST_UNKNOWN_ORDER = "OldestUnknownOrderSeconds"
    OLDEST_UNSETTLED_FILL = "OldestUnsettledFillSeconds"
    OLDEST_UNDECIDED_SIGNAL = "OldestUndecidedSignalSeconds"
    OPEN_BREAKS = "OpenBreaks"
    LOCKS_IN_FORCE = "LocksInForce"
    REDEMPTIONS_OVERDUE = "RedemptionsOverdue"
    LOWEST_GAS = "LowestGasPol"
    DATABASE_CONNECTIONS_LEFT = "DatabaseConnectionsLeftPercent"
    DATABASE_LONGEST_QUERY = "DatabaseLongestQuerySeconds"

    @property
    def unit(self) -> Unit:
        """Told by the name, else it is a count."""
        for ending, unit in _ENDINGS.items():
            if self.value.endswith(ending):
                return unit
        return Unit.COUNT


_ENDINGS = {
    "Milliseconds": Unit.MILLISECONDS,
    "Seconds": Unit.SECONDS,
    "Percent": Unit.PERCENT,
    "Usd": Unit.MONEY,
    "Pol": Unit.MONEY,
}

DIMENSIONS = ("job", "service")
"""Each figure has these and no other: a metric is billed by every combination of their values. `job` is the schedule's
name of what ran, `service` the function that ran it."""

Figures = Mapping[MetricName, Sequence[Decimal | int]]
"""Values by name; several of one name are one sample each."""


@runtime_checkable
class Measured(Protocol):
    """A report with figures of what its run did."""

    def figures(self) -> Figures: ...


def counted(counts: Mapping[MetricName, int]) -> dict[MetricName, list[Decimal | int]]:
    """Counts as figures, without those that are zero: a metric costs nothing in an hour in which it is not sent."""
    return {name: [count] for name, count in counts.items() if count}

"""Figures of health as metrics: what somebody may want an alarm on, with names and units in docs/metrics.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from live_trading.services.watching.checkup import HealthReport
from live_trading.services.watching.findings import CheckName, Finding, HealthStatus

METRICS: Mapping[tuple[CheckName, str], tuple[str, MetricUnit]] = MappingProxyType(
    {
        (CheckName.CONNECTIONS, "left"): ("DatabaseConnectionsLeft", MetricUnit.Percent),
        (CheckName.SLOW_QUERIES, "longest"): ("DatabaseLongestQuery", MetricUnit.Seconds),
        (CheckName.OPEN_TRANSACTIONS, "longest"): ("DatabaseLongestTransaction", MetricUnit.Seconds),
        (CheckName.VENUE_CLOCK, "skew"): ("VenueClockSkew", MetricUnit.Seconds),
        (CheckName.FEED_LAG, "lag"): ("FeedLag", MetricUnit.Seconds),
        (CheckName.FOLLOWED_TRADES, "typical_lag"): ("FollowedTradesLag", MetricUnit.Seconds),
        (CheckName.CHAIN_HEAD, "age"): ("ChainHeadAge", MetricUnit.Seconds),
        (CheckName.CHAIN_WATCH, "age"): ("ChainWatchAge", MetricUnit.Seconds),
        (CheckName.WALLET_GAS, "gas"): ("WalletLowestGas", MetricUnit.NoUnit),
        (CheckName.ORDERS, "count"): ("UnansweredOrders", MetricUnit.Count),
        (CheckName.FILLS, "count"): ("UnsettledFills", MetricUnit.Count),
        (CheckName.REDEMPTIONS, "count"): ("OverdueRedemptions", MetricUnit.Count),
        (CheckName.BREAKS, "count"): ("OpenBreaks", MetricUnit.Count),
        (CheckName.LOCKS, "count"): ("LocksInForce", MetricUnit.Count),
        (CheckName.FAILING_PARTS, "count"): ("FailingParts", MetricUnit.Count),
        (CheckName.UNDECIDED_SIGNALS, "age"): ("UndecidedSignalAge", MetricUnit.Seconds),
        (CheckName.JOB, "missed_runs"): ("MissedRuns", MetricUnit.Count),
    }
)
"""By check and figure: the metric that it is sent as. Of several the worst is sent: the highest, of gas the lowest."""
_LOWEST = "WalletLowestGas"
_PERCENT = 100


def emit(report: HealthReport) -> None:
    """Sends the figures of a run, and how many checks are not well, with the dimension `job` = health."""
    metrics = Metrics()
    metrics.add_dimension(name="job", value="health")
    for name, status in (("ChecksWarning", HealthStatus.WARNING), ("ChecksCritical", HealthStatus.CRITICAL)):
        count = sum(1 for each in report.findings if each.status is status)
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    inert = sum(1 for each in report.findings if each.name is CheckName.GUARD)
    metrics.add_metric(name="InertGuards", unit=MetricUnit.Count, value=inert)
    for name, (unit, value) in sorted(_worst(report.findings).items()):
        metrics.add_metric(name=name, unit=unit, value=value)
    metrics.flush_metrics()


def _worst(findings: Iterable[Finding]) -> dict[str, tuple[MetricUnit, float]]:
    """What is not known is not sent. A float is what a metric is made of; nothing is counted on with it."""
    found: dict[str, tuple[MetricUnit, float]] = {}
    for finding in findings:
        for figure in finding.figures:
            sent_as = METRICS.get((finding.name, figure.name))
            if sent_as is None or figure.observed is None:
                continue
            name, unit = sent_as
            value = float(figure.observed) * (_PERCENT if unit is MetricUnit.Percent else 1)
            before = found.get(name)
            worse = min if name == _LOWEST else max
            found[name] = (unit, value if before is None else worse(before[1], value))
    return found

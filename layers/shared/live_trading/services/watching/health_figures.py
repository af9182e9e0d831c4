"""Figures of health: what of its findings is published, by the names of the closed set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from live_trading.nouns.measures.metrics import Figures, MetricName
from live_trading.services.watching.checkup import HealthReport
from live_trading.services.watching.findings import CheckName, Figure, HealthStatus

PUBLISHED: Mapping[tuple[CheckName, str], MetricName] = MappingProxyType(
    {
        (CheckName.CONNECTIONS, "left"): MetricName.DATABASE_CONNECTIONS_LEFT,
        (CheckName.SLOW_QUERIES, "longest"): MetricName.DATABASE_LONGEST_QUERY,
        (CheckName.VENUE_CLOCK, "skew"): MetricName.VENUE_CLOCK_SKEW,
        (CheckName.FEED_LAG, "lag"): MetricName.FEED_LAG,
        (CheckName.FOLLOWED_TRADES, "typical_lag"): MetricName.FOLLOWED_TRADES_LAG,
        (CheckName.CHAIN_HEAD, "age"): MetricName.HEAD_AGE,
        (CheckName.CHAIN_WATCH, "age"): MetricName.CHAIN_WATCH_AGE,
        (CheckName.WALLET_GAS, "gas"): MetricName.LOWEST_GAS,
        (CheckName.ORDER, "age"): MetricName.OLDEST_UNKNOWN_ORDER,
        (CheckName.FILLS, "age"): MetricName.OLDEST_UNSETTLED_FILL,
        (CheckName.UNDECIDED_SIGNALS, "age"): MetricName.OLDEST_UNDECIDED_SIGNAL,
        (CheckName.REDEMPTIONS, "count"): MetricName.REDEMPTIONS_OVERDUE,
        (CheckName.BREAKS, "count"): MetricName.OPEN_BREAKS,
        (CheckName.LOCKS, "count"): MetricName.LOCKS_IN_FORCE,
    }
)
"""By check and figure. Of several the worst is published: the highest, of gas the lowest."""
# Where the check was made and found none, the age is zero and says so.
_AGES = {CheckName.ORDERS: MetricName.OLDEST_UNKNOWN_ORDER, CheckName.FILLS: MetricName.OLDEST_UNSETTLED_FILL}
_PERCENT = 100


def health_figures(report: HealthReport) -> Figures:
    """How many findings are bad, and the figures of the others; what is not known is left out."""
    standing = Counter(each.status for each in report.findings)
    return {
        MetricName.HEALTH_CRITICAL: [standing[HealthStatus.CRITICAL]],
        MetricName.HEALTH_WARNING: [standing[HealthStatus.WARNING]],
        MetricName.INERT_GUARDS: [sum(1 for each in report.findings if each.name is CheckName.GUARD)],
        **{name: [value] for name, value in _worst(report).items()},
    }


def _worst(report: HealthReport) -> dict[MetricName, Decimal]:
    looked_at = {each.name for each in report.findings}
    found = {name: Decimal(0) for check, name in _AGES.items() if check in looked_at}
    for finding in report.findings:
        for figure in finding.figures:
            name = PUBLISHED.get((finding.name, figure.name))
            if name is None or figure.observed is None:
                continue
            value = _value(name, figure)
            worse = min if name is MetricName.LOWEST_GAS else max
            found[name] = worse(found.get(name, value), value)
    return found


def _value(name: MetricName, figure: Figure) -> Decimal:
    observed = figure.observed or Decimal(0)
    return observed * _PERCENT if name is MetricName.DATABASE_CONNECTIONS_LEFT else observed

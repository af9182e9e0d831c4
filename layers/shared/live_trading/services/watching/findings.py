"""What a check of health says: its name, how it stands, what it saw in figures, and what is safe to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum


class HealthStatus(StrEnum):
    HEALTHY = "HEALTHY"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


WORSE = (HealthStatus.HEALTHY, HealthStatus.WARNING, HealthStatus.CRITICAL)
"""The statuses, each worse than the one before it."""


class CheckName(StrEnum):
    """Every check; what each means and what to do about it is in docs/operating.md."""

    CLOCK = "clock"
    DATABASE = "database"
    MIGRATIONS = "migrations"
    SLOW_QUERIES = "slow_queries"
    OPEN_TRANSACTIONS = "open_transactions"
    CONNECTIONS = "connections"
    VENUE = "venue"
    VENUE_CLOCK = "venue_clock"
    VENUE_MODE = "venue_mode"
    GEOBLOCK = "geoblock"
    CLOSED_ONLY = "closed_only"
    GAMMA = "gamma"
    FEED = "feed"
    FEED_LAG = "feed_lag"
    FOLLOWED_TRADES = "followed_trades"
    TRADERS_ASKED = "traders_asked"
    CHAIN_WATCH = "chain_watch"
    ROWS_OF_SOURCE = "rows of"
    ROWS_OF_TRADER = "trader"
    NOT_LISTED = "trades that the feed does not list"
    NOT_MINED = "trades that the chain watch did not see"
    CHAIN = "chain"
    CHAIN_HEAD = "chain_head"
    CHAIN_NODES = "chain_nodes"
    WALLETS = "wallets"
    WALLET_COLLATERAL = "wallet_collateral"
    WALLET_GAS = "wallet_gas"
    WALLET_ALLOWANCES = "wallet_allowances"
    JOB = "job"
    FAILING_PARTS = "failing_parts"
    UNDECIDED_SIGNALS = "undecided_signals"
    UNDECIDED_PAPER = "undecided_paper"
    NO_ORDERS = "no_orders"
    ORDERS = "orders"
    ORDER = "order"
    FILLS = "unsettled_fills"
    UNREAD_RECEIPTS = "unread_receipts"
    RESOLVED_MARKETS = "resolved_markets"
    CONDITION = "condition"
    REDEMPTIONS = "overdue_redemptions"
    REDEMPTIONS_FOR_OPERATOR = "redemptions_for_operator"
    BREAKS = "breaks"
    LOCKS = "locks_in_force"
    OVERDRAFTS = "overdrafts"
    UNALLOCATED = "unallocated"
    RESERVED = "reserved"
    EXITS = "exits"
    POSITION = "position"
    ALERTS_NOT_TOLD = "alerts_not_told"
    EXECUTION = "execution"
    GUARDS = "guards"
    GUARD = "guard"


_OF_PROBES = frozenset(
    {
        CheckName.CLOCK,
        CheckName.VENUE,
        CheckName.VENUE_CLOCK,
        CheckName.GEOBLOCK,
        CheckName.GAMMA,
        CheckName.FEED,
        CheckName.FEED_LAG,
        CheckName.CHAIN,
        CheckName.CHAIN_HEAD,
        CheckName.CHAIN_NODES,
    }
)
_TOLD_BESIDE: dict[CheckName, frozenset[CheckName]] = {
    CheckName.DATABASE: frozenset(CheckName) - _OF_PROBES,
    CheckName.VENUE: frozenset({CheckName.VENUE_CLOCK}),
    CheckName.FEED: frozenset({CheckName.FEED_LAG}),
    CheckName.CHAIN: frozenset({CheckName.CHAIN_HEAD}),
    CheckName.WALLETS: frozenset({CheckName.WALLET_COLLATERAL, CheckName.WALLET_GAS}),
    CheckName.WALLET_ALLOWANCES: frozenset({CheckName.CLOSED_ONLY}),
    CheckName.CONNECTIONS: frozenset({CheckName.SLOW_QUERIES, CheckName.OPEN_TRANSACTIONS}),
    CheckName.BREAKS: frozenset({CheckName.REDEMPTIONS_FOR_OPERATOR, CheckName.LOCKS}),
    CheckName.OVERDRAFTS: frozenset({CheckName.UNALLOCATED}),
    CheckName.ORDERS: frozenset({CheckName.ORDER}),
    CheckName.RESOLVED_MARKETS: frozenset({CheckName.CONDITION}),
    CheckName.EXITS: frozenset({CheckName.POSITION}),
    CheckName.JOB: frozenset({CheckName.FAILING_PARTS}),
    CheckName.UNDECIDED_SIGNALS: frozenset({CheckName.UNDECIDED_PAPER}),
    CheckName.TRADERS_ASKED: frozenset({CheckName.CHAIN_WATCH}),
    CheckName.ROWS_OF_SOURCE: frozenset({CheckName.ROWS_OF_TRADER}),
    CheckName.NOT_LISTED: frozenset({CheckName.NOT_MINED}),
    CheckName.GUARDS: frozenset({CheckName.GUARD}),
}


class Unit(StrEnum):
    """What a figure counts."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    COUNT = "count"
    FRACTION = "fraction"
    BLOCKS = "blocks"
    USD = "usd"
    POL = "pol"
    BASIS_POINTS = "basis_points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing that was observed, None where it is not known, and its limit, None where it has none."""

    name: str
    observed: Decimal | None
    limit: Decimal | None
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: its name, what it is about where there are many, how it stands, and what it saw.

    `advice` is what is safe to do. `owner_id` is who may see it besides an admin, None for everybody; `open_detail` is
    what stands for `detail` where it names things of several owners and is read by one. `alerts` is False where each
    thing that it counts has an alert of its own. With `is_answer` False the part, or the check itself, did not answer:
    what else it would have told is not known.
    """

    name: CheckName
    status: HealthStatus
    detail: str
    subject: str | None = None
    figures: tuple[Figure, ...] = ()
    advice: str = ""
    owner_id: str | None = None
    open_detail: str | None = None
    alerts: bool = True
    is_answer: bool = True

    @property
    def check(self) -> str:
        """Its name with what it is about: what its alert is about."""
        return self.name.value if self.subject is None else f"{self.name.value} {self.subject}"

    @property
    def said(self) -> str:
        """What it saw and what to do, as an alert says it."""
        return (
            f"{self.detail}: {self.advice}" if self.advice and self.status is not HealthStatus.HEALTHY else self.detail
        )

    def seen_by(self, owner_id: str, *, is_admin: bool) -> Finding | None:
        """The finding as an owner may read it, None where it is another's."""
        if is_admin:
            return self
        if self.owner_id is not None:
            return self if self.owner_id == owner_id else None
        return self if self.open_detail is None else _opened(self)


def _opened(finding: Finding) -> Finding:
    return Finding(
        name=finding.name,
        status=finding.status,
        detail=finding.open_detail or "",
        subject=finding.subject,
        figures=finding.figures,
        advice=finding.advice,
        alerts=finding.alerts,
    )


def healthy(name: CheckName, detail: str, *figures: Figure, subject: str | None = None) -> Finding:
    """A check that finds nothing to look at."""
    return Finding(name=name, status=HealthStatus.HEALTHY, detail=detail, subject=subject, figures=figures)


def worst(findings: Iterable[Finding]) -> HealthStatus:
    """The worst status of some findings."""
    return max((each.status for each in findings), key=WORSE.index, default=HealthStatus.HEALTHY)


def untold(findings: Iterable[Finding]) -> frozenset[CheckName]:
    """The checks of which a look says nothing, because what tells them did not answer."""
    silent = [each.name for each in findings if not each.is_answer]
    return frozenset(name for each in silent for name in {each, *_TOLD_BESIDE.get(each, ())})


def graded(observed: Decimal, warning: Decimal, critical: Decimal | None = None) -> HealthStatus:
    """What passes a limit, by the limit that it passes."""
    if critical is not None and observed > critical:
        return HealthStatus.CRITICAL
    return HealthStatus.WARNING if observed > warning else HealthStatus.HEALTHY


def seconds(span: timedelta) -> Decimal:
    """A span in seconds, to the millisecond."""
    return Decimal(span // timedelta(milliseconds=1)) / 1000


def in_seconds(span: timedelta, limit: timedelta, name: str = "age") -> Figure:
    """A span and the longest that it may be."""
    return Figure(name=name, observed=seconds(span), limit=seconds(limit), unit=Unit.SECONDS)


def count_of(observed: int, name: str = "count", limit: int | None = 0) -> Figure:
    """How many there are, and how many there may be."""
    return Figure(
        name=name, observed=Decimal(observed), limit=None if limit is None else Decimal(limit), unit=Unit.COUNT
    )


def at(moment: datetime) -> str:
    """A moment as it is told."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

"""Questions to the outside parts, and what their answers say of them: the venue, its feeds, and the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from live_trading.chain.reading.order_logs import Block
from live_trading.nouns.clock import Clock
from live_trading.polymarket.clob.geoblock import Eligibility
from live_trading.polymarket.data.data_api import FeedStatus
from live_trading.services.watching.findings import (
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    Unit,
    at,
    count_of,
    graded,
    healthy,
    in_seconds,
    seconds,
)
from live_trading.services.watching.thresholds import HealthThresholds

# The venue tells whole seconds.
_TOLD_TO = timedelta(seconds=1)


class Node(Protocol):
    """A node of the chain. Every method raises RetryLater where it is away."""

    def head(self) -> Block:
        """Its newest block."""

    def blocks(self, numbers: Sequence[int]) -> list[Block | None]:
        """These blocks, None for those that it does not have."""


def venue(clock: Clock, server_time: Callable[[], datetime], limits: HealthThresholds) -> list[Finding]:
    """Whether the venue answers, and how far its clock and ours are apart: signed requests carry the time."""
    before = clock.now()
    theirs = server_time()
    after = clock.now()
    # Anything between the two moments, and within the second that it tells, is no skew.
    skew = max(theirs - after, before - (theirs + _TOLD_TO), timedelta())
    limit = limits.span("clock_skew")
    return [
        healthy(CheckName.VENUE, f"server time {theirs.isoformat()}"),
        Finding(
            name=CheckName.VENUE_CLOCK,
            status=graded(seconds(skew), seconds(limit), seconds(limits.span("critical_clock_skew"))),
            detail=f"its clock is {skew.total_seconds():.1f} s off ours",
            figures=(in_seconds(skew, limit, "skew"),),
            advice="compare both with a third clock; the venue refuses requests whose stamps are far off its own time",
        ),
    ]


def geoblock(eligibility: Callable[[], Eligibility]) -> list[Finding]:
    """Whether the venue takes orders from here; it is believed and never worked around."""
    told = eligibility()
    if told is Eligibility.OPEN:
        return [healthy(CheckName.GEOBLOCK, "the venue takes orders from here")]
    return [
        Finding(
            name=CheckName.GEOBLOCK,
            status=HealthStatus.CRITICAL if told is Eligibility.BLOCKED else HealthStatus.WARNING,
            detail="the venue takes no orders from here"
            if told is Eligibility.BLOCKED
            else "the venue does not say whether it takes orders from here",
            advice="nothing is opened meanwhile; resolution and redemption go on. Trade from a place that it serves",
        )
    ]


def gamma(answers: Callable[[], int]) -> list[Finding]:
    """Whether the catalogue of markets answers with some."""
    listed = answers()
    return [healthy(CheckName.GAMMA, "answers", count_of(listed, "markets_shown", None))]


def feed(clock: Clock, status: Callable[[], FeedStatus], limits: HealthThresholds) -> list[Finding]:
    """Whether the Data API answers, and how far it is behind the chain by its own word and by the age of that."""
    told = status()
    lag = max(clock.now() - told.computed_at, timedelta()) + timedelta(seconds=told.lag_seconds)
    limit = limits.span("feed_lag")
    part = f", the slowest part is {told.slowest_part}" if told.slowest_part else ""
    return [
        healthy(CheckName.FEED, f"status of {at(told.computed_at)}"),
        Finding(
            name=CheckName.FEED_LAG,
            status=graded(seconds(lag), seconds(limit), seconds(limits.span("critical_feed_lag"))),
            detail=f"{lag.total_seconds():.0f} s behind{part}",
            figures=(in_seconds(lag, limit, "lag"),),
            advice="wait: trades come late, the watch on the chain tells most of them meanwhile, and nothing is lost",
        ),
    ]


def chain(clock: Clock, node: Node, limits: HealthThresholds) -> list[Finding]:
    """Whether the node answers, and how old its newest block is."""
    head = node.head()
    age = clock.now() - head.time
    # A head from the future is as far from now as an old one.
    apart = abs(age)
    limit = limits.span("head_age")
    return [
        healthy(CheckName.CHAIN, f"block {head.number}", _block(head)),
        Finding(
            name=CheckName.CHAIN_HEAD,
            status=graded(seconds(apart), seconds(limit), seconds(limits.span("critical_head_age"))),
            detail=f"its newest block is {seconds(apart)} s {'old' if age >= timedelta() else 'ahead of the clock'}",
            figures=(in_seconds(apart, limit),),
            advice="use another node (RpcUrl) where this one stays behind; nothing is booked that is not on the chain",
        ),
    ]


def nodes(first: Node, second: Node, limits: HealthThresholds) -> list[Finding]:
    """Whether two nodes are on the same chain: heads near each other, and the same block at a depth that both have."""
    one, other = first.head(), second.head()
    apart = abs(one.number - other.number)
    common = max(min(one.number, other.number) - limits.nodes_compared_blocks, 0)
    (ours,), (theirs,) = first.blocks([common]), second.blocks([common])
    distance = Figure(name="apart", observed=Decimal(apart), limit=Decimal(limits.nodes_apart_blocks), unit=Unit.BLOCKS)
    if ours is None or theirs is None or ours.block_hash != theirs.block_hash:
        return [
            Finding(
                name=CheckName.CHAIN_NODES,
                status=HealthStatus.CRITICAL,
                detail=f"they do not agree on block {common}",
                figures=(distance,),
                advice=(
                    "lock all entries (POST /api/lt/locks) and find out which node is on the wrong chain before "
                    "anything is redeemed through it"
                ),
            )
        ]
    return [
        Finding(
            name=CheckName.CHAIN_NODES,
            status=graded(Decimal(apart), Decimal(limits.nodes_apart_blocks)),
            detail=f"they agree on block {common}, and their heads are {apart} blocks apart",
            figures=(distance,),
            advice="the one that is behind should not be the first (RpcUrl)",
        )
    ]


def _block(head: Block) -> Figure:
    return Figure(name="head", observed=Decimal(head.number), limit=None, unit=Unit.BLOCKS)

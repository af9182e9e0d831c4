"""How the API shows how fast signals become orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from typing_extensions import TypedDict

from live_trading.api.shapes import MomentAnswer
from live_trading.store.orders.latencies import StageLatency

LatencyStage = Literal["trade_to_seen", "seen_to_decided", "decided_to_sent", "sent_to_answered", "trade_to_sent"]


class StageLatencyView(TypedDict):
    """One stage over `count` signals."""

    stage: LatencyStage
    count: int
    p50_milliseconds: int
    p95_milliseconds: int
    max_milliseconds: int


class LatencyView(TypedDict):
    """Of the entries and of all decisions since then, by stage; a stage that none has passed is left out."""

    since: MomentAnswer
    orders: list[StageLatencyView]
    decisions: list[StageLatencyView]


def stage_views(stages: Sequence[StageLatency]) -> list[StageLatencyView]:
    """The stages in their order."""
    return [
        StageLatencyView(
            stage=cast("LatencyStage", each.stage),
            count=each.count,
            p50_milliseconds=each.p50_milliseconds,
            p95_milliseconds=each.p95_milliseconds,
            max_milliseconds=each.max_milliseconds,
        )
        for each in stages
    ]

"""From when on each check of health is no longer well: one typed set with defaults, any of which a setting changes."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Seconds = Annotated[int, Field(ge=1, le=100 * 31_536_000)]
Count = Annotated[int, Field(ge=1, le=100_000)]
Fraction = Annotated[Decimal, Field(gt=0, le=1)]
Multiple = Annotated[Decimal, Field(gt=0, le=1_000)]


class HealthThresholds(BaseModel):
    """Names end with the unit: `_seconds`, `_fraction` (0..1), `_blocks`, `_basis_points`, `_multiple`; else a count.

    Of a pair the one that begins with `critical_` makes the finding CRITICAL. What each is for is in
    docs/operating.md. Unknown names are refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    probe_seconds: Annotated[int, Field(ge=1, le=15)] = 6
    slow_query_seconds: Seconds = 60
    open_transaction_seconds: Seconds = 300
    connections_left_fraction: Fraction = Decimal("0.1")
    clock_skew_seconds: Seconds = 5
    critical_clock_skew_seconds: Seconds = 30
    venue_mode_seconds: Seconds = 600
    feed_lag_seconds: Seconds = 120
    critical_feed_lag_seconds: Seconds = 900
    followed_lag_seconds: Seconds = 300
    followed_window_seconds: Seconds = 3_600
    followed_least_trades: Count = 5
    traders_asked_seconds: Seconds = 600
    chain_watch_seconds: Seconds = 300
    head_age_seconds: Seconds = 60
    critical_head_age_seconds: Seconds = 600
    nodes_apart_blocks: Count = 30
    nodes_compared_blocks: Count = 20
    wallets_asked: Annotated[int, Field(ge=1, le=200)] = 100
    missed_runs: Count = 3
    dead_runs: Count = 3
    slow_job_fraction: Multiple = Decimal("0.8")
    undecided_seconds: Seconds = 900
    # A pass comes every two minutes: an order without an answer for longer than two of them is not just under way.
    unanswered_order_seconds: Seconds = 240
    critical_order_seconds: Seconds = 600
    # The venue's longest delay of a marketable order is some seconds, and its lists lag by some more.
    marketable_order_seconds: Seconds = 300
    unsettled_fill_seconds: Seconds = 600
    critical_unsettled_fill_seconds: Seconds = 3_600
    # A receipt lies deep enough within half a minute of the confirmation; passes come every minute.
    unread_receipt_seconds: Seconds = 300
    unbooked_seconds: Seconds = 1_800
    overdue_redemption_seconds: Seconds = 21_600
    # Five passes.
    unseen_position_seconds: Seconds = 600
    stuck_exit_seconds: Seconds = 1_800
    untold_alert_seconds: Seconds = 900
    # A row that was set aside stays in the report this long after it was last seen.
    set_aside_seconds: Seconds = 86_400
    # The feed trails the chain by seconds, by minutes on its bad days.
    listed_within_seconds: Seconds = 600
    no_orders_seconds: Seconds = 14_400
    no_orders_expected: Count = 5
    no_orders_decisions: Count = 20
    execution_recent_orders: Annotated[int, Field(ge=5, le=100)] = 20
    execution_usual_orders: Annotated[int, Field(ge=5, le=500)] = 100
    execution_least_recent: Count = 10
    execution_least_usual: Count = 30
    slippage_deviations_multiple: Multiple = Decimal(3)
    slippage_worse_basis_points: Count = 50
    fill_rate_drop_fraction: Fraction = Decimal("0.3")
    latency_multiple: Multiple = Decimal(3)
    latency_worse_milliseconds: Count = 1_000
    guard_decisions: Annotated[int, Field(ge=10, le=1_000)] = 200
    guard_least_decisions: Count = 50
    strategies_a_look: Annotated[int, Field(ge=1, le=100)] = 10

    def __str__(self) -> str:
        """As the setting says it."""
        return self.model_dump_json()

    def span(self, name: str) -> timedelta:
        """The threshold of that name, without its `_seconds`, as a span."""
        value: int = getattr(self, f"{name}_seconds")
        return timedelta(seconds=value)


def _read(raw: object) -> object:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw or "{}", parse_float=Decimal)
    except ValueError as error:
        raise ValueError("is no JSON object") from error


ThresholdsSetting = Annotated[HealthThresholds, BeforeValidator(_read)]
"""The thresholds as the text of a JSON object."""

"""How long signals take from the trade to the answer of the venue, stage by stage, over what was decided of late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.store.database.connection import Transaction

# So many of each strategy, the newest: a percentile of more says no more.
MOST_DECISIONS = 2_000
MOST_ORDERS = 2_000
# Where the strategies of an owner are told together.
MOST_OF_EACH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLatency:
    """Milliseconds of one stage over `count` signals."""

    stage: str
    count: int
    p50_milliseconds: int
    p95_milliseconds: int
    max_milliseconds: int


_ORDERS = """
WITH signals AS (
SELECT entered.* FROM lt_strategies AS strategy
CROSS JOIN LATERAL (
    SELECT intent.trade_time, intent.seen_at, intent.decided_at, intent.sent_at, intent.answered_at
    FROM lt_orders AS intent
    WHERE
        intent.lt_strategy_id = strategy.lt_strategy_id AND intent.intent_at >= :since AND intent.purpose = 'ENTRY'
    ORDER BY intent.intent_at DESC LIMIT :most
) AS entered
WHERE strategy.owner_id = :owner AND (:strategy::uuid IS NULL OR strategy.lt_strategy_id = :strategy)
)
"""
_DECISIONS = """
WITH signals AS (
SELECT decided.* FROM lt_strategies AS strategy
CROSS JOIN LATERAL (
    SELECT trade.trade_time, trade.seen_at, newest.decided_at, NULL::timestamptz AS sent_at,
        NULL::timestamptz AS answered_at
    FROM (
        SELECT decision.source_trade_id, decision.decided_at FROM decisions AS decision
        WHERE decision.lt_strategy_id = strategy.lt_strategy_id
        ORDER BY decision.source_trade_id DESC LIMIT :most
    ) AS newest
    INNER JOIN source_trades AS trade USING (source_trade_id)
    WHERE newest.decided_at >= :since
) AS decided
WHERE strategy.owner_id = :owner AND (:strategy::uuid IS NULL OR strategy.lt_strategy_id = :strategy)
)
"""


_MEASURED = """
SELECT
    stage.name, count(*) AS count,
    round(percentile_disc(0.5) WITHIN GROUP (ORDER BY stage.took))::bigint AS p50,
    round(percentile_disc(0.95) WITHIN GROUP (ORDER BY stage.took))::bigint AS p95,
    round(max(stage.took))::bigint AS longest
FROM signals
CROSS JOIN LATERAL (
    VALUES
    (1, 'trade_to_seen', extract(EPOCH FROM signals.seen_at - signals.trade_time) * 1000),
    (2, 'seen_to_decided', extract(EPOCH FROM signals.decided_at - signals.seen_at) * 1000),
    (3, 'decided_to_sent', extract(EPOCH FROM signals.sent_at - signals.decided_at) * 1000),
    (4, 'sent_to_answered', extract(EPOCH FROM signals.answered_at - signals.sent_at) * 1000),
    (5, 'trade_to_sent', extract(EPOCH FROM signals.sent_at - signals.trade_time) * 1000)
) AS stage (place, name, took)
WHERE stage.took IS NOT NULL
GROUP BY stage.place, stage.name ORDER BY stage.place
"""


def of_orders(
    transaction: Transaction, owner_id: str, *, lt_strategy_id: UUID | None, since: datetime
) -> list[StageLatency]:
    """Of the entries whose intent is not older than `since`; a stage that none of them has passed is left out."""
    return _measured(
        transaction,
        _ORDERS,
        owner=owner_id,
        strategy=lt_strategy_id,
        since=since,
        most=_most(lt_strategy_id, MOST_ORDERS),
    )


def of_decisions(
    transaction: Transaction, owner_id: str, *, lt_strategy_id: UUID | None, since: datetime
) -> list[StageLatency]:
    """Of whatever was decided since, entered or not: how late it was seen, and how long it then waited."""
    return _measured(
        transaction,
        _DECISIONS,
        owner=owner_id,
        strategy=lt_strategy_id,
        since=since,
        most=_most(lt_strategy_id, MOST_DECISIONS),
    )


def _most(lt_strategy_id: UUID | None, most: int) -> int:
    return MOST_OF_EACH if lt_strategy_id is None else most


def _measured(transaction: Transaction, signals: str, **asked: object) -> list[StageLatency]:
    return [
        StageLatency(
            stage=row["name"],
            count=int(row["count"]),
            p50_milliseconds=int(row["p50"]),
            p95_milliseconds=int(row["p95"]),
            max_milliseconds=int(row["longest"]),
        )
        for row in transaction.rows(signals + _MEASURED, **asked)
    ]

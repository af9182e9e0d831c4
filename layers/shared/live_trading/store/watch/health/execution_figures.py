"""How the newest orders of a strategy went, beside those before them: slippage, filled part, and time to the answer.

Counted for a few strategies at a time and kept, as guards are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask


class Measure(StrEnum):
    """SLIPPAGE: basis points that a fill was worse than the best price at the decision. FILL_RATE: the filled part of
    an order's dollars, 0..1. LATENCY: milliseconds from the decision to the venue's answer.
    """

    SLIPPAGE = "SLIPPAGE"
    FILL_RATE = "FILL_RATE"
    LATENCY = "LATENCY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFigures:
    """Medians, of the filled part means: of recent orders, and of the usual ones before them, with how far those lie
    from their median in the middle. None where nothing tells.
    """

    lt_strategy_id: UUID
    owner_id: str
    strategy: str
    measure: Measure
    recent_orders: int
    usual_orders: int
    recent: Decimal | None
    usual: Decimal | None
    usual_deviation: Decimal | None


def count(
    transaction: Transaction, lt_strategy_ids: Collection[UUID], *, recent: int, usual: int, now: datetime
) -> None:
    """Counts these strategies' newest entries that have ended, with the next round trip."""
    transaction.later(
        """
        WITH ended AS MATERIALIZED (
            SELECT
                asked.lt_strategy_id, went.is_recent,
                CASE WHEN done.shares > 0 AND went.best_ask > 0 THEN
                    (done.usd / done.shares - went.best_ask) / went.best_ask * 10000
                END AS slippage,
                least(done.usd / went.order_usd, 1) AS fill_rate,
                extract(EPOCH FROM went.answered_at - went.decided_at) * 1000 AS latency
            FROM unnest(:strategies::uuid[]) AS asked (lt_strategy_id)
            CROSS JOIN LATERAL (
                SELECT *, place <= :recent::int AS is_recent
                FROM (
                    SELECT *, row_number() OVER (ORDER BY intent_at DESC, made_number DESC) AS place
                    FROM (
                        SELECT
                            lt_order_id, intent_at, made_number, best_ask, order_usd, decided_at, answered_at, purpose,
                            sent_at, state
                        FROM lt_orders WHERE lt_strategy_id = asked.lt_strategy_id
                        ORDER BY intent_at DESC LIMIT 2 * (:recent::int + :usual::int)
                    ) AS newest
                    WHERE purpose = 'ENTRY' AND sent_at IS NOT NULL AND state IN ('FILLED', 'CANCELLED', 'EXPIRED')
                ) AS entered
                WHERE place <= :recent::int + :usual::int
            ) AS went
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(shares), 0) AS shares, coalesce(sum(cost_usd), 0) AS usd
                FROM fills WHERE fills.lt_order_id = went.lt_order_id AND fills.status <> 'FAILED'
            ) AS done
        ), valued AS (
            SELECT ended.lt_strategy_id, ended.is_recent, each.measure, each.value
            FROM ended CROSS JOIN LATERAL (
                VALUES ('SLIPPAGE', slippage), ('FILL_RATE', fill_rate), ('LATENCY', latency)
            ) AS each (measure, value)
            WHERE each.value IS NOT NULL
        ), middle AS (
            SELECT
                lt_strategy_id, measure, is_recent, count(*) AS orders,
                CASE WHEN measure = 'FILL_RATE' THEN avg(value)
                ELSE percentile_cont(0.5) WITHIN GROUP (ORDER BY value) END AS value
            FROM valued GROUP BY lt_strategy_id, measure, is_recent
        ), deviation AS (
            SELECT
                valued.lt_strategy_id, valued.measure,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(valued.value - middle.value)) AS value
            FROM valued INNER JOIN middle USING (lt_strategy_id, measure, is_recent)
            WHERE NOT is_recent GROUP BY valued.lt_strategy_id, valued.measure
        )
        INSERT INTO execution_figures (
            lt_strategy_id, measure, recent_orders, usual_orders, recent, usual, usual_deviation, counted_at
        )
        SELECT
            asked.lt_strategy_id, each.measure, coalesce(late.orders, 0), coalesce(old.orders, 0), late.value,
            old.value, deviation.value, :now
        FROM unnest(:strategies::uuid[]) AS asked (lt_strategy_id)
        CROSS JOIN (VALUES ('SLIPPAGE'), ('FILL_RATE'), ('LATENCY')) AS each (measure)
        LEFT JOIN middle AS late
            ON late.lt_strategy_id = asked.lt_strategy_id AND late.measure = each.measure AND late.is_recent
        LEFT JOIN middle AS old
            ON old.lt_strategy_id = asked.lt_strategy_id AND old.measure = each.measure AND NOT old.is_recent
        LEFT JOIN deviation
            ON deviation.lt_strategy_id = asked.lt_strategy_id AND deviation.measure = each.measure
        ORDER BY asked.lt_strategy_id, each.measure
        ON CONFLICT (lt_strategy_id, measure) DO UPDATE SET
            recent_orders = excluded.recent_orders, usual_orders = excluded.usual_orders, recent = excluded.recent,
            usual = excluded.usual, usual_deviation = excluded.usual_deviation, counted_at = excluded.counted_at
        """,
        strategies=sorted(lt_strategy_ids),
        recent=recent,
        usual=usual,
        now=now,
    )


def ask_figures(transaction: Transaction, *, recent: int, usual: int) -> Pending[list[ExecutionFigures]]:
    """What is kept of active strategies that have at least so many recent and usual orders."""
    return ask(
        transaction,
        """
        SELECT kept.*, strategy.owner_id, strategy.name AS strategy
        FROM execution_figures AS kept INNER JOIN lt_strategies AS strategy USING (lt_strategy_id)
        WHERE strategy.is_active AND kept.recent_orders >= :recent AND kept.usual_orders >= :usual
        ORDER BY strategy.made_number, kept.measure
        """,
        lambda rows: [_figures(row) for row in rows],
        recent=recent,
        usual=usual,
    )


def _figures(row: Row) -> ExecutionFigures:
    return ExecutionFigures(
        lt_strategy_id=row["lt_strategy_id"],
        owner_id=row["owner_id"],
        strategy=row["strategy"],
        measure=Measure(row["measure"]),
        recent_orders=row["recent_orders"],
        usual_orders=row["usual_orders"],
        recent=row["recent"],
        usual=row["usual"],
        usual_deviation=row["usual_deviation"],
    )

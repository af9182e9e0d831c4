"""What a strategy's earlier entries say of its next one: their stakes, and positions that have come to their end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Row, Transaction


def ask_last_stakes(
    transaction: Transaction,
    lt_strategy_ids: Collection[UUID],
    *,
    most: int,
    take: Callable[[dict[UUID, list[Usd]]], None],
) -> None:
    """The stakes of each strategy's last entries that were not refused, newest first; told with the next answer."""

    def read(rows: list[Row]) -> None:
        found: dict[UUID, list[Usd]] = {each: [] for each in lt_strategy_ids}
        for row in rows:
            found[row["lt_strategy_id"]].append(Usd(row["order_usd"]))
        take(found)

    transaction.later(
        """
        SELECT asked.lt_strategy_id, own.order_usd
        FROM unnest(:strategies::uuid[]) AS asked (lt_strategy_id)
        CROSS JOIN LATERAL (
            SELECT intent.order_usd, intent.intent_at, intent.made_number FROM lt_orders AS intent
            WHERE
                intent.lt_strategy_id = asked.lt_strategy_id AND intent.purpose = 'ENTRY'
                AND intent.state <> 'REJECTED'
            ORDER BY intent.intent_at DESC, intent.made_number DESC LIMIT :most
        ) AS own
        ORDER BY asked.lt_strategy_id, own.intent_at DESC, own.made_number DESC
        """,
        check=read,
        strategies=sorted(lt_strategy_ids),
        most=most,
    )


def ask_ended(
    transaction: Transaction,
    positions: Collection[tuple[UUID, str]],
    *,
    take: Callable[[set[tuple[UUID, str]]], None],
) -> None:
    """Those of these (strategy, token) that have entries with an outcome; told with the next answer."""
    asked = sorted(positions)
    transaction.later(
        """
        SELECT DISTINCT fill.lt_strategy_id, fill.token_id
        FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
        INNER JOIN fills AS fill
            ON fill.lt_strategy_id = asked.lt_strategy_id AND fill.token_id = asked.token_id
            AND fill.status <> 'FAILED'
        INNER JOIN lt_orders AS intent USING (lt_order_id)
        WHERE intent.purpose = 'ENTRY' AND intent.outcome <> 'OPEN'
        """,
        check=lambda rows: take({(row["lt_strategy_id"], row["token_id"]) for row in rows}),
        strategies=[strategy for strategy, _ in asked],
        tokens=[token for _, token in asked],
    )

"""Which conditions still have open orders, and how each order ended once the chain has paid out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import Outcome
from live_trading.settlement.outcomes import Departure, Entry, OrderOutcome
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedOrder:
    """An order that has got its outcome."""

    lt_order_id: UUID
    condition_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition:
    """What one strategy bought of one token and has no outcome yet, and what has left of it."""

    trading_wallet_id: UUID
    lt_strategy_id: UUID
    token_id: str
    outcome_index: int
    entries: tuple[Entry, ...]
    left: Departure


Position = tuple[str, UUID, str]
"""A condition, a strategy and a token."""


def open_conditions(transaction: Transaction) -> dict[str, int]:
    """Conditions in which an order of ours bought something, or a strategy was given something, not yet resolved.

    With how many such orders and gifts each has.
    """
    rows = transaction.rows(
        """
        SELECT condition_id, count(*) AS parts FROM (
            SELECT intent.condition_id FROM lt_orders AS intent
            WHERE intent.outcome = 'OPEN' AND EXISTS (
                SELECT 1 FROM fills AS fill WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
            )
            UNION ALL
            SELECT condition_id FROM position_corrections WHERE counted_at IS NULL
        ) AS part
        GROUP BY condition_id ORDER BY condition_id
        """
    )
    return {row["condition_id"]: row["parts"] for row in rows}


def lock_condition(transaction: Transaction, condition_id: str) -> frozenset[UUID]:
    """Serialises the booking of one condition, as `lock_conditions` does."""
    return lock_conditions(transaction, [condition_id])[condition_id]


def lock_conditions(transaction: Transaction, condition_ids: Collection[str]) -> dict[str, frozenset[UUID]]:
    """Serialises the booking of conditions; by condition the wallets of which an order or merge in it may still change.

    Nothing of theirs is booked yet; what others hold waits for nobody. Raises LookupError for an unknown condition.
    """
    asked = sorted(set(condition_ids))
    locked = transaction.rows(
        """
        SELECT condition_id FROM markets WHERE condition_id = ANY(:condition_ids::text[])
        ORDER BY condition_id FOR NO KEY UPDATE
        """,
        condition_ids=asked,
    )
    if len(locked) != len(asked):
        raise LookupError(f"{len(asked) - len(locked)} of {len(asked)} conditions are unknown")
    rows = transaction.rows(
        """
        SELECT condition_id, trading_wallet_id FROM lt_orders
        WHERE condition_id = ANY(:condition_ids::text[]) AND state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
        UNION
        SELECT fill.condition_id, fill.trading_wallet_id FROM fills AS fill
        WHERE fill.condition_id = ANY(:condition_ids::text[]) AND fill.status NOT IN ('CONFIRMED', 'FAILED')
        UNION
        SELECT condition_id, trading_wallet_id FROM lt_redemptions
        WHERE
            condition_id = ANY(:condition_ids::text[]) AND action = 'MERGE'
            AND state IN ('PREPARED', 'BROADCAST', 'REPLACED', 'MINED', 'CONFIRMED')
        """,
        condition_ids=asked,
    )
    moving: dict[str, set[UUID]] = {each: set() for each in asked}
    for row in rows:
        moving[row["condition_id"]].add(row["trading_wallet_id"])
    return {condition_id: frozenset(wallets) for condition_id, wallets in moving.items()}


_NOTHING = Departure(shares=Shares.zero(), proceeds=Usd.zero(), fee=Usd.zero())
# Shares that a person gave to a position are a part of it like any entry, that ends no order; they come last.
_CAME = """
SELECT
    intent.condition_id, intent.lt_order_id, intent.trading_wallet_id, intent.lt_strategy_id, intent.token_id,
    intent.outcome_index, sum(fill.shares) AS shares, sum(fill.cost_usd) AS cost_usd, sum(fill.fee_usd) AS fee_usd,
    intent.intent_at AS came_at, intent.made_number AS number
FROM lt_orders AS intent INNER JOIN fills AS fill USING (lt_order_id)
WHERE
    intent.condition_id = ANY(:condition_ids::text[])
    AND intent.outcome = 'OPEN'
    AND intent.purpose = 'ENTRY'
    AND fill.status = 'CONFIRMED'
GROUP BY intent.lt_order_id
UNION ALL
SELECT
    given.condition_id, NULL, given.trading_wallet_id, given.lt_strategy_id, given.token_id,
    array_position(market.token_ids, given.token_id) - 1, given.shares, given.usd, 0, NULL, given.position_correction_id
FROM position_corrections AS given INNER JOIN markets AS market USING (condition_id)
WHERE given.condition_id = ANY(:condition_ids::text[]) AND given.counted_at IS NULL AND given.shares > 0
ORDER BY came_at NULLS LAST, number
"""


def open_positions(transaction: Transaction, condition_ids: Collection[str]) -> dict[str, list[OpenPosition]]:
    """By condition positions whose entries have no outcome, with the sales and merges that nobody has counted yet."""
    left = _departures(transaction, condition_ids)
    found: dict[Position, OpenPosition] = {}
    for row in transaction.rows(_CAME, condition_ids=list(condition_ids)):
        key = (row["condition_id"], row["lt_strategy_id"], row["token_id"])
        entry = Entry(
            lt_order_id=row["lt_order_id"],
            shares=Shares(row["shares"]),
            cost=Usd(row["cost_usd"]),
            fee=Usd(row["fee_usd"]),
        )
        before = found[key].entries if key in found else ()
        found[key] = OpenPosition(
            trading_wallet_id=row["trading_wallet_id"],
            lt_strategy_id=row["lt_strategy_id"],
            token_id=row["token_id"],
            outcome_index=row["outcome_index"],
            entries=(*before, entry),
            left=left.get(key, _NOTHING),
        )
    by_condition: dict[str, list[OpenPosition]] = {each: [] for each in condition_ids}
    for (condition_id, _, _), position in found.items():
        by_condition[condition_id].append(position)
    return by_condition


def _departures(transaction: Transaction, condition_ids: Collection[str]) -> dict[Position, Departure]:
    rows = transaction.rows(
        """
        SELECT
            condition_id, lt_strategy_id, token_id, sum(shares) AS shares, sum(proceeds_usd) AS proceeds_usd,
            sum(fee_usd) AS fee_usd
        FROM (
            SELECT
                intent.condition_id, intent.lt_strategy_id, intent.token_id, fill.shares,
                fill.cost_usd AS proceeds_usd, fill.fee_usd
            FROM lt_orders AS intent INNER JOIN fills AS fill USING (lt_order_id)
            WHERE
                intent.condition_id = ANY(:condition_ids::text[])
                AND intent.outcome = 'OPEN'
                AND intent.purpose <> 'ENTRY'
                AND fill.status = 'CONFIRMED'
            UNION ALL
            SELECT condition_id, lt_strategy_id, token_id, shares, proceeds_usd, 0 FROM merge_legs
            WHERE condition_id = ANY(:condition_ids::text[]) AND counted_at IS NULL
            UNION ALL
            SELECT condition_id, lt_strategy_id, token_id, -shares, usd, 0 FROM position_corrections
            WHERE condition_id = ANY(:condition_ids::text[]) AND counted_at IS NULL AND shares < 0
        ) AS departed
        GROUP BY condition_id, lt_strategy_id, token_id
        """,
        condition_ids=list(condition_ids),
    )
    return {
        (row["condition_id"], row["lt_strategy_id"], row["token_id"]): Departure(
            shares=Shares(row["shares"]), proceeds=Usd(row["proceeds_usd"]), fee=Usd(row["fee_usd"])
        )
        for row in rows
    }


def count_departures(transaction: Transaction, positions: Sequence[Position], now: datetime) -> None:
    """Marks the sales, merges and corrections of positions as counted in the profit of their entries.

    The exits keep no profit of their own: it is in the orders that they ended.
    """
    if not positions:
        return
    transaction.execute(
        """
        WITH ended AS (
            SELECT * FROM unnest(:conditions::text[], :strategies::uuid[], :tokens::text[])
                AS ended (condition_id, lt_strategy_id, token_id)
        ), sold AS (
            UPDATE lt_orders SET outcome = 'SOLD' FROM ended
            WHERE
                lt_orders.condition_id = ended.condition_id AND lt_orders.lt_strategy_id = ended.lt_strategy_id
                AND lt_orders.token_id = ended.token_id AND lt_orders.purpose <> 'ENTRY' AND lt_orders.outcome = 'OPEN'
        ), merged AS (
            UPDATE merge_legs SET counted_at = :now FROM ended
            WHERE
                merge_legs.condition_id = ended.condition_id AND merge_legs.lt_strategy_id = ended.lt_strategy_id
                AND merge_legs.token_id = ended.token_id AND merge_legs.counted_at IS NULL
        )
        UPDATE position_corrections SET counted_at = :now FROM ended
        WHERE
            position_corrections.condition_id = ended.condition_id
            AND position_corrections.lt_strategy_id = ended.lt_strategy_id
            AND position_corrections.token_id = ended.token_id AND position_corrections.counted_at IS NULL
        """,
        now=now,
        conditions=[condition_id for condition_id, _, _ in positions],
        strategies=[lt_strategy_id for _, lt_strategy_id, _ in positions],
        tokens=[token_id for _, _, token_id in positions],
    )


def add_merge_leg(
    transaction: Transaction,
    *,
    lt_redemption_id: UUID,
    lt_strategy_id: UUID,
    condition_id: str,
    token_id: str,
    shares: Shares,
    proceeds: Usd,
) -> None:
    """Records one outcome's part of a merge, for the profit of the orders that bought it."""
    transaction.execute(
        """
        INSERT INTO merge_legs (lt_redemption_id, lt_strategy_id, condition_id, token_id, shares, proceeds_usd)
        VALUES (:lt_redemption_id, :lt_strategy_id, :condition_id, :token_id, :shares, :proceeds)
        ON CONFLICT DO NOTHING
        """,
        lt_redemption_id=lt_redemption_id,
        lt_strategy_id=lt_strategy_id,
        condition_id=condition_id,
        token_id=token_id,
        shares=shares,
        proceeds=proceeds,
    )


def close_orders(transaction: Transaction, ends: Sequence[OrderOutcome], resolved_at: datetime) -> list[ClosedOrder]:
    """Writes outcomes of orders that have none; those that were written."""
    if not ends:
        return []
    rows = transaction.rows(
        """
        UPDATE lt_orders SET outcome = ended.outcome, pnl_usd = ended.pnl, resolved_at = :resolved_at
        FROM unnest(:ids::uuid[], :outcomes::text[], :pnls::numeric[]) AS ended (lt_order_id, outcome, pnl)
        WHERE lt_orders.lt_order_id = ended.lt_order_id AND lt_orders.outcome = 'OPEN'
        RETURNING lt_orders.lt_order_id, lt_orders.condition_id, lt_orders.outcome
        """,
        resolved_at=resolved_at,
        ids=[each.lt_order_id for each in ends],
        outcomes=[each.outcome for each in ends],
        pnls=[each.pnl for each in ends],
    )
    return [
        ClosedOrder(lt_order_id=row["lt_order_id"], condition_id=row["condition_id"], outcome=Outcome(row["outcome"]))
        for row in rows
    ]

"""Which conditions still have open orders, and how each order ended once the chain has paid out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.wallets import Outcome
from live_trading.settlement.outcomes import Departure, Entry
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition:
    """What one strategy bought of one token and has no outcome yet, and what has left of it."""

    trading_wallet_id: UUID
    lt_strategy_id: UUID
    token_id: str
    outcome_index: int
    entries: tuple[Entry, ...]
    left: Departure


def open_conditions(transaction: Transaction) -> list[str]:
    """Conditions in which an order of ours bought something, or a strategy was given something, not yet resolved."""
    rows = transaction.rows(
        """
        SELECT intent.condition_id FROM lt_orders AS intent
        WHERE intent.outcome = 'OPEN' AND EXISTS (
            SELECT 1 FROM fills AS fill WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
        )
        UNION
        SELECT condition_id FROM position_corrections WHERE counted_at IS NULL
        ORDER BY condition_id
        """
    )
    return [row["condition_id"] for row in rows]


def lock_condition(transaction: Transaction, condition_id: str) -> frozenset[UUID]:
    """Serialises the booking of one condition; the trading wallets of which an order or merge in it may still change.

    Nothing of theirs is booked yet; what others hold waits for nobody.
    """
    transaction.only(
        "SELECT condition_id FROM markets WHERE condition_id = :condition_id FOR NO KEY UPDATE",
        condition_id=condition_id,
    )
    rows = transaction.rows(
        """
        SELECT trading_wallet_id FROM lt_orders
        WHERE condition_id = :condition_id AND state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
        UNION
        SELECT intent.trading_wallet_id FROM fills AS fill INNER JOIN lt_orders AS intent USING (lt_order_id)
        WHERE fill.condition_id = :condition_id AND fill.status NOT IN ('CONFIRMED', 'FAILED')
        UNION
        SELECT trading_wallet_id FROM lt_redemptions
        WHERE
            condition_id = :condition_id AND action = 'MERGE'
            AND state IN ('PREPARED', 'BROADCAST', 'REPLACED', 'MINED', 'CONFIRMED')
        """,
        condition_id=condition_id,
    )
    return frozenset(row["trading_wallet_id"] for row in rows)


def open_positions(transaction: Transaction, condition_id: str) -> list[OpenPosition]:
    """Positions of a condition whose entries have no outcome, with the sales and merges that nobody has counted yet."""
    bought = transaction.rows(
        """
        SELECT
            intent.lt_order_id, intent.trading_wallet_id, intent.lt_strategy_id, intent.token_id, intent.outcome_index,
            sum(fill.shares) AS shares, sum(fill.cost_usd) AS cost_usd, sum(fill.fee_usd) AS fee_usd
        FROM lt_orders AS intent INNER JOIN fills AS fill USING (lt_order_id)
        WHERE
            intent.condition_id = :condition_id
            AND intent.outcome = 'OPEN'
            AND intent.purpose = 'ENTRY'
            AND fill.status = 'CONFIRMED'
        GROUP BY intent.lt_order_id
        ORDER BY intent.intent_at, intent.made_number
        """,
        condition_id=condition_id,
    )
    left = _departures(transaction, condition_id)
    found: dict[tuple[UUID, str], OpenPosition] = {}
    for row in [*bought, *_adopted(transaction, condition_id)]:
        key = (row["lt_strategy_id"], row["token_id"])
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
    return list(found.values())


_NOTHING = Departure(shares=Shares.zero(), proceeds=Usd.zero(), fee=Usd.zero())


def _adopted(transaction: Transaction, condition_id: str) -> list[Row]:
    """Shares that a person gave to a position: a part of it like any entry, that ends no order."""
    return transaction.rows(
        """
        SELECT
            NULL AS lt_order_id, given.trading_wallet_id, given.lt_strategy_id, given.token_id,
            array_position(market.token_ids, given.token_id) - 1 AS outcome_index, given.shares, given.usd AS cost_usd,
            0 AS fee_usd
        FROM position_corrections AS given INNER JOIN markets AS market USING (condition_id)
        WHERE given.condition_id = :condition_id AND given.counted_at IS NULL AND given.shares > 0
        ORDER BY given.position_correction_id
        """,
        condition_id=condition_id,
    )


def _departures(transaction: Transaction, condition_id: str) -> dict[tuple[UUID, str], Departure]:
    rows = transaction.rows(
        """
        SELECT
            lt_strategy_id, token_id, sum(shares) AS shares, sum(proceeds_usd) AS proceeds_usd, sum(fee_usd) AS fee_usd
        FROM (
            SELECT
                intent.lt_strategy_id, intent.token_id, fill.shares, fill.cost_usd AS proceeds_usd, fill.fee_usd
            FROM lt_orders AS intent INNER JOIN fills AS fill USING (lt_order_id)
            WHERE
                intent.condition_id = :condition_id
                AND intent.outcome = 'OPEN'
                AND intent.purpose <> 'ENTRY'
                AND fill.status = 'CONFIRMED'
            UNION ALL
            SELECT lt_strategy_id, token_id, shares, proceeds_usd, 0 FROM merge_legs
            WHERE condition_id = :condition_id AND counted_at IS NULL
            UNION ALL
            SELECT lt_strategy_id, token_id, -shares, usd, 0 FROM position_corrections
            WHERE condition_id = :condition_id AND counted_at IS NULL AND shares < 0
        ) AS departed
        GROUP BY lt_strategy_id, token_id
        """,
        condition_id=condition_id,
    )
    return {
        (row["lt_strategy_id"], row["token_id"]): Departure(
            shares=Shares(row["shares"]), proceeds=Usd(row["proceeds_usd"]), fee=Usd(row["fee_usd"])
        )
        for row in rows
    }


def count_departures(transaction: Transaction, position: OpenPosition, condition_id: str, now: datetime) -> None:
    """Marks the sales, merges and corrections of a position as counted in the profit of its entries.

    The exits keep no profit of their own: it is in the orders that they ended.
    """
    transaction.execute(
        """
        UPDATE lt_orders SET outcome = 'SOLD'
        WHERE
            condition_id = :condition_id AND lt_strategy_id = :strategy AND token_id = :token
            AND purpose <> 'ENTRY' AND outcome = 'OPEN'
        """,
        condition_id=condition_id,
        strategy=position.lt_strategy_id,
        token=position.token_id,
    )
    transaction.execute(
        """
        UPDATE merge_legs SET counted_at = :now
        WHERE
            condition_id = :condition_id AND lt_strategy_id = :strategy AND token_id = :token AND counted_at IS NULL
        """,
        now=now,
        condition_id=condition_id,
        strategy=position.lt_strategy_id,
        token=position.token_id,
    )
    transaction.execute(
        """
        UPDATE position_corrections SET counted_at = :now
        WHERE
            condition_id = :condition_id AND lt_strategy_id = :strategy AND token_id = :token AND counted_at IS NULL
        """,
        now=now,
        condition_id=condition_id,
        strategy=position.lt_strategy_id,
        token=position.token_id,
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


def close_order(
    transaction: Transaction, *, lt_order_id: UUID, outcome: Outcome, pnl: Usd, resolved_at: datetime
) -> bool:
    """Writes an order's outcome once; False where it has one."""
    return (
        transaction.execute(
            """
            UPDATE lt_orders SET
                outcome = :outcome, pnl_usd = :pnl, resolved_at = :resolved_at
            WHERE lt_order_id = :lt_order_id AND outcome = 'OPEN'
            """,
            outcome=outcome,
            pnl=pnl,
            resolved_at=resolved_at,
            lt_order_id=lt_order_id,
        )
        == 1
    )


def link_paper_twins(transaction: Transaction) -> None:
    """Puts the paper order of the same source trade, and its P&L once known, beside each live order."""
    transaction.execute(
        """
        UPDATE lt_orders SET ft_order_id = twin.ft_order_id, ft_pnl_usd = twin.pnl_usd
        FROM ft_orders AS twin INNER JOIN lt_strategies AS strategy USING (ft_wallet_id)
        WHERE
            strategy.lt_strategy_id = lt_orders.lt_strategy_id
            AND twin.source_trade_id = lt_orders.source_trade_id
            AND lt_orders.purpose = 'ENTRY'
            AND (
                lt_orders.ft_order_id IS NULL
                OR lt_orders.ft_pnl_usd IS DISTINCT FROM twin.pnl_usd
            )
        """
    )

"""Trades of which both the paper and the live side have ended, and the terms of their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from live_trading.gap.attribution import GapTerms, LiveSide, PaperSide
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedTrade:
    """One source trade that paper took, as both sides ended; `why_missed` is why live has no order for it."""

    lt_strategy_id: UUID
    ft_order_id: UUID
    source_trade_id: int
    condition_id: str
    outcome_index: int
    numerators: tuple[int, ...]
    denominator: int
    paper: PaperSide
    live: LiveSide | None
    why_missed: str | None


# A strategy's paper twin trades since its launch; its live side is final once no order of the trade is open.
_UNEXPLAINED = """
SELECT
    strategy.lt_strategy_id, twin.ft_order_id, twin.source_trade_id, twin.condition_id, twin.outcome_index,
    market.payout_numerators, market.payout_denominator,
    twin.stake_usd AS paper_stake, twin.shares AS paper_shares, twin.cost_usd AS paper_cost, twin.fee_usd AS paper_fee,
    twin.pnl_usd AS paper_pnl,
    live.*, decision.stake_usd AS live_stake,
    coalesce(live.rejection_code, decision.reason) AS why_missed
FROM (
    SELECT DISTINCT ft_wallet_id, source_trade_id FROM changed_twins WHERE changed_twin_id = ANY(:changed::bigint[])
) AS changed
-- One by one through its key: the planner knows not how few have changed.
CROSS JOIN LATERAL (
    SELECT * FROM ft_orders
    WHERE ft_wallet_id = changed.ft_wallet_id AND source_trade_id = changed.source_trade_id LIMIT 1
) AS twin
INNER JOIN lt_strategies AS strategy ON strategy.ft_wallet_id = changed.ft_wallet_id
INNER JOIN markets AS market ON market.condition_id = twin.condition_id AND market.resolution_state = 'RESOLVED'
LEFT JOIN decisions AS decision
    ON decision.lt_strategy_id = strategy.lt_strategy_id AND decision.source_trade_id = twin.source_trade_id
LEFT JOIN LATERAL (
    SELECT
        count(*) AS orders,
        sum(intent.order_usd) FILTER (WHERE intent.state <> 'REJECTED') AS order_usd,
        max(intent.best_ask) AS best_ask,
        max(intent.rejection_code) AS rejection_code,
        coalesce(sum(intent.pnl_usd), 0) AS live_pnl,
        coalesce(sum(fill.shares), 0) AS shares,
        coalesce(sum(fill.cost), 0) AS cost,
        coalesce(sum(fill.fee), 0) AS fee,
        coalesce(sum(fill.failed_shares), 0) AS failed_shares,
        coalesce(sum(fill.failed_cost), 0) AS failed_cost,
        coalesce(sum(fill.failed_fee), 0) AS failed_fee,
        coalesce(bool_or(intent.outcome = 'OPEN'), FALSE) AS is_open
    FROM lt_orders AS intent
    CROSS JOIN LATERAL (
        SELECT
            sum(shares) FILTER (WHERE status = 'CONFIRMED') AS shares,
            sum(cost_usd) FILTER (WHERE status = 'CONFIRMED') AS cost,
            sum(fee_usd) FILTER (WHERE status = 'CONFIRMED') AS fee,
            sum(shares) FILTER (WHERE status = 'FAILED') AS failed_shares,
            sum(cost_usd) FILTER (WHERE status = 'FAILED') AS failed_cost,
            sum(fee_usd) FILTER (WHERE status = 'FAILED') AS failed_fee
        FROM fills WHERE fills.lt_order_id = intent.lt_order_id
    ) AS fill
    WHERE
        intent.lt_strategy_id = strategy.lt_strategy_id
        AND intent.source_trade_id = twin.source_trade_id
        AND intent.purpose = 'ENTRY'
) AS live ON TRUE
WHERE
    twin.outcome <> 'OPEN'
    AND twin.trade_time >= strategy.launched_at
    AND (strategy.ended_at IS NULL OR twin.trade_time < strategy.ended_at)
    AND NOT live.is_open
    AND NOT EXISTS (
        SELECT 1 FROM lt_gaps AS known
        WHERE
            known.lt_strategy_id = strategy.lt_strategy_id
            AND known.ft_order_id = twin.ft_order_id
            AND known.ft_pnl_usd = twin.pnl_usd
            AND known.lt_pnl_usd = live.live_pnl
    )
ORDER BY strategy.made_number, twin.source_trade_id
"""


# The oldest of what has changed come first, and the rest in later passes: there may be many after a long pause.
MOST_AT_ONCE = 2000


def changed(transaction: Transaction) -> list[int]:
    """Numbers of the changes of either side of a trade that nobody has looked at yet, the oldest first.

    A side changes where its order is made or gets another outcome or profit, and both where their market resolves.
    """
    rows = transaction.rows(
        "SELECT changed_twin_id FROM changed_twins ORDER BY changed_twin_id LIMIT :most", most=MOST_AT_ONCE
    )
    return [row["changed_twin_id"] for row in rows]


def unexplained(transaction: Transaction, changes: Sequence[int]) -> list[EndedTrade]:
    """Of the trades of these changes, those that have ended, without terms or with terms of other results."""
    return [_ended(row) for row in transaction.rows(_UNEXPLAINED, changed=list(changes))]


def link_paper_twins(transaction: Transaction, changes: Sequence[int]) -> None:
    """Puts the paper order of the same source trade, and its P&L once known, beside each live order."""
    transaction.execute(
        """
        UPDATE lt_orders SET ft_order_id = linked.ft_order_id, ft_pnl_usd = linked.pnl_usd
        FROM (
            SELECT intent.lt_order_id, twin.ft_order_id, twin.pnl_usd
            FROM (
                SELECT DISTINCT ft_wallet_id, source_trade_id FROM changed_twins
                WHERE changed_twin_id = ANY(:changed::bigint[])
            ) AS changed
            INNER JOIN lt_strategies AS strategy USING (ft_wallet_id)
            CROSS JOIN LATERAL (
                SELECT ft_order_id, pnl_usd FROM ft_orders
                WHERE ft_wallet_id = changed.ft_wallet_id AND source_trade_id = changed.source_trade_id LIMIT 1
            ) AS twin
            CROSS JOIN LATERAL (
                SELECT lt_order_id FROM lt_orders
                WHERE
                    lt_strategy_id = strategy.lt_strategy_id AND source_trade_id = changed.source_trade_id
                    AND purpose = 'ENTRY'
                    AND (ft_order_id IS NULL OR ft_pnl_usd IS DISTINCT FROM twin.pnl_usd)
                OFFSET 0
            ) AS intent
        ) AS linked
        WHERE lt_orders.lt_order_id = linked.lt_order_id
        """,
        changed=list(changes),
    )


def forget(transaction: Transaction, changes: Sequence[int]) -> None:
    """Takes away changes that have been looked at; whatever changes from here on is a new one."""
    transaction.execute(
        "DELETE FROM changed_twins WHERE changed_twin_id = ANY(:changed::bigint[])", changed=list(changes)
    )


def _ended(row: Row) -> EndedTrade:
    has_order = bool(row["orders"]) and row["order_usd"] is not None
    return EndedTrade(
        lt_strategy_id=row["lt_strategy_id"],
        ft_order_id=row["ft_order_id"],
        source_trade_id=row["source_trade_id"],
        condition_id=row["condition_id"],
        outcome_index=row["outcome_index"],
        numerators=tuple(int(each) for each in row["payout_numerators"]),
        denominator=int(row["payout_denominator"]),
        paper=PaperSide(
            stake=Usd(row["paper_stake"]),
            shares=Shares(row["paper_shares"]),
            cost=Usd(row["paper_cost"]),
            fee=Usd(row["paper_fee"]),
            pnl=Usd(row["paper_pnl"]),
        ),
        live=_live(row) if has_order else None,
        why_missed=None if has_order and row["shares"] else row["why_missed"],
    )


def _live(row: Row) -> LiveSide:
    order_usd = Usd(row["order_usd"])
    return LiveSide(
        stake=Usd(row["live_stake"]) if row["live_stake"] else order_usd,
        order_usd=order_usd,
        best_offer=None if row["best_ask"] is None else Price(row["best_ask"]),
        shares=Shares(row["shares"]),
        cost=Usd(row["cost"]),
        fee=Usd(row["fee"]),
        failed_shares=Shares(row["failed_shares"]),
        failed_cost=Usd(row["failed_cost"]),
        failed_fee=Usd(row["failed_fee"]),
        pnl=Usd(row["live_pnl"]),
    )


def save_all(transaction: Transaction, explained: Sequence[tuple[EndedTrade, GapTerms]], now: datetime) -> None:
    """Writes the terms of trades in one statement, or replaces those of results that have changed since."""
    if not explained:
        return
    terms: dict[str, list[Any]] = {
        name: [getattr(each, name) for _, each in explained] for name in GapTerms.__dataclass_fields__
    }
    transaction.execute(
        """
        INSERT INTO lt_gaps (
            lt_strategy_id, ft_order_id, source_trade_id, condition_id, ft_pnl_usd, lt_pnl_usd, timing_usd,
            spread_and_depth_usd, rounding_usd, fee_usd, partial_fill_usd, missed_usd, sizing_usd,
            settlement_failure_usd, exit_usd, why_missed, computed_at
        )
        SELECT gap.*, :now::timestamptz FROM unnest(
            :strategies::uuid[], :twins::uuid[], :sources::bigint[], :conditions::text[], :paper_pnls::numeric[],
            :live_pnls::numeric[], :timing::numeric[], :spread_and_depth::numeric[], :rounding::numeric[],
            :fee::numeric[], :partial_fill::numeric[], :missed::numeric[], :sizing::numeric[],
            :settlement_failure::numeric[], :exit::numeric[], :why_missed::text[]
        ) AS gap
        ON CONFLICT (lt_strategy_id, ft_order_id) DO UPDATE SET
            ft_pnl_usd = excluded.ft_pnl_usd, lt_pnl_usd = excluded.lt_pnl_usd, timing_usd = excluded.timing_usd,
            spread_and_depth_usd = excluded.spread_and_depth_usd, rounding_usd = excluded.rounding_usd,
            fee_usd = excluded.fee_usd, partial_fill_usd = excluded.partial_fill_usd,
            missed_usd = excluded.missed_usd, sizing_usd = excluded.sizing_usd,
            settlement_failure_usd = excluded.settlement_failure_usd, exit_usd = excluded.exit_usd,
            why_missed = excluded.why_missed, computed_at = excluded.computed_at
        """,
        strategies=[trade.lt_strategy_id for trade, _ in explained],
        twins=[trade.ft_order_id for trade, _ in explained],
        sources=[trade.source_trade_id for trade, _ in explained],
        conditions=[trade.condition_id for trade, _ in explained],
        paper_pnls=[trade.paper.pnl for trade, _ in explained],
        live_pnls=[Usd.zero() if trade.live is None else trade.live.pnl for trade, _ in explained],
        why_missed=[trade.why_missed for trade, _ in explained],
        now=now,
        **terms,
    )


def per_share(trade: EndedTrade) -> Decimal:
    """Dollars that the chain pays for one share of the trade's outcome."""
    return Decimal(trade.numerators[trade.outcome_index]) / Decimal(trade.denominator)

"""Balances of strategies and of their wallets, and what periods moved: for any number of strategies at once.

Of a period, the quarters of an hour up to the next UTC midnight and the UTC days from there on are summed: at most 96
and 31 rows (see `kept_periods` among the migrations).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from live_trading.risk.periods import day_start, month_start, week_start
from live_trading.store.accounts.live_strategies import LiveStrategy

# A row a strategy. Capital that was given or taken back since a period began counts as if that had been before it, the
# first as well. What an entry has spent is what it may cost while it is open, and what it did once it is over.
SUMS = """
SELECT
    own.lt_strategy_id, booked.*,
    booked.equity - moved.held_day AS equity_day, booked.equity - moved.held_week AS equity_week,
    booked.equity - moved.held_month AS equity_month,
    -moved.lost_day AS profit_day, -moved.lost_week AS profit_week,
    spent.spent_day, spent.spent_week, spent.spent_month,
    lately.orders, purse.wallet_equity, purse.wallet_unallocated, purse.wallet_orders
FROM unnest(
    :strategies::uuid[], :wallets::uuid[], :day_starts::timestamptz[], :week_starts::timestamptz[],
    :month_starts::timestamptz[], :day_edges::timestamptz[], :week_edges::timestamptz[], :month_edges::timestamptz[]
) AS own (lt_strategy_id, trading_wallet_id, day_start, week_start, month_start, day_edge, week_edge, month_edge)
INNER JOIN (
    SELECT of_one.trading_wallet_id, money.wallet_equity, money.wallet_unallocated, entered.wallet_orders
    FROM (SELECT DISTINCT unnest(:wallets::uuid[]) AS trading_wallet_id) AS of_one
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(amount_usd) FILTER (WHERE account <> 'UNALLOCATED' AND lt_strategy_id IS NOT NULL), 0)
            AS wallet_equity,
            coalesce(sum(amount_usd) FILTER (WHERE account = 'UNALLOCATED'), 0) AS wallet_unallocated
        FROM ledger_balances
        WHERE
            trading_wallet_id = of_one.trading_wallet_id AND account IN (
                'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION', 'UNALLOCATED'
            )
    ) AS money
    CROSS JOIN LATERAL (
        SELECT count(*) AS wallet_orders FROM lt_orders
        WHERE trading_wallet_id = of_one.trading_wallet_id AND purpose = 'ENTRY' AND intent_at > :minute_ago
    ) AS entered
) AS purse ON purse.trading_wallet_id = own.trading_wallet_id
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(amount_usd) FILTER (WHERE account IN (
            'CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION'
        )), 0) AS equity,
        coalesce(sum(amount_usd) FILTER (WHERE account = 'CASH'), 0) AS available,
        coalesce(sum(amount_usd) FILTER (WHERE account = 'RESERVED'), 0) AS reserved,
        coalesce(sum(amount_usd) FILTER (WHERE account = 'POSITION_COST'), 0) AS position_cost,
        coalesce(sum(amount_usd) FILTER (WHERE account = 'PENDING_REDEMPTION'), 0) AS pending,
        coalesce(-sum(amount_usd) FILTER (WHERE account IN ('REALISED_PNL', 'FEES')), 0) AS net_profit
    FROM ledger_balances WHERE lt_strategy_id = own.lt_strategy_id
) AS booked
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(held_usd) FILTER (WHERE period = 'day'), 0) AS held_day,
        coalesce(sum(held_usd) FILTER (WHERE period = 'week'), 0) AS held_week,
        coalesce(sum(held_usd) FILTER (WHERE period = 'month'), 0) AS held_month,
        coalesce(sum(lost_usd) FILTER (WHERE period = 'day'), 0) AS lost_day,
        coalesce(sum(lost_usd) FILTER (WHERE period = 'week'), 0) AS lost_week
    FROM unnest(
        ARRAY['day', 'week', 'month'], ARRAY[own.day_start, own.week_start, own.month_start],
        ARRAY[own.day_edge, own.week_edge, own.month_edge]
    ) AS asked_for (period, starts, edge)
    CROSS JOIN LATERAL (
        SELECT held_usd, lost_usd FROM ledger_periods
        WHERE
            lt_strategy_id = own.lt_strategy_id AND span = 'QUARTER'
            AND starts_at >= asked_for.starts AND starts_at < asked_for.edge
        UNION ALL
        SELECT held_usd, lost_usd FROM ledger_periods
        WHERE lt_strategy_id = own.lt_strategy_id AND span = 'DAY' AND starts_at >= asked_for.edge
    ) AS part
) AS moved
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(spent_usd) FILTER (WHERE period = 'day'), 0) AS spent_day,
        coalesce(sum(spent_usd) FILTER (WHERE period = 'week'), 0) AS spent_week,
        coalesce(sum(spent_usd) FILTER (WHERE period = 'month'), 0) AS spent_month
    FROM unnest(
        ARRAY['day', 'week', 'month'], ARRAY[own.day_start, own.week_start, own.month_start],
        ARRAY[own.day_edge, own.week_edge, own.month_edge]
    ) AS asked_for (period, starts, edge)
    CROSS JOIN LATERAL (
        SELECT spent_usd FROM entry_spending
        WHERE
            lt_strategy_id = own.lt_strategy_id AND span = 'QUARTER'
            AND starts_at >= asked_for.starts AND starts_at < asked_for.edge
        UNION ALL
        SELECT spent_usd FROM entry_spending
        WHERE lt_strategy_id = own.lt_strategy_id AND span = 'DAY' AND starts_at >= asked_for.edge
    ) AS part
) AS spent
CROSS JOIN LATERAL (
    SELECT count(*) AS orders FROM lt_orders
    WHERE lt_strategy_id = own.lt_strategy_id AND purpose = 'ENTRY' AND intent_at > :minute_ago
) AS lately
"""


def asked(strategies: Sequence[LiveStrategy], now: datetime) -> dict[str, object]:
    """The parameters of SUMS."""
    starts = {
        name: [start(now, strategy.time_zone) for strategy in strategies]
        for name, start in (("day", day_start), ("week", week_start), ("month", month_start))
    }
    return {
        "strategies": [strategy.lt_strategy_id for strategy in strategies],
        "wallets": [strategy.trading_wallet_id for strategy in strategies],
        "minute_ago": now - timedelta(minutes=1),
        **{f"{name}_starts": found for name, found in starts.items()},
        **{f"{name}_edges": [_next_midnight(start) for start in found] for name, found in starts.items()},
    }


def _next_midnight(moment: datetime) -> datetime:
    """The first UTC midnight at or after a moment."""
    midnight = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == moment else midnight + timedelta(days=1)

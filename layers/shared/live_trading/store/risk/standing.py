"""How a strategy stands by itself: marked equity against its high-water mark, losses in a row, signs of trouble.

For any number of strategies in one statement. Each part reads kept sums, what is held, or the newest rows of an index;
`loss_run` reads as many rows as there are losses in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.locks import LockScope
from live_trading.nouns.money import Usd
from live_trading.risk.periods import day_start
from live_trading.risk.snapshot import BreakerFacts, Standing
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction

# Fewer calls than these say nothing of a rate.
_FEWEST_CALLS = 5
TRADES_FEED = "trades"
# Less than any profit can be.
_LOWEST = Usd(-(10**13))


def of_strategy(transaction: Transaction, strategy: LiveStrategy, now: datetime) -> Standing:
    """As of this transaction, with the marks that were last taken."""
    return of_strategies(transaction, [strategy], now)[strategy.lt_strategy_id]


def of_strategies(transaction: Transaction, strategies: Sequence[LiveStrategy], now: datetime) -> dict[UUID, Standing]:
    """The same of each of these, in one statement."""
    if not strategies:
        return {}
    rows = transaction.rows(STANDING, **asked(strategies, now))
    return {row["lt_strategy_id"]: of_row(row) for row in rows}


# Positions are worth their marks, or their cost where there is none yet. Marks of markets that take no orders any more
# do not age: nobody can trade there until the chain pays out. A release by hand accepts what was lost: counting on from
# what was before it would trip again at once, and so would what tripped a breaker that has ended.
STANDING = """
SELECT
    asked.lt_strategy_id, booked.capital, booked.equity + held.gain AS marked_equity,
    held.price_age AS price_age_seconds,
    ended.drawdown IS NOT NULL AS is_accepted, high.profit AS highest_profit, before.profit AS profit_before,
    run.losses, calls.failed_fraction, bought.slippage, broken.breaks_found,
    (
        SELECT floor(extract(EPOCH FROM :now::timestamptz - computed_at))::integer FROM feed_freshness
        WHERE feed = :feed
    ) AS feed_lag
FROM unnest(
    :strategies::uuid[], :wallets::uuid[], :day_starts::timestamptz[], :scopes::text[], :scope_ids::text[],
    :windows::timestamptz[], :fills::integer[]
) AS asked (lt_strategy_id, trading_wallet_id, day_start, scope, scope_id, window_start, most_fills)
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(amount_usd) FILTER (WHERE account NOT IN ('REALISED_PNL', 'FEES')), 0) AS equity,
        coalesce(sum(amount_usd), 0) AS capital
    FROM ledger_balances WHERE lt_strategy_id = asked.lt_strategy_id AND account <> 'TRANSFERS'
) AS booked
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(valued.marked - valued.cost), 0) AS gain,
        coalesce(floor(max(valued.age)), 0)::integer AS price_age
    FROM (
        SELECT
            coalesce(floor(position.shares * mark.bid_price * 1000000) / 1000000, position.amount_usd) AS marked,
            position.amount_usd AS cost,
            CASE WHEN
                market.is_open AND market.accepting_orders
                -- The stated end is no cutoff for a market that still took orders when it was last seen after it.
                AND (coalesce(market.end_time > :now, TRUE) OR market.refreshed_at > market.end_time)
                THEN extract(EPOCH FROM :now::timestamptz - coalesce(mark.taken_at, bought.first_at))
            END AS age
        FROM ledger_holdings AS position
        LEFT JOIN position_marks AS mark USING (trading_wallet_id, token_id)
        CROSS JOIN LATERAL (
            SELECT min(known.recorded_at) AS first_at, min(known.condition_id) AS condition_id FROM (
                SELECT recorded_at, condition_id FROM fills
                WHERE lt_strategy_id = asked.lt_strategy_id AND token_id = position.token_id
                UNION ALL
                SELECT recorded_at, condition_id FROM position_corrections
                WHERE lt_strategy_id = asked.lt_strategy_id AND token_id = position.token_id
            ) AS known
        ) AS bought
        LEFT JOIN markets AS market ON market.condition_id = bought.condition_id
        WHERE
            position.lt_strategy_id = asked.lt_strategy_id AND position.account = 'POSITION_COST'
            AND position.shares <> 0
    ) AS valued
) AS held
CROSS JOIN LATERAL (
    SELECT
        (
            SELECT max(released_at) FROM locks
            WHERE
                scope = 'STRATEGY' AND coalesce(scope_id, '') = asked.lt_strategy_id::text AND reason = 'drawdown'
                AND release_kind = 'BY_HAND'
        ) AS drawdown,
        (
            SELECT max(released_at) FROM locks
            WHERE
                scope = 'STRATEGY' AND coalesce(scope_id, '') = asked.lt_strategy_id::text
                AND reason = 'consecutive_losses' AND release_kind = 'BY_HAND'
        ) AS losses,
        (
            SELECT max(least(released_at, ends_at)) FROM locks
            WHERE
                scope = asked.scope AND coalesce(scope_id, '') = coalesce(asked.scope_id, '')
                AND reason = 'circuit_breaker' AND coalesce(released_at, ends_at) <= :now
        ) AS breaker
) AS ended
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN kept.since IS NOT DISTINCT FROM ended.drawdown THEN kept.profit_usd ELSE (
            SELECT max(marked_equity_usd - transfers_in_usd) FROM equity_snapshots
            WHERE lt_strategy_id = asked.lt_strategy_id AND taken_at >= coalesce(ended.drawdown, '-infinity')
        ) END AS profit
    FROM (VALUES (asked.lt_strategy_id)) AS own (lt_strategy_id) LEFT JOIN equity_highs AS kept USING (lt_strategy_id)
) AS high
LEFT JOIN LATERAL (
    SELECT marked_equity_usd - transfers_in_usd AS profit FROM equity_snapshots
    WHERE
        lt_strategy_id = asked.lt_strategy_id AND taken_at < asked.day_start AND marked_equity_usd IS NOT NULL
    ORDER BY taken_at DESC LIMIT 1
) AS before ON TRUE
LEFT JOIN LATERAL (
    SELECT ended_at, token_id FROM ended_positions
    WHERE
        lt_strategy_id = asked.lt_strategy_id AND pnl_usd >= 0
        AND ended_at > coalesce(ended.losses, '-infinity')
    ORDER BY ended_at DESC, token_id LIMIT 1
) AS won ON TRUE
CROSS JOIN LATERAL (
    SELECT count(*) AS losses FROM ended_positions AS lost
    WHERE
        lost.lt_strategy_id = asked.lt_strategy_id
        AND lost.ended_at >= coalesce(won.ended_at, ended.losses, '-infinity')
        AND lost.ended_at > coalesce(ended.losses, '-infinity')
        AND (won.ended_at IS NULL OR lost.ended_at > won.ended_at OR lost.token_id < won.token_id)
) AS run
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN sum(calls) >= :fewest THEN round(sum(failed_calls)::numeric / sum(calls), 6) END AS failed_fraction
    FROM venue_calls
    WHERE
        trading_wallet_id = asked.trading_wallet_id
        AND observed_at >= greatest(asked.window_start, ended.breaker)
) AS calls
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN count(*) >= asked.most_fills THEN round(sum(worse) / nullif(sum(fair), 0), 6) END AS slippage
    FROM (
        SELECT (fill.price - intent.signal_price) * fill.shares AS worse, intent.signal_price * fill.shares AS fair
        FROM fills AS fill INNER JOIN lt_orders AS intent USING (lt_order_id)
        WHERE
            fill.lt_strategy_id = asked.lt_strategy_id AND fill.side = 'BUY' AND fill.status <> 'FAILED'
            AND fill.recorded_at >= coalesce(ended.breaker, '-infinity') AND intent.signal_price > 0
        ORDER BY fill.recorded_at DESC, fill.fill_id DESC LIMIT asked.most_fills
    ) AS entered
) AS bought
CROSS JOIN LATERAL (
    SELECT count(*) AS breaks_found FROM breaks
    WHERE
        trading_wallet_id = asked.trading_wallet_id
        AND found_at >= greatest(asked.window_start, ended.breaker) AND last_seen_at > found_at
) AS broken
"""


def asked(strategies: Sequence[LiveStrategy], now: datetime) -> dict[str, object]:
    """The parameters of STANDING."""
    rules = [strategy.rules for strategy in strategies]
    scopes = [_breaker_scope(strategy) for strategy in strategies]
    return {
        "strategies": [strategy.lt_strategy_id for strategy in strategies],
        "wallets": [strategy.trading_wallet_id for strategy in strategies],
        "day_starts": [day_start(now, strategy.time_zone) for strategy in strategies],
        "scopes": [scope for scope, _ in scopes],
        "scope_ids": [scope_id for _, scope_id in scopes],
        "windows": [now - timedelta(seconds=each.breaker_window_seconds or 0) for each in rules],
        "fills": [each.breaker_slippage_fills or 1 for each in rules],
        "fewest": _FEWEST_CALLS,
        "feed": TRADES_FEED,
        "now": now,
    }


def _breaker_scope(strategy: LiveStrategy) -> tuple[LockScope, str | None]:
    scope = strategy.rules.breaker_scope or LockScope.STRATEGY
    ids = {LockScope.STRATEGY: strategy.lt_strategy_id, LockScope.TRADING_WALLET: strategy.trading_wallet_id}
    scope_id = ids.get(scope)
    return scope, None if scope_id is None else str(scope_id)


def of_row(row: Row) -> Standing:
    """The standing that a row of STANDING tells."""
    profit, capital = Usd(row["marked_equity"] - row["capital"]), Usd(row["capital"])
    before = Usd.zero() if row["profit_before"] is None else Usd(row["profit_before"])
    return Standing(
        capital=capital,
        marked_equity=Usd(row["marked_equity"]),
        high_water=max(_highest_profit(row), profit) + capital,
        loss_run=int(row["losses"]),
        breaker=BreakerFacts(
            failed_fraction=row["failed_fraction"],
            fills_slippage_fraction=row["slippage"],
            breaks_found=row["breaks_found"],
            feed_lag_seconds=row["feed_lag"],
            price_age_seconds=row["price_age_seconds"],
        ),
        marked_profit_today=profit - before,
    )


def _highest_profit(row: Row) -> Usd:
    """The highest marked profit since a person last accepted a loss; at least none since the beginning."""
    found = row["highest_profit"]
    if not row["is_accepted"]:
        return Usd(max(found or 0, 0))
    return _LOWEST if found is None else Usd(found)

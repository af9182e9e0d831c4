"""How a strategy stands by itself: marked equity against its high-water mark, losses in a row, signs of trouble."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.risk.periods import day_start
from live_trading.risk.snapshot import BreakerFacts, Standing
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.risk import lock_history

# Fewer calls than these say nothing of a rate.
_FEWEST_CALLS = 5
TRADES_FEED = "trades"


def of_strategy(transaction: Transaction, strategy: LiveStrategy, now: datetime) -> Standing:
    """As of this transaction, with the marks that were last taken."""
    marked = _marked(transaction, strategy.lt_strategy_id, now)
    profit, capital = Usd(marked["marked_equity"] - marked["capital"]), Usd(marked["capital"])
    return Standing(
        capital=capital,
        marked_equity=Usd(marked["marked_equity"]),
        high_water=max(_highest_profit(transaction, strategy.lt_strategy_id), profit) + capital,
        loss_run=_loss_run(transaction, strategy.lt_strategy_id),
        breaker=_breaker_facts(transaction, strategy, marked["price_age_seconds"], now),
        marked_profit_today=profit - _profit_before(transaction, strategy, day_start(now, strategy.time_zone)),
    )


def _marked(transaction: Transaction, lt_strategy_id: UUID, now: datetime) -> Row:
    """Equity with positions at their marks (at cost where there is none yet), and the age of the oldest mark.

    Marks of markets that take no orders any more do not age: nobody can trade there until the chain pays out.
    """
    return transaction.only(
        """
        WITH positions AS (
            SELECT
                entry.token_id, entry.trading_wallet_id, sum(entry.amount_usd) AS cost, sum(entry.shares) AS shares
            FROM ledger_entries AS entry
            WHERE entry.lt_strategy_id = :strategy AND entry.account = 'POSITION_COST'
            GROUP BY entry.token_id, entry.trading_wallet_id HAVING sum(entry.shares) <> 0
        ), valued AS (
            SELECT
                coalesce(floor(position.shares * mark.bid_price * 1000000) / 1000000, position.cost) AS marked,
                position.cost,
                CASE WHEN
                    market.is_open AND market.accepting_orders
                    -- The stated end is no cutoff for a market that still took orders when it was last seen after it.
                    AND (coalesce(market.end_time > :now, TRUE) OR market.refreshed_at > market.end_time)
                    THEN extract(EPOCH FROM :now::timestamptz - coalesce(mark.taken_at, bought.first_at))
                END AS age
            FROM positions AS position
            LEFT JOIN position_marks AS mark USING (trading_wallet_id, token_id)
            CROSS JOIN LATERAL (
                SELECT min(fill.recorded_at) AS first_at, min(fill.condition_id) AS condition_id FROM fills AS fill
                WHERE fill.lt_strategy_id = :strategy AND fill.token_id = position.token_id
            ) AS bought
            LEFT JOIN markets AS market ON market.condition_id = bought.condition_id
        ), booked AS (
            SELECT
                coalesce(sum(amount_usd) FILTER (WHERE account NOT IN ('REALISED_PNL', 'FEES')), 0) AS equity,
                coalesce(sum(amount_usd), 0) AS capital
            FROM ledger_entries WHERE lt_strategy_id = :strategy AND account <> 'TRANSFERS'
        )
        SELECT
            booked.capital,
            booked.equity + coalesce((SELECT sum(marked - cost) FROM valued), 0) AS marked_equity,
            coalesce((SELECT floor(max(age)) FROM valued), 0)::integer AS price_age_seconds
        FROM booked
        """,
        strategy=lt_strategy_id,
        now=now,
    )


def _highest_profit(transaction: Transaction, lt_strategy_id: UUID) -> Usd:
    """The highest marked profit since a person last released a drawdown lock; at least none since the beginning.

    A release by hand accepts what was lost: counting on from the old mark would trip again at once.
    """
    released = lock_history.last_release_by_hand(
        transaction, LockScope.STRATEGY, str(lt_strategy_id), LockReason.DRAWDOWN
    )
    row = transaction.only(
        """
        SELECT max(marked_equity_usd - transfers_in_usd) AS profit FROM equity_snapshots
        WHERE lt_strategy_id = :strategy AND taken_at >= coalesce(:since::timestamptz, '-infinity')
        """,
        strategy=lt_strategy_id,
        since=released,
    )
    found = row["profit"]
    if released is None:
        return Usd(max(found or 0, 0))
    return _LOWEST if found is None else Usd(found)


def _profit_before(transaction: Transaction, strategy: LiveStrategy, moment: datetime) -> Usd:
    """The marked profit that was last seen before this moment; none for a strategy that nobody looked at before."""
    row = transaction.row(
        """
        SELECT marked_equity_usd - transfers_in_usd AS profit FROM equity_snapshots
        WHERE lt_strategy_id = :strategy AND taken_at < :moment AND marked_equity_usd IS NOT NULL
        ORDER BY taken_at DESC LIMIT 1
        """,
        strategy=strategy.lt_strategy_id,
        moment=moment,
    )
    return Usd.zero() if row is None else Usd(row["profit"])


# Less than any profit can be.
_LOWEST = Usd(-(10**13))


def _loss_run(transaction: Transaction, lt_strategy_id: UUID) -> int:
    """Positions that ended with a loss, newest first, until one that did not, since the last release by hand."""
    released = lock_history.last_release_by_hand(
        transaction, LockScope.STRATEGY, str(lt_strategy_id), LockReason.CONSECUTIVE_LOSSES
    )
    row = transaction.only(
        """
        WITH ended AS (
            SELECT token_id, sum(pnl_usd) AS pnl_usd, max(resolved_at) AS ended_at FROM lt_orders
            WHERE lt_strategy_id = :strategy AND purpose = 'ENTRY'
            GROUP BY token_id HAVING bool_and(outcome <> 'OPEN') AND sum(pnl_usd) IS NOT NULL
        ), placed AS (
            SELECT pnl_usd, row_number() OVER (ORDER BY ended_at DESC, token_id) AS place FROM ended
            WHERE ended_at > coalesce(:since::timestamptz, '-infinity')
        )
        SELECT coalesce(min(place) FILTER (WHERE pnl_usd >= 0) - 1, count(*)) AS losses FROM placed
        """,
        strategy=lt_strategy_id,
        since=released,
    )
    return int(row["losses"])


def _breaker_facts(
    transaction: Transaction, strategy: LiveStrategy, price_age_seconds: int, now: datetime
) -> BreakerFacts:
    """What happened since the last breaker ended: what tripped it once does not trip it again."""
    rules = strategy.rules
    scope = rules.breaker_scope or LockScope.STRATEGY
    ids = {LockScope.STRATEGY: strategy.lt_strategy_id, LockScope.TRADING_WALLET: strategy.trading_wallet_id}
    scope_id = ids.get(scope)
    ended = lock_history.last_end(
        transaction, scope, None if scope_id is None else str(scope_id), LockReason.CIRCUIT_BREAKER, now
    )
    window = now - timedelta(seconds=rules.breaker_window_seconds or 0)
    row = transaction.only(
        """
        WITH calls AS (
            SELECT coalesce(sum(calls), 0) AS made, coalesce(sum(failed_calls), 0) AS failed FROM venue_calls
            WHERE trading_wallet_id = :wallet AND observed_at >= :since
        ), entered AS (
            SELECT (fill.price - intent.signal_price) * fill.shares AS worse, intent.signal_price * fill.shares AS fair
            FROM fills AS fill INNER JOIN lt_orders AS intent USING (lt_order_id)
            WHERE
                fill.lt_strategy_id = :strategy AND fill.side = 'BUY' AND fill.status <> 'FAILED'
                AND fill.recorded_at >= coalesce(:ended::timestamptz, '-infinity') AND intent.signal_price > 0
            ORDER BY fill.recorded_at DESC, fill.fill_id DESC LIMIT :fills
        )
        SELECT
            (SELECT CASE WHEN made >= :fewest THEN round(failed::numeric / made, 6) END FROM calls) AS failed_fraction,
            (
                SELECT CASE WHEN count(*) >= :fills THEN round(sum(worse) / nullif(sum(fair), 0), 6) END FROM entered
            ) AS slippage,
            (
                SELECT count(*) FROM breaks
                WHERE trading_wallet_id = :wallet AND found_at >= :since AND last_seen_at > found_at
            ) AS breaks_found,
            (
                SELECT floor(extract(EPOCH FROM :now::timestamptz - computed_at))::integer FROM feed_freshness
                WHERE feed = :feed
            ) AS feed_lag
        """,
        wallet=strategy.trading_wallet_id,
        strategy=strategy.lt_strategy_id,
        since=window if ended is None else max(window, ended),
        ended=ended,
        fills=rules.breaker_slippage_fills or 1,
        fewest=_FEWEST_CALLS,
        feed=TRADES_FEED,
        now=now,
    )
    return BreakerFacts(
        failed_fraction=row["failed_fraction"],
        fills_slippage_fraction=row["slippage"],
        breaks_found=row["breaks_found"],
        feed_lag_seconds=row["feed_lag"],
        price_age_seconds=price_age_seconds,
    )

"""What the rules looked at when it was summed over all that ever was: the queries that kept sums took the place of.

They read whole histories, and know nothing of kept tables but the newest snapshots and marks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.money import Usd
from live_trading.risk.periods import day_start, month_start, week_start
from live_trading.risk.snapshot import BreakerFacts, RiskSnapshot, Standing
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.risk.risk_facts import EntryKey
from live_trading.store.risk.standing import TRADES_FEED

# Stakes that the median is taken of; fewer say nothing.
_MEDIAN_OF, _FEWEST_STAKES = 20, 5
# Runs whose calls the venue's latency is measured over.
_LATENCY_OF_RUNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stakes:
    """What is held and what may still be bought, summed the ways that the rules ask for."""

    exposure: Usd
    position: Usd
    market: Usd
    event: Usd
    trader: Usd
    wallet: Usd
    wallet_market: Usd
    holds_position: bool
    open_positions: int
    in_market: int


def snapshot(transaction: Transaction, strategy: LiveStrategy, key: EntryKey, now: datetime) -> RiskSnapshot:
    """The committed state that an entry with this key is judged on."""
    starts = {
        "day": day_start(now, strategy.time_zone),
        "week": week_start(now, strategy.time_zone),
        "month": month_start(now, strategy.time_zone),
    }
    money = _money(transaction, strategy, starts)
    spent = _spent(transaction, strategy, starts, now)
    stakes = _stakes(transaction, strategy, key)
    conduct = _conduct(transaction, strategy, key, now)
    silence = conduct["silence"]
    return RiskSnapshot(
        standing=standing_of(transaction, strategy, now),
        equity=Usd(money["equity"]),
        day_start_equity=Usd(money["equity_day"]),
        week_start_equity=Usd(money["equity_week"]),
        month_start_equity=Usd(money["equity_month"]),
        available=Usd(money["available"]),
        spent_today=Usd(spent["day"]),
        spent_this_week=Usd(spent["week"]),
        spent_this_month=Usd(spent["month"]),
        profit_today=Usd(money["profit_day"]),
        profit_this_week=Usd(money["profit_week"]),
        exposure=stakes.exposure,
        position_usd=stakes.position,
        market_exposure=stakes.market,
        event_exposure=stakes.event,
        trader_exposure=stakes.trader,
        wallet_unallocated=Usd(money["wallet_unallocated"]),
        wallet_equity=Usd(money["wallet_equity"]),
        wallet_exposure=stakes.wallet,
        wallet_market_exposure=stakes.wallet_market,
        holds_this_position=stakes.holds_position,
        open_positions=stakes.open_positions,
        positions_in_market=stakes.in_market,
        orders_last_minute=spent["orders"],
        wallet_orders_last_minute=spent["wallet_orders"],
        median_stake=None if conduct["median_stake"] is None else Usd(conduct["median_stake"]),
        venue_latency_milliseconds=conduct["latency"],
        trader_win_rate=conduct["win_rate"],
        trader_silence=silence if isinstance(silence, timedelta) else None,
        is_same_trade=conduct["is_same_trade"],
    )


def _money(transaction: Transaction, strategy: LiveStrategy, starts: dict[str, datetime]) -> Row:
    """Equity at cost now and when each period began, cash, net profit of day and week, and the wallet's money.

    Capital that was given or taken back since a period began counts as if that had been before it, the first as well.
    """
    return transaction.only(
        """
        WITH own AS (
            SELECT entry.account, entry.amount_usd, booked.occurred_at, booked.kind
            FROM ledger_entries AS entry INNER JOIN ledger_transactions AS booked USING (ledger_transaction_id)
            WHERE entry.lt_strategy_id = :strategy
        ), held AS (
            SELECT * FROM own
            WHERE account IN ('CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION')
        ), lost AS (
            SELECT * FROM own WHERE account IN ('REALISED_PNL', 'FEES')
        )
        SELECT
            coalesce(sum(held.amount_usd), 0) AS equity,
            coalesce(sum(held.amount_usd) FILTER (WHERE held.account = 'CASH'), 0) AS available,
            coalesce(sum(held.amount_usd) FILTER (
                WHERE held.occurred_at < :day OR held.kind = 'ALLOCATION'), 0) AS equity_day,
            coalesce(sum(held.amount_usd) FILTER (
                WHERE held.occurred_at < :week OR held.kind = 'ALLOCATION'), 0) AS equity_week,
            coalesce(sum(held.amount_usd) FILTER (
                WHERE held.occurred_at < :month OR held.kind = 'ALLOCATION'), 0) AS equity_month,
            (SELECT coalesce(-sum(amount_usd) FILTER (WHERE occurred_at >= :day), 0) FROM lost) AS profit_day,
            (SELECT coalesce(-sum(amount_usd) FILTER (WHERE occurred_at >= :week), 0) FROM lost) AS profit_week,
            (
                SELECT coalesce(sum(amount_usd), 0) FROM ledger_entries
                WHERE
                    trading_wallet_id = :wallet AND lt_strategy_id IS NOT NULL
                    AND account IN ('CASH', 'RESERVED', 'UNSETTLED', 'POSITION_COST', 'PENDING_REDEMPTION')
            ) AS wallet_equity,
            (
                SELECT coalesce(sum(amount_usd), 0) FROM ledger_entries
                WHERE trading_wallet_id = :wallet AND account = 'UNALLOCATED'
            ) AS wallet_unallocated
        FROM held
        """,
        strategy=strategy.lt_strategy_id,
        wallet=strategy.trading_wallet_id,
        **starts,
    )


def _spent(transaction: Transaction, strategy: LiveStrategy, starts: dict[str, datetime], now: datetime) -> Row:
    """Entries begun in each period: what unfinished ones may cost, what finished ones did; and how many of late."""
    return transaction.only(
        """
        WITH begun AS (
            SELECT
                intent.intent_at,
                CASE
                    WHEN intent.state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED') THEN bought.usd
                    ELSE intent.reserved_usd
                END AS usd
            FROM lt_orders AS intent
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd FROM fills AS fill
                WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
            ) AS bought
            WHERE
                intent.lt_strategy_id = :strategy AND intent.purpose = 'ENTRY'
                AND intent.intent_at >= least(:day::timestamptz, :week::timestamptz, :month::timestamptz)
        )
        SELECT
            coalesce(sum(usd) FILTER (WHERE intent_at >= :day), 0) AS day,
            coalesce(sum(usd) FILTER (WHERE intent_at >= :week), 0) AS week,
            coalesce(sum(usd) FILTER (WHERE intent_at >= :month), 0) AS month,
            (
                SELECT count(*) FROM lt_orders
                WHERE lt_strategy_id = :strategy AND purpose = 'ENTRY' AND intent_at > :minute_ago
            ) AS orders,
            (
                SELECT count(*) FROM lt_orders
                WHERE trading_wallet_id = :wallet AND purpose = 'ENTRY' AND intent_at > :minute_ago
            ) AS wallet_orders
        FROM begun
        """,
        strategy=strategy.lt_strategy_id,
        wallet=strategy.trading_wallet_id,
        minute_ago=now - timedelta(minutes=1),
        **starts,
    )


_AT_STAKE = """
WITH unfinished AS (
    SELECT
        intent.lt_strategy_id, intent.token_id, intent.condition_id, trade.trader_address,
        intent.reserved_usd - bought.usd AS usd
    FROM lt_orders AS intent
    LEFT JOIN source_trades AS trade USING (source_trade_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(fill.cost_usd + fill.fee_usd), 0) AS usd FROM fills AS fill
        WHERE fill.lt_order_id = intent.lt_order_id AND fill.status <> 'FAILED'
    ) AS bought
    WHERE
        intent.trading_wallet_id = :wallet AND intent.purpose = 'ENTRY'
        AND intent.state NOT IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
), held AS (
    SELECT lt_strategy_id, token_id, sum(amount_usd) AS usd FROM ledger_entries
    WHERE trading_wallet_id = :wallet AND account = 'POSITION_COST' AND lt_strategy_id IS NOT NULL
    GROUP BY lt_strategy_id, token_id HAVING sum(shares) <> 0
), copied AS (
    SELECT
        fill.lt_strategy_id, fill.token_id, fill.condition_id, trade.trader_address,
        sum(fill.cost_usd) AS usd
    FROM fills AS fill
    INNER JOIN held USING (lt_strategy_id, token_id)
    INNER JOIN lt_orders AS intent USING (lt_order_id)
    LEFT JOIN source_trades AS trade USING (source_trade_id)
    WHERE fill.side = 'BUY' AND fill.status <> 'FAILED'
    GROUP BY fill.lt_strategy_id, fill.token_id, fill.condition_id, trade.trader_address
), at_stake AS (
    SELECT
        copied.lt_strategy_id, copied.token_id, copied.condition_id, copied.trader_address,
        held.usd * coalesce(
            copied.usd / nullif(sum(copied.usd) OVER (PARTITION BY copied.lt_strategy_id, copied.token_id), 0), 0
        ) AS usd
    FROM copied INNER JOIN held USING (lt_strategy_id, token_id)
    UNION ALL
    -- Shares that no order of the strategy bought: a person gave them to it.
    SELECT held.lt_strategy_id, held.token_id, min(given.condition_id), NULL, held.usd
    FROM held INNER JOIN position_corrections AS given USING (lt_strategy_id, token_id)
    WHERE (held.lt_strategy_id, held.token_id) NOT IN (SELECT lt_strategy_id, token_id FROM copied)
    GROUP BY held.lt_strategy_id, held.token_id, held.usd
    UNION ALL
    SELECT lt_strategy_id, token_id, condition_id, trader_address, usd FROM unfinished
)
SELECT
    stake.lt_strategy_id, stake.token_id, stake.condition_id, market.event_id,
    sum(stake.usd) AS usd,
    coalesce(sum(stake.usd) FILTER (WHERE stake.trader_address = :trader), 0) AS trader_usd
FROM at_stake AS stake INNER JOIN markets AS market USING (condition_id)
GROUP BY stake.lt_strategy_id, stake.token_id, stake.condition_id, market.event_id
"""


def _stakes(transaction: Transaction, strategy: LiveStrategy, key: EntryKey) -> _Stakes:
    """Positions at cost are shared among the traders whose trades bought them, in proportion to what each cost."""
    rows = transaction.rows(_AT_STAKE, wallet=strategy.trading_wallet_id, trader=key.trader)
    own = [row for row in rows if row["lt_strategy_id"] == strategy.lt_strategy_id]
    in_market = [row for row in own if row["condition_id"] == key.condition_id]
    position = [row for row in own if row["token_id"] == key.token_id]
    return _Stakes(
        exposure=_usd(own),
        position=_usd(position),
        market=_usd(in_market),
        event=_usd(in_market if key.event_id is None else [row for row in own if row["event_id"] == key.event_id]),
        trader=_usd(own, "trader_usd"),
        wallet=_usd(rows),
        wallet_market=_usd([row for row in rows if row["condition_id"] == key.condition_id]),
        holds_position=bool(position),
        open_positions=len(own),
        in_market=len(in_market),
    )


def _usd(rows: list[Row], column: str = "usd") -> Usd:
    return _cents_up(sum((row[column] for row in rows), Decimal(0)))


def _cents_up(total: Decimal) -> Usd:
    """Parts of a position at cost are quotients; what is beyond their precision is no dollar."""
    return Usd.ceil(round(total, 9))


def _conduct(transaction: Transaction, strategy: LiveStrategy, key: EntryKey, now: datetime) -> Row:
    """The median stake (own, else the paper twin's), the venue's latency, and how the trader does."""
    return transaction.only(
        """
        WITH own AS (
            SELECT order_usd FROM lt_orders
            WHERE lt_strategy_id = :strategy AND purpose = 'ENTRY' AND state <> 'REJECTED'
            ORDER BY intent_at DESC, made_number DESC LIMIT :median_of
        ), paper AS (
            SELECT stake_usd FROM ft_orders WHERE ft_wallet_id = :ft_wallet
            ORDER BY decided_at DESC, source_trade_id DESC LIMIT :median_of
        ), calls AS (
            SELECT latencies_milliseconds FROM venue_calls WHERE trading_wallet_id = :wallet
            ORDER BY observed_at DESC LIMIT :runs
        )
        SELECT
            CASE
                WHEN (SELECT count(*) FROM own) >= :fewest
                    THEN (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY order_usd) FROM own)
                WHEN (SELECT count(*) FROM paper) >= :fewest
                    THEN (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY stake_usd) FROM paper)
            END AS median_stake,
            (
                SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY took)
                FROM calls CROSS JOIN unnest(calls.latencies_milliseconds) AS took
            ) AS latency,
            (
                SELECT round(d30_won_count::numeric / nullif(d30_resolved_count, 0), 6) FROM trader_stats
                WHERE trader_address = :trader AND as_of <= :now ORDER BY as_of DESC LIMIT 1
            ) AS win_rate,
            (
                SELECT :trade_time::timestamptz - coalesce(
                    (
                        SELECT max(trade_time) FROM source_trades
                        WHERE trader_address = :trader AND trade_time < :trade_time
                    ),
                    created_at
                ) FROM traders WHERE trader_address = :trader
            ) AS silence,
            EXISTS (
                SELECT 1 FROM source_trades AS other
                INNER JOIN lt_orders AS entered USING (source_trade_id)
                WHERE
                    other.token_id = :token AND other.trader_address <> :trader
                    AND other.trade_time BETWEEN :trade_time::timestamptz - :same_trade::interval
                    AND :trade_time::timestamptz + :same_trade::interval
                    AND entered.lt_strategy_id = :strategy AND entered.purpose = 'ENTRY'
                    AND entered.state <> 'REJECTED'
            ) AS is_same_trade
        """,
        strategy=strategy.lt_strategy_id,
        ft_wallet=strategy.ft_wallet_id,
        wallet=strategy.trading_wallet_id,
        trader=key.trader,
        trade_time=key.trade_time,
        token=key.token_id,
        same_trade=timedelta(seconds=strategy.rules.same_trade_window_seconds or 0),
        now=now,
        median_of=_MEDIAN_OF,
        fewest=_FEWEST_STAKES,
        runs=_LATENCY_OF_RUNS,
    )


# Fewer calls than these say nothing of a rate.
_FEWEST_CALLS = 5


def standing_of(transaction: Transaction, strategy: LiveStrategy, now: datetime) -> Standing:
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
                SELECT min(known.recorded_at) AS first_at, min(known.condition_id) AS condition_id FROM (
                    SELECT recorded_at, condition_id FROM fills
                    WHERE lt_strategy_id = :strategy AND token_id = position.token_id
                    UNION ALL
                    SELECT recorded_at, condition_id FROM position_corrections
                    WHERE lt_strategy_id = :strategy AND token_id = position.token_id
                ) AS known
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
    released = last_release_by_hand(transaction, LockScope.STRATEGY, str(lt_strategy_id), LockReason.DRAWDOWN)
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
    released = last_release_by_hand(transaction, LockScope.STRATEGY, str(lt_strategy_id), LockReason.CONSECUTIVE_LOSSES)
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
    ended = last_end(transaction, scope, None if scope_id is None else str(scope_id), LockReason.CIRCUIT_BREAKER, now)
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


def last_release_by_hand(
    transaction: Transaction, scope: LockScope, scope_id: str | None, reason: LockReason
) -> datetime | None:
    """When a person last released a lock of this scope and reason."""
    found: datetime | None = transaction.only(
        """
        SELECT max(released_at) AS at FROM locks
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason
            AND release_kind = 'BY_HAND'
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
    )["at"]
    return found


def last_end(
    transaction: Transaction, scope: LockScope, scope_id: str | None, reason: LockReason, now: datetime
) -> datetime | None:
    """When the last lock of this scope and reason was over, by whatever way."""
    found: datetime | None = transaction.only(
        """
        SELECT max(least(coalesce(released_at, ends_at), coalesce(ends_at, released_at))) AS at FROM locks
        WHERE
            scope = :scope AND scope_id IS NOT DISTINCT FROM :scope_id AND reason = :reason
            AND coalesce(released_at, ends_at) <= :now
        """,
        scope=scope,
        scope_id=scope_id,
        reason=reason,
        now=now,
    )["at"]
    return found

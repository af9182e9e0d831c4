"""What the rules look at, read in one transaction: amounts at stake, spending, and how the strategy stands.

Call `snapshot` with the wallet's and the strategy's rows locked (`live_strategies.lock_for_entry`), else two entries
could each see room for one. All figures are queries on ledger, orders, fills and locks; none is a stored counter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.risk.after_entry import FEWEST_STAKES, MEDIAN_OF
from live_trading.risk.periods import day_start, month_start, week_start
from live_trading.risk.snapshot import RiskSnapshot, Standing
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.risk import standing

# Runs whose calls the venue's latency is measured over.
_LATENCY_OF_RUNS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKey:
    """What is to be bought, and after whom; `trader` and `event_id` None where there is none."""

    token_id: str
    condition_id: str
    event_id: str | None
    trader: str | None
    trade_time: datetime


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
    (found,) = snapshots(transaction, [(strategy, key)], now)
    return found


def snapshots(
    transaction: Transaction, asked: Sequence[tuple[LiveStrategy, EntryKey]], now: datetime
) -> list[RiskSnapshot]:
    """The committed state that each of these entries is judged on, in their order.

    What is of a strategy is asked once, and what is of an entry in one round trip for all of them.
    """
    strategies = {strategy.lt_strategy_id: strategy for strategy, _ in asked}
    starts = {each.lt_strategy_id: _starts(each, now) for each in strategies.values()}
    money = {number: _money(transaction, each, starts[number]) for number, each in strategies.items()}
    spent = {number: _spent(transaction, each, starts[number], now) for number, each in strategies.items()}
    stood = {number: standing.of_strategy(transaction, each, now) for number, each in strategies.items()}
    conduct: list[Row] = []
    at_stake: dict[tuple[UUID, str | None], list[Row]] = {}
    for strategy, key in asked:
        _ask_conduct(transaction, strategy, key, now, conduct.extend)
        whose = (strategy.trading_wallet_id, key.trader)
        if whose not in at_stake:
            at_stake[whose] = []
            _ask_at_stake(transaction, *whose, at_stake[whose].extend)
    transaction.flush()
    return [
        _composed(
            money[strategy.lt_strategy_id],
            spent[strategy.lt_strategy_id],
            stood[strategy.lt_strategy_id],
            _stakes(at_stake[strategy.trading_wallet_id, key.trader], strategy, key),
            of_key,
        )
        for (strategy, key), of_key in zip(asked, conduct, strict=True)
    ]


def _starts(strategy: LiveStrategy, now: datetime) -> dict[str, datetime]:
    return {
        "day": day_start(now, strategy.time_zone),
        "week": week_start(now, strategy.time_zone),
        "month": month_start(now, strategy.time_zone),
    }


def _composed(money: Row, spent: Row, stood: Standing, stakes: _Stakes, conduct: Row) -> RiskSnapshot:
    silence = conduct["silence"]
    return RiskSnapshot(
        standing=stood,
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


def _ask_at_stake(
    transaction: Transaction, trading_wallet_id: UUID, trader: str | None, take: Callable[[list[Row]], None]
) -> None:
    transaction.later(_AT_STAKE, check=take, wallet=trading_wallet_id, trader=trader)


def _stakes(rows: list[Row], strategy: LiveStrategy, key: EntryKey) -> _Stakes:
    """Positions at cost are shared among the traders whose trades bought them, in proportion to what each cost."""
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


def _ask_conduct(
    transaction: Transaction,
    strategy: LiveStrategy,
    key: EntryKey,
    now: datetime,
    take: Callable[[list[Row]], None],
) -> None:
    """The median stake (own, else the paper twin's), the venue's latency, and how the trader does."""
    transaction.later(
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
        check=take,
        strategy=strategy.lt_strategy_id,
        ft_wallet=strategy.ft_wallet_id,
        wallet=strategy.trading_wallet_id,
        trader=key.trader,
        trade_time=key.trade_time,
        token=key.token_id,
        same_trade=timedelta(seconds=strategy.rules.same_trade_window_seconds or 0),
        now=now,
        median_of=MEDIAN_OF,
        fewest=FEWEST_STAKES,
        runs=_LATENCY_OF_RUNS,
    )

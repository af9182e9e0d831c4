"""What the rules look at, read in one transaction: amounts at stake, spending, and how the strategy stands.

Call `snapshot` with the wallet's and the strategy's rows locked (`live_strategies.lock_for_entry`), else two entries
could each see room for one. It takes two statements whatever has been traded: figures are the sums that the ledger and
the orders keep as they change, and queries on what is held, open or newest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.risk.after_entry import FEWEST_STAKES, MEDIAN_OF
from live_trading.risk.snapshot import RiskSnapshot, Standing
from live_trading.store.accounts.live_strategies import LiveStrategy
from live_trading.store.database.connection import Row, Transaction
from live_trading.store.risk import at_stake, standing, strategy_sums
from live_trading.store.risk.at_stake import Stakes

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
class StrategyState:
    """One strategy's accounts, periods and standing as of one moment, all in USD; `exposure` as in RiskSnapshot.

    `has_high`: a snapshot has been kept since the beginning, or since a person last accepted what was lost.
    """

    standing: Standing
    equity: Usd
    available: Usd
    reserved: Usd
    position_cost: Usd
    pending_redemption: Usd
    net_profit: Usd
    spent_today: Usd
    spent_this_week: Usd
    spent_this_month: Usd
    profit_today: Usd
    profit_this_week: Usd
    exposure: Usd
    open_positions: int
    has_high: bool


def snapshot(transaction: Transaction, strategy: LiveStrategy, key: EntryKey, now: datetime) -> RiskSnapshot:
    """The committed state that an entry with this key is judged on."""
    (found,) = snapshots(transaction, [(strategy, key)], now)
    return found


def snapshots(
    transaction: Transaction, asked: Sequence[tuple[LiveStrategy, EntryKey]], now: datetime
) -> list[RiskSnapshot]:
    """The committed state that each of these entries is judged on, in their order, in one round trip for all."""
    strategies = list({strategy.lt_strategy_id: strategy for strategy, _ in asked}.values())
    states: list[Row] = []
    conduct: list[Row] = []
    stakes: dict[tuple[UUID, str | None], list[Row]] = {}
    # What is of a strategy is asked once: planning it takes Postgres longer than all the rest.
    arguments = standing.asked(strategies, now) | strategy_sums.asked(strategies, now)
    transaction.later(_STATES, check=states.extend, **arguments)
    for strategy, key in asked:
        _ask_conduct(transaction, strategy, key, now, conduct.extend)
        whose = (strategy.lt_strategy_id, key.trader)
        if whose not in stakes:
            stakes[whose] = []
            at_stake.ask(transaction, strategy, key.trader, stakes[whose].extend)
    transaction.flush()
    of_strategy = {row["lt_strategy_id"]: row for row in states}
    return [
        _composed(
            of_strategy[strategy.lt_strategy_id] | of_key,
            _stakes_of(stakes[strategy.lt_strategy_id, key.trader], strategy, key),
        )
        for (strategy, key), of_key in zip(asked, conduct, strict=True)
    ]


def _stakes_of(rows: Sequence[Row], strategy: LiveStrategy, key: EntryKey) -> Stakes:
    return at_stake.of_entry(
        rows,
        strategy,
        token_id=key.token_id,
        condition_id=key.condition_id,
        event_id=key.event_id,
    )


def _composed(facts: Row, stakes: Stakes) -> RiskSnapshot:
    silence = facts["silence"]
    return RiskSnapshot(
        standing=standing.of_row(facts),
        equity=Usd(facts["equity"]),
        day_start_equity=Usd(facts["equity_day"]),
        week_start_equity=Usd(facts["equity_week"]),
        month_start_equity=Usd(facts["equity_month"]),
        available=Usd(facts["available"]),
        spent_today=Usd(facts["spent_day"]),
        spent_this_week=Usd(facts["spent_week"]),
        spent_this_month=Usd(facts["spent_month"]),
        profit_today=Usd(facts["profit_day"]),
        profit_this_week=Usd(facts["profit_week"]),
        exposure=stakes.exposure,
        position_usd=stakes.position,
        market_exposure=stakes.market,
        event_exposure=stakes.event,
        trader_exposure=stakes.trader,
        wallet_unallocated=Usd(facts["wallet_unallocated"]),
        wallet_equity=Usd(facts["wallet_equity"]),
        wallet_exposure=stakes.wallet,
        wallet_market_exposure=stakes.wallet_market,
        holds_this_position=stakes.holds_position,
        open_positions=stakes.open_positions,
        positions_in_market=stakes.in_market,
        orders_last_minute=facts["orders"],
        wallet_orders_last_minute=facts["wallet_orders"],
        median_stake=None if facts["median_stake"] is None else Usd(facts["median_stake"]),
        venue_latency_milliseconds=facts["latency"],
        trader_win_rate=facts["win_rate"],
        trader_silence=silence if isinstance(silence, timedelta) else None,
        is_same_trade=facts["is_same_trade"],
    )


def states(transaction: Transaction, strategies: Sequence[LiveStrategy], now: datetime) -> dict[UUID, StrategyState]:
    """The state of each of these strategies, in two statements."""
    if not strategies:
        return {}
    rows = transaction.rows(_STATES, **standing.asked(strategies, now) | strategy_sums.asked(strategies, now))
    stakes = at_stake.of_strategies(transaction, strategies)
    nothing = (Usd.zero(), 0)
    return {row["lt_strategy_id"]: _state(row, *stakes.get(row["lt_strategy_id"], nothing)) for row in rows}


def _state(row: Row, exposure: Usd, open_positions: int) -> StrategyState:
    return StrategyState(
        standing=standing.of_row(row),
        equity=Usd(row["equity"]),
        available=Usd(row["available"]),
        reserved=Usd(row["reserved"]),
        position_cost=Usd(row["position_cost"]),
        pending_redemption=Usd(row["pending"]),
        net_profit=Usd(row["net_profit"]),
        spent_today=Usd(row["spent_day"]),
        spent_this_week=Usd(row["spent_week"]),
        spent_this_month=Usd(row["spent_month"]),
        profit_today=Usd(row["profit_day"]),
        profit_this_week=Usd(row["profit_week"]),
        exposure=exposure,
        open_positions=open_positions,
        has_high=row["highest_profit"] is not None,
    )


_JOINED = "SELECT stood.*, sums.* FROM ({standing}) AS stood INNER JOIN ({sums}) AS sums USING (lt_strategy_id)"
_STATES = _JOINED.format(standing=standing.STANDING, sums=strategy_sums.SUMS)


# The median stake (own, else the paper twin's), the venue's latency, and how the trader does.
_CONDUCT = """
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
        WHEN (SELECT count(*) FROM own) >= :fewest_stakes
            THEN (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY order_usd) FROM own)
        WHEN (SELECT count(*) FROM paper) >= :fewest_stakes
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
"""


def _ask_conduct(
    transaction: Transaction,
    strategy: LiveStrategy,
    key: EntryKey,
    now: datetime,
    take: Callable[[list[Row]], None],
) -> None:
    """How the trader, the venue and the strategy's stakes do, with the next round trip."""
    transaction.later(
        _CONDUCT,
        check=take,
        now=now,
        strategy=strategy.lt_strategy_id,
        ft_wallet=strategy.ft_wallet_id,
        wallet=strategy.trading_wallet_id,
        trader=key.trader,
        trade_time=key.trade_time,
        token=key.token_id,
        same_trade=timedelta(seconds=strategy.rules.same_trade_window_seconds or 0),
        median_of=MEDIAN_OF,
        fewest_stakes=FEWEST_STAKES,
        runs=_LATENCY_OF_RUNS,
    )

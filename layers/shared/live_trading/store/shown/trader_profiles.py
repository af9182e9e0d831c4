"""One trader: since when they are followed, what they trade, and what an owner's strategies and wallets made of it.

Traders are common to all owners; who follows them, and what was decided, is the owner's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.decisions import Verdict
from live_trading.nouns.money import Usd
from live_trading.nouns.trades import TraderStats
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import trader_stats

# Of the newest trades so many say what a trader trades, and of so many it is looked up what was decided.
CATEGORIES_OVER = 200
DECISIONS_OVER = 50
# So many strategies and wallets of an owner are shown.
MOST_FOLLOWERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTrader:
    """`since` is from when on trades count; of one who is followed no more, from when on they did."""

    trader: str
    is_followed: bool
    since: datetime
    last_trade_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradedCategory:
    """What the newest trades were in. `category` is None where the market is not known or has none."""

    category: str | None
    trades: int
    usd: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A strategy or an FT wallet that takes the trader's trades, and its verdicts on the newest of them.

    `orders` are those that it made of these trades, live or on paper, and `pnl` what the ended ones of them brought.
    """

    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    name: str
    is_active: bool
    verdicts: dict[Verdict, int]
    orders: int
    pnl: Usd


def find(transaction: Transaction, trader: str) -> KnownTrader | None:
    """The trader of that address, followed or once followed."""
    row = transaction.row(
        """
        SELECT trader.*, newest.trade_time FROM traders AS trader
        LEFT JOIN LATERAL (
            SELECT trade_time FROM source_trades
            WHERE source_trades.trader_address = trader.trader_address ORDER BY trade_time DESC LIMIT 1
        ) AS newest ON TRUE
        WHERE trader.trader_address = :trader
        """,
        trader=trader,
    )
    if row is None:
        return None
    return KnownTrader(
        trader=row["trader_address"],
        is_followed=row["is_followed"],
        since=row["created_at"],
        last_trade_at=row["trade_time"],
    )


def newest_record(transaction: Transaction, trader: str) -> TraderStats | None:
    """The trader's newest snapshot."""
    row = transaction.row(
        "SELECT as_of FROM trader_stats WHERE trader_address = :trader ORDER BY as_of DESC LIMIT 1", trader=trader
    )
    if row is None:
        return None
    key = trader, row["as_of"]
    return trader_stats.find(transaction, [key]).get(key)


def categories(transaction: Transaction, trader: str) -> list[TradedCategory]:
    """What the newest trades were in, the most dollars first."""
    rows = transaction.rows(
        """
        SELECT market.category, count(*) AS trades, sum(floor(newest.price * newest.shares * 1000000) / 1000000) AS usd
        FROM (
            SELECT condition_id, price, shares FROM source_trades
            WHERE trader_address = :trader ORDER BY trade_time DESC LIMIT :most
        ) AS newest
        LEFT JOIN LATERAL (
            SELECT category FROM markets WHERE markets.condition_id = newest.condition_id LIMIT 1
        ) AS market ON TRUE
        GROUP BY market.category ORDER BY usd DESC, market.category
        """,
        trader=trader,
        most=CATEGORIES_OVER,
    )
    return [TradedCategory(category=row["category"], trades=row["trades"], usd=Usd(row["usd"])) for row in rows]


def followers(transaction: Transaction, owner_id: str, trader: str) -> list[Follower]:
    """The owner's strategies and FT wallets whose present configuration takes the trader's trades, oldest first."""
    rows = transaction.rows(
        """
        WITH follower AS (
            SELECT subject.* FROM (
                SELECT
                    wallet.ft_wallet_id, NULL::uuid AS lt_strategy_id, wallet.name, wallet.is_active,
                    wallet.current_version, wallet.created_at
                FROM ft_wallets AS wallet WHERE wallet.owner_id = :owner_id
                UNION ALL
                SELECT
                    wallet.ft_wallet_id, strategy.lt_strategy_id, strategy.name, strategy.is_active,
                    wallet.current_version, strategy.created_at
                FROM lt_strategies AS strategy INNER JOIN ft_wallets AS wallet USING (ft_wallet_id)
                WHERE strategy.owner_id = :owner_id
            ) AS subject
            INNER JOIN ft_wallet_versions AS version
                ON version.ft_wallet_id = subject.ft_wallet_id AND version.version = subject.current_version
            WHERE
                (
                    coalesce(version.config -> 'target_traders', 'null') = 'null'
                    OR version.config -> 'target_traders' @> to_jsonb(:trader::text)
                )
                AND NOT coalesce(version.config -> 'excluded_traders' @> to_jsonb(:trader::text), FALSE)
            ORDER BY subject.created_at, subject.ft_wallet_id, subject.lt_strategy_id NULLS FIRST LIMIT :most
        ), newest AS MATERIALIZED (
            SELECT source_trade_id FROM source_trades
            WHERE trader_address = :trader ORDER BY trade_time DESC LIMIT :trades
        )
        SELECT
            follower.*,
            count(*) FILTER (WHERE made.verdict = 'ACCEPTED') AS accepted,
            count(*) FILTER (WHERE made.verdict = 'REJECTED') AS rejected,
            count(*) FILTER (WHERE made.verdict = 'EXIT') AS followed_out,
            coalesce(sum(bought.orders), 0) AS orders, coalesce(sum(bought.pnl_usd), 0) AS pnl_usd
        FROM follower LEFT JOIN newest ON TRUE
        LEFT JOIN LATERAL (
            SELECT verdict FROM decisions
            WHERE
                decisions.lt_strategy_id = follower.lt_strategy_id
                AND decisions.source_trade_id = newest.source_trade_id
            UNION ALL
            SELECT verdict FROM decisions
            WHERE
                follower.lt_strategy_id IS NULL AND decisions.lt_strategy_id IS NULL
                AND decisions.ft_wallet_id = follower.ft_wallet_id
                AND decisions.source_trade_id = newest.source_trade_id
        ) AS made ON TRUE
        LEFT JOIN LATERAL (
            SELECT count(*) AS orders, sum(entered.pnl_usd) AS pnl_usd FROM (
                SELECT pnl_usd FROM lt_orders
                WHERE
                    lt_orders.lt_strategy_id = follower.lt_strategy_id AND lt_orders.purpose = 'ENTRY'
                    AND lt_orders.source_trade_id = newest.source_trade_id
                UNION ALL
                SELECT pnl_usd FROM ft_orders
                WHERE
                    follower.lt_strategy_id IS NULL AND ft_orders.ft_wallet_id = follower.ft_wallet_id
                    AND ft_orders.source_trade_id = newest.source_trade_id
            ) AS entered
        ) AS bought ON TRUE
        GROUP BY
            follower.ft_wallet_id, follower.lt_strategy_id, follower.name, follower.is_active,
            follower.current_version, follower.created_at
        ORDER BY follower.created_at, follower.ft_wallet_id, follower.lt_strategy_id NULLS FIRST
        """,
        owner_id=owner_id,
        trader=trader,
        most=MOST_FOLLOWERS,
        trades=DECISIONS_OVER,
    )
    return [
        Follower(
            ft_wallet_id=row["ft_wallet_id"],
            lt_strategy_id=row["lt_strategy_id"],
            name=row["name"],
            is_active=row["is_active"],
            verdicts={
                Verdict.ACCEPTED: row["accepted"],
                Verdict.REJECTED: row["rejected"],
                Verdict.EXIT: row["followed_out"],
            },
            orders=int(row["orders"]),
            pnl=Usd(row["pnl_usd"]),
        )
        for row in rows
    ]

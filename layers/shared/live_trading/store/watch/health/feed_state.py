"""How far readers of feeds, and those who decide, are behind what is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

# More of them than this have one cause, and the first of them name it.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedLag:
    """How late the newest trades of followed traders were seen; `typical` is None without any."""

    trades: int
    typical: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderState:
    """When the followed trader who was asked for least recently was, None where there is none or never.

    `followed` are those that are. `watched_until` is the time of the newest block that the chain watch has done.
    """

    followed: int
    never_asked: int
    least_recently_asked: datetime | None
    watched_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A subject with trades that it has not decided; the oldest of them has been there since `since`."""

    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    owner_id: str
    name: str
    since: datetime


def ask_followed_lag(transaction: Transaction, *, since: datetime, most: int) -> Pending[FollowedLag]:
    """Of the newest trades that were seen since then."""
    return ask(
        transaction,
        """
        SELECT
            count(*) AS trades,
            (percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(EPOCH FROM seen_at - trade_time)) * 1000)::bigint
            AS typical
        FROM (
            SELECT seen_at, trade_time FROM source_trades ORDER BY source_trade_id DESC LIMIT :most
        ) AS newest
        WHERE seen_at >= :since
        """,
        _followed_lag,
        since=since,
        most=most,
    )


def _followed_lag(rows: list[Row]) -> FollowedLag:
    (row,) = rows
    typical = row["typical"]
    return FollowedLag(
        trades=int(row["trades"]), typical=None if typical is None else timedelta(milliseconds=int(typical))
    )


def ask_readers(transaction: Transaction, rotation: str) -> Pending[ReaderState]:
    """How the readers of both sources stand; `rotation` names the turns of the feed's traders."""
    return ask(
        transaction,
        """
        SELECT
            count(*) AS followed, count(*) FILTER (WHERE turn.served_at IS NULL) AS never_asked,
            min(turn.served_at) AS least_recently_asked,
            (SELECT block_time FROM chain_blocks ORDER BY block_number DESC LIMIT 1) AS watched_until
        FROM traders LEFT JOIN turns AS turn ON turn.rotation = :rotation AND turn.part = traders.trader_address
        WHERE traders.is_followed
        """,
        lambda rows: ReaderState(**rows[0]),
        rotation=rotation,
    )


_SUBJECTS = """
(
    SELECT
        'decided:lt:' || strategy.lt_strategy_id AS cursor_name, strategy.ft_wallet_id, strategy.lt_strategy_id,
        strategy.owner_id, strategy.name
    FROM lt_strategies AS strategy INNER JOIN ft_wallets AS wallet USING (ft_wallet_id)
    WHERE strategy.is_active AND wallet.is_active
    UNION ALL
    SELECT 'decided:ft:' || ft_wallet_id, ft_wallet_id, NULL, owner_id, name FROM ft_wallets WHERE is_active
)
"""


def ask_behind(transaction: Transaction, before: datetime) -> Pending[list[Behind]]:
    """Active strategies and FT wallets whose mark stands before a trade that was there before then, the longest first.

    A mark passes what is none of the subject's business too, so that one that stands still is not looked after.
    """
    return ask(
        transaction,
        f"""
        SELECT subject.ft_wallet_id, subject.lt_strategy_id, subject.owner_id, subject.name, next.seen_at AS since
        FROM {_SUBJECTS} AS subject
        INNER JOIN cursors AS mark ON mark.cursor_name = subject.cursor_name
        CROSS JOIN LATERAL (
            SELECT seen_at FROM source_trades WHERE source_trade_id > mark.position::bigint
            ORDER BY source_trade_id LIMIT 1
        ) AS next
        WHERE next.seen_at < :before
        ORDER BY next.seen_at, subject.cursor_name LIMIT :most
        """,  # noqa: S608 (a constant of this module)
        lambda rows: [Behind(**row) for row in rows],
        before=before,
        most=MOST_LISTED,
    )

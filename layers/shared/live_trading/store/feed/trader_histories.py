"""What is kept of traders' histories: how far the reading has come, sums of trades, ended positions, final results.

Every step of the reading is one transaction that stores what it read and moves `progress` past it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from live_trading.nouns.money import Usd
from live_trading.signals.history_sums import HistoryPart, Progress, ResultCounts, TradeHour, TradeSum
from live_trading.signals.trader_record import WINDOW, ClosedPosition
from live_trading.store.database.connection import Row, Transaction


def progress_of(transaction: Transaction, traders: Collection[str]) -> dict[str, Progress]:
    """How far each of these traders has been read; those that nobody began with are missing."""
    rows = transaction.rows(
        "SELECT * FROM trader_histories WHERE trader_address = ANY(:traders::text[])", traders=sorted(traders)
    )
    return {row["trader_address"]: _progress(row) for row in rows}


def save_progress(transaction: Transaction, progress: Progress) -> None:
    """Stores how far a trader has been read."""
    transaction.execute(
        """
        INSERT INTO trader_histories (
            trader_address, pass_number, part, resume, page_digest, began_at, reads_after, complete_to, whole_at,
            has_undated_trades, refused_as_of, refused_because
        ) VALUES (
            :trader, :pass_number, :part, :resume, :page_digest, :began_at, :reads_after, :complete_to, :whole_at,
            :has_undated_trades, :refused_as_of, :refused_because
        )
        ON CONFLICT (trader_address) DO UPDATE SET
            pass_number = excluded.pass_number,
            part = excluded.part,
            resume = excluded.resume,
            page_digest = excluded.page_digest,
            began_at = excluded.began_at,
            reads_after = excluded.reads_after,
            complete_to = excluded.complete_to,
            whole_at = excluded.whole_at,
            has_undated_trades = excluded.has_undated_trades,
            refused_as_of = excluded.refused_as_of,
            refused_because = excluded.refused_because
        """,
        **{each.name: getattr(progress, each.name) for each in fields(Progress)},
    )


def forget_trades(transaction: Transaction, trader: str, after: datetime | None) -> None:
    """Drops the sums of hours later than `after`, all where it is None: they are about to be read again."""
    transaction.execute(
        """
        DELETE FROM trader_trade_hours
        WHERE trader_address = :trader AND until > coalesce(:after::timestamptz, '-infinity')
        """,
        trader=trader,
        after=after,
    )


def add_trades(transaction: Transaction, trader: str, hours: Sequence[TradeHour]) -> None:
    """Adds these sums to those of their hours."""
    if not hours:
        return
    transaction.execute(
        """
        INSERT INTO trader_trade_hours AS kept (trader_address, until, trades, unsized, usd)
        SELECT :trader, added.* FROM unnest(
            :untils::timestamptz[], :trades::integer[], :unsized::integer[], :usd::numeric[]
        ) AS added
        ON CONFLICT (trader_address, until) DO UPDATE SET
            trades = kept.trades + excluded.trades,
            unsized = kept.unsized + excluded.unsized,
            usd = kept.usd + excluded.usd
        """,
        trader=trader,
        untils=[each.until for each in hours],
        trades=[each.trades for each in hours],
        unsized=[each.unsized for each in hours],
        usd=[each.usd for each in hours],
    )


def trade_sums(
    transaction: Transaction, trader: str, as_ofs: Collection[datetime]
) -> dict[datetime, tuple[TradeSum, TradeSum]]:
    """By full hour the trades of the window before it, and all up to it.

    Summed where the rows are, of which there is one for every hour in which the trader ever traded.
    """
    rows = transaction.rows(
        """
        SELECT asked.as_of, sums.* FROM unnest(:as_ofs::timestamptz[], :afters::timestamptz[]) AS asked (as_of, after)
        CROSS JOIN LATERAL (
            SELECT
                coalesce(sum(trades) FILTER (WHERE until > asked.after), 0) AS recent_trades,
                coalesce(sum(unsized) FILTER (WHERE until > asked.after), 0) AS recent_unsized,
                coalesce(sum(usd) FILTER (WHERE until > asked.after), 0) AS recent_usd,
                coalesce(sum(trades), 0) AS trades,
                coalesce(sum(unsized), 0) AS unsized,
                coalesce(sum(usd), 0) AS usd
            FROM trader_trade_hours
            WHERE trader_address = :trader AND until <= asked.as_of
        ) AS sums
        """,
        trader=trader,
        as_ofs=sorted(as_ofs),
        afters=[each - WINDOW for each in sorted(as_ofs)],
    )
    return {row["as_of"]: (_sum(row, "recent_"), _sum(row, "")) for row in rows}


def put_positions(
    transaction: Transaction, progress: Progress, positions: Sequence[ClosedPosition], *, is_held: bool
) -> None:
    """Stores ended positions as a list shows them in this pass."""
    distinct = {each.token_id: each for each in positions}
    if not distinct:
        return
    found = list(distinct.values())
    transaction.execute(
        """
        INSERT INTO trader_positions (
            trader_address, is_held, token_id, closed_at, pnl_usd, not_before, pass_number
        )
        SELECT :trader, :is_held, seen.*, :pass_number FROM unnest(
            :tokens::text[], :closed_ats::timestamptz[], :pnls::numeric[], :not_befores::timestamptz[]
        ) AS seen
        ON CONFLICT (trader_address, is_held, token_id) DO UPDATE SET
            closed_at = excluded.closed_at,
            pnl_usd = excluded.pnl_usd,
            not_before = excluded.not_before,
            pass_number = excluded.pass_number
        """,
        trader=progress.trader,
        is_held=is_held,
        pass_number=progress.pass_number,
        tokens=[each.token_id for each in found],
        closed_ats=[each.closed_at for each in found],
        pnls=[each.pnl for each in found],
        not_befores=[each.not_before for each in found],
    )


def drop_unseen(transaction: Transaction, progress: Progress, *, is_held: bool) -> None:
    """Drops those that this pass has not shown."""
    transaction.execute(
        """
        DELETE FROM trader_positions
        WHERE trader_address = :trader AND is_held = :is_held AND pass_number < :pass_number
        """,
        trader=progress.trader,
        is_held=is_held,
        pass_number=progress.pass_number,
    )


def drop_reopened(transaction: Transaction, progress: Progress, token_ids: Sequence[str]) -> None:
    """Drops closed positions in these tokens that this pass has not shown as closed."""
    transaction.execute(
        """
        DELETE FROM trader_positions
        WHERE
            trader_address = :trader AND NOT is_held AND token_id = ANY(:token_ids::text[])
            AND pass_number < :pass_number
        """,
        trader=progress.trader,
        token_ids=list(token_ids),
        pass_number=progress.pass_number,
    )


def results_as_of(transaction: Transaction, trader: str, as_of: datetime) -> ResultCounts:
    """How many positions had ended by then, and how they ended; one of both kinds counts as the held one says."""
    row = transaction.only(
        """
        SELECT
            count(*) FILTER (WHERE closed_at > :after) AS recent,
            count(*) FILTER (WHERE closed_at > :after AND pnl_usd > 0) AS recent_won,
            count(*) AS lifetime,
            count(*) FILTER (WHERE pnl_usd > 0) AS lifetime_won
        FROM trader_positions AS position
        WHERE
            position.trader_address = :trader AND position.closed_at <= :as_of
            AND (position.is_held OR NOT EXISTS (
                SELECT 1 FROM trader_positions AS held
                WHERE held.trader_address = :trader AND held.is_held AND held.token_id = position.token_id
            ))
        """,
        trader=trader,
        as_of=as_of,
        after=as_of - WINDOW,
    )
    return ResultCounts(
        recent=row["recent"],
        recent_won=row["recent_won"],
        lifetime=row["lifetime"],
        lifetime_won=row["lifetime_won"],
    )


def unknown_result_as_of(transaction: Transaction, trader: str, as_of: datetime) -> ClosedPosition | None:
    """A position without a date or a profit that may have ended by then; None where there is none."""
    row = transaction.row(
        """
        SELECT position.token_id, position.closed_at, position.pnl_usd, position.not_before
        FROM trader_positions AS position
        WHERE
            position.trader_address = :trader
            AND (position.closed_at IS NULL OR position.pnl_usd IS NULL)
            AND coalesce(position.closed_at, position.not_before, '-infinity') <= :as_of
            AND (position.is_held OR NOT EXISTS (
                SELECT 1 FROM trader_positions AS held
                WHERE held.trader_address = :trader AND held.is_held AND held.token_id = position.token_id
            ))
        ORDER BY position.token_id LIMIT 1
        """,
        trader=trader,
        as_of=as_of,
    )
    if row is None:
        return None
    return ClosedPosition(
        token_id=row["token_id"],
        closed_at=row["closed_at"],
        pnl=None if row["pnl_usd"] is None else Usd(row["pnl_usd"]),
        not_before=row["not_before"],
    )


def final_moments(transaction: Transaction, condition_ids: Collection[str]) -> dict[str, datetime]:
    """When the final results of these conditions, by id without padding, were told; others are missing."""
    rows = transaction.rows(
        "SELECT condition_id, at FROM feed_resolutions WHERE condition_id = ANY(:condition_ids::text[])",
        condition_ids=sorted(condition_ids),
    )
    return {row["condition_id"]: row["at"] for row in rows}


def save_final_moments(transaction: Transaction, moments: Mapping[str, datetime]) -> None:
    """Keeps final results; the first word stays."""
    if not moments:
        return
    transaction.execute(
        """
        INSERT INTO feed_resolutions (condition_id, at)
        SELECT * FROM unnest(:condition_ids::text[], :moments::timestamptz[])
        ON CONFLICT DO NOTHING
        """,
        condition_ids=sorted(moments),
        moments=[moments[each] for each in sorted(moments)],
    )


def _sum(row: Row, window: str) -> TradeSum:
    return TradeSum(
        trades=int(row[f"{window}trades"]), unsized=int(row[f"{window}unsized"]), usd=Usd(row[f"{window}usd"])
    )


def _progress(row: Row) -> Progress:
    return Progress(
        trader=row["trader_address"],
        pass_number=row["pass_number"],
        part=None if row["part"] is None else HistoryPart(row["part"]),
        resume=row["resume"],
        page_digest=row["page_digest"],
        began_at=row["began_at"],
        reads_after=row["reads_after"],
        complete_to=row["complete_to"],
        whole_at=row["whole_at"],
        has_undated_trades=row["has_undated_trades"],
        refused_as_of=row["refused_as_of"],
        refused_because=row["refused_because"],
    )

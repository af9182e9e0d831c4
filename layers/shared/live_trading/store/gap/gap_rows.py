"""The rows of the whole gap, written where they have changed, and what they come to by day and in all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from live_trading.gap.whole import GapRow, GapTerm, LeaderTerm, Terms
from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Transaction

REST_KEY = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTrade:
    """A row with the trade that it is of."""

    lt_strategy_id: UUID
    source_trade_id: int
    condition_id: str
    row: GapRow
    is_final: bool
    reason: str | None


def save(transaction: Transaction, told: Sequence[ToldTrade], now: datetime) -> int:
    """Writes the rows that are new or have changed; how many those are."""
    if not told:
        return 0
    rows = transaction.rows(
        """
        INSERT INTO gap_trades AS known (
            lt_strategy_id, gap_key, kind, source_trade_id, condition_id, is_final, leader_usd, paper_usd, live_usd,
            leader_terms, terms, averages, reason, computed_at
        )
        SELECT
            lt_strategy_id, 'trade:' || source_trade_id, kind, source_trade_id, condition_id, is_final, leader_usd,
            paper_usd, live_usd, leader_terms, terms, averages, reason, :now::timestamptz
        FROM jsonb_to_recordset(:rows::jsonb) AS told (
            lt_strategy_id uuid, kind text, source_trade_id bigint, condition_id text, is_final boolean,
            leader_usd numeric, paper_usd numeric, live_usd numeric, leader_terms jsonb, terms jsonb, averages jsonb,
            reason text
        )
        ORDER BY lt_strategy_id, source_trade_id
        ON CONFLICT (lt_strategy_id, gap_key) DO UPDATE SET
            kind = excluded.kind, is_final = excluded.is_final, leader_usd = excluded.leader_usd,
            paper_usd = excluded.paper_usd, live_usd = excluded.live_usd, leader_terms = excluded.leader_terms,
            terms = excluded.terms, averages = excluded.averages, reason = excluded.reason,
            computed_at = excluded.computed_at
        WHERE
            (known.kind, known.is_final, known.leader_usd, known.paper_usd, known.live_usd, known.leader_terms,
            known.terms, known.averages, known.reason)
            IS DISTINCT FROM
            (excluded.kind, excluded.is_final, excluded.leader_usd, excluded.paper_usd, excluded.live_usd,
            excluded.leader_terms, excluded.terms, excluded.averages, excluded.reason)
        RETURNING 1
        """,
        rows=json.dumps([_as_json(each) for each in told]),
        now=now,
    )
    return len(rows)


def keep_the_rest(transaction: Transaction, now: datetime) -> int:
    """Puts what is in the ledger of a strategy and of no trade into its row; how many strategies that changed of.

    In one statement, so that what is booked meanwhile is on neither side. Marks are those of `position_marks`, and what
    nobody marked is worth what it cost.
    """
    rows = transaction.rows(
        """
        INSERT INTO gap_trades AS known (
            lt_strategy_id, gap_key, kind, is_final, leader_usd, paper_usd, live_usd, leader_terms, terms, averages,
            reason, computed_at
        )
        SELECT
            found.lt_strategy_id, 'rest', 'REST', FALSE, 0, 0, found.rest, '{}'::jsonb, found.terms, found.terms,
            CASE WHEN found.is_moving THEN 'on_its_way' ELSE 'of_no_trade' END, :now::timestamptz
        FROM (
            SELECT
                profit.lt_strategy_id, profit.rest, profit.is_moving,
                CASE WHEN profit.rest = 0 THEN '{}'::jsonb
                ELSE jsonb_build_object('rest', (-profit.rest)::text) END AS terms
            FROM (
                SELECT
                    strategy.lt_strategy_id,
                    booked.profit + marked.gain - coalesce(told.usd, 0) + coalesce(own.live_usd, 0) AS rest,
                    booked.unsettled <> 0 OR booked.reserved <> 0 AS is_moving
                FROM lt_strategies AS strategy
                CROSS JOIN LATERAL (
                    SELECT
                        -coalesce(sum(amount_usd) FILTER (WHERE account IN ('REALISED_PNL', 'FEES')), 0) AS profit,
                        coalesce(sum(amount_usd) FILTER (WHERE account = 'UNSETTLED'), 0) AS unsettled,
                        coalesce(sum(amount_usd) FILTER (WHERE account = 'RESERVED'), 0) AS reserved
                    FROM ledger_balances WHERE ledger_balances.lt_strategy_id = strategy.lt_strategy_id
                ) AS booked
                CROSS JOIN LATERAL (
                    SELECT
                        coalesce(sum(
                            coalesce(floor(position.shares * mark.bid_price * 1000000) / 1000000, position.amount_usd)
                            - position.amount_usd
                        ), 0) AS gain
                    FROM ledger_holdings AS position
                    LEFT JOIN position_marks AS mark USING (trading_wallet_id, token_id)
                    WHERE
                        position.lt_strategy_id = strategy.lt_strategy_id AND position.account = 'POSITION_COST'
                        AND position.shares <> 0
                ) AS marked
                LEFT JOIN gap_totals AS told
                    ON told.lt_strategy_id = strategy.lt_strategy_id AND told.part = 'LIVE' AND told.name = ''
                    AND told.reason = ''
                LEFT JOIN gap_trades AS own
                    ON own.lt_strategy_id = strategy.lt_strategy_id AND own.gap_key = 'rest'
                WHERE strategy.ended_at IS NULL OR told.usd IS NOT NULL
            ) AS profit
        ) AS found
        ORDER BY found.lt_strategy_id
        ON CONFLICT (lt_strategy_id, gap_key) DO UPDATE SET
            live_usd = excluded.live_usd, terms = excluded.terms, averages = excluded.averages,
            reason = excluded.reason, computed_at = excluded.computed_at
        WHERE (known.live_usd, known.reason) IS DISTINCT FROM (excluded.live_usd, excluded.reason)
        RETURNING 1
        """,
        now=now,
    )
    return len(rows)


def _as_json(told: ToldTrade) -> dict[str, object]:
    row = told.row
    return {
        "lt_strategy_id": str(told.lt_strategy_id),
        "kind": row.kind,
        "source_trade_id": told.source_trade_id,
        "condition_id": told.condition_id,
        "is_final": told.is_final,
        "leader_usd": str(row.leader),
        "paper_usd": str(row.paper),
        "live_usd": str(row.live),
        "leader_terms": _texts(row.terms, LeaderTerm),
        "terms": _texts(row.terms, GapTerm),
        "averages": _texts(row.averages, GapTerm),
        "reason": told.reason,
    }


def _texts(terms: Terms, kind: type[GapTerm | LeaderTerm]) -> dict[str, str]:
    return {name.value: str(usd) for name, usd in terms.items() if isinstance(name, kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSum:
    """One sum of a strategy's rows: of a bar (`name` is empty) or of a term, with why a trade was on one side only."""

    part: str
    name: str
    reason: str
    usd: Usd


def sums(
    transaction: Transaction, lt_strategy_id: UUID, *, since: date | None = None, until: date | None = None
) -> list[GapSum]:
    """What the rows come to in all, or on the days from `since` on and before `until`."""
    if since is None and until is None:
        rows = transaction.rows(
            """
            SELECT part, name, reason, usd FROM gap_totals
            WHERE lt_strategy_id = :strategy AND usd <> 0 ORDER BY part, name, reason
            """,
            strategy=lt_strategy_id,
        )
    else:
        rows = transaction.rows(
            """
            SELECT part, name, reason, sum(usd) AS usd FROM gap_days
            WHERE
                lt_strategy_id = :strategy AND day >= coalesce(:since, '-infinity'::date)
                AND day < coalesce(:until, 'infinity'::date)
            GROUP BY part, name, reason HAVING sum(usd) <> 0 ORDER BY part, name, reason
            """,
            strategy=lt_strategy_id,
            since=since,
            until=until,
        )
    return [GapSum(part=row["part"], name=row["name"], reason=row["reason"], usd=Usd(row["usd"])) for row in rows]

"""Decisions that became no order, and source trades that nothing refers to any more, removed a batch at a time.

A trade is decided once because its decision is there, and stored once because it is there itself. So a decision goes
only where its subject's position has come past the trade by more than what is looked at again, and a trade only where
the reading of its trader has come past it by more than what is read again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from live_trading.store.database import cursors
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.old_rows import MOST, Removed

# Of a subject's trades the last so many may be looked at again.
LOOKED_AT_AGAIN = 1_000
# Of a trader's feed the last ten minutes are read again; the rest is a margin for clocks.
READ_AGAIN = timedelta(days=1)
_DECISIONS = "retention:decisions"
_TRADES = "retention:source_trades"


def decisions(transaction: Transaction, before: datetime, now: datetime) -> Removed:
    """Goes up the numbers. What an order was made of stays, with the decision of its twin; so do sales followed."""
    after = cursors.number(transaction, _DECISIONS)
    row = transaction.only(
        """
        SELECT count(*) AS old, coalesce(max(decision_id), 0) AS upto FROM (
            SELECT decision_id, decided_at FROM decisions WHERE decision_id > :after ORDER BY decision_id LIMIT :most
        ) AS oldest
        WHERE decided_at < :before
        """,
        after=after,
        before=before,
        most=MOST,
    )
    if not row["old"]:
        return Removed(rows=0, is_done=True)
    removed = transaction.rows(
        """
        WITH past AS (
            SELECT split_part(cursor_name, ':', 3)::uuid AS subject, position::bigint - :again AS number, waiting
            FROM cursors
            WHERE starts_with(cursor_name, 'decided:')
        )
        DELETE FROM decisions AS decision USING past
        WHERE
            decision.decision_id > :after AND decision.decision_id <= :upto AND decision.decided_at < :before
            AND decision.verdict <> 'EXIT'
            AND past.subject = coalesce(decision.lt_strategy_id, decision.ft_wallet_id)
            AND decision.source_trade_id < past.number AND decision.source_trade_id <> ALL(past.waiting)
            AND NOT EXISTS (SELECT 1 FROM lt_orders AS made WHERE made.decision_id = decision.decision_id)
            AND NOT EXISTS (
                SELECT 1 FROM ft_orders AS twin
                WHERE
                    twin.ft_wallet_id = decision.ft_wallet_id AND twin.source_trade_id = decision.source_trade_id
            )
        RETURNING decision.source_trade_id, decision.evidence_key
        """,
        after=after,
        upto=row["upto"],
        before=before,
        again=LOOKED_AT_AGAIN,
    )
    transaction.execute(
        """
        DELETE FROM decision_evidence AS evidence
        USING (
            SELECT DISTINCT trade, key FROM unnest(:trades::bigint[], :keys::bigint[]) AS gone (trade, key)
        ) AS gone
        WHERE
            evidence.source_trade_id = gone.trade AND evidence.evidence_key = gone.key
            AND NOT EXISTS (
                SELECT 1 FROM decisions AS other
                WHERE other.source_trade_id = gone.trade AND other.evidence_key = gone.key
            )
        """,
        trades=[each["source_trade_id"] for each in removed],
        keys=[each["evidence_key"] for each in removed],
    )
    cursors.advance_number(transaction, _DECISIONS, row["upto"], now)
    return Removed(rows=len(removed), is_done=row["old"] < MOST)


def source_trades(transaction: Transaction, before: datetime, now: datetime) -> Removed:
    """Goes up the numbers; `before` must lie further back than that of the decisions."""
    after = cursors.number(transaction, _TRADES)
    row = transaction.only(
        """
        SELECT count(*) AS old, coalesce(max(source_trade_id), 0) AS upto FROM (
            SELECT source_trade_id, seen_at FROM source_trades
            WHERE source_trade_id > :after ORDER BY source_trade_id LIMIT :most
        ) AS oldest
        WHERE seen_at < :before
        """,
        after=after,
        before=before,
        most=MOST,
    )
    if not row["old"]:
        return Removed(rows=0, is_done=True)
    removed = transaction.execute(
        """
        WITH doomed AS MATERIALIZED (
            SELECT trade.source_trade_id FROM source_trades AS trade
            INNER JOIN cursors AS reading ON reading.cursor_name = 'ingest:' || trade.trader_address
            WHERE
                trade.source_trade_id > :after AND trade.source_trade_id <= :upto AND trade.seen_at < :before
                AND trade.trade_time < reading.position::timestamptz - make_interval(secs => :again)
                AND NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.source_trade_id = trade.source_trade_id)
                AND NOT EXISTS (SELECT 1 FROM ft_orders WHERE ft_orders.source_trade_id = trade.source_trade_id)
                AND NOT EXISTS (SELECT 1 FROM lt_orders WHERE lt_orders.source_trade_id = trade.source_trade_id)
                AND NOT EXISTS (
                    SELECT 1 FROM decision_evidence AS evidence WHERE evidence.source_trade_id = trade.source_trade_id
                )
                AND NOT EXISTS (SELECT 1 FROM lt_gaps WHERE lt_gaps.source_trade_id = trade.source_trade_id)
                AND NOT EXISTS (SELECT 1 FROM gap_trades WHERE gap_trades.source_trade_id = trade.source_trade_id)
            ORDER BY trade.source_trade_id FOR UPDATE OF trade SKIP LOCKED
        )
        DELETE FROM source_trades USING doomed WHERE source_trades.source_trade_id = doomed.source_trade_id
        """,
        after=after,
        upto=row["upto"],
        before=before,
        again=int(READ_AGAIN.total_seconds()),
    )
    cursors.advance_number(transaction, _TRADES, row["upto"], now)
    return Removed(rows=removed, is_done=row["old"] < MOST)

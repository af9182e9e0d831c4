"""How Postgres itself stands: what runs for too long, and how many connections are left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from live_trading.store.database.connection import Row, Transaction
from live_trading.store.database.pending import Pending, ask

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """Times are the server's own.

    `slow_queries` and `open_transactions` name the longest of those that are over their limit: who, and its process id.
    `connections_most` are those that a role which is no superuser can have.
    """

    connections: int
    connections_most: int
    slow_count: int
    slow_longest: timedelta
    slow_queries: tuple[str, ...]
    open_count: int
    open_longest: timedelta
    open_transactions: tuple[str, ...]


def ask_server(transaction: Transaction, *, slow: timedelta, open_for: timedelta) -> Pending[ServerState]:
    """One look at the connections to this server; of other databases it only counts them."""
    return ask(
        transaction,
        """
        SELECT
            count(*) AS connections,
            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
            count(*) FILTER (WHERE is_ours AND state = 'active' AND query_age > :slow) AS slow_count,
            coalesce(max(query_age) FILTER (WHERE is_ours AND state = 'active'), '0') AS slow_longest,
            array_agg(who ORDER BY query_age DESC) FILTER (
                WHERE is_ours AND state = 'active' AND query_age > :slow
            ) AS slow_queries,
            count(*) FILTER (WHERE is_ours AND transaction_age > :open_for) AS open_count,
            coalesce(max(transaction_age) FILTER (WHERE is_ours), '0') AS open_longest,
            array_agg(who ORDER BY transaction_age DESC) FILTER (
                WHERE is_ours AND transaction_age > :open_for
            ) AS open_transactions
        FROM (
            SELECT
                state, datname = current_database() AND pid <> pg_backend_pid() AS is_ours,
                (extract(EPOCH FROM clock_timestamp() - query_start) * 1000)::bigint AS query_age,
                (extract(EPOCH FROM clock_timestamp() - xact_start) * 1000)::bigint AS transaction_age,
                application_name || ' (process ' || pid || ')' AS who
            FROM pg_stat_activity WHERE backend_type = 'client backend'
        ) AS served
        """,
        _state,
        slow=slow // timedelta(milliseconds=1),
        open_for=open_for // timedelta(milliseconds=1),
    )


def _state(rows: list[Row]) -> ServerState:
    (row,) = rows
    return ServerState(
        connections=int(row["connections"]),
        connections_most=int(row["most"]),
        slow_count=int(row["slow_count"]),
        slow_longest=timedelta(milliseconds=int(row["slow_longest"])),
        slow_queries=tuple(row["slow_queries"] or ())[:_NAMED],
        open_count=int(row["open_count"]),
        open_longest=timedelta(milliseconds=int(row["open_longest"])),
        open_transactions=tuple(row["open_transactions"] or ())[:_NAMED],
    )

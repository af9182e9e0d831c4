"""Postgres itself: its schema, what runs for too long, and the connections that are left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import (
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    Unit,
    count_of,
    healthy,
    in_seconds,
)
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import server_state
from live_trading.store.watch.health.server_state import ServerState

_PLACES = Decimal("0.001")


def server(transaction: Transaction, look: Look) -> Judge:
    """Queries and transactions that go on for too long hold back whoever waits for them; without connections nothing
    begins."""
    limits = look.limits
    asked = server_state.ask_server(
        transaction, slow=limits.span("slow_query"), open_for=limits.span("open_transaction")
    )

    def judge() -> Sequence[Finding]:
        seen = asked.told
        return [
            _long(
                CheckName.SLOW_QUERIES,
                seen.slow_count,
                seen.slow_longest,
                limits.span("slow_query"),
                seen.slow_queries,
                "a query",
            ),
            _long(
                CheckName.OPEN_TRANSACTIONS,
                seen.open_count,
                seen.open_longest,
                limits.span("open_transaction"),
                seen.open_transactions,
                "a transaction",
            ),
            _connections(seen, limits.connections_left_fraction),
        ]

    return judge


def _long(name: CheckName, count: int, longest: timedelta, limit: timedelta, who: Sequence[str], what: str) -> Finding:
    figures = (count_of(count), in_seconds(longest, limit, "longest"))
    if not count:
        return healthy(name, f"none is longer than {limit.total_seconds():.0f} s", *figures)
    return Finding(
        name=name,
        status=HealthStatus.WARNING,
        detail=f"{count} go on for longer than {limit.total_seconds():.0f} s: {', '.join(who)}",
        figures=figures,
        advice=(
            f"look at it in pg_stat_activity; {what} of one of the functions ends with its invocation, and "
            "pg_terminate_backend ends it at once: nothing is lost, the next run does it again"
        ),
    )


def _connections(seen: ServerState, least: Decimal) -> Finding:
    left = max(seen.connections_most - seen.connections, 0)
    fraction = (Decimal(left) / seen.connections_most).quantize(_PLACES)
    figures = (
        count_of(seen.connections, "connections", seen.connections_most),
        Figure(name="left", observed=fraction, limit=least, unit=Unit.FRACTION),
    )
    said = f"{seen.connections} of {seen.connections_most} are in use"
    if fraction >= least:
        return healthy(CheckName.CONNECTIONS, said, *figures)
    return Finding(
        name=CheckName.CONNECTIONS,
        status=HealthStatus.CRITICAL if left == 0 else HealthStatus.WARNING,
        detail=said,
        figures=figures,
        advice=(
            "look in pg_stat_activity who holds them; fewer WalletsAtOnce need fewer, and max_connections allows more"
        ),
    )


def schema(version: str | None, required: str | None) -> list[Finding]:
    """The schema that is there and the one that this code needs; None of the latter where nobody says."""
    if version is None:
        return [Finding(name=CheckName.DATABASE, status=HealthStatus.CRITICAL, detail="never migrated")]
    found = healthy(CheckName.DATABASE, f"schema {version}")
    if required is None or version == required:
        return [found, healthy(CheckName.MIGRATIONS, f"schema {version}")]
    is_behind = version < required
    return [
        found,
        Finding(
            name=CheckName.MIGRATIONS,
            status=HealthStatus.CRITICAL if is_behind else HealthStatus.WARNING,
            detail=f"the schema is {version}, and this code was made for {required}",
            advice="invoke migrate: it may be repeated"
            if is_behind
            else "deploy the code that the schema was migrated for: the older one goes on with it meanwhile",
        ),
    ]

"""What is read of followed traders: how late it came, whether everybody is asked, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from live_trading.services.following.ingest import TURNS
from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import (
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    Unit,
    count_of,
    graded,
    healthy,
    in_seconds,
    seconds,
)
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import feed_state, own_state
from live_trading.store.watch.health.feed_state import FollowedLag, ReaderState
from live_trading.store.watch.health.own_state import SetAside

_SAMPLE = 50
_LONGEST_REASON = 200


def followed(transaction: Transaction, look: Look) -> Judge:
    """How late the newest trades of followed traders were seen, by their own times."""
    asked = feed_state.ask_followed_lag(transaction, since=look.since("followed_window"), most=_SAMPLE)

    def judge() -> Sequence[Finding]:
        return [_followed(asked.told, look)]

    return judge


def _followed(lag: FollowedLag, look: Look) -> Finding:
    limit = look.limits.span("followed_lag")
    least = look.limits.followed_least_trades
    if lag.typical is None or lag.trades < least:
        figure = Figure(name="typical_lag", observed=None, limit=seconds(limit), unit=Unit.SECONDS)
        said = f"not known: {lag.trades} trades were seen of late, and it takes {least} to tell"
        return healthy(CheckName.FOLLOWED_TRADES, said, figure, count_of(lag.trades, "trades", None))
    return Finding(
        name=CheckName.FOLLOWED_TRADES,
        status=graded(seconds(lag.typical), seconds(limit)),
        detail=f"half of the newest {lag.trades} trades were seen later than {lag.typical.total_seconds():.0f} s",
        figures=(in_seconds(lag.typical, limit, "typical_lag"), count_of(lag.trades, "trades", None)),
        advice="compare with feed_lag and chain_watch; signals that are too old are missed, and nothing else happens",
    )


def readers(transaction: Transaction, look: Look) -> Judge:
    """Whether each followed trader is asked for in turn, and whether the watch on the chain keeps up."""
    asked = feed_state.ask_readers(transaction, TURNS)
    since = own_state.ask_trading_since(transaction)

    def judge() -> Sequence[Finding]:
        if since.told is None:
            return [
                healthy(CheckName.TRADERS_ASKED, "no strategy is active"),
                healthy(CheckName.CHAIN_WATCH, "no strategy is active"),
            ]
        return [_asked(asked.told, since.told, look), _watched(asked.told, look)]

    return judge


def _asked(state: ReaderState, trading_since: datetime, look: Look) -> Finding:
    limit = look.limits.span("traders_asked")
    if not state.followed:
        return healthy(CheckName.TRADERS_ASKED, "nobody is followed", count_of(0, "followed", None))
    oldest = state.least_recently_asked or trading_since
    if state.never_asked:
        oldest = min(oldest, trading_since)
    age = max(look.now - oldest, look.now - look.now)
    return Finding(
        name=CheckName.TRADERS_ASKED,
        status=graded(seconds(age), seconds(limit)),
        detail=f"of {state.followed} followed traders one was not asked for since {age.total_seconds():.0f} s",
        figures=(
            in_seconds(age, limit),
            count_of(state.followed, "followed", None),
            count_of(state.never_asked, "never_asked", None),
        ),
        advice="look at the runs of ft-sync: time runs out for what its report names in `left`; follow fewer traders",
    )


def _watched(state: ReaderState, look: Look) -> Finding:
    limit = look.limits.span("chain_watch")
    if state.watched_until is None:
        figure = Figure(name="age", observed=None, limit=seconds(limit), unit=Unit.SECONDS)
        return healthy(CheckName.CHAIN_WATCH, "not known: the chain has never been watched", figure)
    age = look.now - state.watched_until
    return Finding(
        name=CheckName.CHAIN_WATCH,
        status=graded(seconds(age), seconds(limit)),
        detail=f"looked at up to {age.total_seconds():.0f} s ago",
        figures=(in_seconds(age, limit),),
        advice="look at chain and chain_head, and whether lt-execute runs; the feed tells the same trades later",
    )


def unread(transaction: Transaction, look: Look) -> Judge:
    """Rows that could not be read, by source; and by followed trader, whose trade or record is then missing."""
    since = look.since("set_aside")
    of_sources = own_state.ask_rows_set_aside(transaction, since)
    of_traders = own_state.ask_rows_of_traders_set_aside(transaction, since)

    def judge() -> Sequence[Finding]:
        return [
            *(_rows(CheckName.ROWS_OF_SOURCE, each) for each in of_sources.told),
            *(_rows(CheckName.ROWS_OF_TRADER, each) for each in of_traders.told),
        ]

    return judge


def _rows(name: CheckName, rows: SetAside) -> Finding:
    if not rows.recent:
        return healthy(name, "none set aside", count_of(0), subject=rows.subject)
    return Finding(
        name=name,
        subject=rows.subject,
        status=HealthStatus.WARNING,
        detail=f"{rows.recent} set aside, the newest for: {rows.newest_reason[:_LONGEST_REASON]}",
        figures=(count_of(rows.recent),),
    )

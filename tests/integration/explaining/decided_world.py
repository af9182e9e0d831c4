"""Trades that FT wallets of the API's owner have decided, made by the evaluation itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from live_trading.nouns.trades import SourceTrade
from live_trading.services.following import evaluation
from live_trading.services.following.decision_records import decision_record
from live_trading.services.following.evaluation import PreparedTrade, Subject
from live_trading.signals.evaluate import evaluate
from live_trading.store.database.connection import Database
from live_trading.store.feed import decisions, subjects
from tests.integration.api_fixtures import OWNER, Api
from tests.integration.source_builders import (
    ALICE,
    BOB,
    NOON,
    create_wallet,
    follow,
    minutes,
    stats_of,
    store_market,
    store_stats,
    store_trades,
)

NOW = NOON + minutes(5)


def known_world(database: Database) -> None:
    """Two followed traders with records, and the market that they trade."""
    follow(database, [ALICE, BOB])
    store_market(database)
    store_stats(database, [stats_of(ALICE), stats_of(BOB)])


def own_wallet(database: Database, name: str = "paper", *, owner: str = OWNER, **config: Any) -> UUID:
    """An FT wallet of the owner."""
    wallet = create_wallet(database, name=name, config=config)
    with database.transaction() as transaction:
        transaction.execute("UPDATE ft_wallets SET owner_id = :owner WHERE ft_wallet_id = :id", owner=owner, id=wallet)
    return wallet


def prepared(database: Database, now: datetime = NOW) -> list[tuple[Subject, PreparedTrade]]:
    """Every pending trade of every FT wallet."""
    with database.transaction() as transaction:
        of = [each for each in evaluation.wallet_subjects(transaction) if isinstance(each, Subject)]
        found = evaluation.undecided(transaction, of, newest_first=False)
        made = evaluation.inputs_for(
            transaction,
            [(each, found.get(each.key, [])) for each in of],
            bankrolls={each.key: subjects.paper_bankroll(transaction, each.ft_wallet_id) for each in of},
            now=now,
            max_signal_age_seconds={each.key: 600 for each in of},
        )
    return [(each, one) for each in of for one in made[each.key]]


def decide(database: Database, trades: Sequence[SourceTrade] = (), now: datetime = NOW) -> list[int]:
    """Stores the trades and decides what is pending; the numbers of the decisions, in the order of the trades."""
    store_trades(database, trades)
    with database.transaction() as transaction:
        made = decisions.record(
            transaction,
            [decision_record(subject, each, evaluate(each.inputs), now) for subject, each in prepared(database, now)],
        )
    return sorted(made.values())


def decide_too_old(database: Database, limit: timedelta, now: datetime = NOW) -> None:
    """Refuses all pending purchases that are older."""
    with database.transaction() as transaction:
        of = [each for each in evaluation.wallet_subjects(transaction) if isinstance(each, Subject)]
        evaluation.decide_too_old(transaction, [(each, int(limit.total_seconds())) for each in of], now)


def settle(database: Database, now: datetime = NOW) -> None:
    """Moves every wallet's mark past what is decided."""
    with database.transaction() as transaction:
        of = [each for each in evaluation.wallet_subjects(transaction) if isinstance(each, Subject)]
        evaluation.settle(transaction, of, now)


def all_pages(api: Api, path: str, things: str, **asked: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list, asked for by the cursor of the one before."""
    pages: list[list[dict[str, Any]]] = []
    cursor: str | None = None
    while cursor is not None or not pages:
        reply = api.call("GET", f"{path}{'' if cursor is None else f'&cursor={cursor}'}", **asked)
        assert reply.status == 200, reply.body
        pages.append(reply.body[things])
        cursor = reply.body["next_cursor"]
    return pages

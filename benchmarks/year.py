"""A database of one busy year, made by `generate_series` in minutes: the same rows for the same size and moment.

What a strategy did follows from its trader's trades: every few of them is an order, its fill, its bookings and, where
the market is over, its resolution and redemption. All but the last day's markets are over. The load leaves the triggers
out, so `proved` holds the result against what they would have said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pg8000.native

from live_trading.signals.config import config_hash, parse_config
from local.postgres.databases import connect

_SQL = Path(__file__).with_name("year_rows.sql")
OWNER = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class YearSize:
    """How much happened in so many days. One trade of `trades_an_order` was entered; a market has `trades_a_market`.

    `looks_a_day` are rows that a run or an hour leaves behind: checks of health by kind, snapshots by strategy, the
    venue's calls by wallet, records by trader.
    """

    days: int = 365
    source_trades: int = 1_000_000
    trades_an_order: int = 10
    trades_a_market: int = 50
    strategies: int = 100
    wallets: int = 4
    looks_a_day: int = 24


# The last days of the same year: as much is open, and next to nothing is behind it.
FIRST_DAYS = YearSize(days=2, source_trades=5_480)
YEAR = YearSize()


def build(url: str, size: YearSize, now: datetime, wallets: Sequence[UUID] = ()) -> None:
    """Fills a migrated database with what happened up to `now`.

    `wallets` are trading wallets that are there already, else it makes its own, whose secrets nobody has. The user must
    own the tables; one who is no superuser builds it too, and waits for every foreign key.
    """
    connection = connect(url, read_seconds=None)
    try:
        connection.run("BEGIN")
        _without_triggers(connection)
        for name, value in _facts(size, now, wallets).items():
            connection.run("SELECT set_config(:name, :value, TRUE)", name=f"year.{name}", value=value)
        for statement in _statements():
            connection.run(statement)
        _keep_balances(connection)
        connection.run("ALTER TABLE ledger_entries ENABLE TRIGGER USER")
        connection.run("COMMIT")
        connection.run("VACUUM (ANALYZE)")
    finally:
        connection.close()


def proved(url: str) -> list[str]:
    """What is wrong with the books of a built year, one line each; empty where every invariant of the ledger holds."""
    connection = connect(url, read_seconds=None)
    try:
        wrong = [
            f"{count} {what}"
            for what, sql in _INVARIANTS.items()
            if (count := connection.run(f"SELECT count(*) FROM ({sql}) AS wrong")[0][0])  # noqa: S608 (constants)
        ]
        return wrong + _foreign(connection)
    finally:
        connection.close()


_INVARIANTS = {
    "transactions are out of balance": (
        "SELECT 1 FROM ledger_entries GROUP BY ledger_transaction_id HAVING sum(amount_usd) <> 0"
    ),
    "transactions have no entry": (
        "SELECT 1 FROM ledger_transactions AS booked WHERE NOT EXISTS (SELECT 1 FROM ledger_entries AS entry"
        " WHERE entry.ledger_transaction_id = booked.ledger_transaction_id)"
    ),
    "accounts are below zero": (
        "SELECT 1 FROM ledger_entries WHERE account IN ('CASH', 'RESERVED') GROUP BY lt_strategy_id, account"
        " HAVING sum(amount_usd) < 0"
    ),
    "kept balances differ from the ledger": (
        "(SELECT trading_wallet_id, lt_strategy_id, account, sum(amount_usd) FROM ledger_entries GROUP BY 1, 2, 3"
        " EXCEPT SELECT trading_wallet_id, lt_strategy_id, account, amount_usd FROM ledger_balances)"
        " UNION ALL"
        " (SELECT trading_wallet_id, lt_strategy_id, account, amount_usd FROM ledger_balances"
        " EXCEPT SELECT trading_wallet_id, lt_strategy_id, account, sum(amount_usd) FROM ledger_entries"
        " GROUP BY 1, 2, 3)"
    ),
    "reservations outlive their orders": (
        "SELECT 1 FROM ledger_entries WHERE account = 'RESERVED' GROUP BY lt_strategy_id HAVING sum(amount_usd) <> 0"
    ),
    "positions differ from the fills of orders that are open": (
        "SELECT 1 FROM (SELECT lt_strategy_id, token_id, sum(shares) AS shares FROM ledger_entries"
        " WHERE account = 'POSITION_COST' GROUP BY 1, 2 HAVING sum(shares) <> 0) AS held"
        " FULL JOIN (SELECT fill.lt_strategy_id, fill.token_id, sum(fill.shares) AS shares FROM fills AS fill"
        " INNER JOIN lt_orders AS intent USING (lt_order_id) WHERE intent.outcome = 'OPEN' GROUP BY 1, 2) AS bought"
        " USING (lt_strategy_id, token_id) WHERE held.shares IS DISTINCT FROM bought.shares"
    ),
}


def _without_triggers(connection: pg8000.native.Connection) -> None:
    """A ledger of this size is checked at the end, once, and not once an entry."""
    connection.run("ALTER TABLE ledger_entries DISABLE TRIGGER USER")
    if connection.run("SELECT usesuper FROM pg_user WHERE usename = current_user")[0][0]:
        connection.run("SET LOCAL session_replication_role = replica")


def _facts(size: YearSize, now: datetime, wallets: Sequence[UUID]) -> dict[str, str]:
    config = parse_config({"min_edge": "-1", "min_trader_resolved_count": 10, "bet_size": "20", "max_bet": "50"})
    return {
        "now": now.isoformat(),
        "start": (now - timedelta(days=size.days)).isoformat(),
        "days": str(size.days),
        "trades": str(size.source_trades),
        "an_order": str(size.trades_an_order),
        "a_market": str(size.trades_a_market),
        "strategies": str(size.strategies),
        "wallet_count": str(len(wallets) or size.wallets),
        "wallets": "{" + ",".join(str(each) for each in wallets) + "}",
        "looks": str(size.looks_a_day),
        "config": config.model_dump_json(),
        "config_hash": config_hash(config),
        "owner": OWNER,
    }


def _statements() -> list[str]:
    text = "\n".join(line for line in _SQL.read_text().splitlines() if not line.lstrip().startswith("--"))
    return [each for each in text.split(";\n") if each.strip()]


def _keep_balances(connection: pg8000.native.Connection) -> None:
    """The balances that posting keeps, which the load's statements have not."""
    connection.run("SELECT ledger_rebuild_kept()")


def _foreign(connection: pg8000.native.Connection) -> list[str]:
    """Rows whose foreign key leads nowhere, by table and constraint."""
    keys = connection.run(
        """
        SELECT conrelid::regclass::text, confrelid::regclass::text, conname,
            (SELECT array_agg(attname ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS key (number, place)
                INNER JOIN pg_attribute ON attrelid = conrelid AND attnum = key.number),
            (SELECT array_agg(attname ORDER BY place) FROM unnest(confkey) WITH ORDINALITY AS key (number, place)
                INNER JOIN pg_attribute ON attrelid = confrelid AND attnum = key.number)
        FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace
        """
    )
    wrong = []
    for table, other, name, own, theirs in keys:
        matched = " AND ".join(f"far.{b} = near.{a}" for a, b in zip(own, theirs, strict=True))
        given = " AND ".join(f"near.{a} IS NOT NULL" for a in own)
        missing = f"{given} AND NOT EXISTS (SELECT 1 FROM {other} AS far WHERE {matched})"  # noqa: S608 (the catalogue's)
        sql = f"SELECT count(*) FROM {table} AS near WHERE {missing}"  # noqa: S608 (the same)
        if count := connection.run(sql)[0][0]:
            wrong.append(f"{count} rows of {table} miss {name}")
    return wrong

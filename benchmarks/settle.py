"""Booking what the chain says of many conditions at once: seconds and round trips for 100, 1,000 and one by one.

Run it with `make bench`. Postgres is real; the chain's word is given, so that what is timed is the booking. What stays
between machines are the ratios: of a condition's time among many to its time among few, and of sets to one by one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from live_trading.nouns.markets import Market, PayoutVector
from live_trading.services.settling import resolve
from live_trading.services.settling.resolve import Resolver, ResolveReport
from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import migrate, read_migrations
from live_trading.wiring.database import database_of
from local.machine.ports import HeldPorts
from local.machine.processes import Processes
from local.machine.scratch import scratch_directory
from local.postgres.databases import create_database, with_database
from local.postgres.server import LocalPostgres
from tests.builders import NOON
from tests.integration.settling.settling_world_fixtures import SettlingWorld
from tests.settlement.parts.bookkeeping_fixtures import HandClock
from tests.statement_counting import counted_round_trips

ROOT = Path(__file__).parents[1]
FEW = 100
MANY = 1_000
MOST_TRIPS = 50

# One position of ten shares in each market, bought for four dollars, by the strategies in turn.
_FILL = """
CREATE TEMP TABLE bought ON COMMIT DROP AS
SELECT
    number, '0x' || lpad(to_hex(number), 64, '0') AS condition_id, (100000 + 2 * number)::text AS token_id,
    (100001 + 2 * number)::text AS other, md5('order ' || number)::uuid AS lt_order_id,
    '0x' || md5('a' || number) || md5('b' || number) AS order_hash, strategy.lt_strategy_id, strategy.trading_wallet_id
FROM generate_series(1, {count}) AS number
INNER JOIN (
    SELECT lt_strategy_id, trading_wallet_id, row_number() OVER (ORDER BY made_number) - 1 AS place,
        count(*) OVER () AS all_of_them
    FROM lt_strategies
) AS strategy ON strategy.place = number % strategy.all_of_them;

INSERT INTO markets (
    condition_id, version, question, slug, category, tags, event_id, outcomes, token_ids, is_open, accepting_orders,
    tick_size, minimum_order_shares, fee_rate, fee_exponent, neg_risk, resolution_state, resolution_state_since,
    refreshed_at
)
SELECT condition_id, 'v1', 'q', 's', 'c', '{{}}', NULL, '{{Yes,No}}', ARRAY[token_id, other], TRUE, TRUE, 0.01, 5, 0, 1,
    FALSE, 'OPEN', '{now}', '{now}'
FROM bought;

INSERT INTO lt_orders (
    lt_order_id, lt_strategy_id, trading_wallet_id, purpose, token_id, condition_id, outcome_index, side, order_type,
    limit_price, order_usd, order_shares, fee_bound_usd, reserved_usd, signed_payload, order_hash, state, decided_at,
    intent_at, sent_at, finished_at
)
SELECT lt_order_id, lt_strategy_id, trading_wallet_id, 'ENTRY', token_id, condition_id, 0, 'BUY', 'FAK', 0.9, 4, 10, 0,
    4, '{{}}', order_hash, 'FILLED', '{now}', '{now}', '{now}', '{now}'
FROM bought;

INSERT INTO fills (
    venue_trade_id, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id, outcome_index,
    side, shares, price, cost_usd, fee_usd, role, status, transaction_hash, match_time, confirmed_at, recorded_at
)
SELECT number::text, order_hash, lt_order_id, lt_strategy_id, trading_wallet_id, condition_id, token_id, 0, 'BUY', 10,
    0.4, 4, 0, 'TAKER', 'CONFIRMED', order_hash, '{now}', '{now}', '{now}'
FROM bought;

WITH booked AS (
    INSERT INTO ledger_transactions (source_reference, kind, occurred_at, recorded_at)
    SELECT 'bench:' || token_id, 'FILL', '{now}', '{now}' FROM bought
    RETURNING ledger_transaction_id, source_reference
)
INSERT INTO ledger_entries (
    ledger_transaction_id, trading_wallet_id, lt_strategy_id, account, token_id, amount_usd, shares
)
SELECT booked.ledger_transaction_id, bought.trading_wallet_id, bought.lt_strategy_id, line.account,
    CASE line.account WHEN 'POSITION_COST' THEN bought.token_id END, line.usd, line.shares
FROM bought
INNER JOIN booked ON booked.source_reference = 'bench:' || bought.token_id
CROSS JOIN (VALUES ('POSITION_COST', 4, 10), ('CASH', -4, 0)) AS line (account, usd, shares);
"""


@dataclass(frozen=True, slots=True)
class _Word:
    """The chain: the first outcome of every market has won."""

    def vectors_of(self, asked: Iterable[Market]) -> dict[str, PayoutVector]:
        return {
            each.condition_id: PayoutVector(condition_id=each.condition_id, numerators=(1, 0), denominator=1)
            for each in asked
        }


class _Still:
    """No wallet has anything to be reconciled."""

    def run_all(self, *_: object) -> list[Any]:
        return []


class _NothingWaits:
    """No market waits, so that the catalogue is asked nothing."""

    def refresh(self, *_: object, **__: object) -> Any:
        return _NothingWaits

    failures: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    seconds: float
    trips: int
    conditions: int

    @property
    def a_condition(self) -> float:
        return self.seconds / self.conditions * 1000


def main() -> int:
    """Prints a line for few, for many and for many one by one; 1 where many take more round trips than they may."""
    with (
        scratch_directory() as directory,
        HeldPorts() as ports,
        Processes(directory / "logs") as processes,
        LocalPostgres(directory / "data", processes=processes, ports=ports, cache=ROOT / ".local" / "cache") as server,
    ):
        url = with_database(server.url, "postgres")
        few, many = _measured(url, "few", FEW), _measured(url, "many", MANY)
        with patch.object(resolve, "CONDITIONS_A_STEP", 1):
            single = _measured(url, "single", MANY)
    print(f"{'lt-resolve':<26}{'seconds':>9}{'ms each':>9}{'round trips':>13}")
    for name, line in ((f"{FEW} conditions", few), (f"{MANY} conditions", many), (f"{MANY} one by one", single)):
        print(f"{name:<26}{line.seconds:>9.2f}{line.a_condition:>9.2f}{line.trips:>13}")
    print(f"  one of {MANY} to one of {FEW}  ratio {many.a_condition / few.a_condition:.2f}")
    print(f"  sets to one by one         ratio {many.seconds / single.seconds:.2f}")
    return 0 if many.trips <= MOST_TRIPS else 1


def _measured(url: str, name: str, count: int) -> _Line:
    database = database_of(create_database(url, name), application_name="bench")
    try:
        migrate(database, read_migrations(ROOT / "migrations"))
        world = SettlingWorld(database=database, clock=HandClock(NOON))
        world.holders()
        _fill(database, count)
        _resolved(database, 0)
        with counted_round_trips() as made:
            began = time.perf_counter()
            _resolved(database, count)
            seconds = time.perf_counter() - began
    finally:
        database.close()
    return _Line(seconds, len(made.trips), count)


def _fill(database: Database, count: int) -> None:
    with database.transaction() as transaction:
        # The strategies have as much cash as they spend.
        transaction.execute("ALTER TABLE ledger_entries DISABLE TRIGGER ledger_accounts_stay_positive")
        for statement in _FILL.format(count=count, now=NOON.isoformat()).split(";\n"):
            if statement.strip():
                transaction.execute(statement)
        transaction.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.execute("ALTER TABLE ledger_entries ENABLE TRIGGER ledger_accounts_stay_positive")
    with database.outside_transaction() as alone:
        alone.execute("VACUUM (ANALYZE)")


def _resolved(database: Database, expected: int) -> ResolveReport:
    """One run; before it, one on a market that nobody has, would say nothing: the statements are prepared by it."""
    resolver = Resolver(
        database=database,
        chain=cast("Any", _Word() if expected else _Silent()),
        markets=cast("Any", _NothingWaits()),
        clock=HandClock(NOON),
        reconciler=cast("Any", _Still()),
        holder="bench",
    )
    report = resolver.run()
    if report.resolved != expected or report.failures:
        raise SystemExit(f"expected {expected} resolutions, got {report}")
    return report


class _Silent:
    """The chain before it has resolved anything."""

    def vectors_of(self, asked: Iterable[Market]) -> dict[str, None]:
        return dict.fromkeys(each.condition_id for each in asked)


if __name__ == "__main__":
    sys.exit(main())

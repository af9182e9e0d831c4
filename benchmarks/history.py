"""What a year of rows makes of runs, health and lists: ratios to the same on a database with two days behind it.

Run it with `make bench-history`; it takes a quarter of an hour. Both databases hold the same strategies, wallets and
open positions, and stand on the same stack. The milliseconds are this machine's; what stays is the ratio and the number
of round trips to the database.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities import parameters

from benchmarks import year
from benchmarks.aged_desk import aged_desk
from benchmarks.lt_execute import with_aws
from functions.strategy_api import app
from live_trading.store.database.migrations import migrate, read_migrations
from live_trading.wiring.database import database_of
from local.machine.env import ROOT
from local.postgres.databases import create_database
from local.stack.assembly import Stack
from tests.e2e.live_fixtures import LiveDesk
from tests.integration.api_fixtures import http_event
from tests.statement_counting import counted_round_trips

RUNS = 5
SIGNALS = 10
LISTS = (
    "/api/ft/wallets", "/api/traders", "/api/trading-wallets", "/api/lt/strategies", "/api/lt/locks",
    "/api/lt/strategies/{strategy}/orders", "/api/lt/strategies/{strategy}/execution", "/api/lt/positions",
    "/api/lt/positions?state=OPEN", "/api/lt/redemptions", "/api/lt/latency", "/api/trading-wallets/{wallet}/breaks",
)  # fmt: skip
TEMPLATE = "history_template"


@dataclass(slots=True)
class Measured:
    """Seconds and round trips of each run of one kind."""

    seconds: list[float] = field(default_factory=list)
    round_trips: list[int] = field(default_factory=list)

    @property
    def typical(self) -> float:
        return statistics.median(self.seconds)

    @property
    def trips(self) -> float:
        return statistics.median(self.round_trips)


def main() -> int:
    """Prints a line for each kind of work."""
    size = dataclasses.replace(year.YEAR, source_trades=int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    few = dataclasses.replace(size, days=2, source_trades=size.source_trades * 2 // size.days)
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(directory=Path(directory), front_door_port=None, exchange_options={"traders": 0}) as stack,
    ):
        with_aws(stack)
        _template(stack.database_url)
        desks = {}
        for name, of_size in (("young", few), ("old", size)):
            parameters.clear_caches()  # type: ignore[no-untyped-call]
            began = time.perf_counter()
            desks[name] = aged_desk(stack, f"history_{name}", of_size, server=stack.database_url, template=TEMPLATE)
            print(f"{name}: {of_size.source_trades:,} trades built in {time.perf_counter() - began:.0f} s", flush=True)
            print("\n".join(year.proved(desks[name].database_url)), end="", flush=True)
        found = {name: _measured(desk) for name, desk in desks.items()}
    print(f"\n{'':<52}{'young s':>9}{'trips':>7}{'old s':>9}{'trips':>7}{'ratio':>7}")
    for kind, young in found["young"].items():
        old = found["old"][kind]
        ratio = old.typical / young.typical
        print(f"{kind:<52}{young.typical:>9.3f}{young.trips:>7.0f}{old.typical:>9.3f}{old.trips:>7.0f}{ratio:>7.2f}")
    return 0


def _template(url: str) -> None:
    opened = database_of(create_database(url, TEMPLATE), application_name="benchmark")
    migrate(opened, read_migrations(ROOT / "migrations"))
    opened.close()


def _measured(desk: LiveDesk) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    jobs = _jobs(desk)
    for name, job in jobs.items():
        job()
        for _ in range(RUNS):
            _measure(found.setdefault(name, Measured()), job)
    for _ in range(RUNS):
        for _ in range(SIGNALS):
            desk.signal()
        _measure(found.setdefault(f"lt-execute, {SIGNALS} signals", Measured()), jobs["lt-execute, idle"])
        desk.advance(10)
        jobs["lt-execute, idle"]()
    for path, ask in _lists(desk):
        ask()
        for _ in range(RUNS):
            _measure(found.setdefault(f"GET {path}", Measured()), ask)
    return found


def _jobs(desk: LiveDesk) -> dict[str, Callable[[], object]]:
    parts = desk.parts
    return {
        "lt-execute, idle": lambda: _sound(parts.executor("benchmark").run()),
        "ft-sync": lambda: _sound(parts.paper_trader("benchmark").run()),
        "lt-resolve": lambda: _sound(parts.resolver("benchmark").run()),
        "lt-redemptions": lambda: _sound(parts.redeemer("benchmark").run()),
        "ft-resolve": lambda: _sound(parts.paper_resolver("benchmark").run()),
        "health": parts.health().run,
    }


def _lists(desk: LiveDesk) -> Iterator[tuple[str, Callable[[], object]]]:
    app.parts = desk.parts
    (busy,) = desk.rows("SELECT lt_strategy_id, trading_wallet_id FROM lt_strategies WHERE name = 'year 1'")
    for path in LISTS:
        asked = path.format(strategy=busy["lt_strategy_id"], wallet=busy["trading_wallet_id"])

        def ask(asked: str = asked) -> None:
            answer = app.handler(http_event("GET", asked), None)
            if answer["statusCode"] != 200:
                raise SystemExit(f"{asked}: {answer['body']}")

        yield path, ask


def _sound(report: Any) -> None:
    if report.failures:
        raise SystemExit(f"a run has failed in part: {report.failures}")


def _measure(line: Measured, work: Callable[[], object]) -> None:
    with counted_round_trips() as made:
        began = time.perf_counter()
        work()
        line.seconds.append(time.perf_counter() - began)
    line.round_trips.append(len(made.trips))


if __name__ == "__main__":
    sys.exit(main())

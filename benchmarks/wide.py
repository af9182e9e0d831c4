"""Ten paper wallets and a thousand over ten thousand new trades: seconds, memory and statements of deciding them.

Each wallet follows some traders, so that a hundred of the new trades are its own: a thousand pairs, and a hundred
thousand. Everything that judging needs is stored, and the books are at hand: what is measured is reading, judging and
storing, with Postgres on the same machine.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.wide_data import NEW_TRADES, NOW, fill
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.markets import BookLevel, Market, OrderBook, PayoutVector
from live_trading.nouns.money import Price, Shares
from live_trading.polymarket.clob.market_data import ClobMarket
from live_trading.polymarket.gamma.gamma_rows import GammaAnswer
from live_trading.services.following.evaluation import Subject, wallet_subjects
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.fee_comparing import FeeComparer
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.trader_statistics import TraderRecords
from live_trading.services.paper.paper_books import BookShelf
from live_trading.services.paper.paper_deciding import PaperDecider
from live_trading.services.paper.paper_reports import LEASE_SECONDS, PaperReport
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import migrate, read_migrations
from live_trading.wiring.garbage import collect_seldom
from local.machine.env import LOCAL_STATE, ROOT
from local.machine.ports import HeldPorts
from local.machine.processes import Processes
from local.machine.scratch import scratch_directory
from local.postgres.databases import connect, create_database, drop_database
from local.postgres.server import LocalPostgres
from tests.statement_counting import counted_round_trips

FEW, MANY = 10, 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: its decisions, and what they cost."""

    decisions: int
    seconds: float
    cpu_seconds: float
    postgres_cpu_seconds: float
    statements: int
    idle_seconds: float
    idle_statements: int


class _Stored:
    """A venue that is never needed but for books and for the chain's word that nothing is resolved."""

    def now(self) -> datetime:
        return NOW

    def markets(self, condition_ids: Sequence[str]) -> GammaAnswer:
        raise GiveUp(f"{len(condition_ids)} markets are asked for that are stored")

    def clob_market(self, condition_id: str) -> ClobMarket:
        raise GiveUp(f"{condition_id} is asked for and its fees are stored")

    def vectors_of(self, markets: Iterable[Market]) -> dict[str, PayoutVector | None]:
        return {each.condition_id: None for each in markets}

    def books(self, token_ids: Collection[str]) -> dict[str, OrderBook]:
        offers = tuple(BookLevel(price=Price(f"0.{cents}"), shares=Shares(1_000)) for cents in range(50, 60))
        return {each: _book(each, offers) for each in token_ids}


def main() -> int:
    """Prints both and the ratio a pair."""
    collect_seldom()
    with ExitStack() as opened:
        url = _server(opened)
        few = _measured(url, FEW)
        many = _measured(url, MANY)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for wallets, each in ((FEW, few), (MANY, many)):
        print(
            f"{wallets:>6} wallets, {NEW_TRADES} new trades: {each.decisions:>7} decisions in {each.seconds:6.2f} s "
            f"(own CPU {each.cpu_seconds:.2f}, Postgres {each.postgres_cpu_seconds:.2f}), "
            f"{each.seconds / each.decisions * 1e6:5.0f} µs each, {each.statements} statements; "
            f"idle {each.idle_seconds * 1000:.0f} ms, {each.idle_statements} statements"
        )
    ratio = (many.seconds / many.decisions) / (few.seconds / few.decisions)
    print(f"  a pair with {MANY} wallets to one with {FEW}: ratio {ratio:.2f}; largest memory {memory:.0f} MB")
    return 0


def _server(opened: ExitStack) -> str:
    directory = opened.enter_context(scratch_directory())
    ports = opened.enter_context(HeldPorts())
    processes = opened.enter_context(Processes(directory / "logs"))
    postgres = LocalPostgres(directory / "data", processes=processes, ports=ports, cache=LOCAL_STATE / "cache")
    opened.callback(postgres.stop)
    postgres.start()
    postgres.wait()
    return postgres.url


def _measured(server: str, wallets: int) -> Measured:
    url = create_database(server, f"wide_{wallets}")
    database = Database(lambda: connect(url))
    migrate(database, read_migrations(ROOT / "migrations"))
    fill(database, wallets)
    stored = _Stored()
    markets = MarketKeeper(database=database, gamma=stored, chain=stored)
    decider = PaperDecider(
        database=database,
        clock=stored,
        evidence=EvidenceGatherer(
            markets=markets,
            fees=FeeComparer(database=database, order_book=stored),
            records=TraderRecords(database=database),
        ),
        markets=markets,
    )
    with database.transaction() as transaction:
        backend = int(transaction.only("SELECT pg_backend_pid() AS pid")["pid"])
    own, theirs = time.process_time(), _cpu_seconds(backend)
    report, seconds, statements = _run(database, decider, stored)
    own, theirs = time.process_time() - own, _cpu_seconds(backend) - theirs
    _, idle_seconds, idle_statements = _run(database, decider, stored)
    if report.failures:
        raise SystemExit(f"failed: {report.failures[0]}")
    with database.transaction() as transaction:
        decisions = int(transaction.only("SELECT count(*) FROM decisions")["count"])
    database.close()
    drop_database(server, f"wide_{wallets}")
    return Measured(
        decisions=decisions,
        seconds=seconds,
        cpu_seconds=own,
        postgres_cpu_seconds=theirs,
        statements=statements,
        idle_seconds=idle_seconds,
        idle_statements=idle_statements,
    )


def _run(database: Database, decider: PaperDecider, stored: _Stored) -> tuple[PaperReport, float, int]:
    report = PaperReport(ran=True)
    with leasing.held(database, stored, name="wide", holder="bench", seconds=LEASE_SECONDS) as lease:
        if lease is None:
            raise SystemExit("the lease is held")
        with counted_round_trips() as trips:
            began = time.perf_counter()
            with database.transaction() as transaction:
                wallets = [each for each in wallet_subjects(transaction) if isinstance(each, Subject)]
            decider.run(wallets, lease, BookShelf(stored), report, Budget.unlimited())
            seconds = time.perf_counter() - began
    return report, seconds, len(trips.statements)


def _cpu_seconds(pid: int) -> float:
    """What a process has used so far: on a machine that does other things too, the only time that says something."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _book(token_id: str, offers: tuple[BookLevel, ...]) -> OrderBook:
    return OrderBook(
        token_id=token_id,
        condition_id="0x" + "c0" * 32,
        bids=(),
        asks=offers,
        book_hash="b" * 40,
        taken_at=NOW,
        tick_size=None,
        minimum_order_shares=None,
    )


if __name__ == "__main__":
    sys.exit(main())

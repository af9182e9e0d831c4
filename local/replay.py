"""`make replay DATA=<folder>`: ingest and evaluation over recorded answers, and an account of every row.

Runs the product's own ingest and paper evaluation on an embedded Postgres. The clock steps through the recording a
minute at a time, so that each trade is decided at most a minute after it was made, by what was known then. Exit status
0 only if every row is accounted for.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from live_trading.api.fields import parsed
from live_trading.api.once import Caller
from live_trading.api.routes.paper.ft_wallet_routes import CreateFtWallet, FtWallets
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.fee_comparing import FeeComparer
from live_trading.services.following.fills.feed_reading import FeedReader
from live_trading.services.following.ingest import Ingest
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.trader_statistics import StatisticsKeeper, TraderRecords
from live_trading.services.paper.paper_run import PaperTrader
from live_trading.services.running.failures import PartFailure
from live_trading.store.database.connection import Database
from live_trading.store.database.migrations import migrate, read_migrations
from live_trading.store.feed import quarantine
from live_trading.wiring.chance import stepped
from local.demo.scenario import PAPER_WALLETS, STARTING_BALANCE_USD
from local.machine.env import LOCAL_STATE, ROOT
from local.machine.ports import HeldPorts
from local.machine.processes import PartFailed, Processes, signals_as_exit
from local.machine.scratch import scratch_directory
from local.postgres.databases import GivenPostgres, connect
from local.postgres.server import LocalPostgres
from local.replay_data import (
    NothingToReplay,
    RecordedBooks,
    RecordedFeed,
    RecordedMarkets,
    Recording,
    read_recording,
)

STEP = timedelta(minutes=1)
SUMMARY = LOCAL_STATE / "replay" / "summary.json"
_CALLER = Caller(owner_id="replay", idempotency_key=None, request_hash="")


@dataclass(slots=True)
class ReplayClock:
    """Stands at the time that the replay has reached."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the run left in the database, and how many pairs of a wallet and a trade it has passed over by reason."""

    stored: int
    decisions: dict[str, dict[str, int]]
    passed: dict[str, int]
    failures: list[PartFailure]

    def accounts_for(self, recording: Recording) -> bool:
        """Whether each row is decided, a duplicate or set aside, and each wallet has taken up each trade once."""
        taken_up = sum(sum(counts.values()) for counts in (*self.decisions.values(), self.passed))
        is_complete = taken_up == self.stored * len(self.decisions)
        adds_up = all(account.adds_up for account in recording.accounts)
        return is_complete and adds_up and self.stored == len(recording.trades) and not self.failures


def main(arguments: Sequence[str] | None = None) -> int:
    """Replays one folder and says what came of it."""
    parser = argparse.ArgumentParser(prog="make replay", description="Ingest and evaluation over recorded answers.")
    parser.add_argument("data", type=Path, help="a folder of recorded answers, v1 or v2")
    folder: Path = parser.parse_args(arguments).data
    try:
        recording = read_recording(folder)
        with ExitStack() as opened:
            opened.enter_context(signals_as_exit())
            url = _server(opened)
            database = Database(lambda: connect(url))
            outcome = replay(database, recording)
            database.close()
    except (NothingToReplay, PartFailed) as error:
        print(error, file=sys.stderr)
        return 1
    _write_summary(recording, outcome)
    print(report(recording, outcome))
    if outcome.accounts_for(recording):
        return 0
    print("Not every row is accounted for.", file=sys.stderr)
    return 1


def _server(opened: ExitStack) -> str:
    given = os.environ.get("DATABASE_URL")
    if given:
        postgres: GivenPostgres | LocalPostgres = GivenPostgres(given)
    else:
        directory = opened.enter_context(scratch_directory())
        ports = opened.enter_context(HeldPorts())
        processes = opened.enter_context(Processes(directory / "logs"))
        postgres = LocalPostgres(directory / "data", processes=processes, ports=ports, cache=LOCAL_STATE / "cache")
    opened.callback(postgres.stop)
    postgres.start()
    postgres.wait()
    return postgres.url


def replay(database: Database, recording: Recording) -> Outcome:
    """Migrates the database, creates the FT wallets, and walks through the recording."""
    migrate(database, read_migrations(ROOT / "migrations"))
    trades = recording.in_time()
    if not trades:
        return _outcome(database, Counter(), [])
    clock = ReplayClock(trades[0].trade_time - STEP)
    _prepare(database, recording, clock)
    trader = _paper_trader(database, recording, clock)
    failures: list[PartFailure] = []
    counted: Counter[str] = Counter()
    for at in _steps([trade.trade_time for trade in trades]):
        clock.at = at
        run = trader.run()
        counted += run.decisions
        failures += run.failures
        failures += [] if run.ingest is None else run.ingest.failures
    return _outcome(database, counted, failures)


def _steps(times: Sequence[datetime]) -> list[datetime]:
    """The minutes in which anything happened, each at its end."""
    return sorted({at.replace(second=0, microsecond=0) + STEP for at in times})


def _prepare(database: Database, recording: Recording, clock: ReplayClock) -> None:
    """Follows everybody in the recording, before the first trade, by FT wallets of every sizing method."""
    followed = sorted({trade.trader for trade in recording.trades.values()})
    wallets = FtWallets(database=database, clock=clock, new_id=uuid4)
    for wallet in PAPER_WALLETS:
        body = {
            "name": wallet.name,
            "starting_balance_usd": STARTING_BALANCE_USD,
            "config": {**wallet.config, "target_traders": followed},
        }
        wallets.create(_CALLER, parsed(CreateFtWallet, body))
    with database.transaction() as transaction:
        quarantine.record(transaction, recording.quarantined, clock.now())


def _paper_trader(database: Database, recording: Recording, clock: ReplayClock) -> PaperTrader:
    feed, markets = RecordedFeed(recording, clock), RecordedMarkets(recording)
    keeper = MarketKeeper(database=database, gamma=markets, chain=markets)
    statistics = StatisticsKeeper(database=database, clock=clock, data_api=feed, holder="replay")
    return PaperTrader(
        database=database,
        clock=clock,
        ingest=Ingest(
            database=database,
            clock=clock,
            feed=FeedReader(feed, stepped(clock), pause=None),
            markets=keeper,
            statistics=statistics,
            holder="replay",
        ),
        evidence=EvidenceGatherer(
            markets=keeper,
            fees=FeeComparer(database=database, order_book=markets),
            records=TraderRecords(database=database),
        ),
        markets=keeper,
        market_data=RecordedBooks(recording, clock),
        holder="replay",
    )


def _outcome(database: Database, counted: Counter[str], failures: list[PartFailure]) -> Outcome:
    decisions: dict[str, dict[str, int]] = {wallet.name: {} for wallet in PAPER_WALLETS}
    with database.transaction() as transaction:
        stored = transaction.only("SELECT count(*) FROM source_trades")["count"]
        rows = transaction.rows(
            """
            SELECT wallet.name, decision.reason, count(*) FROM decisions AS decision
            INNER JOIN ft_wallets AS wallet USING (ft_wallet_id)
            GROUP BY wallet.name, decision.reason ORDER BY count(*) DESC, decision.reason
            """
        )
    for row in rows:
        decisions[row["name"]][row["reason"]] = row["count"]
        counted[row["reason"]] -= row["count"]
    return Outcome(stored=stored, decisions=decisions, passed=dict(+counted), failures=failures)


def report(recording: Recording, outcome: Outcome) -> str:
    """The account of the rows, and each wallet's decisions by reason."""
    books = sum(len(taken) for taken in recording.books.values())
    lines = [
        f"{_what_was_traded(recording)}; {len(recording.markets)} markets and {books} books are recorded",
        "Each trade is decided at the end of its minute. The traders' past results are not recorded: none is known.",
        "",
        f"{'Rows by file':<44}{'rows':>7}{'decided':>9}{'duplicate':>11}{'quarantined':>13}{'no trade':>10}",
    ]
    lines += [
        f"  {each.name:<42}{each.rows:>7}{each.decided:>9}{each.duplicate:>11}{each.quarantined:>13}{each.other:>10}"
        for each in recording.accounts
    ]
    for wallet, counts in outcome.decisions.items():
        lines += ["", f"{wallet}: {sum(counts.values())} decisions"]
        lines += [f"  {reason:<28}{count:>6}" for reason, count in counts.items()]
    if outcome.passed:
        lines += ["", "None of the wallets' business, all wallets together"]
        lines += [f"  {reason:<28}{count:>6}" for reason, count in outcome.passed.items()]
    if recording.quarantined:
        lines += ["", "Quarantined"]
        lines += [f"  {row.source}: {row.reason[:150]}" for row in recording.quarantined]
    if recording.unused:
        lines += ["", f"Not used: {', '.join(recording.unused)}"]
    lines += [f"Failed: {each.part}: {each.error}: {each.message}" for each in outcome.failures]
    return "\n".join(lines)


def _what_was_traded(recording: Recording) -> str:
    times = [trade.trade_time for trade in recording.in_time()]
    if not times:
        return "No trades: nothing to decide"
    traders = len({trade.trader for trade in recording.trades.values()})
    return (
        f"{len(times)} trades of {traders} traders "
        f"from {times[0]:%Y-%m-%d %H:%M:%S} to {times[-1]:%Y-%m-%d %H:%M:%S} UTC"
    )


def _write_summary(recording: Recording, outcome: Outcome) -> None:
    SUMMARY.parent.mkdir(parents=True, exist_ok=True)
    files = [
        {
            "file": each.name,
            "rows": each.rows,
            "decided": each.decided,
            "duplicate": each.duplicate,
            "quarantined": each.quarantined,
            "no_trade": each.other,
        }
        for each in recording.accounts
    ]
    summary = {
        "files": files,
        "decisions": outcome.decisions,
        "passed": outcome.passed,
        "failures": len(outcome.failures),
    }
    SUMMARY.write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""ft-sync: every active FT wallet decides each new source trade once, and bets on paper what it accepts.

A bet is filled on the real book as it stands when it is decided, never on one of a market that has its result already.
A decision and its paper order are one transaction. What a wallet holds is looked at before it bets, and left where its
rules say so.
"""

from __future__ import annotations

from live_trading.nouns.clock import Clock
from live_trading.services.following import evaluation
from live_trading.services.following.evaluation import Subject
from live_trading.services.following.evidence import EvidenceGatherer
from live_trading.services.following.ingest import Ingest
from live_trading.services.following.market_keeping import MarketKeeper
from live_trading.services.following.sources import BookSource
from live_trading.services.paper.paper_books import BookShelf
from live_trading.services.paper.paper_deciding import PaperDecider
from live_trading.services.paper.paper_exits import PaperExits
from live_trading.services.paper.paper_reports import LEASE_SECONDS, PaperReport
from live_trading.services.running import leasing
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database.connection import Database

__all__ = ["LEASE", "LEASE_SECONDS", "PaperReport", "PaperTrader"]

LEASE = "ft-sync"
# What ingest leaves to the wallets.
SECONDS_FOR_WALLETS = 20.0


class PaperTrader:
    """Runs all active FT wallets once."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        ingest: Ingest,
        evidence: EvidenceGatherer,
        markets: MarketKeeper,
        market_data: BookSource,
        holder: str,
    ) -> None:
        """`holder` names this invocation in the lease."""
        self._database = database
        self._clock = clock
        self._ingest = ingest
        self._market_data = market_data
        self._holder = holder
        self._exits = PaperExits(database=database, clock=clock)
        self._decider = PaperDecider(database=database, clock=clock, evidence=evidence, markets=markets)

    def run(self, budget: Budget | None = None, *, reads_feed: bool = True) -> PaperReport:
        """One pass, as long as the budget lasts. Safe to repeat and to overlap.

        Without `reads_feed` it goes by the trades that are stored. The feeds are read before the run has its lease, so
        that whoever passes on news meanwhile need not wait for them. One wallet's failure is reported and does not stop
        the others. Raises LeaseLost or StoreUnavailable.
        """
        report, budget = PaperReport(ran=False), budget or Budget.unlimited()
        if reads_feed:
            with contained("ingest", report.failures), leasing.apart():
                report.ingest = self._ingest.run(budget.keeping(SECONDS_FOR_WALLETS))
        with leasing.held(self._database, self._clock, name=LEASE, holder=self._holder, seconds=LEASE_SECONDS) as lease:
            report.ran = lease is not None
            if lease is None:
                return report
            wallets = self._wallets(report)
            shelf = BookShelf(self._market_data)
            with contained("paper positions", report.failures):
                sales = self._exits.run(wallets, lease, shelf, report.failures)
                report.exits.update(sale.reason for sale in sales)
            self._decider.run(wallets, lease, shelf, report, budget)
        return report

    def _wallets(self, report: PaperReport) -> list[Subject]:
        with self._database.transaction() as transaction:
            found = evaluation.wallet_subjects(transaction)
        report.wallets = len(found)
        report.failures += [each for each in found if isinstance(each, PartFailure)]
        return [each for each in found if isinstance(each, Subject)]

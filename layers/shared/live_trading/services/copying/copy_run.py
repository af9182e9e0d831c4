"""One invocation of lt-execute that stays: live passes first, its paper twins right behind, on the same news.

The chain says what followed traders did, seconds after they did it. The feeds, which fill whatever gap it leaves, are
read by ft-sync every minute, and what it stores is news here too: reading the feeds of many traders takes seconds in
which nothing could be passed on. Only while the chain does not tell, a pass at the beat reads them itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from live_trading.nouns.measures.metrics import Figures, MetricName, counted
from live_trading.services.copying.news import NewsLook
from live_trading.services.entering.execute import ExecuteReport, Executor
from live_trading.services.entering.execute_report import add_counts
from live_trading.services.paper.paper_run import PaperReport, PaperTrader
from live_trading.services.running.budget import Budget
from live_trading.services.running.failures import PartFailure
from live_trading.services.running.staying import Occasion, Stay

# A pass ends before the lease of its job does.
SECONDS_A_PASS_MAY_TAKE = 90.0


@dataclass(slots=True, kw_only=True)
class CopyReport:
    """What all passes did together; `ran` is False where another invocation stayed all the while.

    `passes` counts by occasion, `chain` what the looks at it found. In `live` and `paper` decisions, orders and exits
    are those of all passes; what is left or fails is what was at the last one.
    """

    ran: bool = False
    passes: dict[str, int] = field(default_factory=dict)
    chain: dict[str, int] = field(default_factory=dict)
    live: ExecuteReport | None = None
    paper: PaperReport | None = None
    failures: list[PartFailure] = field(default_factory=list)

    def figures(self) -> Figures:
        """What the looks found, and which of them failed; each pass has told its own."""
        stored = counted({MetricName.TRADES_STORED: self.chain.get("stored", 0)})
        return {**stored, MetricName.FAILED_PARTS: [len(self.failures)] if self.failures else []}


class CopyRun:
    """Passes live and paper for as long as the invocation stays."""

    def __init__(
        self,
        *,
        stay: Stay,
        news: NewsLook,
        live: Executor,
        paper: PaperTrader,
        elapsed: Callable[[], float],
        passed: Callable[[ExecuteReport | PaperReport], None],
    ) -> None:
        """`elapsed` are seconds that only grow; `passed` is told of each pass that came to its end."""
        self._stay = stay
        self._news = news
        self._live = live
        self._paper = paper
        self._elapsed = elapsed
        self._passed = passed

    def run(self, seconds: float, budget: Budget) -> CopyReport:
        """Stays for so many seconds, where the budget lasts. Safe to repeat and to overlap.

        Raises what the last pass raised, see `Executor.run` and `PaperTrader.run`.
        """
        report = CopyReport()

        def act(occasion: Occasion) -> None:
            self._pass(occasion, report, budget)

        stayed = self._stay.run(seconds, budget, look=self._news.is_there, act=act)
        report.ran, report.passes = stayed.ran, stayed.passes
        report.chain = dict(self._news.counts)
        report.failures += [*stayed.failures, *self._news.failures]
        return report

    def _pass(self, occasion: Occasion, report: CopyReport, budget: Budget) -> None:
        own = budget.within(self._elapsed, SECONDS_A_PASS_MAY_TAKE)
        is_whole = occasion is Occasion.BEAT
        self._news.pass_begins()
        live = self._live.run(own, reads_feed=is_whole and self._news.is_blind)
        self._passed(live)
        _carry(report.live, live, keeps=not is_whole)
        report.live = live
        paper = self._paper.run(own, reads_feed=False)
        self._passed(paper)
        _carry(report.paper, paper, keeps=not is_whole)
        report.paper = paper


def _carry(before: ExecuteReport | PaperReport | None, after: ExecuteReport | PaperReport, *, keeps: bool) -> None:
    """Adds what the passes before did to the report of the last one.

    With `keeps` what failed before stays: a pass on news serves not every part, so that has not recovered by it.
    """
    if before is None:
        return
    after.ran |= before.ran
    after.ingest = after.ingest or before.ingest
    add_counts(after.decisions, before.decisions)
    add_counts(after.orders, before.orders)
    add_counts(after.exits, before.exits)
    if keeps:
        named = {each.part for each in after.failures}
        after.failures += [each for each in before.failures if each.part not in named]

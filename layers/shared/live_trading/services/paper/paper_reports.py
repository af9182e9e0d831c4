"""What a paper run says of itself, and how long it holds its lease between two commits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from live_trading.nouns.measures.metrics import Figures, MetricName, counted
from live_trading.services.following.ingest import IngestReport
from live_trading.services.running.failures import PartFailure

LEASE_SECONDS = 60


@dataclass(slots=True, kw_only=True)
class PaperReport:
    """What one run did; `ran` is False where another invocation was at it.

    `decisions` counts by reason, with what was none of a wallet's business; `orders` by fill result, `exits` sales by
    reason, `waiting` trades that are left for the next run because something needed could not be asked for, `left` the
    wallets that time ran out for.
    """

    ran: bool
    ingest: IngestReport | None = None
    wallets: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    exits: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    left: list[str] = field(default_factory=list)
    failures: list[PartFailure] = field(default_factory=list)

    def figures(self) -> Figures:
        """Trades that the feeds told of; what paper did with them is on its own pages."""
        return counted({MetricName.TRADES_STORED: 0 if self.ingest is None else self.ingest.stored})

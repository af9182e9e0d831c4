"""Fees by both of the venue's words, before anything is entered: the catalogue's, and the order book's own.

Where they differ the dearer one is reserved and expected, and the run says so: what is charged is read from the receipt
in any case, and money that was not set aside is the mistake that costs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from live_trading.nouns.markets import FeeSchedule
from live_trading.orders.fees import is_same_fee
from live_trading.polymarket.wire.http_questions import NotFound
from live_trading.services.following.sources import FeeSource
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease
from live_trading.store.feed import market_fees
from live_trading.store.feed.market_fees import StatedFees

FRESH_FOR = timedelta(hours=1)
# More markets than this are for the next run: each is a question of its own.
MOST_QUESTIONS = 40


@dataclass(slots=True, kw_only=True)
class FeeComparison:
    """What a comparison found; `unavailable` are markets whose book could never be asked yet."""

    asked: int = 0
    unavailable: set[str] = field(default_factory=set)
    failures: list[PartFailure] = field(default_factory=list)


class FeeComparer:
    """Asks the order book for the fees of markets that are about to be entered."""

    def __init__(self, *, database: Database, order_book: FeeSource) -> None:
        self._database = database
        self._order_book = order_book

    def compare(self, condition_ids: Collection[str], lease: Lease, now: datetime) -> FeeComparison:
        """Asks where the stored word is older than an hour, and reports the markets whose two words differ.

        One market's failure does not stop the others. Raises LeaseLost or StoreUnavailable.
        """
        report = FeeComparison()
        if not condition_ids:
            return report
        with self._database.transaction() as transaction:
            known = market_fees.stated(transaction, condition_ids)
        for each in known:
            if each.asked_at is None or now - each.asked_at > FRESH_FOR:
                self._ask(each, lease, now, report)
            elif each.by_book is not None:
                _tell_difference(each, each.by_book, report)
        return report

    def _ask(self, stated: StatedFees, lease: Lease, now: datetime, report: FeeComparison) -> None:
        if stated.asked_at is None:
            report.unavailable.add(stated.condition_id)
        if report.asked >= MOST_QUESTIONS:
            return
        report.asked += 1
        with contained(_part(stated), report.failures):
            fees = self._by_book(stated.condition_id)
            with self._database.transaction() as transaction:
                leases.assert_held(transaction, lease)
                market_fees.save_by_book(transaction, stated.condition_id, fees, now)
            report.unavailable.discard(stated.condition_id)
            if fees is not None:
                _tell_difference(stated, fees, report)

    def _by_book(self, condition_id: str) -> FeeSchedule | None:
        try:
            return self._order_book.clob_market(condition_id).fees
        except NotFound:
            return None


def _tell_difference(stated: StatedFees, by_book: FeeSchedule, report: FeeComparison) -> None:
    if not is_same_fee(stated.by_catalogue, by_book):
        message = f"the catalogue says {_text(stated.by_catalogue)}, the order book {_text(by_book)}: the dearer counts"
        report.failures.append(PartFailure(part=_part(stated), error="FeesDiffer", message=message))


def _part(stated: StatedFees) -> str:
    return f"fees of market {stated.condition_id}"


def _text(fees: FeeSchedule) -> str:
    return f"{fees.rate:f} to the power {fees.exponent:f}"

"""Fills, exits and redemptions as messages, where somebody wants them: read after they were booked, never on their way.

A mark says how far it has come. What was booked at about the same time may be committed later, so the last minutes are
read again; each is told once, because the outbox knows it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from live_trading.nouns.alerts import Severity
from live_trading.nouns.trades import Side
from live_trading.orders.quality import slippage
from live_trading.store.database import cursors
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.watch import alert_due, booked_since
from live_trading.store.watch.booked_since import BookedFill, BookedRedemption

READ_AGAIN = timedelta(minutes=10)
_FILLS = "told:fills"
_REDEMPTIONS = "told:redemptions"


class News(StrEnum):
    """What may be told besides alerts: entries that were filled, sales, and what resolved markets paid."""

    FILLS = "fills"
    EXITS = "exits"
    REDEMPTIONS = "redemptions"


_SIDES = {News.FILLS: Side.BUY, News.EXITS: Side.SELL}


class BookedNews:
    """Writes what was booked into the outbox; it begins with what is booked after its first run."""

    def __init__(self, *, database: Database, wanted: Collection[News]) -> None:
        self._database = database
        self._wanted = frozenset(wanted)

    def note(self, now: datetime) -> None:
        """Raises StoreUnavailable where the database is away."""
        with self._database.transaction() as transaction:
            marks = cursors.times(transaction, [_FILLS, _REDEMPTIONS])
            if self._wanted & set(_SIDES):
                self._note_fills(transaction, marks.get(_FILLS), now)
            if News.REDEMPTIONS in self._wanted:
                self._note_redemptions(transaction, marks.get(_REDEMPTIONS), now)

    def _note_fills(self, transaction: Transaction, mark: datetime | None, now: datetime) -> None:
        if mark is None:
            cursors.advance_times(transaction, {_FILLS: now}, now)
            return
        sides = [side for news, side in _SIDES.items() if news in self._wanted]
        found = booked_since.fills(transaction, mark - READ_AGAIN, sides)
        for fill in found:
            alert_due.add_event(
                transaction,
                event_key=f"fill:{fill.fill_id}",
                severity=Severity.INFO,
                title=_fill_title(fill),
                message=_fill_text(fill),
                at=fill.confirmed_at,
            )
        if found:
            cursors.advance_times(transaction, {_FILLS: found[-1].confirmed_at}, now)

    def _note_redemptions(self, transaction: Transaction, mark: datetime | None, now: datetime) -> None:
        if mark is None:
            cursors.advance_times(transaction, {_REDEMPTIONS: now}, now)
            return
        found = booked_since.redemptions(transaction, mark - READ_AGAIN)
        for each in found:
            alert_due.add_event(
                transaction,
                event_key=f"redemption:{each.lt_redemption_id}",
                severity=Severity.INFO,
                title=f"{each.market} paid {each.paid} USD",
                message=_redemption_text(each),
                at=each.redeemed_at,
            )
        if found:
            cursors.advance_times(transaction, {_REDEMPTIONS: found[-1].redeemed_at}, now)


def _fill_title(fill: BookedFill) -> str:
    done = "bought" if fill.side is Side.BUY else "sold"
    return f"{fill.strategy} {done} {fill.shares} {fill.outcome} of {fill.market} at {fill.price}"


def _fill_text(fill: BookedFill) -> str:
    against = "the signal's price" if fill.side is Side.BUY else "the middle of the book"
    found = slippage(fill.side, fill.reference, fill.price, fill.shares)
    slipped = (
        f"Slippage against {against} is not known."
        if found is None
        else f"Slippage against {against} ({fill.reference}): {found.basis_points} basis points, {found.usd} USD "
        "(positive is worse)."
    )
    reason = "" if fill.exit_reason is None else f" Why: {fill.exit_reason}."
    return f"{fill.usd} USD and a fee of {fill.fee} USD.{reason} {slipped}"


def _redemption_text(each: BookedRedemption) -> str:
    return f"Wallet {each.wallet}: {each.paid} USD came, {each.expected} USD were expected."

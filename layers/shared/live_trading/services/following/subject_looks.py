"""What subjects have before them: the trades past their marks that are theirs and undecided, read once for all of them.

Each look reads a bounded part of the trades: the newest numbers, and for subjects that are far behind the part after
the one that is farthest; what waits is read by its numbers. So a mark that stays behind costs the others nothing, and a
subject that comes back after a long time catches up part by part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.services.following.pairing import FollowRule, Follows, TradeShelf
from live_trading.services.following.subject import Subject, parsed
from live_trading.signals.config_errors import InvalidConfig
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import brief_trades, marks, subjects
from live_trading.store.feed.brief_trades import BriefTrade, NumberRange
from live_trading.store.feed.marks import Mark
from live_trading.store.feed.subjects import SubjectKey

# So many numbers are read at once.
WINDOW = 20_000
# What is undecided behind a mark is kept by number up to so many; with more the mark stays before the rest.
MOST_WAITING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLook:
    """What one subject has before it: `undecided` in the order of the numbers, complete up to `covered`."""

    subject: Subject
    rule: FollowRule
    mark: Mark
    covered: int
    undecided: list[BriefTrade]

    def settled(self) -> Mark:
        """Where the subject's mark belongs: past what is decided, before what is not, but for a few that wait."""
        open_ = [each.source_trade_id for each in self.undecided if each.source_trade_id <= self.covered]
        if len(open_) <= MOST_WAITING:
            return Mark(position=self.covered, waiting=tuple(open_))
        return Mark(position=open_[MOST_WAITING] - 1, waiting=tuple(open_[:MOST_WAITING]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What the subjects have before them; empty where nothing is new to any of them and nothing waits."""

    shelf: TradeShelf
    of_subjects: list[SubjectLook]

    def passed_over(self, look: SubjectLook, position: int) -> Counter[str]:
        """What lies between the subject's mark and `position` and is none of its business, by reason."""
        return self.shelf.passed_over(look.rule, look.mark.position, position)


NOTHING = Looks(shelf=TradeShelf(), of_subjects=[])


def look(transaction: Transaction, of: Sequence[Subject], *, keep_marks_at: datetime | None = None) -> Looks:
    """Reads it in a number of statements that does not depend on subjects and trades.

    A subject without a mark has one before the first trade since its start; it is stored with the moment
    `keep_marks_at`, where one is given.
    """
    if not of:
        return NOTHING
    newest, known = marks.of_names(transaction, [each.cursor_name for each in of])
    fresh = _first_marks(transaction, [each for each in of if each.cursor_name not in known], newest)
    if keep_marks_at is not None:
        marks.move(transaction, fresh, keep_marks_at)
    known |= fresh
    of_keys = {each.key: known[each.cursor_name] for each in of}
    due = {key: mark for key, mark in of_keys.items() if mark.position < newest or mark.waiting}
    if not due:
        return NOTHING
    ranges = _ranges([mark.position for mark in due.values()], newest)
    waiting = {number for mark in due.values() for number in mark.waiting}
    shelf = _shelf(brief_trades.read(transaction, ranges, waiting), ranges)
    decided = brief_trades.decided(transaction, due, ranges)
    rules = _rules(transaction, [each for each in of if each.key in due], shelf)
    found = [
        SubjectLook(
            subject=each,
            rule=rules[each.key],
            mark=due[each.key],
            covered=_covered(due[each.key].position, ranges),
            undecided=_undecided(shelf, rules[each.key], due[each.key], newest, decided.get(each.key, set())),
        )
        for each in of
        if each.key in due
    ]
    return Looks(shelf=shelf, of_subjects=found)


def _undecided(shelf: TradeShelf, rule: FollowRule, mark: Mark, newest: int, decided: set[int]) -> list[BriefTrade]:
    theirs = [*shelf.among(rule, mark.waiting), *shelf.after(rule, mark.position, newest)]
    found = [each for each in theirs if each.source_trade_id not in decided]
    found.sort(key=lambda each: each.source_trade_id)
    return found


def _shelf(trades: Sequence[BriefTrade], ranges: Sequence[NumberRange]) -> TradeShelf:
    def is_ranged(trade: BriefTrade) -> bool:
        return any(each.after < trade.source_trade_id <= each.to for each in ranges)

    return TradeShelf([each for each in trades if is_ranged(each)], [each for each in trades if not is_ranged(each)])


def _first_marks(transaction: Transaction, of: Sequence[Subject], newest: int) -> dict[str, Mark]:
    if not of:
        return {}
    before = marks.before_trades_since(transaction, [each.starts_at for each in of])
    return {each.cursor_name: Mark(position=min(before.get(each.starts_at, newest), newest)) for each in of}


def _ranges(positions: Sequence[int], newest: int) -> list[NumberRange]:
    """The newest numbers that somebody has not passed, and a part after the mark that is farthest behind."""
    edge = newest - WINDOW
    farthest = min(positions)
    if farthest >= edge:
        return [NumberRange(after=farthest, to=newest)]
    return [NumberRange(after=farthest, to=min(farthest + WINDOW, edge)), NumberRange(after=edge, to=newest)]


def _covered(position: int, ranges: Sequence[NumberRange]) -> int:
    """How far everything after the position has been read without a hole."""
    for each in ranges:
        if each.after <= position < each.to:
            position = each.to
    return position


def _rules(transaction: Transaction, of: Sequence[Subject], shelf: TradeShelf) -> dict[SubjectKey, FollowRule]:
    changed = [each.ft_wallet_id for each in of if each.config_version > 1]
    earlier: Mapping[UUID, list[subjects.EarlierConfig]] = {}
    if changed and shelf.oldest is not None:
        earlier = subjects.earlier_configs(transaction, changed, shelf.oldest)
    return {
        each.key: FollowRule(
            follows=Follows.of(each.config),
            starts_at=each.starts_at,
            earlier=tuple(_held(earlier.get(each.ft_wallet_id, ()))),
        )
        for each in of
    }


def _held(earlier: Sequence[subjects.EarlierConfig]) -> Iterator[tuple[datetime, Follows]]:
    for each in earlier:
        # Nobody was run by one that cannot be read: there is nothing to keep to.
        with suppress(InvalidConfig):
            yield each.until, Follows.of(parsed(each.config))

"""Reads a trader's history a page at a time; every step stores what it read and the place where the next one begins.

A pass reads trades from the newest back, then each list of positions. The first pass reads everything, and so does one
a day; those between read what is younger than the overlap, and the lists of what is still held.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import GiveUp, MalformedAnswer
from live_trading.polymarket.data.data_api import PositionsStep
from live_trading.polymarket.data.trader_history import (
    PositionRow,
    PositionsPage,
    PositionStatus,
    Resolution,
    conditions_to_date,
    positions_page,
)
from live_trading.polymarket.wire.field_types import unpadded
from live_trading.services.following.sources import TraderHistory
from live_trading.signals.history_sums import HistoryPart, Progress, hours_of, reads_after
from live_trading.store.database import leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.feed import quarantine, trader_histories

LEASE_SECONDS = 60


class HistoryReader:
    """Takes one step after the other. Every method raises LeaseLost or StoreUnavailable."""

    def __init__(self, *, database: Database, clock: Clock, data_api: TraderHistory) -> None:
        self._database = database
        self._clock = clock
        self._data_api = data_api

    def begin(self, trader: str, before: Progress | None, lease: Lease, *, is_urgent: bool) -> Progress:
        """Opens a pass up to the present second; what it is about to read again is forgotten."""
        now = self._clock.now().replace(microsecond=0)
        after = reads_after(before, now, is_urgent=is_urgent)
        kept = before if after is not None else None
        begun = Progress(
            trader=trader,
            pass_number=1 if before is None else before.pass_number + 1,
            part=HistoryPart.TRADES,
            resume=now.isoformat(),
            page_digest=None,
            began_at=now,
            reads_after=after,
            complete_to=None if kept is None else kept.complete_to,
            whole_at=None if kept is None else kept.whole_at,
            has_undated_trades=kept is not None and kept.has_undated_trades,
            refused_as_of=None if before is None else before.refused_as_of,
            refused_because=None if before is None else before.refused_because,
        )
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            trader_histories.forget_trades(transaction, trader, after)
            trader_histories.save_progress(transaction, begun)
        return begun

    def step(self, progress: Progress, lease: Lease) -> Progress:
        """Reads the next page of a pass.

        Raises RetryLater where the venue is away, and GiveUp where it refuses the page or it cannot be read; then the
        next pass begins anew.
        """
        part = progress.part
        if part is None:
            raise ValueError(f"no pass over {progress.trader} is under way")
        try:
            if part is HistoryPart.TRADES:
                return self._read_trades(progress, lease)
            return self._read_positions(progress, part, lease)
        except GiveUp:
            abandoned = replace(progress, part=None, resume=None, page_digest=None)
            now = self._clock.now()
            with self._database.transaction() as transaction:
                leases.renew(transaction, lease, now, LEASE_SECONDS)
                trader_histories.save_progress(transaction, abandoned)
            raise

    def _read_trades(self, progress: Progress, lease: Lease) -> Progress:
        after = progress.reads_after
        until = progress.began_at if progress.resume is None else datetime.fromisoformat(progress.resume)
        step = self._data_api.trade_sizes(progress.trader, after, until)
        is_done = step.down_to is None or (after is not None and step.down_to <= after)
        following = replace(
            progress,
            part=HistoryPart.CLOSED if is_done else HistoryPart.TRADES,
            resume=None if is_done or step.down_to is None else step.down_to.isoformat(),
            has_undated_trades=progress.has_undated_trades or any(each.time is None for each in step.sizes),
        )
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            trader_histories.add_trades(transaction, progress.trader, hours_of(step.sizes, after))
            trader_histories.save_progress(transaction, following)
        return following

    def _read_positions(self, progress: Progress, part: HistoryPart, lease: Lease) -> Progress:
        status = PositionStatus(part)
        step = self._data_api.positions(progress.trader, status, progress.resume)
        if progress.page_digest == step.digest and step.listed.rows:
            raise MalformedAnswer(f"{status} positions: a page that repeats the one before it", raw=step.digest)
        known, fresh = self._resolutions(conditions_to_date(step.listed, status))
        page = positions_page({status: step.listed}, known | fresh)
        following = _after_page(progress, part, step)
        now = self._clock.now()
        with self._database.transaction() as transaction:
            leases.renew(transaction, lease, now, LEASE_SECONDS)
            trader_histories.save_final_moments(transaction, _final(fresh))
            quarantine.record(transaction, page.quarantined, now)
            _keep(transaction, progress, status, step.listed.rows, page)
            if part is HistoryPart.CLOSED and following.part is not part and progress.reads_after is None:
                trader_histories.drop_unseen(transaction, progress, is_held=False)
            if following.part is None:
                trader_histories.drop_unseen(transaction, progress, is_held=True)
            trader_histories.save_progress(transaction, following)
        return following

    def _resolutions(self, condition_ids: Collection[str]) -> tuple[dict[str, Resolution], dict[str, Resolution]]:
        """What is known of these conditions: from the store, where it is final, and else from the feed."""
        by_key = {unpadded(each): each for each in condition_ids}
        if not by_key:
            return {}, {}
        with self._database.transaction() as transaction:
            moments = trader_histories.final_moments(transaction, by_key.keys())
        known = {key: Resolution(at=at, is_final=True) for key, at in moments.items()}
        return known, self._data_api.resolutions([each for key, each in by_key.items() if key not in known])


def _keep(
    transaction: Transaction,
    progress: Progress,
    status: PositionStatus,
    rows: Sequence[PositionRow],
    page: PositionsPage,
) -> None:
    if status is PositionStatus.OPEN:
        # What is traded again after it was closed is in that list no more, and its old row is not read again.
        trader_histories.drop_reopened(transaction, progress, [row.token_id for row in rows])
    is_held = status is not PositionStatus.CLOSED
    trader_histories.put_positions(transaction, progress, page.positions, is_held=is_held)


def _after_page(progress: Progress, part: HistoryPart, step: PositionsStep) -> Progress:
    """Where the next step begins: at the next page, at the next list, or the pass is done."""
    is_known = part is HistoryPart.CLOSED and _is_older(step.listed.rows, progress.reads_after)
    if step.next_cursor is not None and not is_known:
        return replace(progress, resume=step.next_cursor, page_digest=step.digest)
    following = replace(progress, part=part.following(), resume=None, page_digest=None)
    if following.part is not None:
        return following
    whole_at = progress.began_at if progress.reads_after is None else progress.whole_at
    return replace(following, complete_to=progress.began_at, whole_at=whole_at)


def _is_older(rows: Collection[PositionRow], moment: datetime | None) -> bool:
    """Whether a page, the latest events first, has come to what earlier passes have read."""
    dated = [row.last_event_at for row in rows if row.last_event_at is not None]
    return moment is not None and bool(dated) and min(dated) <= moment


def _final(resolutions: dict[str, Resolution]) -> dict[str, datetime]:
    return {key: each.at for key, each in resolutions.items() if each.is_final and each.at is not None}

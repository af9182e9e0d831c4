"""The watch on the chain: fills of all followed traders as soon as a block has them, long before the feed lists them.

Invariants: a block is noted as done only when what it holds is stored, so that a watch which dies looks again; looking
again, by itself or by another watch beside it, changes nothing. When a block that was done is no longer on the chain,
what stood in the blocks above the last that still is gets looked for again, and what is gone is dropped: nobody decides
it any more, and its row, with whatever was decided on it, takes the fill back when another block has it.

The watch is for speed. A fill whose market the catalogue does not tell waits some minutes for it and delays no other;
what the watch cannot tell at all, such as a gap that is too long, is left to the feed, which tells everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from live_trading.chain.errors import BlockNotThere
from live_trading.chain.reading.order_logs import Block, ChainFill, LookedAt
from live_trading.nouns.alerts import AlertType, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import average_price
from live_trading.nouns.trades import QuarantinedRow, Side, SourceTrade, SourceTradeKey
from live_trading.services.following.fills.token_markets import TokenMarket, TokenMarkets
from live_trading.services.following.fills.trade_storing import Place, Replaced, store_mined
from live_trading.services.following.sources import FillSource
from live_trading.services.running.failures import PartFailure, contained
from live_trading.store.database import cursors
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import quarantine
from live_trading.store.feed.told import chain_blocks
from live_trading.store.feed.told.chain_blocks import KnownBlock, Watched
from live_trading.store.feed.told.trade_sources import DroppedTrade
from live_trading.store.watch import alerts

LOOKING_SINCE = "chain:looking_since"
"""The time cursor from which on no block was left out."""

# Nodes behind one address do not all have a block's logs at the moment at which one of them has the block.
LOOKED_AT_AGAIN = 3
# What is older than a quarter of an hour is no signal any more: the feed tells it.
MOST_BEHIND = 450
FIRST_LOOK = 15
_LONGEST_REST = timedelta(seconds=30)
_UNTOLD_FOR = timedelta(minutes=10)
_SOURCE = "chain.order_filled"


@dataclass(slots=True, kw_only=True)
class ChainReport:
    """What one look did.

    `block` is the newest block looked at, None where there was no look. `seen` counts fills of followed traders, again
    those of the last few blocks; `stored` those of them that were new. `unknown_tokens` wait for the catalogue.
    `skipped` are blocks that nobody looked at, `rewritten` those that the chain had replaced, `dropped` trades that went with
    them. With `rests` nothing was asked, as the node has just refused.
    """

    block: int | None = None
    seen: int = 0
    stored: int = 0
    doubtful: int = 0
    unknown_tokens: list[str] = field(default_factory=list)
    skipped: int = 0
    rewritten: int = 0
    dropped: int = 0
    rests: bool = False
    failures: list[PartFailure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The blocks to look at, and the newest one that is done and should still be there."""

    first: int
    last: Block
    anchor: KnownBlock | None
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What one look has to store."""

    plan: _Plan
    trades: Sequence[SourceTrade]
    places: dict[SourceTradeKey, Place]
    malformed: Sequence[str]
    replaced: Replaced | None


class ChainWatch:
    """Looks at the chain once a `poll`. One invocation keeps one watch; several may watch at once."""

    def __init__(self, *, database: Database, clock: Clock, logs: FillSource, tokens: TokenMarkets) -> None:
        self._database = database
        self._clock = clock
        self._logs = logs
        self._tokens = tokens
        self._done: list[KnownBlock] = []
        self._looked_at: str | None = None
        self._stored: set[tuple[str, int]] = set()
        self._untold: list[tuple[ChainFill, datetime]] = []
        self._failed = 0
        self._rests_until: datetime | None = None

    def poll(self) -> ChainReport:
        """Stores the trades of the blocks since the last look.

        Without a new block it costs one request, with one that holds nothing two requests and two round trips to the
        database. Where the node fails nothing is lost: what was not stored is looked for by the next poll, and the node
        is left alone for a while, longer each time. Fills whose market the catalogue does not tell wait for it, and for
        the feed. Raises StoreUnavailable.
        """
        report = ChainReport()
        now = self._clock.now()
        if self._rests_until is not None and now < self._rests_until:
            report.rests = True
            return report
        failures: list[PartFailure] = []
        with contained("chain watch", failures):
            self._look(report, now)
        rest = min(_LONGEST_REST, timedelta(seconds=2 ** min(self._failed, 10)))
        self._rests_until = now + rest if failures else None
        self._failed = self._failed + 1 if failures else 0
        report.failures += failures
        return report

    def _look(self, report: ChainReport, now: datetime) -> None:
        head = self._logs.head()
        if head.block_hash == self._looked_at:
            return
        with self._database.transaction() as transaction:
            watched = chain_blocks.note_and_read(transaction, self._done)
        self._done = []
        plan = _plan(watched.blocks, head)
        if plan is None:
            return
        report.block, report.skipped = head.number, plan.skipped
        if watched.traders:
            self._store_found(watched, plan, report, now)
        self._looked_at = head.block_hash
        self._done = [KnownBlock(number=head.number, block_hash=head.block_hash, time=head.time)]

    def _store_found(self, watched: Watched, plan: _Plan, report: ChainReport, now: datetime) -> None:
        """Stores what the blocks hold, and what was left from earlier ones because its market was not known."""
        fork, found = self._found(watched, plan)
        report.rewritten = 0 if fork is None else plan.last.number - fork
        self._untold = [
            (fill, time)
            for fill, time in self._untold
            if now - time <= _UNTOLD_FOR and (fork is None or fill.block_number <= fork)
        ]
        fresh = self._of_followed(watched, found, is_rewritten=fork is not None)
        report.seen = len(fresh)
        told = [*self._untold, *((fill, found.times[fill.block_hash]) for fill in fresh)]
        known = self._markets_of([fill for fill, _ in told], report, now)
        self._untold = [(fill, time) for fill, time in told if fill.filled.token_id not in known]
        report.unknown_tokens = sorted({fill.filled.token_id for fill, _ in self._untold})
        trades, places = _as_trades(told, known)
        if trades or found.malformed or fork is not None or plan.anchor is None or plan.skipped:
            replaced = None
            if fork is not None:
                replaced = Replaced(
                    above=fork,
                    traders=[each.trader for each in watched.traders],
                    untold={fill.transaction_hash for fill, _ in self._untold},
                )
            self._store(_Found(plan, trades, places, found.malformed, replaced), report, now)
        self._stored = {(fill.block_hash, fill.log_index) for fill in found.fills}

    def _markets_of(self, fills: Sequence[ChainFill], report: ChainReport, now: datetime) -> dict[str, TokenMarket]:
        """The markets by token, as far as they can be told: what the catalogue does not say now it may say later."""
        tokens = {fill.filled.token_id for fill in fills}
        with contained(f"markets of {len(tokens)} tokens", report.failures):
            return self._tokens.of_tokens(tokens, now)
        return self._tokens.remembered(tokens)

    def _found(self, watched: Watched, plan: _Plan) -> tuple[int | None, LookedAt]:
        """What the blocks hold; with the last block that is still there, where the chain has replaced some."""
        accounts = [each.trader for each in watched.traders]
        last = plan.last.number
        anchor = plan.anchor or KnownBlock(number=last, block_hash=plan.last.block_hash, time=plan.last.time)
        found = self._logs.look(accounts, plan.first, last, anchor=anchor.number)
        if found.anchor is None:
            raise BlockNotThere(f"the node has block {last}, and not block {anchor.number}")
        if found.anchor.block_hash == anchor.block_hash:
            return None, found
        fork = max(self._fork(watched.blocks, last), last - MOST_BEHIND)
        return fork, self._logs.look(accounts, fork + 1, last, anchor=last)

    def _fork(self, blocks: Sequence[KnownBlock], last: int) -> int:
        """The newest block that is as it was when it was looked at; the one before all that are known if none is."""
        known = [block for block in blocks if block.number <= last]
        for block, now in zip(known, self._logs.blocks([block.number for block in known]), strict=True):
            if now is not None and now.block_hash == block.block_hash:
                return block.number
        return min((block.number for block in known), default=last) - 1

    def _of_followed(self, watched: Watched, found: LookedAt, *, is_rewritten: bool) -> list[ChainFill]:
        since = {each.trader: each.followed_since for each in watched.traders}
        return [
            fill
            for fill in found.fills
            if fill.filled.account in since
            and found.times[fill.block_hash] >= since[fill.filled.account]
            and (is_rewritten or (fill.block_hash, fill.log_index) not in self._stored)
        ]

    def _store(self, found: _Found, report: ChainReport, now: datetime) -> None:
        with self._database.transaction() as transaction:
            stored = store_mined(transaction, found.trades, found.places, now, found.replaced)
            for source_trade_id in stored.back:
                _say_it_is_back(transaction, source_trade_id, now)
            for each in stored.dropped:
                _say_it_is_gone(transaction, each, now)
            if found.replaced is not None:
                chain_blocks.forget_above(transaction, found.replaced.above)
            if found.plan.anchor is None or found.plan.skipped:
                cursors.advance_times(transaction, {LOOKING_SINCE: found.plan.last.time}, now)
            quarantine.record(transaction, [_unread(text) for text in found.malformed], now)
        report.stored = len(stored.result.new)
        report.doubtful = len(stored.result.doubtful)
        report.dropped = len(stored.dropped)


def _plan(known: Sequence[KnownBlock], head: Block) -> _Plan | None:
    """None where the node knows nothing newer than what is done. `known` is the newest first."""
    below = [block for block in known if block.number <= head.number]
    if not below:
        return _Plan(first=max(0, head.number - FIRST_LOOK), last=head, anchor=None)
    anchor = below[0]
    if (anchor.number, anchor.block_hash) == (head.number, head.block_hash):
        return None
    behind = head.number - anchor.number
    if behind > MOST_BEHIND:
        return _Plan(first=head.number - MOST_BEHIND, last=head, anchor=anchor, skipped=behind - MOST_BEHIND - 1)
    return _Plan(first=max(0, anchor.number + 1 - LOOKED_AT_AGAIN), last=head, anchor=anchor)


def _as_trades(
    told: Sequence[tuple[ChainFill, datetime]], known: Mapping[str, TokenMarket]
) -> tuple[list[SourceTrade], dict[SourceTradeKey, Place]]:
    """The trades of the fills whose market is known, with their places; each fill has its block's time."""
    trades: list[SourceTrade] = []
    places: dict[SourceTradeKey, Place] = {}
    for fill, time in told:
        market = known.get(fill.filled.token_id)
        if market is not None:
            trade = _numbered(_as_trade(fill, market, time), places)
            places[trade.key] = Place(
                order_hash=fill.filled.order_hash,
                block_number=fill.block_number,
                block_hash=fill.block_hash,
                log_index=fill.log_index,
            )
            trades.append(trade)
    return trades, places


def _as_trade(fill: ChainFill, market: TokenMarket, time: datetime) -> SourceTrade:
    filled = fill.filled
    price = average_price(filled.moved.usd, filled.moved.shares)
    assert price is not None, "a fill of no shares is none"
    return SourceTrade(
        transaction_hash=fill.transaction_hash,
        token_id=filled.token_id,
        trader=filled.account,
        side=Side.BUY if filled.is_buy else Side.SELL,
        price=price,
        shares=filled.moved.shares,
        occurrence=0,
        condition_id=market.condition_id,
        outcome=market.outcome,
        outcome_index=market.outcome_index,
        title=market.title,
        slug=market.slug,
        trade_time=time,
    )


def _numbered(trade: SourceTrade, before: dict[SourceTradeKey, Place]) -> SourceTrade:
    """The trade as the first, second, … of those that are equal; as the feed's rows are numbered."""
    while trade.key in before:
        trade = replace(trade, occurrence=trade.occurrence + 1)
    return trade


def _subject(source_trade_id: int) -> str:
    return f"source trade {source_trade_id}"


def _say_it_is_gone(transaction: Transaction, dropped: DroppedTrade, now: datetime) -> None:
    """Only what somebody has acted on needs anybody."""
    if not dropped.decisions:
        return
    trade = dropped.trade
    alerts.raise_alert(
        transaction,
        alert_type=AlertType.SOURCE_TRADE,
        severity=Severity.WARNING,
        subject=_subject(dropped.source_trade_id),
        title="A trade that was decided on is no longer on the chain",
        message=(
            f"{trade.side} of {trade.shares} at {trade.price} in {trade.title} by {trade.trader} "
            f"({trade.transaction_hash}) stood in a block that the chain has replaced, and {dropped.decisions} "
            f"decisions were made on it. What was bought stays and is left by its own rules; nothing more is bought "
            "for it. If the trade does not come back, close by hand what you do not want to hold without it"
        ),
        at=now,
    )


def _say_it_is_back(transaction: Transaction, source_trade_id: int, now: datetime) -> None:
    alerts.resolve_alert(transaction, alert_type=AlertType.SOURCE_TRADE, subject=_subject(source_trade_id), at=now)


def _unread(text: str) -> QuarantinedRow:
    reason, _, raw = text.partition(": ")
    return QuarantinedRow(source=_SOURCE, reason=reason, raw=raw or text)

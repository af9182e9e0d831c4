"""What a trading wallet did at the venue without us, as a plan: what to adopt, what waits, and who else claims it.

Pure. Invariants: nothing of ours is in it; a trade that cannot be read is set aside by itself; a trade whose market
cannot be asked about just now waits, and for an hour also one whose market nobody knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.orders import Fill, Moved
from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.clob.account_rows import TRADES_SOURCE, VenueOrder, VenueTrade, VenueTrades
from live_trading.polymarket.clob.own_fills import fills_of_order
from live_trading.polymarket.signing.order_marker import is_marker
from live_trading.store.books.breaks import Break, BreakKind
from live_trading.store.database.text import storable

# How long a trade waits for a market that the catalogue does not have, or for whatever stands in the way of booking it.
PATIENCE = timedelta(hours=1)
_UNREADABLE = (MalformedAnswer, ArithmeticError, ValueError, TypeError, LookupError)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFill:
    """A trade of the wallet that belongs to no intent."""

    condition_id: str
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An order with an installation's marker that this database did not make; `size` as its trades state it."""

    order_hash: str
    marker: str
    condition_id: str
    size: Decimal
    match_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsidePlan:
    """What to adopt. `unreadable` are trades that cannot be understood, and so not be booked.

    `moved` is by order and transaction what receipts tell. `claims` are orders that another installation made.
    `waiting` are trades that cannot be booked yet.
    """

    orders: tuple[VenueOrder, ...]
    fills: tuple[OutsideFill, ...]
    unreadable: tuple[QuarantinedRow, ...]
    moved: Mapping[str, Mapping[str, Moved]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    waiting: tuple[VenueTrade, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.orders or self.fills or self.unreadable or self.claims)

    @property
    def breaks(self) -> list[Break]:
        return [
            Break(
                kind=BreakKind.UNREADABLE_ANSWER,
                subject=storable(row.reason[:200]),
                expected=Decimal(0),
                observed=Decimal(1),
            )
            for row in self.unreadable
        ]

    @property
    def since(self) -> datetime | None:
        """When the oldest of its trades was matched."""
        return min((each.fill.match_time for each in self.fills), default=None)

    def pieces(self) -> Iterator[tuple[str, OutsidePlan]]:
        """The same a piece at a time, each with its name: what is wrong with one order stops no other.

        Claims come first: the receipt that told of one is not read again once its trade has settled.
        """
        for claim in self.claims:
            piece = OutsidePlan(orders=(), fills=(), unreadable=(), claims=(claim,))
            yield f"claim of order {claim.order_hash}", piece
        if self.unreadable:
            yield "unreadable trades", OutsidePlan(orders=(), fills=(), unreadable=self.unreadable)
        for order in self.orders:
            yield f"outside order {order.order_hash}", OutsidePlan(orders=(order,), fills=(), unreadable=())
        for order_hash, heard in by_order_hash(self.fills).items():
            piece = OutsidePlan(orders=(), fills=tuple(heard), unreadable=(), moved=self.moved)
            yield f"trades of outside order {order_hash}", piece


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMarkets:
    """The fee schedules that are known, and the markets of which the catalogue could not be asked."""

    fees: Mapping[str, FeeSchedule]
    unavailable: Collection[str]


def plan_outside(
    *,
    open_orders: Sequence[VenueOrder],
    by_order: Mapping[str, Sequence[VenueTrade]],
    ours: set[str],
    known: KnownMarkets,
    since: datetime,
    now: datetime,
    moved: Mapping[str, Mapping[str, Moved]],
    markers: Mapping[str, str],
) -> OutsidePlan:
    """Which orders and trades nobody of us made. Pure.

    `by_order` are the wallet's trades by the order that made them, `ours` the hashes of our intents, `moved` what
    receipts tell by order and transaction, `markers` what they tell of an order's maker. Trades from before `since` are
    part of what the wallet had when it was registered, and only tell who else trades on it.
    """
    fills: list[OutsideFill] = []
    unreadable: list[QuarantinedRow] = []
    waiting: list[VenueTrade] = []
    theirs = {order_hash: trades for order_hash, trades in by_order.items() if order_hash not in ours}
    for order_hash, trades in theirs.items():
        for trade in (each for each in trades if each.match_time >= since):
            if _waits(trade, known, now):
                waiting.append(trade)
                continue
            try:
                fills += _fills(trade, order_hash, known.fees)
            except _UNREADABLE as error:
                unreadable.append(_set_aside(trade, error))
    return OutsidePlan(
        orders=tuple(order for order in open_orders if order.order_hash not in ours),
        fills=tuple(fills),
        unreadable=tuple(unreadable),
        moved=moved,
        claims=tuple(_claims(theirs, markers)),
        waiting=tuple(waiting),
    )


def rows_of(plan: OutsidePlan, error: str) -> list[QuarantinedRow]:
    """The trades of a plan that could not be booked for too long, to be kept with the reason."""
    return [
        QuarantinedRow(source=TRADES_SOURCE, reason=f"trade {each.fill.venue_trade_id}: {error}", raw=repr(each))
        for each in plan.fills
    ]


def _waits(trade: VenueTrade, known: KnownMarkets, now: datetime) -> bool:
    if trade.condition_id in known.fees:
        return False
    return trade.condition_id in known.unavailable or now - trade.match_time < PATIENCE


def _set_aside(trade: VenueTrade, error: Exception) -> QuarantinedRow:
    if isinstance(error, MalformedAnswer):
        return QuarantinedRow(source=TRADES_SOURCE, reason=str(error), raw=error.raw)
    reason = f"trade {trade.venue_trade_id}: {type(error).__name__}: {error}"
    return QuarantinedRow(source=TRADES_SOURCE, reason=reason, raw=repr(trade))


def _claims(theirs: Mapping[str, Sequence[VenueTrade]], markers: Mapping[str, str]) -> Iterator[Claim]:
    for order_hash, trades in theirs.items():
        marker = markers.get(order_hash)
        if marker is not None and is_marker(marker):
            first = min(trades, key=lambda trade: trade.match_time)
            yield Claim(
                order_hash=order_hash,
                marker=marker,
                condition_id=first.condition_id,
                size=sum((trade.size for trade in trades), Decimal(0)),
                match_time=first.match_time,
            )


def _fills(trade: VenueTrade, order_hash: str, fees: Mapping[str, FeeSchedule]) -> list[OutsideFill]:
    schedule = fees.get(trade.condition_id)
    if schedule is None:
        raise MalformedAnswer(
            f"trade {trade.venue_trade_id} of an unknown market {trade.condition_id}", raw=repr(trade)
        )
    found = fills_of_order(VenueTrades(trades=(trade,), malformed=()), order_hash, schedule)
    return [OutsideFill(condition_id=trade.condition_id, fill=fill) for fill in found]


def by_order_hash(fills: Sequence[OutsideFill]) -> dict[str, list[OutsideFill]]:
    """The trades by the order that made them."""
    by_order: dict[str, list[OutsideFill]] = {}
    for each in fills:
        by_order.setdefault(each.fill.order_hash, []).append(each)
    return by_order

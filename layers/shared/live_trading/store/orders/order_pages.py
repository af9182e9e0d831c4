"""Which orders of an owner a page shows, newest first, over all his strategies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.orders import OrderState, Purpose
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Transaction

_PURPOSES = {Side.BUY: (Purpose.ENTRY,), Side.SELL: (Purpose.EXIT, Purpose.FLATTEN)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersWanted:
    """Which orders: None does not narrow. A period is of when they were committed."""

    lt_strategy_id: UUID | None = None
    trading_wallet_id: UUID | None = None
    state: OrderState | None = None
    purpose: Purpose | None = None
    side: Side | None = None
    condition_id: str | None = None
    source_trade_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def purposes(self) -> Sequence[Purpose | None]:
        """Those of both filters, one None for all of them. What is bought is an entry, and what is sold none."""
        if self.side is None:
            return (self.purpose,)
        return [each for each in _PURPOSES[self.side] if self.purpose in (None, each)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlace:
    """An order, and where it stands in the list."""

    lt_order_id: UUID
    intent_at: datetime
    made_number: int


_PAGE = """
SELECT one.lt_order_id, one.intent_at, one.made_number
FROM (
    SELECT lt_strategy_id FROM lt_strategies
    WHERE
        owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR lt_strategy_id = :lt_strategy_id)
        AND (:trading_wallet_id::uuid IS NULL OR trading_wallet_id = :trading_wallet_id)
) AS whose
CROSS JOIN LATERAL ({parts}) AS one
ORDER BY one.intent_at DESC, one.made_number DESC LIMIT :rows_to_read
"""
_PART = """(
    SELECT held.lt_order_id, held.intent_at, held.made_number FROM {orders} AS held
    WHERE
        held.lt_strategy_id = whose.lt_strategy_id
        AND (held.intent_at, held.made_number) < (coalesce(:after_at, 'infinity'::timestamptz), :after_number)
        AND held.intent_at >= coalesce(:since, '-infinity'::timestamptz)
        AND held.intent_at < coalesce(:until, 'infinity'::timestamptz){narrowed}
    ORDER BY held.intent_at DESC, held.made_number DESC LIMIT :rows_to_read
)"""
# What is asked for by its market or its trade is few: it is found by an index of its own, and sorted.
_OF_MARKET = """(
        SELECT * FROM lt_orders
        WHERE
            lt_orders.lt_strategy_id = whose.lt_strategy_id
            AND token_id = ANY(ARRAY(SELECT unnest(token_ids) FROM markets WHERE condition_id = :condition_id))
        OFFSET 0
    )"""
_OF_TRADE = """(
        SELECT * FROM lt_orders
        WHERE lt_orders.lt_strategy_id = whose.lt_strategy_id AND source_trade_id = :source_trade_id OFFSET 0
    )"""


def of_owner(transaction: Transaction, owner_id: str, wanted: OrdersWanted, page: PageAsked) -> list[OrderPlace]:
    """The places of a page of the owner's orders."""
    parts = [_PART.format(orders=_orders(wanted), narrowed=_narrowed(wanted, purpose)) for purpose in wanted.purposes]
    if not parts:
        return []
    rows = transaction.rows(
        _PAGE.format(parts=" UNION ALL ".join(parts)),
        owner_id=owner_id,
        lt_strategy_id=wanted.lt_strategy_id,
        trading_wallet_id=wanted.trading_wallet_id,
        condition_id=wanted.condition_id,
        source_trade_id=wanted.source_trade_id,
        since=wanted.since,
        until=wanted.until,
        after_at=page.after_at,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )
    return [
        OrderPlace(lt_order_id=row["lt_order_id"], intent_at=row["intent_at"], made_number=row["made_number"])
        for row in rows
    ]


def _orders(wanted: OrdersWanted) -> str:
    if wanted.source_trade_id is not None:
        return _OF_TRADE
    return "lt_orders" if wanted.condition_id is None else _OF_MARKET


def _narrowed(wanted: OrdersWanted, purpose: Purpose | None) -> str:
    """Written out, so that the planner knows how many there are of each."""
    said = "" if wanted.state is None else f" AND held.state = '{OrderState(wanted.state).value}'"
    if purpose is not None:
        said += f" AND held.purpose = '{Purpose(purpose).value}'"
    return said if wanted.condition_id is None else said + " AND held.condition_id = :condition_id"

"""The Data API's positions: one account's or one market's, filtered, sorted and walked by cursor."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from local.exchange.feeds.feed_query import BadQuery, Cursor, Query, decode_cursor, encode_cursor
from local.exchange.feeds.portfolio import Position, PositionStatus
from local.exchange.tape.listings import Listing

DUST_SHARES = Decimal("0.1")
STATUSES = ("OPEN", "REDEEMABLE", "REDEEMABLE_LOST", "MERGEABLE", "CLOSED")
_FILTERS = (
    "user", "condition", "condition_id", "conditionId", "event_id", "title", "filter_type", "filter_amount",
    "include_archived", "start", "end",
)  # fmt: skip
_SORT_KEYS: dict[str, Callable[[Position], Decimal]] = {
    "CURRENT_VALUE": lambda position: position.current_value,
    "PRICE": lambda position: position.current_price,
    "TOKENS": lambda position: position.held,
    "UNREALIZED_PNL": lambda position: position.unrealized_pnl,
    "REALIZED_PNL": lambda position: position.realized_pnl,
    "TOTAL_PNL": lambda position: position.total_pnl,
    "TIMESTAMP": lambda position: Decimal(position.last_event_ms),
}

ListingOf = Callable[[str], Listing | None]


def check_anchor(query: Query) -> tuple[str | None, frozenset[str] | None]:
    """The wallet and the markets asked for; without a wallet exactly one market is needed."""
    user, conditions = query.user(), query.conditions()
    if user is None and (conditions is None or len(conditions) != 1):
        raise BadQuery("user or exactly one condition is required", "user")
    if user is None and query.event_ids() is not None:
        raise BadQuery("event_id needs user", "event_id")
    return user, conditions


def positions_page(query: Query, held: list[Position], listing_of: ListingOf) -> tuple[list[Position], dict[str, Any]]:
    """The positions among `held` that a question selects and its `pagination` object."""
    filters = query.filters(_FILTERS)
    token = query.text("cursor")
    cursor = decode_cursor("positions", filters, token) if token else None
    settled = _settle(query, cursor)
    size = cursor.page_size if cursor else query.page_size()
    chosen = sorted(
        _selected(query, settled["status"], held, listing_of),
        key=lambda position: _place(position, settled),
        reverse=settled["sort_direction"] == "DESC",
    )
    if cursor:
        chosen = [position for position in chosen if _is_after(position, cursor, settled)]
    page, has_more = chosen[:size], len(chosen) > size > 0
    next_cursor = None
    if has_more:
        value, token_id, account = _place(page[-1], settled)
        next_cursor = encode_cursor(
            "positions",
            filters,
            Cursor(anchor=[str(value), token_id, account], page_size=size, settled=settled),
        )
    return page, {"limit": size, "offset": 0, "has_more": has_more, "next_cursor": next_cursor}


def _settle(query: Query, cursor: Cursor | None) -> dict[str, str]:
    """Status and order: as stated, else as the walk began, else the defaults."""
    stated = {
        "status": query.choice("status", STATUSES),
        "sort_by": query.choice("sort_by", tuple(_SORT_KEYS)),
        "sort_direction": query.choice("sort_direction", ("ASC", "DESC")),
    }
    if cursor is not None:
        for name, value in stated.items():
            if value is not None and value != cursor.settled[name]:
                raise BadQuery(f"{name} contradicts the cursor", name)
        return cursor.settled
    status = stated["status"] or "OPEN"
    if status in {"REDEEMABLE_LOST", "MERGEABLE"} and query.user() is None:
        raise BadQuery(f"{status} needs user", "user")
    if status == "CLOSED" and query.flag("include_archived", default=False):
        raise BadQuery("include_archived does not go with CLOSED", "include_archived")
    return {
        "status": status,
        "sort_by": stated["sort_by"] or ("TIMESTAMP" if status == "CLOSED" else "CURRENT_VALUE"),
        "sort_direction": stated["sort_direction"] or "DESC",
    }


def _selected(query: Query, status: str, held: list[Position], listing_of: ListingOf) -> list[Position]:
    conditions, event_ids = query.conditions(), query.event_ids()
    title = (query.text("title") or "").strip().lower()
    earliest, latest = query.whole("start"), query.whole("end")
    by_cash = query.choice("filter_type", ("CASH", "TOKENS")) == "CASH"
    least = query.amount("filter_amount")
    if least is None:
        least = Decimal(0) if by_cash or status == "CLOSED" else DUST_SHARES
    pairs = mergeable_conditions(held)

    def is_selected(position: Position) -> bool:
        listing = listing_of(position.condition_id)
        second = position.last_event_ms // 1000
        return (
            _has_status(position, status, pairs)
            and (conditions is None or position.condition_id in conditions)
            and (event_ids is None or (listing is not None and str(listing.event_id) in event_ids))
            and (not title or (listing is not None and title in listing.question.lower()))
            and (not earliest or second >= earliest)
            and (not latest or second <= latest)
            and (position.current_value if by_cash else max(position.held, _closed_size(position))) >= least
        )

    return [position for position in held if is_selected(position)]


def _closed_size(position: Position) -> Decimal:
    return position.bought if position.status is PositionStatus.CLOSED else Decimal(0)


def _has_status(position: Position, status: str, pairs: frozenset[tuple[str, str]]) -> bool:
    match status:
        case "CLOSED":
            return position.status is PositionStatus.CLOSED
        case "REDEEMABLE":
            return position.status is PositionStatus.REDEEMABLE and not position.is_lost
        case "REDEEMABLE_LOST":
            return position.is_lost
        case "MERGEABLE":
            return (position.account, position.condition_id) in pairs and position.held > 0
        case _:
            return position.held > 0


def mergeable_conditions(held: list[Position]) -> frozenset[tuple[str, str]]:
    """(account, market) of which both outcomes are held while it is not resolved."""
    seen: set[tuple[str, str]] = set()
    both: set[tuple[str, str]] = set()
    for position in held:
        if position.status is PositionStatus.OPEN:
            key = (position.account, position.condition_id)
            (both if key in seen else seen).add(key)
    return frozenset(both)


def _place(position: Position, settled: dict[str, str]) -> tuple[Decimal, str, str]:
    return _SORT_KEYS[settled["sort_by"]](position), position.token_id, position.account


def _is_after(position: Position, cursor: Cursor, settled: dict[str, str]) -> bool:
    anchor = (Decimal(cursor.anchor[0]), cursor.anchor[1], cursor.anchor[2])
    place = _place(position, settled)
    return place < anchor if settled["sort_direction"] == "DESC" else place > anchor

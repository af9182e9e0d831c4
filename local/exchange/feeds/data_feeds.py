"""The Data API's two feeds, trades and activity: keyset walks over the tape, newest first unless asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from local.exchange.arithmetic import collateral_of
from local.exchange.feeds.data_rows import activity_type
from local.exchange.feeds.feed_query import BadQuery, Cursor, Query, decode_cursor, encode_cursor
from local.exchange.tape.listings import Listings
from local.exchange.tape.tape import Tape, TapeEntry, TapeEvent, TapeTrade
from local.exchange.terms import Side

THREE_YEARS_S = 3 * 365 * 86_400
DUST_SHARES = Decimal("0.01")
ACTIVITY_TYPES = (
    "TRADE", "SPLIT", "MERGE", "REDEEM", "REWARD", "CONVERSION", "MIGRATION", "DEPOSIT", "WITHDRAWAL",
    "YIELD", "MAKER_REBATE", "TAKER_REBATE", "REFERRAL_REWARD", "TIP",
)  # fmt: skip
_SHARED_FILTERS = ("user", "condition", "condition_id", "conditionId", "event_id", "side", "start", "end")
_TRADE_FILTERS = (*_SHARED_FILTERS, "taker_only", "filter_type", "filter_amount")
_ACTIVITY_FILTERS = (*_SHARED_FILTERS, "type", "exclude_deposits_withdrawals")

Matches = Callable[[TapeEvent], bool]
Page = tuple[list[TapeEvent], dict[str, Any]]


def trades_page(query: Query, tape: Tape, listings: Listings, seen_until_ms: int) -> Page:
    """The fills that a `/v2/trades` question selects and its `pagination` object."""
    user = query.user()
    _one_selector(query)
    matches = _all_of(
        lambda event: isinstance(event, TapeTrade),
        _within_window(query, seen_until_ms, bounded=user is not None),
        *_market_and_side(query, listings),
        _taker_only(query),
        _large_enough(query),
    )
    entries = tape.visible(user, seen_until_ms)
    return _page("trades", query.filters(_TRADE_FILTERS), query, _select(entries, matches), newest_first=True)


def activity_page(query: Query, tape: Tape, listings: Listings, seen_until_ms: int) -> Page:
    """The events that a `/v2/activity` question selects and its `pagination` object."""
    user = query.user(required=True)
    _one_selector(query)
    query.flag("exclude_deposits_withdrawals", default=True)
    wanted = query.text("type")
    types = frozenset(wanted.split(",")) if wanted else None
    if types is not None and not types <= set(ACTIVITY_TYPES):
        raise BadQuery(f"unknown activity type in {wanted}", "type")
    matches = _all_of(
        _within_window(query, seen_until_ms, bounded=True),
        *_market_and_side(query, listings),
        lambda event: types is None or activity_type(event) in types,
    )
    filters = query.filters(_ACTIVITY_FILTERS)
    direction = _direction(query, filters)
    entries: Iterable[TapeEntry] = tape.visible(user, seen_until_ms)
    if direction == "ASC":
        entries = reversed(list(entries))
    return _page("activity", filters, query, _select(entries, matches), newest_first=direction == "DESC")


def _direction(query: Query, filters: dict[str, str]) -> str:
    stated = query.choice("sort_direction", ("ASC", "DESC"))
    token = query.text("cursor")
    if token is None:
        return stated or "DESC"
    begun = decode_cursor("activity", filters, token).settled["sort_direction"]
    if stated is not None and stated != begun:
        raise BadQuery("sort_direction contradicts the cursor", "sort_direction")
    return begun


def _one_selector(query: Query) -> None:
    if query.conditions() is not None and query.event_ids() is not None:
        raise BadQuery("condition and event_id exclude each other", "event_id")


def _within_window(query: Query, now_ms: int, *, bounded: bool) -> Matches:
    """`start` and `end` are honoured for one wallet only; without a start the window is three years."""
    start, end = query.whole("start"), query.whole("end")
    earliest = (start if bounded else None) or now_ms // 1000 - THREE_YEARS_S
    latest = (end if bounded else None) or now_ms // 1000 + 86_400
    return lambda event: earliest <= event.block_ms // 1000 <= latest


def _market_and_side(query: Query, listings: Listings) -> Iterator[Matches]:
    conditions, event_ids = query.conditions(), query.event_ids()
    if conditions is not None:
        yield lambda event: event.condition_id in conditions
    if event_ids is not None:
        known = {listing.condition_id for listing in listings if str(listing.event_id) in event_ids}
        yield lambda event: event.condition_id in known
    side = query.choice("side", tuple(Side))
    if side is not None:
        yield lambda event: isinstance(event, TapeTrade) and event.side == side


def _taker_only(query: Query) -> Matches:
    taker_only = query.flag("taker_only", default=True)
    return lambda event: isinstance(event, TapeTrade) and not (taker_only and event.is_maker)


def _large_enough(query: Query) -> Matches:
    by_cash = query.choice("filter_type", ("CASH", "TOKENS")) == "CASH"
    least = query.amount("filter_amount") or DUST_SHARES

    def matches(event: TapeEvent) -> bool:
        if not isinstance(event, TapeTrade):
            return False
        if not by_cash:
            return event.shares.value >= least
        return collateral_of(event.price, event.shares).value >= least

    return matches


def _all_of(*tests: Matches) -> Matches:
    return lambda event: all(test(event) for test in tests)


def _select(entries: Iterable[TapeEntry], matches: Matches) -> Iterator[TapeEntry]:
    return (entry for entry in entries if matches(entry.event))


def _page(
    endpoint: str, filters: dict[str, str], query: Query, entries: Iterator[TapeEntry], *, newest_first: bool
) -> Page:
    size, token = query.page_size(), query.text("cursor")
    if token is not None:
        cursor = decode_cursor(endpoint, filters, token)
        size, anchor = cursor.page_size, (cursor.anchor[0], cursor.anchor[1])
        entries = (entry for entry in entries if (entry.place < anchor if newest_first else entry.place > anchor))
    found = list(islice(entries, size + 1))
    page, has_more = found[:size], len(found) > size and size > 0
    next_cursor = None
    if has_more:
        next_cursor = encode_cursor(
            endpoint,
            filters,
            Cursor(
                anchor=list(page[-1].place),
                page_size=size,
                settled={"sort_direction": "DESC" if newest_first else "ASC"},
            ),
        )
    pagination = {"limit": size, "offset": 0, "has_more": has_more, "next_cursor": next_cursor}
    return [entry.event for entry in page], pagination

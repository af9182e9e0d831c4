"""A trader's finished positions as the Data API shows them, dated by the moment their result was known.

Positions that were sold or redeemed are CLOSED. Those that resolved and were never redeemed are still held; most of
them are losers that nobody bothers to redeem, and leaving them out would make every trader look like a winner. The
venue lists them under REDEEMABLE, under REDEEMABLE_LOST or still under OPEN: whichever list a position is in, its
market's resolution says whether it has ended. One that has ended and cannot be dated or valued is in the result all the
same, without its date or its profit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from live_trading.nouns.money import Usd
from live_trading.nouns.trades import QuarantinedRow
from live_trading.polymarket.wire.field_types import (
    Address,
    Amount,
    ConditionId,
    OptionalAmount,
    OptionalMoment,
    Shown,
    TokenId,
    WireModel,
    unpadded,
)
from live_trading.polymarket.wire.set_aside import ROW_FAILURES, set_aside
from live_trading.signals.trader_record import ClosedPosition

POSITIONS_SOURCE = "data_api.positions"
_UNKNOWN = "unknown"
_FINAL_WORDS = frozenset({"resolved", "settled"})


class PositionStatus(StrEnum):
    """The lists of positions that the venue has; a position may be in several.

    REDEEMABLE_LOST and MERGEABLE are only names of lists: a row calls itself OPEN, REDEEMABLE or CLOSED.
    """

    CLOSED = "CLOSED"
    REDEEMABLE = "REDEEMABLE"
    REDEEMABLE_LOST = "REDEEMABLE_LOST"
    MERGEABLE = "MERGEABLE"
    OPEN = "OPEN"


_ENDED_LISTS = frozenset({PositionStatus.REDEEMABLE, PositionStatus.REDEEMABLE_LOST})


class _NoNumber(WireModel):
    amount: Amount


def _number_or_none(raw: object) -> object:
    """None for what is no number: whether it is needed turns out later."""
    try:
        return _NoNumber.model_validate({"amount": raw}).amount
    except ROW_FAILURES:
        return None


MaybeAmount = Annotated[OptionalAmount, BeforeValidator(_number_or_none)]


class PositionRow(WireModel):
    """A position in the v2 shape, or in the older v1 shape, which has no times and no status."""

    proxy_wallet: Address = Field(validation_alias=AliasChoices("proxy_wallet", "proxyWallet"))
    token_id: TokenId = Field(validation_alias=AliasChoices("token_id", "asset"))
    condition_id: ConditionId = Field(validation_alias=AliasChoices("condition_id", "conditionId"))
    realized_pnl: MaybeAmount = Field(default=None, validation_alias=AliasChoices("realized_pnl", "realizedPnl"))
    unrealized_pnl: MaybeAmount = Field(default=None, validation_alias=AliasChoices("unrealized_pnl", "cashPnl"))
    status: Shown = ""
    redeemable: object = False
    first_entry_at: OptionalMoment = None
    last_event_at: OptionalMoment = None

    @property
    def total_pnl(self) -> Decimal | None:
        """Dollars won with what was sold and with what is held at its present price; None where a part is missing."""
        if self.realized_pnl is None or self.unrealized_pnl is None:
            return None
        return self.realized_pnl + self.unrealized_pnl

    @property
    def says_it_ended(self) -> bool:
        """Whether the row itself says that its market has paid out, whatever list it stands in."""
        return self.redeemable is True or self.status.upper() in _ENDED_LISTS


class ResolutionRow(WireModel):
    condition_id: ConditionId | None = None
    status: Shown = ""
    resolved_at: OptionalMoment = None
    last_update_timestamp: OptionalMoment = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionList:
    """The rows of one of the venue's lists, and those that could not be read."""

    rows: list[PositionRow]
    quarantined: list[QuarantinedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsPage:
    """A trader's finished positions, each token once, and the rows that could not be read.

    For each of those there is a position without a date among the others: it may be of an ended one.
    """

    positions: list[ClosedPosition]
    quarantined: list[QuarantinedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What the feed says of one condition: `is_final` where it states the result, `at` when it last said anything."""

    at: datetime | None
    is_final: bool


def read_positions(rows: Iterable[object], trader: str) -> PositionList:
    """The rows of one trader; somebody else's is set aside as one that may stand where the trader's own should."""
    found: list[PositionRow] = []
    quarantined: list[QuarantinedRow] = []
    for raw in rows:
        try:
            row = PositionRow.model_validate(raw)
            if row.proxy_wallet != trader:
                raise ValueError("a row of another wallet than the one asked for")
        except ROW_FAILURES as error:
            quarantined.append(set_aside(raw, error, POSITIONS_SOURCE, trader=trader))
        else:
            found.append(row)
    return PositionList(rows=found, quarantined=quarantined)


def read_resolutions(rows: Iterable[object]) -> dict[str, Resolution]:
    """What is known of each condition, by its id without padding.

    The moment is the resolution's own, else that of the row's last change. A row that cannot be read is left out, so
    that its condition is one of which nothing is known.
    """
    found: dict[str, Resolution] = {}
    for raw in rows:
        try:
            row = ResolutionRow.model_validate(raw)
        except ROW_FAILURES:
            continue
        if row.condition_id is not None:
            is_final = row.resolved_at is not None or row.status.lower() in _FINAL_WORDS
            found[unpadded(row.condition_id)] = Resolution(
                at=row.resolved_at or row.last_update_timestamp, is_final=is_final
            )
    return found


def positions_page(
    listed: Mapping[PositionStatus, PositionList], resolutions: Mapping[str, Resolution]
) -> PositionsPage:
    """What all the lists together say of a trader's finished positions."""
    unread = {row.raw: row for each in listed.values() for row in each.quarantined}
    unknown = [ClosedPosition(token_id=_unknown(raw), closed_at=None, pnl=None) for raw in unread]
    finished = finished_positions({status: each.rows for status, each in listed.items()}, resolutions)
    return PositionsPage(positions=[*finished, *unknown], quarantined=list(unread.values()))


def finished_positions(
    listed: Mapping[PositionStatus, Sequence[PositionRow]], resolutions: Mapping[str, Resolution]
) -> list[ClosedPosition]:
    """Each finished position once, with its profit and when that was known.

    A closed one counts from its last event, one that is still held from its market's resolution and not from its last
    trade, which would tell its future. A position of a list of live ones has ended where its row or its market's
    resolution says so.
    """
    finished: dict[str, ClosedPosition] = {}
    for row in listed.get(PositionStatus.CLOSED, ()):
        at = row.last_event_at or _final_moment(resolutions, row)
        finished[row.token_id] = _finished(row, at, row.realized_pnl)
    for status, rows in listed.items():
        if status is PositionStatus.CLOSED:
            continue
        for row in rows:
            known = resolutions.get(unpadded(row.condition_id))
            has_ended = status in _ENDED_LISTS or row.says_it_ended or (known is not None and known.is_final)
            if has_ended:
                finished[row.token_id] = _finished(row, _later(known, row.last_event_at), row.total_pnl)
    return list(finished.values())


def _unknown(raw: str) -> str:
    """A name for the token of a row that cannot be read, the same whenever the row comes."""
    return f"{_UNKNOWN}:{hashlib.sha256(raw.encode('utf-8', 'replace')).hexdigest()}"


def conditions_to_date(listed: PositionList, status: PositionStatus) -> set[str]:
    """The conditions whose resolution says when these positions ended, or whether they have."""
    return {row.condition_id for row in listed.rows if status is not PositionStatus.CLOSED or row.last_event_at is None}


def _finished(row: PositionRow, at: datetime | None, pnl: Decimal | None) -> ClosedPosition:
    return ClosedPosition(
        token_id=row.token_id,
        closed_at=at,
        pnl=None if pnl is None else Usd.nearest(pnl),
        not_before=None if at is not None else row.last_event_at or row.first_entry_at,
    )


def _final_moment(resolutions: Mapping[str, Resolution], row: PositionRow) -> datetime | None:
    known = resolutions.get(unpadded(row.condition_id))
    return known.at if known is not None and known.is_final else None


def _later(known: Resolution | None, last_event_at: datetime | None) -> datetime | None:
    """When the result of a held position was known: never before its resolution, nor before the position was held."""
    if known is None or known.at is None:
        return None
    return max(known.at, last_event_at) if last_event_at is not None else known.at

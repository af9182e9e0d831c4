"""A trader's finished positions as the Data API shows them, dated by the moment their result was known.

Positions that were sold or redeemed are CLOSED. Those that resolved and were never redeemed are REDEEMABLE; most of
them are losers that nobody bothers to redeem, and leaving them out would make every trader look like a winner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import AliasChoices, Field

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.money import Usd
from live_trading.polymarket.wire.field_types import (
    Address,
    Amount,
    ConditionId,
    OptionalMoment,
    TokenId,
    WireModel,
    read,
)
from live_trading.signals.trader_record import ClosedPosition


class PositionStatus(StrEnum):
    """The two groups of finished positions, as the venue names them in its filter and in its rows."""

    CLOSED = "CLOSED"
    REDEEMABLE = "REDEEMABLE"


class PositionRow(WireModel):
    """A position in the v2 shape, or in the older v1 shape, which has no times and no total."""

    proxy_wallet: Address = Field(validation_alias=AliasChoices("proxy_wallet", "proxyWallet"))
    token_id: TokenId = Field(validation_alias=AliasChoices("token_id", "asset"))
    condition_id: ConditionId = Field(validation_alias=AliasChoices("condition_id", "conditionId"))
    realized_pnl: Amount = Field(validation_alias=AliasChoices("realized_pnl", "realizedPnl"))
    unrealized_pnl: Amount = Field(validation_alias=AliasChoices("unrealized_pnl", "cashPnl"))
    last_event_at: OptionalMoment = None

    @property
    def total_pnl(self) -> Decimal:
        """Dollars won with what was sold and with what is held at its present price."""
        return self.realized_pnl + self.unrealized_pnl


class ResolutionRow(WireModel):
    condition_id: ConditionId | None = None
    resolved_at: OptionalMoment = None


def read_positions(rows: Iterable[object], trader: str) -> list[PositionRow]:
    """The rows of one trader. Raises MalformedAnswer where one cannot be read or is somebody else's."""
    found = [read(PositionRow, row, "data_api.positions") for row in rows]
    for row in found:
        if row.proxy_wallet != trader:
            raise MalformedAnswer(f"data_api.positions: a row of {row.proxy_wallet}", raw=repr(row))
    return found


def read_resolutions(rows: Iterable[object]) -> dict[str, datetime]:
    """When each condition was resolved; those that are not are missing. Raises MalformedAnswer."""
    found = [read(ResolutionRow, row, "data_api.resolutions") for row in rows]
    return {
        row.condition_id: row.resolved_at
        for row in found
        if row.condition_id is not None and row.resolved_at is not None
    }


def finished_positions(
    closed: Sequence[PositionRow], redeemable: Sequence[PositionRow], resolved_at: Mapping[str, datetime]
) -> list[ClosedPosition]:
    """Each finished position once, with its profit and when that was known.

    A position is left out where that moment is not known: one without any trade of the trader has no last event, and
    a redeemable one counts from its market's resolution, not from its last trade, which would tell its future.
    """
    finished: dict[str, ClosedPosition] = {}
    for row in closed:
        if row.last_event_at is not None:
            finished[row.token_id] = ClosedPosition(
                token_id=row.token_id, closed_at=row.last_event_at, pnl=Usd.nearest(row.realized_pnl)
            )
    for row in redeemable:
        known = resolved_at.get(row.condition_id)
        if known is not None and row.last_event_at is not None:
            finished[row.token_id] = ClosedPosition(
                token_id=row.token_id, closed_at=max(known, row.last_event_at), pnl=Usd.nearest(row.total_pnl)
            )
    return list(finished.values())

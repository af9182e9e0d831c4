"""Rows of the Data API's trades and activity as source trades, in the v2 shape and in the older v1 shape.

A row that cannot be read becomes a QuarantinedRow and the rest goes on. Only what is used has to fit: the token says
which outcome was traded, and the names beside it may be missing. Prices and sizes are rounded half to even on six
places: the feed computes them as quotients and prints up to eighteen digits, while a token and a dollar have six.

A fill without a transaction's hash is set aside as well. It may get its hash later, and one that was stored without
would then be stored, and copied, a second time; the overlap in which the feed is read again brings it in with its hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import market_condition
from live_trading.nouns.money import Usd
from live_trading.nouns.trades import QuarantinedRow, Side, SourceTrade
from live_trading.polymarket.wire.field_types import (
    Address,
    Amount,
    ConditionId,
    Moment,
    OptionalHash,
    OptionalOutcomeIndex,
    Shown,
    TokenId,
    WireModel,
    ZeroToOne,
    price_of,
    shares_of,
)
from live_trading.polymarket.wire.json_text import parse_json, raw_text
from live_trading.polymarket.wire.pages import numbered
from live_trading.polymarket.wire.set_aside import ROW_FAILURES, set_aside
from live_trading.signals.trader_record import TradeSize

TRADE = "TRADE"
AnyCaseSide = Annotated[Side, BeforeValidator(lambda raw: raw.upper() if isinstance(raw, str) else raw)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """What a feed answered: every row is one of the trades, quarantined, or an activity that is no trade."""

    trades: list[SourceTrade]
    quarantined: list[QuarantinedRow]
    other_activities: int = field(default=0)


class _TradeRow(WireModel):
    trader: Address = Field(validation_alias=AliasChoices("proxy_wallet", "proxyWallet"))
    side: AnyCaseSide
    token_id: TokenId = Field(validation_alias=AliasChoices("token_id", "asset"))
    condition_id: ConditionId = Field(validation_alias=AliasChoices("condition_id", "conditionId"))
    size: Amount
    price: ZeroToOne
    timestamp: Moment
    title: Shown = ""
    slug: Shown = ""
    outcome: Shown = ""
    outcome_index: OptionalOutcomeIndex = Field(
        default=None, validation_alias=AliasChoices("outcome_index", "outcomeIndex")
    )
    transaction_hash: OptionalHash = Field(
        default=None, validation_alias=AliasChoices("transaction_hash", "transactionHash")
    )

    def as_source_trade(self) -> SourceTrade:
        if self.transaction_hash is None:
            raise ValueError("transaction_hash: none yet, and without one the same fill could be counted twice")
        shares = shares_of(self.size)
        if not shares.is_positive:
            raise ValueError("size: no shares on six places")
        return SourceTrade(
            transaction_hash=self.transaction_hash,
            token_id=self.token_id,
            trader=self.trader,
            side=self.side,
            price=price_of(self.price),
            shares=shares,
            occurrence=0,
            condition_id=market_condition(self.condition_id, self.token_id),
            outcome=self.outcome,
            outcome_index=self.outcome_index,
            title=self.title,
            slug=self.slug,
            trade_time=self.timestamp,
        )


class _SizeRow(WireModel):
    """What a trade says of its trader's usual size; anything else may be missing."""

    size: Annotated[Amount, Field(ge=0)]
    price: ZeroToOne


class _TimeRow(WireModel):
    timestamp: Moment


def read_feed(text: str | bytes, source: str) -> FeedPage:
    """A stored answer of the feed: a v2 envelope (`{"data": [...]}`) or a bare v1 array.

    `source` names it in quarantined rows. Raises MalformedAnswer where it is neither.
    """
    answer = parse_json(text)
    rows = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(rows, list):
        raise MalformedAnswer(f"{source}: neither an array nor an envelope of rows", raw=raw_text(answer))
    return read_rows(rows, source)


def read_rows(rows: Sequence[object], source: str, *, of_trader: str | None = None) -> FeedPage:
    """Every row of one page as trades in the feed's order; see `read_pages`."""
    return read_pages([rows], source, of_trader=of_trader)


def read_pages(pages: Sequence[Sequence[object]], source: str, *, of_trader: str | None = None) -> FeedPage:
    """Every row of one question as trades in the feed's order.

    Rows have no fill id. Equal ones of one transaction are told apart by an occurrence number: the second of a page is
    a second fill. One that another page has shown may be the same fill again, and is set aside; where it is not, it
    stands beside its like when the window is read again. A row of anybody else than `of_trader` is quarantined.
    """
    quarantined: list[QuarantinedRow] = []
    others = 0
    read: list[list[tuple[object, SourceTrade]]] = []
    for rows in pages:
        of_page: list[tuple[object, SourceTrade]] = []
        for row in rows:
            if not _is_trade(row):
                others += 1
                continue
            try:
                of_page.append((row, _read_row(row, of_trader)))
            except ROW_FAILURES as error:
                theirs = None if isinstance(error, _AnotherWallet) else of_trader
                quarantined.append(set_aside(row, error, source, trader=theirs))
        read.append(of_page)
    trades: list[SourceTrade] = []
    for (row, trade), occurrence, is_repeated in numbered(read, lambda each: each[1].key):
        if is_repeated:
            quarantined.append(set_aside(row, _OnTwoPages(), source, trader=of_trader))
        else:
            trades.append(replace(trade, occurrence=occurrence))
    return FeedPage(trades=trades, quarantined=quarantined, other_activities=others)


def read_sizes(rows: Sequence[object]) -> list[TradeSize]:
    """When and for how many dollars each of these rows traded, None where a row does not say.

    A row that says neither is in the list too: leaving it out would make the others' average the trader's.
    """
    return [TradeSize(time=_time(row), usd=_usd(row)) for row in rows if _is_trade(row)]


class _OnTwoPages(ValueError):
    """A row that an earlier page has shown as well."""

    def __init__(self) -> None:
        super().__init__("listed on two pages: counted once")


class _AnotherWallet(ValueError):
    """A row of another wallet than the one asked for."""


def _is_trade(row: object) -> bool:
    return not isinstance(row, dict) or str(row.get("type") or TRADE).upper() == TRADE


def _read_row(row: object, of_trader: str | None) -> SourceTrade:
    trade = _TradeRow.model_validate(row).as_source_trade()
    if of_trader is not None and trade.trader != of_trader:
        raise _AnotherWallet("a row of another wallet than the one asked for")
    return trade


def _time(row: object) -> datetime | None:
    try:
        return _TimeRow.model_validate(row).timestamp
    except ROW_FAILURES:
        return None


def _usd(row: object) -> Usd | None:
    try:
        read = _SizeRow.model_validate(row)
        return Usd.nearest(read.size * read.price)
    except ROW_FAILURES:
        return None

"""Rows of the Data API's trades and activity as source trades, in the v2 shape and in the older v1 shape.

A row that cannot be read becomes a QuarantinedRow and the rest goes on. Prices and sizes are rounded half to even on
six places: the feed computes them as quotients and prints up to eighteen digits, while a token and a dollar have six.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import market_condition
from live_trading.nouns.trades import QuarantinedRow, Side, SourceTrade, SourceTradeKey
from live_trading.polymarket.wire.field_types import (
    Address,
    Amount,
    ConditionId,
    Hash,
    Moment,
    TokenId,
    WireModel,
    ZeroToOne,
    price_of,
    shares_of,
    why,
)
from live_trading.polymarket.wire.json_text import parse_json, raw_text

TRADE = "TRADE"
OutcomeIndex = Annotated[int, Field(ge=0, le=255, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """What a feed answered: every row is one of the trades, quarantined, or an activity that is no trade."""

    trades: list[SourceTrade]
    quarantined: list[QuarantinedRow]
    other_activities: int = field(default=0)


class _TradeRow(WireModel):
    trader: Address = Field(validation_alias=AliasChoices("proxy_wallet", "proxyWallet"))
    side: Side
    token_id: TokenId = Field(validation_alias=AliasChoices("token_id", "asset"))
    condition_id: ConditionId = Field(validation_alias=AliasChoices("condition_id", "conditionId"))
    size: Amount
    price: ZeroToOne
    timestamp: Moment
    title: str = ""
    slug: str = ""
    outcome: str
    outcome_index: OutcomeIndex = Field(validation_alias=AliasChoices("outcome_index", "outcomeIndex"))
    transaction_hash: Hash = Field(validation_alias=AliasChoices("transaction_hash", "transactionHash"))

    def as_source_trade(self) -> SourceTrade:
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
    """Every row of one question, all pages together, as trades in the feed's order.

    Rows have no fill id. Equal ones of one transaction are told apart by an occurrence number, which does not depend
    on where a page ended, since all pages are read first. A row of anybody else than `of_trader` is quarantined.
    """
    trades: list[SourceTrade] = []
    quarantined: list[QuarantinedRow] = []
    others = 0
    for row in rows:
        if isinstance(row, dict) and row.get("type", TRADE) != TRADE:
            others += 1
            continue
        try:
            trades.append(_read_row(row, of_trader))
        except ValueError as error:
            reason = why(error) if isinstance(error, ValidationError) else str(error)
            quarantined.append(QuarantinedRow(source=source, reason=reason, raw=raw_text(row)))
    return FeedPage(trades=number_occurrences(trades), quarantined=quarantined, other_activities=others)


def _read_row(row: object, of_trader: str | None) -> SourceTrade:
    trade = _TradeRow.model_validate(row).as_source_trade()
    if of_trader is not None and trade.trader != of_trader:
        raise ValueError("a row of another wallet than the one asked for")
    return trade


def number_occurrences(trades: Iterable[SourceTrade]) -> list[SourceTrade]:
    """The same trades in the same order, the n-th of those that are equal in everything getting occurrence n."""
    seen: Counter[SourceTradeKey] = Counter()
    numbered: list[SourceTrade] = []
    for trade in trades:
        alike = replace(trade, occurrence=0).key
        numbered.append(replace(trade, occurrence=seen[alike]))
        seen[alike] += 1
    return numbered

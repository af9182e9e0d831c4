"""The venue's view of our orders and trades.

Statuses come with a prefix, bare, in lower case or as free text, and new ones appear without notice: one that is not
known is kept as it came and counts as nothing final.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from live_trading.nouns.errors import MalformedAnswer
from live_trading.nouns.markets import market_condition
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.orders import FillStatus, OrderType
from live_trading.nouns.trades import QuarantinedRow, Side
from live_trading.polymarket.clob.units import HUMAN, unit_of
from live_trading.polymarket.signing.order_payload import OwnOrder
from live_trading.polymarket.wire.field_types import (
    Amount,
    ConditionId,
    Hash,
    Moment,
    OptionalHash,
    TokenId,
    WireModel,
    ZeroToOne,
    absent_if_empty,
    price_of,
    read,
)
from live_trading.polymarket.wire.json_text import raw_text

TRADES_SOURCE = "clob.trades"
_SHARE_CENT = Decimal("0.01")
_LOWEST_PRICE = Decimal("0.0001")


class VenueOrderStatus(StrEnum):
    """Where an order stands at the venue. UNRECOGNISED proves nothing."""

    LIVE = "LIVE"
    MATCHED = "MATCHED"
    DELAYED = "DELAYED"
    UNMATCHED = "UNMATCHED"
    INVALID = "INVALID"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    UNRECOGNISED = "UNRECOGNISED"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """One order as the venue has it; `raw_status` in its own words.

    `matched` is exact for an order of a number of shares. A dollar-sized one is reported in dollars, which are
    `matched_usd`, so that `matched` is the fewest shares which those dollars bought, rounded down to cents of a share.
    `states_matched` is False where the venue left the quantity out. `trade_ids` are the trades that it names.
    """

    order_hash: str
    status: VenueOrderStatus
    raw_status: str
    condition_id: str
    token_id: str
    side: Side
    price: Price
    matched: Shares
    matched_usd: Usd | None = None
    states_matched: bool = True
    trade_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerPart:
    """One resting order that a trade met, in its own token and at its own price; `account` is whose it is."""

    order_hash: str
    account: str | None
    token_id: str
    side: Side
    price: Price
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTrade:
    """One trade; the top level is the taker's. Amounts are as stated, in whichever unit that is.

    `is_taker` tells whether the account that asked is the taker.
    """

    venue_trade_id: str
    taker_order_hash: str
    is_taker: bool
    condition_id: str
    token_id: str
    side: Side
    size: Decimal
    status: FillStatus
    transaction_hash: str | None
    match_time: datetime
    makers: tuple[MakerPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTrades:
    """The trades of an account since some time, each once, and the rows among them that could not be read."""

    trades: tuple[VenueTrade, ...]
    malformed: tuple[QuarantinedRow, ...]


def _texts(raw: object) -> tuple[str, ...]:
    """The texts of a list; whatever else stands there says nothing."""
    return tuple(each for each in raw if isinstance(each, str)) if isinstance(raw, list | tuple) else ()


class _Page(WireModel):
    data: list[object]
    next_cursor: str | None = None


class _OrderRow(WireModel):
    id: Hash
    status: str
    market: ConditionId
    asset_id: TokenId
    side: Side
    original_size: Amount
    size_matched: Annotated[Amount | None, BeforeValidator(absent_if_empty)]
    price: ZeroToOne
    order_type: str
    associate_trades: Annotated[tuple[str, ...], BeforeValidator(_texts)] = ()


class _MakerRow(WireModel):
    order_id: Hash
    maker_address: str | None = None
    asset_id: TokenId
    side: Side
    price: ZeroToOne
    matched_amount: Annotated[Amount, Field(gt=0)]


class _TradeRow(WireModel):
    id: Annotated[str, Field(min_length=1)]
    taker_order_id: Hash
    trader_side: str | None = None
    market: ConditionId
    asset_id: TokenId
    side: Side
    size: Annotated[Amount, Field(gt=0)]
    status: str
    match_time: Moment
    transaction_hash: OptionalHash = None
    maker_orders: list[_MakerRow]


def read_page(answer: object, what: str) -> tuple[list[object], str | None]:
    """The rows of a list and the cursor of the next page, None on the last. Raises MalformedAnswer."""
    page = read(_Page, answer, what)
    is_last = page.next_cursor in (None, "", "LTE=")
    return page.data, None if is_last else page.next_cursor


def read_order(row: object, own: OwnOrder | None) -> VenueOrder:
    """One order, its sizes in human decimals or, where `own` shows that, in base units.

    Raises MalformedAnswer where a field is missing or where the sizes fit our own order in neither unit.
    """
    found = read(_OrderRow, row, "clob.order")
    is_dollar_sized, unit = _sizing(found, own)
    if unit is None:
        raise MalformedAnswer("clob.order: its size is not that of our order", raw=raw_text(row))
    matched = (found.size_matched or Decimal(0)) * unit
    return VenueOrder(
        order_hash=found.id,
        status=order_status(found.status),
        raw_status=found.status,
        condition_id=market_condition(found.market, found.asset_id),
        token_id=found.asset_id,
        side=found.side,
        price=price_of(found.price),
        matched=_matched_shares(matched, price_of(found.price), is_dollar_sized=is_dollar_sized),
        matched_usd=Usd.floor(matched) if is_dollar_sized else None,
        states_matched=found.size_matched is not None,
        trade_ids=found.associate_trades,
    )


def _sizing(found: _OrderRow, own: OwnOrder | None) -> tuple[bool, Decimal | None]:
    """Whether the order is sized in dollars, and what one of its stated units is worth."""
    if own is None:
        is_market_order = found.order_type.upper() in (OrderType.FAK, OrderType.FOK)
        return found.side is Side.BUY and is_market_order, HUMAN
    # Dollars may buy more shares than the fewest that the order asks for.
    most_shares = own.usd.value / _LOWEST_PRICE if own.is_dollar_sized else own.shares.value
    for size, most, is_dollar_sized in (
        (own.shares.value, most_shares, False),
        (own.usd.value, own.usd.value, True),
    ):
        unit = unit_of(found.original_size, size)
        if unit is not None and found.original_size * unit == size:
            return is_dollar_sized, unit if (found.size_matched or 0) * unit <= most else None
    return own.is_dollar_sized, None


def _matched_shares(matched: Decimal, price: Price, *, is_dollar_sized: bool) -> Shares:
    if is_dollar_sized and matched:
        return Shares.floor(matched / price.value, _SHARE_CENT)
    return Shares.nearest(matched)


def order_status(raw: str) -> VenueOrderStatus:
    """The status behind any of the venue's spellings."""
    word = raw.upper().removeprefix("ORDER_STATUS_")
    if word in ("CANCELED_EXPIRED_ORDER", "EXPIRED"):
        return VenueOrderStatus.EXPIRED
    if word.startswith(("CANCELED", "CANCELLED")):
        return VenueOrderStatus.CANCELLED
    known = (status for status in VenueOrderStatus if status == word)
    return next(known, VenueOrderStatus.UNRECOGNISED)


def read_trades(rows: Iterable[object]) -> VenueTrades:
    """The trades of a list. A row that cannot be read is kept apart, for it may be about an order of ours.

    A trade that is listed twice is one trade, with the settlement that has come furthest.
    """
    trades: dict[str, VenueTrade] = {}
    malformed: list[QuarantinedRow] = []
    for row in rows:
        try:
            trade = _trade(read(_TradeRow, row, TRADES_SOURCE))
        except MalformedAnswer as error:
            malformed.append(QuarantinedRow(source=TRADES_SOURCE, reason=str(error), raw=error.raw))
            continue
        before = trades.get(trade.venue_trade_id)
        if before is None or trade.status.progress > before.status.progress:
            trades[trade.venue_trade_id] = trade
    return VenueTrades(trades=tuple(trades.values()), malformed=tuple(malformed))


def _trade(row: _TradeRow) -> VenueTrade:
    return VenueTrade(
        venue_trade_id=row.id,
        taker_order_hash=row.taker_order_id,
        is_taker=(row.trader_side or "").upper() == "TAKER",
        condition_id=market_condition(row.market, row.asset_id),
        token_id=row.asset_id,
        side=row.side,
        size=row.size,
        status=trade_status(row.status),
        transaction_hash=row.transaction_hash,
        match_time=row.match_time,
        makers=tuple(
            MakerPart(
                order_hash=maker.order_id,
                account=None if maker.maker_address is None else maker.maker_address.lower(),
                token_id=maker.asset_id,
                side=maker.side,
                price=price_of(maker.price),
                amount=maker.matched_amount,
            )
            for maker in row.maker_orders
        ),
    )


def trade_status(raw: str) -> FillStatus:
    """The settlement behind any of the venue's spellings; an unknown one is a match and not yet money."""
    word = raw.upper().removeprefix("TRADE_STATUS_")
    return next((status for status in FillStatus if status == word), FillStatus.MATCHED)

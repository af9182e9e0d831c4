"""How the API shows the trades of those who are followed."""

from __future__ import annotations

from typing_extensions import TypedDict

from live_trading.api.shapes import (
    AddressAnswer,
    MomentAnswer,
    NextCursor,
    PriceText,
    SharesText,
    TokenIdAnswer,
    UsdText,
)
from live_trading.api.views.plain import moment
from live_trading.nouns.trades import Side
from live_trading.store.feed.told.trade_sources import TradeSource
from live_trading.store.shown.trade_history import SeenTrade


class SourceTradeView(TypedDict):
    """A fill of a followed trader. `source` told of it first; `listed_at`: when the feed confirmed the chain's word.

    `dropped_at`: when its block was replaced by one without it. `outcome_label` is the outcome's name.
    """

    source_trade_id: int
    trader_address: AddressAnswer
    condition_id: str
    token_id: TokenIdAnswer
    title: str
    slug: str
    outcome_label: str
    outcome_index: int | None
    side: Side
    price: PriceText
    shares: SharesText
    usd: UsdText
    transaction_hash: str
    trade_time: MomentAnswer
    seen_at: MomentAnswer
    trade_to_seen_milliseconds: int
    source: TradeSource
    block_number: int | None
    listed_at: MomentAnswer | None
    dropped_at: MomentAnswer | None


class SourceTradesView(TypedDict):
    """A page of source trades, newest first."""

    source_trades: list[SourceTradeView]
    next_cursor: NextCursor


def source_trade_view(trade: SeenTrade) -> SourceTradeView:
    """One trade."""
    return SourceTradeView(
        source_trade_id=trade.source_trade_id,
        trader_address=trade.trader,
        condition_id=trade.condition_id,
        token_id=trade.token_id,
        title=trade.title,
        slug=trade.slug,
        outcome_label=trade.outcome,
        outcome_index=trade.outcome_index,
        side=trade.side,
        price=str(trade.price),
        shares=str(trade.shares),
        usd=str(trade.usd),
        transaction_hash=trade.transaction_hash,
        trade_time=trade.trade_time.isoformat(),
        seen_at=trade.seen_at.isoformat(),
        trade_to_seen_milliseconds=int((trade.seen_at - trade.trade_time).total_seconds() * 1000),
        source=trade.source,
        block_number=trade.block_number,
        listed_at=moment(trade.listed_at),
        dropped_at=moment(trade.dropped_at),
    )

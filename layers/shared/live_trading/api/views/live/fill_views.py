"""How the API shows fills, as JSON and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from live_trading.api.shapes import (
    ConditionIdAnswer,
    HashAnswer,
    IdAnswer,
    MomentAnswer,
    NextCursor,
    PriceText,
    SharesText,
    TokenIdAnswer,
    UsdText,
)
from live_trading.api.views.plain import moment, text
from live_trading.nouns.orders import FillStatus, LiquidityRole
from live_trading.nouns.trades import Side
from live_trading.store.orders.fill_pages import FillOrigin, ShownFill


class FillView(TypedDict):
    """One fill as it counts now; `is_read` tells that its amounts are those of its transaction's receipt.

    An EXTERNAL one has neither order nor strategy: the wallet traded beside this system.
    """

    fill_number: int
    origin: FillOrigin
    trading_wallet_id: IdAnswer
    lt_strategy_id: IdAnswer | None
    lt_order_id: IdAnswer | None
    venue_trade_id: str
    order_hash: HashAnswer
    condition_id: ConditionIdAnswer
    slug: str | None
    token_id: TokenIdAnswer
    outcome_label: str | None
    side: Side
    shares: SharesText
    price: PriceText
    usd: UsdText
    fee_usd: UsdText
    role: LiquidityRole
    status: FillStatus
    is_read: bool
    transaction_hash: str | None
    match_time: MomentAnswer
    recorded_at: MomentAnswer
    confirmed_at: MomentAnswer | None


class FillsView(TypedDict):
    """A page of fills, the newest first."""

    fills: list[FillView]
    next_cursor: NextCursor


FILL_COLUMNS = (
    "match_time", "origin", "trading_wallet_id", "lt_strategy_id", "lt_order_id", "venue_trade_id", "order_hash",
    "condition_id", "slug", "token_id", "outcome_label", "side", "shares", "price", "usd", "fee_usd", "role", "status",
    "is_read", "transaction_hash", "recorded_at", "confirmed_at",
)  # fmt: skip


def fill_view(fill: ShownFill) -> FillView:
    """One fill."""
    return {
        "fill_number": fill.number,
        "origin": fill.origin,
        "trading_wallet_id": str(fill.trading_wallet_id),
        "lt_strategy_id": text(fill.lt_strategy_id),
        "lt_order_id": text(fill.lt_order_id),
        "venue_trade_id": fill.venue_trade_id,
        "order_hash": fill.order_hash,
        "condition_id": fill.condition_id,
        "slug": fill.slug,
        "token_id": fill.token_id,
        "outcome_label": fill.outcome,
        "side": fill.side,
        "shares": str(fill.shares),
        "price": str(fill.price),
        "usd": str(fill.usd),
        "fee_usd": str(fill.fee),
        "role": fill.role,
        "status": fill.status,
        "is_read": fill.receipt_read_at is not None,
        "transaction_hash": fill.transaction_hash,
        "match_time": fill.match_time.isoformat(),
        "recorded_at": fill.recorded_at.isoformat(),
        "confirmed_at": moment(fill.confirmed_at),
    }


def fill_row(fill: ShownFill) -> Sequence[object]:
    """The same as a row of FILL_COLUMNS."""
    shown = fill_view(fill)
    return [shown[name] for name in FILL_COLUMNS]  # type: ignore[literal-required]

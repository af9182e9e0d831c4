"""How the API shows paper orders: what each came to on the book, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from typing_extensions import TypedDict

from live_trading.api.shapes import (
    AddressAnswer,
    IdAnswer,
    MomentAnswer,
    NextCursor,
    PriceText,
    SharesText,
    TokenIdAnswer,
    UsdText,
)
from live_trading.api.views.plain import moment, text
from live_trading.nouns.exits import ExitReason
from live_trading.nouns.markets import ResolutionState
from live_trading.nouns.wallets import Outcome
from live_trading.signals.config import PaperFillMethod
from live_trading.signals.paper import FillResult
from live_trading.store.shown.paper_orders import MarketResult, PaperSale, ShownPaperOrder

_PLACES = Decimal("0.000001")


class PaperOrderView(TypedDict):
    """A bet on paper. `cost_usd` and `fee_usd` are of all that was bought; `exit_…` of what was sold of it since.

    `outcome` is OPEN until it ends, and `pnl_usd`, after fees, null so long. `outcome_label` names what was bet on.
    """

    ft_order_id: IdAnswer
    ft_wallet_id: IdAnswer
    config_version: int
    source_trade_id: int
    trader_address: AddressAnswer
    condition_id: str
    token_id: TokenIdAnswer
    title: str
    slug: str
    outcome_label: str
    outcome_index: int
    signal_price: PriceText
    stake_usd: UsdText
    fill_method: PaperFillMethod
    fill_result: FillResult
    fill_price: PriceText | None
    shares: SharesText
    cost_usd: UsdText
    fee_usd: UsdText
    book_hash: str | None
    book_taken_at: MomentAnswer | None
    exited_shares: SharesText
    exit_proceeds_usd: UsdText
    exit_fee_usd: UsdText
    outcome: Outcome
    pnl_usd: UsdText | None
    trade_time: MomentAnswer
    decided_at: MomentAnswer
    resolved_at: MomentAnswer | None


class PaperOrdersView(TypedDict):
    """A page of paper orders, newest first."""

    ft_orders: list[PaperOrderView]
    next_cursor: NextCursor


class PaperSaleView(TypedDict):
    """A sale of the order's token out of its wallet; sales close the oldest orders of a token first."""

    exit_reason: ExitReason
    shares: SharesText
    proceeds_usd: UsdText
    fee_usd: UsdText
    limit_price: PriceText
    book_hash: str
    book_taken_at: MomentAnswer
    decided_at: MomentAnswer


class MarketResultView(TypedDict):
    """How far the market is; `payout_per_share` is what a share of the outcome pays, null until it is resolved."""

    state: ResolutionState
    since: MomentAnswer
    payout_per_share: PriceText | None
    resolved_at: MomentAnswer | None


class PaperOrderDetailView(TypedDict):
    """A paper order with its decision, the newest 100 sales of its token since, and its market.

    `decision_id` is null where the decision is not kept.
    """

    ft_order: PaperOrderView
    decision_id: int | None
    sales: list[PaperSaleView]
    market: MarketResultView


def paper_order_view(order: ShownPaperOrder) -> PaperOrderView:
    """One order."""
    return PaperOrderView(
        ft_order_id=str(order.ft_order_id),
        ft_wallet_id=str(order.ft_wallet_id),
        config_version=order.config_version,
        source_trade_id=order.source_trade_id,
        trader_address=order.trader,
        condition_id=order.condition_id,
        token_id=order.token_id,
        title=order.title,
        slug=order.slug,
        outcome_label=order.outcome_label,
        outcome_index=order.outcome_index,
        signal_price=str(order.signal_price),
        stake_usd=str(order.stake),
        fill_method=order.fill_method,
        fill_result=order.fill_result,
        fill_price=text(order.fill_price),
        shares=str(order.shares),
        cost_usd=str(order.cost),
        fee_usd=str(order.fee),
        book_hash=order.book_hash,
        book_taken_at=moment(order.book_taken_at),
        exited_shares=str(order.exited),
        exit_proceeds_usd=str(order.exit_proceeds),
        exit_fee_usd=str(order.exit_fee),
        outcome=order.outcome,
        pnl_usd=text(order.pnl),
        trade_time=order.trade_time.isoformat(),
        decided_at=order.decided_at.isoformat(),
        resolved_at=moment(order.resolved_at),
    )


def paper_order_detail_view(
    order: ShownPaperOrder, *, decision_id: int | None, sales: Sequence[PaperSale], market: MarketResult
) -> PaperOrderDetailView:
    """One order with what belongs to it."""
    payout = market.payout
    return PaperOrderDetailView(
        ft_order=paper_order_view(order),
        decision_id=decision_id,
        sales=[_sale(each) for each in sales],
        market=MarketResultView(
            state=market.state,
            since=market.since.isoformat(),
            payout_per_share=None if payout is None else f"{payout.quantize(_PLACES, rounding=ROUND_FLOOR):f}",
            resolved_at=moment(market.resolved_at),
        ),
    )


CSV_COLUMNS = tuple(PaperOrderView.__annotations__)


def csv_row(view: PaperOrderView) -> list[object]:
    """The cells of an order in the order of the columns."""
    cells: dict[str, Any] = {**view}
    return [cells[name] for name in CSV_COLUMNS]


def _sale(sale: PaperSale) -> PaperSaleView:
    return PaperSaleView(
        exit_reason=sale.reason,
        shares=str(sale.shares),
        proceeds_usd=str(sale.proceeds),
        fee_usd=str(sale.fee),
        limit_price=str(sale.limit_price),
        book_hash=sale.book_hash,
        book_taken_at=sale.book_taken_at.isoformat(),
        decided_at=sale.decided_at.isoformat(),
    )

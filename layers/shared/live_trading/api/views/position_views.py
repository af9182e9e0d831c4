"""How the API shows positions, alone and summed up by market and by event."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from live_trading.api.shapes import (
    ConditionIdAnswer,
    IdAnswer,
    MomentAnswer,
    NextCursor,
    PriceText,
    SharesText,
    TokenIdAnswer,
    UsdText,
)
from live_trading.api.views.order_views import OrderView
from live_trading.api.views.plain import moment, text
from live_trading.nouns.exits import ExitReason, HoldReason
from live_trading.nouns.money import Usd, average_price, notional
from live_trading.store.positions.exit_watches import ShownWatch
from live_trading.store.positions.exposures import Exposure
from live_trading.store.positions.held_positions import HeldPosition
from live_trading.store.positions.position_history import PositionHistory, PositionState


class HeldView(TypedDict):
    """What is held of one token and not resolved.

    `settled_shares` leave out what has matched and is not confirmed, `sellable_shares` also what open sales may take
    and what is missing on the chain.
    """

    lt_strategy_id: IdAnswer
    condition_id: ConditionIdAnswer
    token_id: TokenIdAnswer
    outcome_index: int
    shares: SharesText
    cost_usd: UsdText
    settled_shares: SharesText
    sellable_shares: SharesText


class HeldPositionsView(TypedDict):
    """A page of what a strategy holds, in the order of tokens."""

    positions: list[HeldView]
    next_cursor: NextCursor


class PositionView(TypedDict):
    """One position. Profits are without `fees_usd`; the mark is the executable bid for the size that was held then.

    `realised_pnl_usd` goes by average cost, `realised_pnl_fifo_usd` by lots. `opened_at` is since when the shares that
    are held are held, null where none are.
    """

    lt_strategy_id: IdAnswer
    token_id: TokenIdAnswer
    condition_id: ConditionIdAnswer
    slug: str
    event_id: str | None
    outcome_label: str | None
    outcome_index: int
    state: PositionState
    shares: SharesText
    pending_shares: SharesText
    cost_usd: UsdText
    average_cost: PriceText | None
    realised_pnl_usd: UsdText
    realised_pnl_fifo_usd: UsdText
    fees_usd: UsdText
    mark_price: PriceText | None
    marked_at: MomentAnswer | None
    value_usd: UsdText | None
    unrealised_pnl_usd: UsdText | None
    first_bought_at: MomentAnswer
    opened_at: MomentAnswer | None
    last_moved_at: MomentAnswer
    source_trade_ids: list[int]


class PositionsView(TypedDict):
    """A page of positions, what was begun last first."""

    positions: list[PositionView]
    next_cursor: NextCursor


class LotView(TypedDict):
    """Shares that are held, by when they came."""

    bought_at: MomentAnswer
    shares: SharesText
    cost_usd: UsdText


class ExitView(TypedDict):
    """How the rules of leaving stand to a position at the last look."""

    looked_at: MomentAnswer
    executable_price: PriceText | None
    best_executable_price: PriceText | None
    trigger: ExitReason | None
    trigger_since: MomentAnswer | None
    observations: int
    exits_placed: int
    placed_for: ExitReason | None
    kept_because: HoldReason | None
    waiting_since: MomentAnswer | None


class PositionDetailView(PositionView):
    """One position with its lots, the oldest first, what can be sold of it, its exit, and its newest orders."""

    age_seconds: int | None
    held: HeldView | None
    lots: list[LotView]
    exit: ExitView | None
    orders: list[OrderView]


class ExposureView(TypedDict):
    """Open positions of one market or of one event summed up; the value is null where one of them has no mark."""

    condition_id: ConditionIdAnswer | None
    event_id: str | None
    open_positions: int
    cost_usd: UsdText
    value_usd: UsdText | None
    unrealised_pnl_usd: UsdText | None


class ExposuresView(TypedDict):
    """A page of sums, in a fixed order of markets or events."""

    exposures: list[ExposureView]
    next_cursor: NextCursor


def held_view(position: HeldPosition) -> HeldView:
    """What can be sold of one open position."""
    return HeldView(
        lt_strategy_id=str(position.lt_strategy_id),
        condition_id=position.condition_id,
        token_id=position.token_id,
        outcome_index=position.outcome_index,
        shares=str(position.shares),
        cost_usd=str(position.cost),
        settled_shares=str(position.settled),
        sellable_shares=str(position.sellable),
    )


def position_view(position: PositionHistory) -> PositionView:
    """One position."""
    book, mark = position.book, position.mark
    value = worth(position)
    is_open = position.state is PositionState.OPEN
    return PositionView(
        lt_strategy_id=str(position.lt_strategy_id),
        token_id=position.token_id,
        condition_id=position.condition_id,
        slug=position.slug,
        event_id=position.event_id,
        outcome_label=position.outcome,
        outcome_index=position.outcome_index,
        state=position.state,
        shares=str(book.shares),
        pending_shares=str(position.pending),
        cost_usd=str(book.cost),
        average_cost=text(average_price(book.cost, book.shares)) if is_open else None,
        realised_pnl_usd=str(book.realised),
        realised_pnl_fifo_usd=str(book.realised_fifo),
        fees_usd=str(book.fees),
        mark_price=None if mark is None or not is_open else str(mark.price),
        marked_at=None if mark is None or not is_open else mark.taken_at.isoformat(),
        value_usd=text(value),
        unrealised_pnl_usd=None if value is None else str(value - book.cost),
        first_bought_at=position.first_bought_at.isoformat(),
        opened_at=moment(book.opened_at) if is_open else None,
        last_moved_at=position.last_moved_at.isoformat(),
        source_trade_ids=list(position.source_trade_ids),
    )


def age_seconds(position: PositionHistory, now: datetime) -> int | None:
    """For how long what is held is held; None where nothing is."""
    opened_at = position.book.opened_at
    is_open = position.state is PositionState.OPEN
    return int((now - opened_at).total_seconds()) if is_open and opened_at is not None else None


def lots_view(position: PositionHistory) -> list[LotView]:
    """The shares that are held, by when they came, the oldest first."""
    return [
        LotView(bought_at=lot.at.isoformat(), shares=str(lot.shares), cost_usd=str(lot.cost))
        for lot in position.book.lots
    ]


def exit_view(shown: ShownWatch) -> ExitView:
    """How the rules of leaving stand to a position at the last look."""
    watch = shown.watch
    return ExitView(
        looked_at=shown.looked_at.isoformat(),
        executable_price=text(shown.executable),
        best_executable_price=text(watch.best),
        trigger=watch.trigger,
        trigger_since=moment(watch.since),
        observations=watch.observations,
        exits_placed=watch.attempts,
        placed_for=watch.placed_for,
        kept_because=shown.hold,
        waiting_since=moment(shown.waiting_since),
    )


def exposure_view(exposure: Exposure) -> ExposureView:
    """The sums of one market or of one event."""
    value = exposure.value
    return ExposureView(
        condition_id=exposure.condition_id,
        event_id=exposure.event_id,
        open_positions=exposure.open_positions,
        cost_usd=str(exposure.cost),
        value_usd=text(value),
        unrealised_pnl_usd=None if value is None else str(value - exposure.cost),
    )


def worth(position: PositionHistory) -> Usd | None:
    """What an open position would fetch by its last mark; None without one."""
    if position.state is not PositionState.OPEN or position.mark is None:
        return None
    return notional(position.mark.price, position.book.shares)

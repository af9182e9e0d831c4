"""How the API shows positions, alone and rolled up by market and by event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from live_trading.nouns.money import Shares, Usd, average_price, notional, total_usd
from live_trading.store.positions.exit_watches import ShownWatch
from live_trading.store.positions.held_positions import HeldPosition
from live_trading.store.positions.position_history import PositionHistory, PositionState


def held_view(position: HeldPosition) -> dict[str, Any]:
    """What can be sold of one open position."""
    return {
        "lt_strategy_id": str(position.lt_strategy_id),
        "condition_id": position.condition_id,
        "token_id": position.token_id,
        "outcome_index": position.outcome_index,
        "shares": str(position.shares),
        "cost_usd": str(position.cost),
        "settled_shares": str(position.settled),
        "sellable_shares": str(position.sellable),
    }


def position_view(position: PositionHistory, now: datetime) -> dict[str, Any]:
    """One position. Profits are without `fees_usd`; the mark is the executable bid for the size that was held then."""
    book, mark = position.book, position.mark
    value = worth(position)
    is_open = position.state is PositionState.OPEN
    return {
        "lt_strategy_id": str(position.lt_strategy_id),
        "token_id": position.token_id,
        "condition_id": position.condition_id,
        "slug": position.slug,
        "event_id": position.event_id,
        "outcome_label": position.outcome,
        "outcome_index": position.outcome_index,
        "state": position.state,
        "shares": str(book.shares),
        "pending_shares": str(position.pending),
        "cost_usd": str(book.cost),
        "average_cost": _text(average_price(book.cost, book.shares)) if is_open else None,
        "realised_pnl_usd": str(book.realised),
        "realised_pnl_fifo_usd": str(book.realised_fifo),
        "fees_usd": str(book.fees),
        "mark_price": None if mark is None or not is_open else str(mark.price),
        "marked_at": None if mark is None or not is_open else mark.taken_at.isoformat(),
        "value_usd": _text(value),
        "unrealised_pnl_usd": None if value is None else str(value - book.cost),
        "first_bought_at": position.first_bought_at.isoformat(),
        "last_moved_at": position.last_moved_at.isoformat(),
        "age_seconds": int((now - book.opened_at).total_seconds()) if is_open and book.opened_at else None,
        "source_trade_ids": list(position.source_trade_ids),
    }


def lots_view(position: PositionHistory) -> list[dict[str, Any]]:
    """The shares that are held, by when they came, the oldest first."""
    return [
        {"bought_at": lot.at.isoformat(), "shares": str(lot.shares), "cost_usd": str(lot.cost)}
        for lot in position.book.lots
    ]


def exit_view(shown: ShownWatch) -> dict[str, Any]:
    """How the rules of leaving stand to a position at the last look."""
    watch = shown.watch
    return {
        "looked_at": shown.looked_at.isoformat(),
        "executable_price": _text(shown.executable),
        "best_executable_price": _text(watch.best),
        "trigger": watch.trigger,
        "trigger_since": None if watch.since is None else watch.since.isoformat(),
        "observations": watch.observations,
        "exits_placed": watch.attempts,
        "placed_for": watch.placed_for,
        "kept_because": shown.hold,
        "waiting_since": None if shown.waiting_since is None else shown.waiting_since.isoformat(),
    }


def roll_up(positions: Sequence[PositionHistory], by: str) -> list[dict[str, Any]]:
    """Sums by `condition_id` or `event_id`; a value is None where a position of it has no mark."""
    groups: dict[str, list[PositionHistory]] = defaultdict(list)
    for position in positions:
        key = getattr(position, by)
        if key is not None:
            groups[key].append(position)
    return [{by: key, **_sums(members)} for key, members in sorted(groups.items())]


def worth(position: PositionHistory) -> Usd | None:
    """What an open position would fetch by its last mark; None without one."""
    if position.state is not PositionState.OPEN or position.mark is None:
        return None
    return notional(position.mark.price, position.book.shares)


def _sums(positions: Sequence[PositionHistory]) -> dict[str, Any]:
    opened = [each for each in positions if each.state is PositionState.OPEN]
    values = [value for each in opened if (value := worth(each)) is not None]
    known = total_usd(values) if len(values) == len(opened) else None
    cost = total_usd([each.book.cost for each in opened])
    return {
        "positions": len(positions),
        "open_positions": len(opened),
        "cost_usd": str(cost),
        "value_usd": _text(known),
        "unrealised_pnl_usd": None if known is None else str(known - cost),
        "realised_pnl_usd": str(total_usd([each.book.realised for each in positions])),
        "fees_usd": str(total_usd([each.book.fees for each in positions])),
    }


def _text(value: Usd | Shares | object | None) -> str | None:
    return None if value is None else str(value)

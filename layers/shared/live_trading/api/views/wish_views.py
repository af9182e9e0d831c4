"""How the API shows a wish to get out."""

from __future__ import annotations

from typing import Any

from live_trading.nouns.wishes import ExitWish, WishState

_SAID = {
    WishState.WAITING: "a run holds the trading wallet; it does this at its next step, or the next run does",
    WishState.DONE: "carried out",
    WishState.REFUSED: "it cannot be done as things stand; result.not_done says why",
    WishState.EXPIRED: "it could not be done in time and will not be done any more; result.not_done says why",
}


def wish_view(wish: ExitWish) -> dict[str, Any]:
    """One wish: what was asked for, how it stands, until when it may wait, and what came of it."""
    return {
        "exit_wish_id": str(wish.exit_wish_id),
        "kind": wish.kind,
        "state": wish.state,
        "message": _SAID[wish.state],
        "trading_wallet_id": str(wish.trading_wallet_id),
        "lt_strategy_id": _text(wish.lt_strategy_id),
        "token_id": wish.token_id,
        "shares": _text(wish.shares),
        "lt_order_id": _text(wish.lt_order_id),
        "result": wish.result,
        "asked_at": wish.asked_at.isoformat(),
        "waits_until": wish.waits_until.isoformat(),
        "finished_at": None if wish.finished_at is None else wish.finished_at.isoformat(),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)

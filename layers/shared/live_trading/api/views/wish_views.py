"""How the API shows a wish to get out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import IdAnswer, MomentAnswer, SharesText, TokenIdAnswer
from live_trading.api.views.plain import moment, text
from live_trading.nouns.wishes import ExitWish, WishKind, WishState

_SAID = {
    WishState.WAITING: "a run holds the trading wallet; it does this at its next step, or the next run does",
    WishState.DONE: "carried out",
    WishState.REFUSED: "it cannot be done as things stand; result.not_done says why",
    WishState.EXPIRED: "it could not be done in time and will not be done any more; result.not_done says why",
}
Result = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "what was done, as the answer to the request would have said it; `not_done` in words",
        }
    ),
]


class WishView(TypedDict):
    """One wish: what was asked for, how it stands, until when it may wait, and what came of it."""

    exit_wish_id: IdAnswer
    kind: WishKind
    state: WishState
    message: str
    trading_wallet_id: IdAnswer
    lt_strategy_id: IdAnswer | None
    token_id: TokenIdAnswer | None
    shares: SharesText | None
    lt_order_id: IdAnswer | None
    result: Result | None
    asked_at: MomentAnswer
    waits_until: MomentAnswer
    finished_at: MomentAnswer | None


def wish_view(wish: ExitWish) -> WishView:
    """One wish."""
    return WishView(
        exit_wish_id=str(wish.exit_wish_id),
        kind=wish.kind,
        state=wish.state,
        message=_SAID[wish.state],
        trading_wallet_id=str(wish.trading_wallet_id),
        lt_strategy_id=text(wish.lt_strategy_id),
        token_id=wish.token_id,
        shares=text(wish.shares),
        lt_order_id=text(wish.lt_order_id),
        result=wish.result,
        asked_at=wish.asked_at.isoformat(),
        waits_until=wish.waits_until.isoformat(),
        finished_at=moment(wish.finished_at),
    )

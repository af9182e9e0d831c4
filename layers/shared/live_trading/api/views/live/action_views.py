"""How the API shows what was done by hand: sales and cancels."""

from __future__ import annotations

from typing_extensions import TypedDict

from live_trading.api.shapes import HashAnswer, IdAnswer
from live_trading.api.views.order_views import OrderView
from live_trading.api.views.plain import text
from live_trading.api.views.wish_views import WishView
from live_trading.services.guarding.cancelling import CancelReport


class OrderIdView(TypedDict):
    """The sale that was written, where nobody can look at how it stands."""

    lt_order_id: IdAnswer


class WishIdView(TypedDict):
    """The wish that was written, where nobody can look at how it stands."""

    exit_wish_id: IdAnswer


CloseView = OrderView | WishView | OrderIdView | WishIdView
"""The sale as it stands, or the wish to sell that is left to the run which holds the trading wallet."""


class CancelView(TypedDict):
    """What a cancel came to, orders by their hash.

    `withdrawn` had not been sent and never will be; `cancelled` the venue confirms; `refused` it did not cancel, with
    its reason; `not_done` is what failed, in words. `followed` tells whether the orders were looked at afterwards.
    `exit_wish_id` names what is left to the run that holds the wallet.
    """

    withdrawn: list[HashAnswer]
    cancelled: list[HashAnswer]
    refused: dict[str, str]
    not_done: list[str]
    followed: bool
    exit_wish_id: IdAnswer | None


def cancel_view(report: CancelReport) -> CancelView:
    """What a cancel came to."""
    return CancelView(
        withdrawn=report.withdrawn,
        cancelled=report.cancelled,
        refused=report.refused,
        not_done=report.not_done,
        followed=report.followed,
        exit_wish_id=text(report.exit_wish_id),
    )

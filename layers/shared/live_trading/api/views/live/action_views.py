"""How the API shows what was done by hand: sales, cancels and the kill switch."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from live_trading.api.shapes import HashAnswer, IdAnswer
from live_trading.api.views.order_views import OrderView
from live_trading.api.views.plain import text
from live_trading.api.views.wish_views import WishView
from live_trading.services.guarding.cancelling import CancelReport
from live_trading.services.guarding.kill_switch import StopReport


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


class StopView(TypedDict):
    """What the kill switch did and what could not be done; orders by hash, sales by order, `not_done` in words."""

    entries_stopped: bool
    stopped_for: Literal["everybody", "the caller"]
    lock_ids: list[int]
    wallets: int
    withdrawn: list[HashAnswer]
    cancelled: list[HashAnswer]
    refused: dict[str, str]
    sales: list[IdAnswer]
    not_done: list[str]
    exit_wish_ids: list[IdAnswer]


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


def stop_view(report: StopReport, *, everybody: bool) -> StopView:
    """What the kill switch came to."""
    return StopView(
        entries_stopped=bool(report.lock_ids),
        stopped_for="everybody" if everybody else "the caller",
        lock_ids=report.lock_ids,
        wallets=report.wallets,
        withdrawn=report.withdrawn,
        cancelled=sorted(report.cancelled),
        refused={order: why for order, why in report.refused.items() if order not in report.cancelled},
        sales=report.sales,
        not_done=report.not_done,
        exit_wish_ids=[str(each) for each in report.exit_wish_ids],
    )

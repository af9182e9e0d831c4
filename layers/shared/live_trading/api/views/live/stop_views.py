"""How the API shows the kill switch: whether it is pulled, what is left to do, and what pulling it would do."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from live_trading.api.shapes import IdAnswer, MomentAnswer, PriceText, SharesText, TokenIdAnswer, UsdText
from live_trading.api.views.lock_views import LockView, lock_view
from live_trading.api.views.plain import moment, text
from live_trading.nouns.locks import LockMode, LockScope
from live_trading.nouns.money import total_usd
from live_trading.nouns.orders import OrderState, Purpose
from live_trading.nouns.trades import Side
from live_trading.nouns.wallets import WalletVerification
from live_trading.store.risk.locks import LockRow
from live_trading.store.risk.stop_facts import HeldShares, OpenOrder, Totals, WalletToStop


class StoppedWalletView(TypedDict):
    """A trading wallet. `mode` is how far it is stopped, null where it is not.

    `left_to_do` is what a run still does of that, in words; it is done in each run until the switch is released.
    """

    trading_wallet_id: IdAnswer
    name: str
    verification: WalletVerification
    mode: LockMode | None
    open_orders: int
    positions: int
    value_usd: UsdText | None
    waiting_wishes: int
    left_to_do: list[str]


class OpenOrderView(TypedDict):
    """An order that pulling would cancel or, where it is an INTENT, not send any more."""

    lt_order_id: IdAnswer
    lt_strategy_id: IdAnswer
    trading_wallet_id: IdAnswer
    token_id: TokenIdAnswer
    state: OrderState
    purpose: Purpose
    side: Side
    limit_price: PriceText
    order_usd: UsdText


class ToSellView(TypedDict):
    """What pulling with `flatten` would sell; the value is of the last mark, null where there is none."""

    lt_strategy_id: IdAnswer
    trading_wallet_id: IdAnswer
    token_id: TokenIdAnswer
    shares: SharesText
    cost_usd: UsdText
    mark_price: PriceText | None
    value_usd: UsdText | None
    marked_at: MomentAnswer | None


class WouldCancelView(TypedDict):
    """Orders of this system that are open, the oldest of them one by one; what else rests at the venue goes too."""

    count: int
    orders: list[OpenOrderView]


class WouldSellView(TypedDict):
    """Positions that are held, those that are worth most one by one; the sum is null where one has no mark."""

    count: int
    value_usd: UsdText | None
    positions: list[ToSellView]


class EverybodyView(TypedDict):
    """What pulling for everybody would concern."""

    owners: int
    trading_wallets: int
    open_orders: int
    positions: int


class KillSwitchView(TypedDict):
    """Whether the kill switch is pulled for you, by whom and since when (`locks`), and what that leaves to do.

    `would_cancel` and `would_sell` are what pulling would do to what is your own; `everybody` is null without the
    scope `admin`.
    """

    is_pulled: bool
    stops_everybody: bool
    locks: list[LockView]
    wallets: list[StoppedWalletView]
    would_cancel: WouldCancelView
    would_sell: WouldSellView
    everybody: EverybodyView | None


def kill_switch_view(
    pulled: Sequence[LockRow],
    wallets: Sequence[WalletToStop],
    orders: Sequence[OpenOrder],
    held: Sequence[HeldShares],
    everybody: Totals | None,
) -> KillSwitchView:
    """The switch as it stands for one owner."""
    values = [each.value for each in wallets]
    known = [value for value in values if value is not None]
    return {
        "is_pulled": bool(pulled),
        "stops_everybody": any(lock.scope is LockScope.GLOBAL for lock in pulled),
        "locks": [lock_view(lock) for lock in pulled],
        "wallets": [_wallet_view(each, _mode_of(each, pulled)) for each in wallets],
        "would_cancel": {
            "count": sum(each.open_orders for each in wallets),
            "orders": [_order_view(each) for each in orders],
        },
        "would_sell": {
            "count": sum(each.positions for each in wallets),
            "value_usd": str(total_usd(known)) if len(known) == len(values) else None,
            "positions": [_held_view(each) for each in held],
        },
        "everybody": None if everybody is None else _everybody_view(everybody),
    }


def _mode_of(wallet: WalletToStop, pulled: Sequence[LockRow]) -> LockMode | None:
    """The widest of the locks that stop this wallet."""
    modes = [lock.mode for lock in pulled if lock.scope_id in (None, str(wallet.trading_wallet_id))]
    return max(modes, key=list(LockMode).index, default=None)


def _wallet_view(wallet: WalletToStop, mode: LockMode | None) -> StoppedWalletView:
    return {
        "trading_wallet_id": str(wallet.trading_wallet_id),
        "name": wallet.name,
        "verification": wallet.verification,
        "mode": mode,
        "open_orders": wallet.open_orders,
        "positions": wallet.positions,
        "value_usd": text(wallet.value),
        "waiting_wishes": wallet.waiting,
        "left_to_do": [] if mode is None else _left_to_do(wallet, mode),
    }


def _left_to_do(wallet: WalletToStop, mode: LockMode) -> list[str]:
    left = []
    if wallet.open_orders and mode is not LockMode.STOP_ENTRIES:
        left.append(f"cancel {wallet.open_orders} open orders")
    if wallet.positions and mode is LockMode.FLATTEN:
        left.append(f"sell {wallet.positions} positions")
    if wallet.waiting:
        left.append(f"take up {wallet.waiting} wishes that wait for a run")
    return left


def _order_view(order: OpenOrder) -> OpenOrderView:
    return {
        "lt_order_id": str(order.lt_order_id),
        "lt_strategy_id": str(order.lt_strategy_id),
        "trading_wallet_id": str(order.trading_wallet_id),
        "token_id": order.token_id,
        "state": order.state,
        "purpose": order.purpose,
        "side": order.side,
        "limit_price": str(order.limit_price),
        "order_usd": str(order.order_usd),
    }


def _held_view(held: HeldShares) -> ToSellView:
    return {
        "lt_strategy_id": str(held.lt_strategy_id),
        "trading_wallet_id": str(held.trading_wallet_id),
        "token_id": held.token_id,
        "shares": str(held.shares),
        "cost_usd": str(held.cost),
        "mark_price": text(held.price),
        "value_usd": text(held.value),
        "marked_at": moment(held.marked_at),
    }


def _everybody_view(totals: Totals) -> EverybodyView:
    return {
        "owners": totals.owners,
        "trading_wallets": totals.wallets,
        "open_orders": totals.open_orders,
        "positions": totals.positions,
    }

"""What a person asks to get out of, kept for whoever holds the trading wallet while it cannot be done at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from live_trading.nouns.money import Shares
from live_trading.nouns.orders import OrderType

# Two runs for a sale: later the market is another one than the person looked at. A cancel is wanted for as long as it
# takes to find out what became of an order whose answer was lost.
SALE_WAITS = timedelta(minutes=5)
CANCEL_WAITS = timedelta(minutes=15)


class WishKind(StrEnum):
    """CLOSE sells of one token; CANCEL ends orders; FLATTEN does what the locks in force ask of the wallet."""

    CLOSE = "CLOSE"
    CANCEL = "CANCEL"
    FLATTEN = "FLATTEN"


class WishState(StrEnum):
    """WAITING is the only one that changes. REFUSED cannot be done as things stand, EXPIRED was not done in time."""

    WAITING = "WAITING"
    DONE = "DONE"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitWish:
    """One wish, waiting or over.

    A CLOSE names strategy and token, with what it may sell and for how little; a CANCEL one order, or the orders of a
    strategy, or neither for all of the wallet. `lt_order_id` is the order to cancel, or the sale that came of a CLOSE;
    `result` says what was done and what was not.
    """

    exit_wish_id: UUID
    owner_id: str
    trading_wallet_id: UUID
    kind: WishKind
    asked_at: datetime
    lt_strategy_id: UUID | None = None
    token_id: str | None = None
    shares: Shares | None = None
    slippage_bound_fraction: Decimal | None = None
    order_type: OrderType = OrderType.FAK
    lt_order_id: UUID | None = None
    state: WishState = WishState.WAITING
    result: dict[str, Any] | None = None
    finished_at: datetime | None = None

    @property
    def waits_until(self) -> datetime:
        """From then on it is not begun any more."""
        return self.asked_at + (CANCEL_WAITS if self.kind is WishKind.CANCEL else SALE_WAITS)

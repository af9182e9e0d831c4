"""Faults that refuse single orders with a text of the venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from local.exchange import errors
from local.exchange.engine.incoming import Incoming
from local.exchange.faults.faults import FaultKind, Faults
from local.exchange.terms import Side
from local.exchange.units import Price
from local.exchange.wire.calls import Call

DEFAULT_POST_ONLY_SECONDS = 120.0
# What the venue says of an order whose grid has become finer under it, from 0.0025 to 0.001.
NO_LONGER_A_PRICE = Decimal("0.4025")
NEW_TICK = Price("0.001")

_REFUSALS: Mapping[FaultKind, Callable[[Incoming], errors.Refused]] = MappingProxyType(
    {
        FaultKind.ADDRESS_BANNED: lambda incoming: errors.address_banned(incoming.fields.maker),
        FaultKind.DEPOSIT_WALLET_REQUIRED: lambda _: errors.deposit_wallet_required(),
        FaultKind.MARKET_NOT_READY: lambda _: errors.market_not_ready(),
        FaultKind.MATCH_DELAYED: lambda _: errors.match_delayed(),
        FaultKind.CANCELED_ON_CHAIN: lambda _: errors.canceled_on_chain(),
        FaultKind.CROSSES_BOOK: lambda incoming: errors.crosses_book(incoming.order_hash),
        FaultKind.TICK_CHANGED: lambda incoming: errors.breaks_tick_size(
            incoming.order_hash, NO_LONGER_A_PRICE, NEW_TICK
        ),
        FaultKind.BALANCE_STALE: lambda incoming: errors.balance_not_enough(
            balance=0, active=0, matched=0, amount=incoming.fields.maker_amount
        ),
        FaultKind.ORDER_TIMED_OUT: lambda _: errors.order_timed_out(),
        FaultKind.INSERT_FAILED: lambda _: errors.insert_failed(),
        FaultKind.EXECUTION_FAILED: lambda _: errors.execution_failed(),
    }
)


def refuse_entry(faults: Faults, call: Call, *, all_post_only: bool) -> None:
    """Refuse a whole post while the venue takes no orders, or only post-only ones."""
    if faults.take(FaultKind.GEOBLOCKED, call.method, call.path) is not None:
        raise errors.geoblocked()
    if faults.take(FaultKind.CANCEL_ONLY, call.method, call.path) is not None:
        raise errors.cancel_only()
    mode = None if all_post_only else faults.take(FaultKind.POST_ONLY_MODE, call.method, call.path)
    if mode is not None:
        raise errors.post_only_mode(DEFAULT_POST_ONLY_SECONDS if mode.seconds is None else mode.seconds)


def refuse_order(faults: Faults, call: Call, incoming: Incoming) -> None:
    """Refuse one order for a reason that an armed fault gives; it is not placed."""
    is_entry = incoming.side is Side.BUY
    if is_entry and faults.take(FaultKind.CLOSED_ONLY, call.method, call.path) is not None:
        raise errors.closed_only(incoming.fields.maker)
    for kind, refusal in _REFUSALS.items():
        if faults.take(kind, call.method, call.path) is not None:
            raise refusal(incoming)

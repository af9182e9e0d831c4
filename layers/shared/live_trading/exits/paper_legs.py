"""Which paper orders an exit closes, and with what part of its money: the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from live_trading.nouns.money import Shares, Usd, total_shares


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOrder:
    """A paper order, what is left of it, and what it cost and has brought so far, fees apart."""

    ft_order_id: UUID
    left: Shares
    cost: Usd
    fee: Usd
    exit_proceeds: Usd
    exit_fee: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitLeg:
    """A part of an exit that closes a part of an order; `pnl` is the order's whole profit where nothing is left."""

    ft_order_id: UUID
    shares: Shares
    proceeds: Usd
    fee: Usd
    pnl: Usd | None


def legs(orders: Sequence[HeldOrder], shares: Shares, proceeds: Usd, fee: Usd) -> list[ExitLeg]:
    """Shares an exit's money out over orders, the oldest first, so that the parts sum to it exactly.

    Raises ValueError where more was sold than is held.
    """
    if shares > total_shares([order.left for order in orders]):
        raise ValueError(f"{shares} were sold of {total_shares([order.left for order in orders])}")
    found: list[ExitLeg] = []
    left, money, charged = shares, proceeds, fee
    for order in orders:
        taken = min(order.left, left)
        if not taken.is_positive:
            continue
        part, cut = _part(money, taken, left), _part(charged, taken, left)
        left, money, charged = left - taken, money - part, charged - cut
        pnl = order.exit_proceeds + part - order.exit_fee - cut - order.cost - order.fee
        found.append(
            ExitLeg(
                ft_order_id=order.ft_order_id,
                shares=taken,
                proceeds=part,
                fee=cut,
                pnl=pnl if taken == order.left else None,
            )
        )
    return found


def _part(amount: Usd, taken: Shares, of: Shares) -> Usd:
    return Usd.of_base_units(amount.base_units * taken.base_units // of.base_units)

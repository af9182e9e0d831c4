"""What resolved holdings are owed, split among their holders so that the parts sum to the chain's payment."""

from __future__ import annotations

from collections.abc import Sequence

from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd


def split_payout(vector: PayoutVector, outcome_index: int, holdings: Sequence[Shares]) -> list[Usd]:
    """USD owed to each holding of one outcome, in the same order.

    The chain pays floor(all units x numerator / denominator) once for the wallet's whole balance, so each part is
    the growth of that floor: the sum is exact to the base unit whatever the vector.
    """
    numerator = vector.numerators[outcome_index]
    owed: list[Usd] = []
    units = 0
    paid = 0
    for holding in holdings:
        units += holding.base_units
        due = units * numerator // vector.denominator
        owed.append(Usd.of_base_units(due - paid))
        paid = due
    return owed


def proportional_part(amount: Usd, shares: Shares, of_shares: Shares) -> Usd:
    """The part of `amount` that belongs to `shares` of `of_shares`, rounded down; all of it for all of them."""
    if shares == of_shares:
        return amount
    return Usd.of_base_units(amount.base_units * shares.base_units // of_shares.base_units)

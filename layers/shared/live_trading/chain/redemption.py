"""Which call turns the resolved tokens of a condition into collateral. Pure: nothing is sent here.

The wrong call does not fail: the standard adapter on a neg-risk market, the neg-risk adapter on a standard one,
a second redemption and pUSD as collateral of a direct call all succeed and pay nothing. So the kind is a closed
set, and success is measured by what arrived.
"""

from __future__ import annotations

from enum import StrEnum

from live_trading.chain.abi import Call
from live_trading.chain.contracts import NO_PARENT, REDEEM_POSITIONS, ContractAddresses

__all__ = ["ContractAddresses", "RedemptionKind", "redeem_call", "redemption_adapter"]

YES_INDEX_SET = 1
NO_INDEX_SET = 2


class RedemptionKind(StrEnum):
    """Which adapter a market's tokens go through."""

    STANDARD = "STANDARD"
    NEG_RISK = "NEG_RISK"


def redemption_adapter(kind: RedemptionKind, addresses: ContractAddresses) -> str:
    """The adapter that must be an approved operator of the wallet's outcome tokens."""
    if kind is RedemptionKind.STANDARD:
        return addresses.ctf_collateral_adapter
    return addresses.neg_risk_ctf_collateral_adapter


def redeem_call(kind: RedemptionKind, condition_id: str, addresses: ContractAddresses) -> Call:
    """Burns the caller's whole YES and NO balance of a condition and pays it pUSD.

    `condition_id` is a bytes32 in hex; anything else raises ValueError.
    """
    return REDEEM_POSITIONS.call(
        redemption_adapter(kind, addresses),
        addresses.collateral_token,
        NO_PARENT,
        condition_id,
        [YES_INDEX_SET, NO_INDEX_SET],
    )

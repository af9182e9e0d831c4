"""Which calls turn the tokens of a condition into collateral. Pure: nothing is sent here.

The wrong call does not fail: the standard adapter on a neg-risk market, the neg-risk adapter on a standard one,
a second redemption and pUSD as collateral of a direct call all succeed and pay nothing. So the kind is a closed
set, proved by the market's token ids, and success is measured by what arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from live_trading.chain.abi import Call
from live_trading.chain.contracts import (
    MERGE_POSITIONS,
    NEG_RISK_REDEEM,
    NO_PARENT,
    REDEEM_POSITIONS,
    ROUTER_MERGE,
    ROUTER_REDEEM,
    ContractAddresses,
)
from live_trading.chain.errors import ContractMissing
from live_trading.chain.reading.position_ids import token_ids
from live_trading.nouns.markets import Market, ProtocolVersion
from live_trading.nouns.money import Shares
from live_trading.nouns.wallets import SignatureType

__all__ = [
    "ONLY_RELAYED",
    "ContractAddresses",
    "RedemptionKind",
    "kind_of_market",
    "merge_call",
    "pays_usdce",
    "redeem_call",
    "redeem_calls",
    "redemption_adapter",
    "redemption_operator",
]

YES_INDEX_SET = 1
NO_INDEX_SET = 2
ONLY_RELAYED = frozenset({SignatureType.PROXY, SignatureType.DEPOSIT_WALLET})
"""Wallets that nothing but the relayer can move. It takes no calls into the neg-risk adapter since 2026-07-17."""
_BOTH = (YES_INDEX_SET, NO_INDEX_SET)
_CONDITION_DIGITS_V2 = 62


class RedemptionKind(StrEnum):
    """Which contract a market's tokens go through; the direct kinds pay USDC.e, which the venue does not trade."""

    STANDARD = "STANDARD"
    NEG_RISK = "NEG_RISK"
    DIRECT = "DIRECT"
    DIRECT_NEG_RISK = "DIRECT_NEG_RISK"
    ROUTER_V2 = "ROUTER_V2"


_DIRECT_OF = {
    RedemptionKind.STANDARD: RedemptionKind.DIRECT,
    RedemptionKind.NEG_RISK: RedemptionKind.DIRECT_NEG_RISK,
}


def kind_of_market(market: Market, addresses: ContractAddresses, wrapped_collateral: str) -> RedemptionKind | None:
    """The kind that the market's token ids prove, whatever its catalogue says; None where they are of no known backing.

    A v1 token id is a hash over its condition and what backs it, so it cannot be of two kinds.
    """
    if market.version is ProtocolVersion.V2:
        return RedemptionKind.ROUTER_V2
    if market.token_ids == token_ids(market.condition_id, addresses.usdce_token):
        return RedemptionKind.STANDARD
    if market.token_ids == token_ids(market.condition_id, wrapped_collateral):
        return RedemptionKind.NEG_RISK
    return None


def direct_kind(kind: RedemptionKind) -> RedemptionKind:
    """The legacy way past the collateral adapter, for markets that have one; ValueError for a v2 market."""
    if kind not in _DIRECT_OF:
        raise ValueError(f"{kind} has no direct redemption")
    return _DIRECT_OF[kind]


def pays_usdce(kind: RedemptionKind) -> bool:
    """True for the kinds that pay USDC.e and not the collateral that the venue trades."""
    return kind in (RedemptionKind.DIRECT, RedemptionKind.DIRECT_NEG_RISK)


def redemption_adapter(kind: RedemptionKind, addresses: ContractAddresses) -> str:
    """The contract that a redemption of this kind calls. Raises ContractMissing where it is not configured."""
    target = {
        RedemptionKind.STANDARD: addresses.ctf_collateral_adapter,
        RedemptionKind.NEG_RISK: addresses.neg_risk_ctf_collateral_adapter,
        RedemptionKind.DIRECT: addresses.conditional_tokens,
        RedemptionKind.DIRECT_NEG_RISK: addresses.neg_risk_adapter,
        RedemptionKind.ROUTER_V2: addresses.router,
    }[kind]
    if target is None:
        raise ContractMissing("no router of protocol v2 is configured")
    return target


def redemption_operator(kind: RedemptionKind, addresses: ContractAddresses) -> str | None:
    """Who must be an approved operator of the wallet's tokens; None where the tokens' own contract is called."""
    if kind is RedemptionKind.DIRECT:
        return None
    return redemption_adapter(kind, addresses)


def token_contract(kind: RedemptionKind, addresses: ContractAddresses) -> str:
    """Which contract keeps the tokens. Raises ContractMissing where it is not configured."""
    if kind is not RedemptionKind.ROUTER_V2:
        return addresses.conditional_tokens
    if addresses.position_manager is None:
        raise ContractMissing("no position manager of protocol v2 is configured")
    return addresses.position_manager


def redeem_call(kind: RedemptionKind, condition_id: str, addresses: ContractAddresses) -> Call:
    """Burns the caller's whole YES and NO balance of a condition through an adapter and pays it pUSD.

    `condition_id` is a bytes32 in hex; anything else, and a kind without an adapter, raises ValueError.
    """
    if kind not in _DIRECT_OF:
        raise ValueError(f"{kind} takes amounts: see redeem_calls")
    target = redemption_adapter(kind, addresses)
    return REDEEM_POSITIONS.call(target, addresses.collateral_token, NO_PARENT, condition_id, _BOTH)


def redeem_calls(
    kind: RedemptionKind, condition_id: str, holdings: Sequence[Shares], addresses: ContractAddresses
) -> list[Call]:
    """The calls that turn in the holdings (by outcome index) of a condition; v2 needs one for each outcome held."""
    target = redemption_adapter(kind, addresses)
    match kind:
        case RedemptionKind.STANDARD | RedemptionKind.NEG_RISK:
            return [redeem_call(kind, condition_id, addresses)]
        case RedemptionKind.DIRECT:
            return [REDEEM_POSITIONS.call(target, addresses.usdce_token, NO_PARENT, condition_id, _BOTH)]
        case RedemptionKind.DIRECT_NEG_RISK:
            return [NEG_RISK_REDEEM.call(target, condition_id, [held.base_units for held in holdings])]
        case RedemptionKind.ROUTER_V2:
            condition = v2_condition(condition_id)
            return [
                ROUTER_REDEEM.call(target, condition, index, held.base_units)
                for index, held in enumerate(holdings)
                if held
            ]


def merge_call(kind: RedemptionKind, condition_id: str, pairs: Shares, addresses: ContractAddresses) -> Call:
    """Turns `pairs` of YES and NO back into as many dollars of pUSD. Raises ValueError for a direct kind."""
    target = redemption_adapter(kind, addresses)
    if kind is RedemptionKind.ROUTER_V2:
        return ROUTER_MERGE.call(target, v2_condition(condition_id), pairs.base_units)
    if pays_usdce(kind):
        raise ValueError("a merge goes through a collateral adapter")
    return MERGE_POSITIONS.call(target, addresses.collateral_token, NO_PARENT, condition_id, _BOTH, pairs.base_units)


def v2_condition(condition_id: str) -> str:
    """The 31 bytes of a v2 condition, which some surfaces pad to 32. Raises ValueError."""
    digits = condition_id.removeprefix("0x").lower()
    if len(digits) == _CONDITION_DIGITS_V2 + 2 and digits.endswith("00"):
        digits = digits[:_CONDITION_DIGITS_V2]
    if len(digits) != _CONDITION_DIGITS_V2:
        raise ValueError(f"not the condition of a v2 market: {condition_id}")
    return "0x" + digits

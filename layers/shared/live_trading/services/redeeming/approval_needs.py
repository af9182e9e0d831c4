"""The approvals that trading and redemption need, the calls that grant them, and whether the chain grants them."""

from __future__ import annotations

from dataclasses import dataclass

from live_trading.chain.abi import MAX_UINT256, Call
from live_trading.chain.contracts import APPROVE, SET_APPROVAL_FOR_ALL, ContractAddresses
from live_trading.chain.reading.reader import ChainReader
from live_trading.nouns.wallets import AssetType
from live_trading.store.chain.venue_spenders import VenueSpender
from live_trading.store.chain.wallet_approvals import ApprovalKind, WalletApproval

_NAMED = "the venue checks it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One approval that trading or redemption may need, and what it is for."""

    kind: ApprovalKind
    token: str
    spender: str
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanges:
    """The contracts that settle orders, lower case; `v3` trades the tokens of the PositionManager."""

    standard: str
    neg_risk: str
    v3: str


def needs(addresses: ContractAddresses, exchanges: Exchanges) -> list[Need]:
    """Every approval that this system can make use of; those of contracts that are not configured are left out.

    The legacy neg-risk adapter is one: the venue refuses neg-risk orders of wallets that have not approved it, although
    nothing is sent to it any more (py-sdk #305, simmer-sdk #297).
    """
    collateral, tokens, manager = addresses.collateral_token, addresses.conditional_tokens, addresses.position_manager
    legacy = addresses.neg_risk_adapter
    found = [
        _allowance(collateral, exchanges.standard, "buying"),
        _allowance(collateral, exchanges.neg_risk, "buying in neg-risk markets"),
        _allowance(collateral, legacy, "buying in neg-risk markets"),
        _operator(tokens, exchanges.standard, "selling"),
        _operator(tokens, exchanges.neg_risk, "selling in neg-risk markets"),
        _operator(tokens, legacy, "selling in neg-risk markets"),
        _operator(tokens, addresses.ctf_collateral_adapter, "redeeming and merging"),
        _operator(tokens, addresses.neg_risk_ctf_collateral_adapter, "redeeming and merging"),
    ]
    if manager is not None:
        found.append(_allowance(collateral, exchanges.v3, "buying in markets of protocol v2"))
        found.append(_operator(manager, exchanges.v3, "selling in markets of protocol v2"))
        if addresses.router is not None:
            found.append(_operator(manager, addresses.router, "redeeming and merging markets of protocol v2"))
    return found


def askable(addresses: ContractAddresses, exchanges: Exchanges) -> list[Need]:
    """Every approval that an owner may ask for: what is needed, and what the venue might check besides.

    Only configured contracts are in it. A spender that the venue names and nobody has configured is shown, and can be
    approved after somebody has looked at it and put it into the configuration.
    """
    known = needs(addresses, exchanges)
    splitting = (addresses.ctf_collateral_adapter, addresses.neg_risk_ctf_collateral_adapter, addresses.router)
    return known + [
        _allowance(addresses.collateral_token, spender, "splitting, which the venue checks")
        for spender in splitting
        if spender is not None
    ]


def checked_by_venue(seen: VenueSpender, addresses: ContractAddresses) -> Need | None:
    """What the venue's own list means as an approval; None for tokens of a contract that is not configured."""
    match seen.asset_type:
        case AssetType.COLLATERAL:
            return _allowance(addresses.collateral_token, seen.spender, _NAMED)
        case AssetType.CONDITIONAL:
            return _operator(addresses.conditional_tokens, seen.spender, _NAMED)
        case AssetType.CONDITIONAL_V2:
            manager = addresses.position_manager
            return None if manager is None else _operator(manager, seen.spender, _NAMED)


def _allowance(token: str, spender: str, purpose: str) -> Need:
    return Need(kind=ApprovalKind.ALLOWANCE, token=token, spender=spender, purpose=purpose)


def _operator(token: str, spender: str, purpose: str) -> Need:
    return Need(kind=ApprovalKind.OPERATOR, token=token, spender=spender, purpose=purpose)


def approval_call(approval: WalletApproval) -> Call:
    """The call that grants it."""
    if approval.kind is ApprovalKind.OPERATOR:
        return SET_APPROVAL_FOR_ALL.call(approval.token, approval.spender, True)  # noqa: FBT003 (the ABI's argument)
    units = MAX_UINT256 if approval.amount is None else approval.amount.base_units
    return APPROVE.call(approval.token, approval.spender, units)


def holds(chain: ChainReader, owner: str, approval: WalletApproval) -> bool:
    """Whether the chain grants exactly this already. Raises RetryLater."""
    if approval.kind is ApprovalKind.OPERATOR:
        return chain.is_operator_approved(owner, approval.spender, contract=approval.token)
    allowed = chain.allowances(owner, [approval.spender])[approval.spender]
    return allowed == (MAX_UINT256 if approval.amount is None else approval.amount.base_units)

"""The approvals that trading and redemption need, the calls that grant them, and whether the chain grants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from live_trading.chain.abi import MAX_UINT256, Call
from live_trading.chain.contracts import APPROVE, SET_APPROVAL_FOR_ALL, ContractAddresses
from live_trading.chain.reading.reader import ChainReader
from live_trading.store.chain.wallet_approvals import ApprovalKind, WalletApproval


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One approval that trading or redemption needs, and what it is for."""

    kind: ApprovalKind
    token: str
    spender: str
    purpose: str


def needs(addresses: ContractAddresses, exchanges: Sequence[str]) -> list[Need]:
    """Every approval that this system can make use of; those of contracts that are not configured are left out."""
    collateral, tokens = addresses.collateral_token, addresses.conditional_tokens
    adapters = (addresses.ctf_collateral_adapter, addresses.neg_risk_ctf_collateral_adapter)
    found = [
        *(Need(kind=ApprovalKind.ALLOWANCE, token=collateral, spender=each, purpose="buying") for each in exchanges),
        *(Need(kind=ApprovalKind.OPERATOR, token=tokens, spender=each, purpose="selling") for each in exchanges),
        *(
            Need(kind=ApprovalKind.OPERATOR, token=tokens, spender=each, purpose="redeeming and merging")
            for each in adapters
        ),
    ]
    if addresses.router is not None and addresses.position_manager is not None:
        found.append(
            Need(
                kind=ApprovalKind.OPERATOR,
                token=addresses.position_manager,
                spender=addresses.router,
                purpose="redeeming and merging markets of protocol v2",
            )
        )
    return found


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

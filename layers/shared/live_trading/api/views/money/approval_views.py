"""How the API shows approvals: what is needed and granted, and what was asked for."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from live_trading.api.shapes import AddressAnswer, IdAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.api.views.plain import text
from live_trading.settlement.machine import RedemptionState
from live_trading.store.chain.wallet_approvals import ApprovalKind, WalletApproval


class NeedView(TypedDict):
    """An approval that trading or redemption may need, and what the chain grants of it.

    `amount_usd` is null where the allowance is unlimited, and with `unlimited` where an operator knows no amount.
    `granted` is null where the chain could not be asked. `refused_at`: when the venue last refused an order over it.
    """

    kind: ApprovalKind
    token: AddressAnswer
    spender: AddressAnswer
    purpose: str
    may_be_asked: bool
    checked_by_venue: bool
    refused_at: MomentAnswer | None
    granted: bool | None
    unlimited: bool | None
    amount_usd: UsdText | None


class ApprovalView(TypedDict):
    """An approval that was asked for; `state` is where its transaction stands."""

    wallet_approval_id: IdAnswer
    kind: ApprovalKind
    token: AddressAnswer
    spender: AddressAnswer
    amount_usd: UsdText | None
    unlimited: bool
    state: RedemptionState
    reason: str
    last_error: str | None
    asked_at: MomentAnswer


class ApprovalsView(TypedDict):
    """What is needed or checked by the venue, and a page of what was asked for, the newest first.

    `on_chain` is UNKNOWN where the chain could not be asked what it grants of some of it.
    """

    on_chain: Literal["KNOWN", "UNKNOWN"]
    needed: list[NeedView]
    asked: list[ApprovalView]
    next_cursor: NextCursor


def approval_view(approval: WalletApproval) -> ApprovalView:
    """One approval that was asked for."""
    return ApprovalView(
        wallet_approval_id=str(approval.wallet_approval_id),
        kind=approval.kind,
        token=approval.token,
        spender=approval.spender,
        amount_usd=text(approval.amount),
        unlimited=approval.kind is ApprovalKind.ALLOWANCE and approval.amount is None,
        state=RedemptionState(approval.state),
        reason=approval.reason,
        last_error=approval.last_error,
        asked_at=approval.asked_at.isoformat(),
    )

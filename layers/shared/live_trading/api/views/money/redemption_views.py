"""How the API shows a redemption or a merge."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import ConditionIdAnswer, HashAnswer, IdAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.api.views.plain import moment, text
from live_trading.chain.redemption import RedemptionKind
from live_trading.settlement.machine import RedemptionState
from live_trading.store.chain.redemption_history import RedemptionRecord
from live_trading.store.chain.redemptions import RedemptionAction, SettledBy

# Who sends it: the account itself, its Safe or proxy, or the venue's relayer.
ChannelName = Annotated[str, WithJsonSchema({"type": "string", "enum": ["EOA", "SAFE", "PROXY", "RELAYER"]})]


class RedemptionView(TypedDict):
    """One redemption or merge, which goes through the contract of its `kind`.

    `expected_usd` is what the ledger is owed, `owed_usd` what the chain owed when it was signed, and
    `redemption_amount_usd` what came.
    """

    lt_redemption_id: IdAnswer
    trading_wallet_id: IdAnswer
    condition_id: ConditionIdAnswer
    slug: str
    action: RedemptionAction
    kind: RedemptionKind
    state: RedemptionState
    expected_usd: UsdText
    owed_usd: UsdText | None
    redemption_amount_usd: UsdText | None
    settled_by: SettledBy | None
    channel: ChannelName | None
    transaction_hash: HashAnswer | None
    redemption_attempts: int
    failure_code: str | None
    last_error: str | None
    remark: str | None
    next_attempt_at: MomentAnswer | None
    market_resolved_at: MomentAnswer
    redeemed_at: MomentAnswer | None


class RedemptionsView(TypedDict):
    """A page of redemptions and merges, the newest first."""

    redemptions: list[RedemptionView]
    next_cursor: NextCursor


def redemption_view(record: RedemptionRecord) -> RedemptionView:
    """One redemption or merge."""
    return RedemptionView(
        lt_redemption_id=str(record.lt_redemption_id),
        trading_wallet_id=str(record.trading_wallet_id),
        condition_id=record.condition_id,
        slug=record.slug,
        action=RedemptionAction(record.action),
        kind=RedemptionKind(record.kind),
        state=RedemptionState(record.state),
        expected_usd=str(record.expected),
        owed_usd=text(record.owed),
        redemption_amount_usd=text(record.amount),
        settled_by=None if record.settled_by is None else SettledBy(record.settled_by),
        channel=record.channel,
        transaction_hash=record.transaction_hash,
        redemption_attempts=record.attempts,
        failure_code=record.failure_code,
        last_error=record.last_error,
        remark=record.remark,
        next_attempt_at=moment(record.next_attempt_at),
        market_resolved_at=record.market_resolved_at.isoformat(),
        redeemed_at=moment(record.redeemed_at),
    )

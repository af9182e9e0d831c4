"""What a confirmed transaction's receipt says of each redemption that it carried."""

from __future__ import annotations

from collections.abc import Mapping

from live_trading.chain.reading.receipts import Receipt
from live_trading.chain.redemption import RedemptionKind, pays_usdce
from live_trading.nouns.markets import PayoutVector
from live_trading.nouns.money import Shares, Usd
from live_trading.settlement.machine import Cause
from live_trading.settlement.preflight import FailureCode
from live_trading.settlement.proof import Claim, Verdict, by_outcome, payout_of
from live_trading.store.chain.redemptions import Redemption


def claim_of(
    redemption: Redemption,
    held: tuple[Shares, ...],
    receipt: Receipt,
    left: Mapping[str, Shares],
    vector: PayoutVector | None,
) -> Claim:
    """One redemption's part of a transaction: `held` in the ledger, `left` on the chain after it."""
    given = by_outcome(redemption.token_ids, receipt.tokens_given)
    pairs = redemption.merge_shares
    if pairs is not None:
        owed = Usd(pairs.value) if any(given) else Usd.zero()
        held = tuple(pairs for _ in held)
    else:
        owed = Usd.zero() if vector is None else payout_of(vector, given)
        if RedemptionKind(redemption.kind) is RedemptionKind.ROUTER_V2 and vector is not None:
            paying = zip(held, vector.numerators, strict=False)
            held = tuple(amount if numerator else Shares.zero() for amount, numerator in paying)
    return Claim(held=held, given=given, left=by_outcome(redemption.token_ids, left), owed_for_given=owed)


def failure_of(
    redemption: Redemption, claim: Claim, verdict: Verdict | None, receipt: Receipt
) -> tuple[Cause, FailureCode, str]:
    """Cause, code and words for a confirmed transaction that did not pay this redemption."""
    where = f"transaction {receipt.transaction_hash}"
    if verdict is None:
        return Cause.REVERTED, FailureCode.REVERTED, f"{where} reverted"
    if verdict is Verdict.GONE_BEFORE:
        text = f"{where} came after the tokens had gone, and no payment for them was found"
        return Cause.PAID_NOTHING, FailureCode.PAYMENT_NOT_FOUND, text
    if verdict is Verdict.PAID_NOTHING:
        text = f"{where} succeeded and redeemed nothing: {redemption.owed} is owed and the tokens are still there"
        return Cause.PAID_NOTHING, FailureCode.PAID_NOTHING, text
    given = " and ".join(str(each) for each in claim.given)
    in_usdce = pays_usdce(RedemptionKind(redemption.kind))
    received = receipt.usdce_received if in_usdce else receipt.collateral_received
    text = f"{where} took {given}, paid {received}, and {claim.owed_for_given} was owed for it"
    return Cause.PAID_OTHERWISE, FailureCode.PAID_OTHERWISE, text

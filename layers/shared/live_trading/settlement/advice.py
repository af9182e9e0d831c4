"""What a person should do about a redemption that failed, by its code. Every advice is safe to follow."""

from __future__ import annotations

from collections.abc import Mapping

from live_trading.settlement.preflight import FailureCode

_C = FailureCode
_LOOK = "look at the wallet's transactions in an explorer; mark it as handled once you know where the money is"

WHAT_TO_DO: Mapping[FailureCode, str] = {
    _C.NOT_RESOLVED: "nothing: it waits for the chain's payout vector",
    _C.TOKENS_MISSING: "look for a transfer or a failed fill among the wallet's breaks; it is tried again",
    _C.APPROVAL_MISSING: "ask for the approval; it goes on by itself",
    _C.KIND_UNPROVEN: "check the market at the venue; then mark it as handled",
    _C.CALL_REVERTS: "read the contract's reason; then retry",
    _C.CALL_PAYS_OTHERWISE: "compare the configured adapters with the venue's list; then retry",
    _C.NO_SENDER: "put relayer_api_key into the wallet's secret; it goes on by itself",
    _C.FEES_TOO_HIGH: "wait for lower fees or raise the fee caps of the stack; it goes on by itself",
    _C.NO_GAS_MONEY: "fund the account that pays the gas; it goes on by itself",
    _C.REVERTED: "nothing: it is tried again",
    _C.PAID_NOTHING: _LOOK,
    _C.PAID_OTHERWISE: _LOOK,
    _C.PAYMENT_NOT_FOUND: _LOOK,
    _C.NEVER_MINED: "nothing: it is tried again",
    _C.ADAPTER_PAUSED: "nothing: it waits for the venue",
    _C.RELAYER_QUOTA: "nothing: it waits for the relayer's units",
    _C.LEDGER_DISAGREES: (
        "compare what the transaction paid with the strategies' claims; mark it as handled with PAID to book the "
        "claims as they are"
    ),
    _C.BOOKING_FAILED: "read the log of lt-redemptions; retry once its cause is mended, nothing was booked",
}

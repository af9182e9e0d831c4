"""What to do about an order that the venue has definitely refused, by the code of its refusal.

The venue does not have the order, so the same bytes may go out again, and another order may take its place, without
ever making two of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from live_trading.nouns.locks import LockReason
from live_trading.nouns.orders import RejectionCode


class NextStep(StrEnum):
    """GIVE_UP: the signal is missed, with this code as the reason. SEND_LATER: nothing is wrong with the order; the
    same bytes go out with a later run while the signal is fresh. REFRESH: the venue's view of our balance may be old;
    it is asked to look again and gets the same bytes once more. PLAN_AGAIN: the grid has changed; the order is planned
    and signed anew, once. STOP_WALLET: this wallet may not trade here now; its entries are locked.
    """

    GIVE_UP = "give_up"
    SEND_LATER = "send_later"
    REFRESH = "refresh"
    PLAN_AGAIN = "plan_again"
    STOP_WALLET = "stop_wallet"


_STEPS: Mapping[RejectionCode, NextStep] = MappingProxyType(
    {
        RejectionCode.NO_MATCH: NextStep.GIVE_UP,
        RejectionCode.FOK_NOT_FILLED: NextStep.GIVE_UP,
        RejectionCode.POST_ONLY_WOULD_CROSS: NextStep.GIVE_UP,
        RejectionCode.NOT_ENOUGH_BALANCE: NextStep.REFRESH,
        RejectionCode.TICK_SIZE: NextStep.PLAN_AGAIN,
        RejectionCode.BELOW_MINIMUM_SIZE: NextStep.GIVE_UP,
        RejectionCode.BELOW_MINIMUM_AMOUNT: NextStep.GIVE_UP,
        RejectionCode.INVALID_AMOUNTS: NextStep.GIVE_UP,
        RejectionCode.INVALID_EXPIRATION: NextStep.GIVE_UP,
        RejectionCode.INVALID_PAYLOAD: NextStep.GIVE_UP,
        RejectionCode.MARKET_NOT_READY: NextStep.SEND_LATER,
        RejectionCode.ORDERBOOK_MISSING: NextStep.GIVE_UP,
        RejectionCode.CLOSED_ONLY: NextStep.STOP_WALLET,
        RejectionCode.ADDRESS_BANNED: NextStep.STOP_WALLET,
        RejectionCode.MAKER_NOT_ALLOWED: NextStep.STOP_WALLET,
        RejectionCode.SIGNER_MISMATCH: NextStep.STOP_WALLET,
        RejectionCode.UNAUTHORIZED: NextStep.STOP_WALLET,
        RejectionCode.GEOBLOCKED: NextStep.STOP_WALLET,
        RejectionCode.VERSION_MISMATCH: NextStep.STOP_WALLET,
        RejectionCode.ENGINE_RESTARTING: NextStep.SEND_LATER,
        RejectionCode.CANCEL_ONLY: NextStep.SEND_LATER,
        RejectionCode.POST_ONLY_MODE: NextStep.SEND_LATER,
        RejectionCode.TRADING_DISABLED: NextStep.SEND_LATER,
        RejectionCode.RATE_LIMITED: NextStep.SEND_LATER,
        RejectionCode.NOT_PLACED: NextStep.SEND_LATER,
        RejectionCode.ENTRIES_LOCKED: NextStep.GIVE_UP,
        RejectionCode.SIGNAL_TOO_OLD: NextStep.GIVE_UP,
        RejectionCode.MARKET_MOVED: NextStep.GIVE_UP,
        RejectionCode.NEVER_ARRIVED: NextStep.GIVE_UP,
        RejectionCode.UNRECOGNISED: NextStep.GIVE_UP,
    }
)
_LOCKS: Mapping[RejectionCode, LockReason] = MappingProxyType(
    {RejectionCode.CLOSED_ONLY: LockReason.CLOSED_ONLY, RejectionCode.GEOBLOCKED: LockReason.GEOBLOCKED}
)
_SPENDER = re.compile(r"spender:\s*(0x[0-9a-fA-F]{40})\b")
# Without a time of the venue's own. Its restarts take about a minute and its rate limits seconds.
DEFAULT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
# An entry that could not be sent goes out later only while its signal is as fresh as an entry has to be anyway.
SEND_WITHIN = timedelta(minutes=5)


def next_step(code: RejectionCode, *, may_try_again: bool, sends: int, attempt: int) -> NextStep:
    """The step after a refusal.

    `may_try_again` is what the answer itself proved: an unrecognised refusal of something in between (a firewall) is
    no verdict on the order. `sends` counts how often these bytes went out, `attempt` the orders of this signal.
    """
    step = _STEPS[code]
    if step is NextStep.REFRESH and sends > 1:
        return NextStep.GIVE_UP
    if step is NextStep.PLAN_AGAIN and attempt > 1:
        return NextStep.GIVE_UP
    if code is RejectionCode.UNRECOGNISED and may_try_again:
        return NextStep.SEND_LATER
    return step


def spender_named(text: str) -> str | None:
    """The contract that a refusal says may take too little of the wallet, lower case; None where it names none.

    Source: "not enough balance / allowance: the allowance is not enough -> spender: 0x…, allowance: 0, …".
    """
    found = _SPENDER.search(text)
    return None if found is None else found[1].lower()


def not_before(now: datetime, retry_after_seconds: float | None) -> datetime:
    """From when on the bytes may go out again."""
    if retry_after_seconds is None:
        return now + DEFAULT_WAIT
    return now + min(timedelta(seconds=max(retry_after_seconds, 0)), LONGEST_WAIT)


def lock_reason(code: RejectionCode) -> LockReason:
    """The lock that STOP_WALLET puts on the wallet's entries."""
    return _LOCKS.get(code, LockReason.WALLET_MISMATCH)

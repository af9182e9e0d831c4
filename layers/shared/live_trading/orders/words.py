"""What the codes of an order mean, in words for people: why it was refused, and why its state changed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from live_trading.nouns.orders import RejectionCode
from live_trading.orders.machine import Cause

REFUSALS: Mapping[RejectionCode, str] = MappingProxyType(
    {
        RejectionCode.NO_MATCH: "nobody offered within the limit",
        RejectionCode.FOK_NOT_FILLED: "the book had too little to fill all of it at once",
        RejectionCode.POST_ONLY_WOULD_CROSS: "a resting order would have traded at once",
        RejectionCode.NOT_ENOUGH_BALANCE: "the venue sees too little balance or allowance in the wallet",
        RejectionCode.TICK_SIZE: "the price does not lie on the market's tick",
        RejectionCode.BELOW_MINIMUM_SIZE: "fewer shares than the market takes",
        RejectionCode.BELOW_MINIMUM_AMOUNT: "fewer dollars than the venue takes",
        RejectionCode.INVALID_AMOUNTS: "the amounts do not fit the venue's rounding",
        RejectionCode.INVALID_EXPIRATION: "the order's end lies too near or in the past",
        RejectionCode.INVALID_PAYLOAD: "the venue could not read the order",
        RejectionCode.MARKET_NOT_READY: "the market takes no orders yet",
        RejectionCode.ORDERBOOK_MISSING: "the market has no book any more",
        RejectionCode.CLOSED_ONLY: "the account may only close what it holds",
        RejectionCode.ADDRESS_BANNED: "the venue has banned the address",
        RejectionCode.MAKER_NOT_ALLOWED: "the venue does not let this account make orders",
        RejectionCode.SIGNER_MISMATCH: "the signer is not the one that the account's key belongs to",
        RejectionCode.UNAUTHORIZED: "the venue did not accept the account's credentials",
        RejectionCode.GEOBLOCKED: "the venue does not serve this place",
        RejectionCode.VERSION_MISMATCH: "the order was signed for another version of the exchange",
        RejectionCode.ENGINE_RESTARTING: "the venue's engine was restarting",
        RejectionCode.CANCEL_ONLY: "the venue took only cancels",
        RejectionCode.POST_ONLY_MODE: "the venue took only orders that rest",
        RejectionCode.TRADING_DISABLED: "the venue had trading switched off",
        RejectionCode.RATE_LIMITED: "too many requests at the venue",
        RejectionCode.NOT_PLACED: "the venue took the request and placed no order",
        RejectionCode.ENTRIES_LOCKED: "a lock stopped it before it was sent",
        RejectionCode.SIGNAL_TOO_OLD: "its signal had become too old before it was sent",
        RejectionCode.MARKET_MOVED: "the book had moved too far before it was sent again",
        RejectionCode.NEVER_ARRIVED: "several look-ups prove that the venue never had it",
        RejectionCode.UNRECOGNISED: "the venue refused it in words that are not known",
    }
)

CAUSES: Mapping[Cause, str] = MappingProxyType(
    {
        Cause.SENT_TO_VENUE: "its bytes went out",
        Cause.ACCEPTED_LIVE: "the venue took it, and it rests",
        Cause.ACCEPTED_MATCHED: "the venue took and matched it",
        Cause.ACCEPTED_DELAYED: "the venue took it and matches it some seconds later",
        Cause.REFUSED: "the venue refused it",
        Cause.REFUSED_FOR_NOW: "the venue turned it away without a verdict: it may go out again",
        Cause.NO_ANSWER: "no answer proves what became of it",
        Cause.FOUND_LIVE: "a look-up found it resting",
        Cause.FOUND_PARTIAL: "a look-up found it filled in part",
        Cause.FOUND_FILLED: "look-up and trades agree that it is filled",
        Cause.FOUND_CANCELLED: "a look-up found that it has ended with a rest",
        Cause.FOUND_EXPIRED: "a look-up found that its time is over",
        Cause.PROVED_ABSENT: "look-ups spaced in time prove that the venue never had it",
        Cause.NEVER_SENT: "this system decided not to send it any more",
        Cause.FILL_REVERSED: "a fill did not settle",
    }
)

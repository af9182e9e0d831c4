"""Locks: what stops entries, for what, how far it goes, and how it ended."""

from __future__ import annotations

from enum import StrEnum


class LockScope(StrEnum):
    GLOBAL = "GLOBAL"
    TRADING_WALLET = "TRADING_WALLET"
    STRATEGY = "STRATEGY"
    TRADER = "TRADER"
    MARKET = "MARKET"
    EVENT = "EVENT"


class LockReason(StrEnum):
    PAUSED_BY_USER = "paused_by_user"
    LOCKED_BY_USER = "locked_by_user"
    KILL_SWITCH = "kill_switch"
    CIRCUIT_BREAKER = "circuit_breaker"
    DRAWDOWN = "drawdown"
    CONSECUTIVE_LOSSES = "consecutive_losses"
    BREAK_FOUND = "break_found"
    WALLET_MISMATCH = "wallet_mismatch"
    WALLET_CLAIMED = "wallet_claimed"
    CLOSED_ONLY = "closed_only"
    GEOBLOCKED = "geoblocked"


class LockMode(StrEnum):
    """How far a lock goes; every one stops entries, and none stops exits, cancels, resolution or redemption.

    CANCEL_ORDERS also cancels what rests at the venue, FLATTEN also sells what is held, in each run while it lasts.
    """

    STOP_ENTRIES = "STOP_ENTRIES"
    CANCEL_ORDERS = "CANCEL_ORDERS"
    FLATTEN = "FLATTEN"


class ReleaseKind(StrEnum):
    """How a lock ended."""

    BY_HAND = "BY_HAND"
    EXPIRED = "EXPIRED"
    RECOVERED = "RECOVERED"

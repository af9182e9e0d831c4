"""Trading wallets, FT wallets and LT strategies: who trades, with what, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from uuid import UUID

from live_trading.nouns.money import Usd


class SignatureType(IntEnum):
    """How the venue checks an order's signature (its `signatureType`)."""

    EOA = 0
    PROXY = 1
    SAFE = 2
    DEPOSIT_WALLET = 3


class StrategyStatus(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"


class Outcome(StrEnum):
    """How a position ended; OPEN until it has, NOT_FILLED where an order came to no position."""

    OPEN = "OPEN"
    NOT_FILLED = "NOT_FILLED"
    WON = "WON"
    LOST = "LOST"
    SPLIT = "SPLIT"
    SOLD = "SOLD"


class LockScope(StrEnum):
    GLOBAL = "GLOBAL"
    TRADING_WALLET = "TRADING_WALLET"
    STRATEGY = "STRATEGY"
    TRADER = "TRADER"
    MARKET = "MARKET"
    EVENT = "EVENT"


class LockReason(StrEnum):
    PAUSED_BY_USER = "paused_by_user"
    KILL_SWITCH = "kill_switch"
    CIRCUIT_BREAKER = "circuit_breaker"
    DRAWDOWN = "drawdown"
    CONSECUTIVE_LOSSES = "consecutive_losses"
    BREAK_FOUND = "break_found"
    WALLET_MISMATCH = "wallet_mismatch"
    CLOSED_ONLY = "closed_only"
    GEOBLOCKED = "geoblocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingWallet:
    """The venue account that signs and holds funds; its key is in the named secret, never here."""

    trading_wallet_id: UUID
    owner_id: str
    address: str
    signature_type: SignatureType
    secret_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRules:
    """Limits of one strategy. None is off; fractions are of the strategy's equity, 0..1."""

    daily_budget_usd: Usd | None
    weekly_budget_usd: Usd | None
    monthly_budget_usd: Usd | None
    daily_budget_fraction: Decimal | None
    weekly_budget_fraction: Decimal | None
    monthly_budget_fraction: Decimal | None
    max_position_usd: Usd | None
    max_position_fraction: Decimal | None
    max_total_exposure_usd: Usd | None
    max_total_exposure_fraction: Decimal | None
    max_concurrent_positions: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    lock_id: int
    scope: LockScope
    scope_id: str | None
    reason: LockReason
    detail: str
    starts_at: datetime
    ends_at: datetime | None

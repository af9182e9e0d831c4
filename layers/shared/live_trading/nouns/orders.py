"""Orders, intents and fills as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from live_trading.nouns.markets import ProtocolVersion
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side


class OrderType(StrEnum):
    """Time in force, as the venue names it."""

    FAK = "FAK"
    FOK = "FOK"
    GTC = "GTC"
    GTD = "GTD"


class Purpose(StrEnum):
    ENTRY = "ENTRY"
    EXIT = "EXIT"
    FLATTEN = "FLATTEN"


class OrderState(StrEnum):
    """Where an intent stands; see `orders.machine` for the transitions."""

    INTENT = "INTENT"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    LIVE = "LIVE"
    DELAYED = "DELAYED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


class FillStatus(StrEnum):
    """Settlement of one venue trade; only CONFIRMED is money, and FAILED takes it back.

    A stored fill is CONFIRMED once the venue says so and the receipt of its transaction has been read.
    """

    MATCHED = "MATCHED"
    MINED = "MINED"
    RETRYING = "RETRYING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"

    @property
    def progress(self) -> int:
        """How far settlement has come: of two tellings of one trade the further one is the later."""
        return {FillStatus.MATCHED: 0, FillStatus.RETRYING: 1, FillStatus.MINED: 2}.get(self, 3)


class AcceptedStatus(StrEnum):
    """What became of an order that the venue took, as it answers a POST."""

    LIVE = "live"
    MATCHED = "matched"
    DELAYED = "delayed"


class LiquidityRole(StrEnum):
    TAKER = "TAKER"
    MAKER = "MAKER"


class RejectionCode(StrEnum):
    """Why an order came to nothing, one code for each documented text of the venue.

    ENTRIES_LOCKED, SIGNAL_TOO_OLD and MARKET_MOVED are ours: an entry that was not sent, or not sent again, because of
    a lock, of its signal's age, or of what the book had become.
    """

    NO_MATCH = "no_match"
    FOK_NOT_FILLED = "fok_not_filled"
    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    NOT_ENOUGH_BALANCE = "not_enough_balance"
    TICK_SIZE = "tick_size"
    BELOW_MINIMUM_SIZE = "below_minimum_size"
    BELOW_MINIMUM_AMOUNT = "below_minimum_amount"
    INVALID_AMOUNTS = "invalid_amounts"
    INVALID_EXPIRATION = "invalid_expiration"
    INVALID_PAYLOAD = "invalid_payload"
    MARKET_NOT_READY = "market_not_ready"
    ORDERBOOK_MISSING = "orderbook_missing"
    CLOSED_ONLY = "closed_only"
    ADDRESS_BANNED = "address_banned"
    MAKER_NOT_ALLOWED = "maker_not_allowed"
    SIGNER_MISMATCH = "signer_mismatch"
    UNAUTHORIZED = "unauthorized"
    GEOBLOCKED = "geoblocked"
    VERSION_MISMATCH = "version_mismatch"
    ENGINE_RESTARTING = "engine_restarting"
    CANCEL_ONLY = "cancel_only"
    POST_ONLY_MODE = "post_only_mode"
    TRADING_DISABLED = "trading_disabled"
    RATE_LIMITED = "rate_limited"
    NOT_PLACED = "not_placed"
    ENTRIES_LOCKED = "entries_locked"
    SIGNAL_TOO_OLD = "signal_too_old"
    MARKET_MOVED = "market_moved"
    NEVER_ARRIVED = "never_arrived"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlan:
    """An order decided but not yet signed.

    For a BUY `usd` is spent for at least `shares`; for a SELL `shares` are given for at least
    `usd`. Both are on the venue's rounding grid. `fee_bound` is the most that the venue may charge on top
    of a BUY, or take out of a SELL. `version` says with `neg_risk` which exchange it is signed for.
    """

    token_id: str
    condition_id: str
    version: ProtocolVersion
    outcome_index: int
    side: Side
    order_type: OrderType
    limit_price: Price
    usd: Usd
    shares: Shares
    fee_bound: Usd
    neg_risk: bool
    tick_size: Price
    expiration: datetime | None = None

    @property
    def reservation(self) -> Usd:
        """What a BUY may cost in all; a SELL reserves no dollars."""
        return self.usd + self.fee_bound if self.side is Side.BUY else Usd.zero()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOrder:
    """The exact fields that are posted, however often; `order_hash` is the venue's order id.

    `payload` holds the venue's order object as JSON-ready text values. It is the only form that is stored
    and re-posted.
    """

    order_hash: str
    payload: dict[str, str | int | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostAnswer:
    """What the venue answered when it took an order: what matched at once, and in which of its trades.

    The amounts are zero where nothing matched at once and where the venue left them out; they are not yet money.
    """

    status: AcceptedStatus
    usd: Usd
    shares: Shares
    trade_ids: tuple[str, ...]
    transaction_hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a trade moves for one order: dollars without the fee, shares, and the fee in dollars."""

    usd: Usd
    shares: Shares
    fee: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Our part of one venue trade. `fee` is charged on top of a BUY and taken out of a SELL.

    The amounts are expected until the receipt of the trade's transaction is read, and what it says from then on.
    """

    venue_trade_id: str
    order_hash: str
    token_id: str
    side: Side
    shares: Shares
    price: Price
    usd: Usd
    fee: Usd
    role: LiquidityRole
    status: FillStatus
    transaction_hash: str | None
    match_time: datetime

    @property
    def moved(self) -> Moved:
        return Moved(usd=self.usd, shares=self.shares, fee=self.fee)

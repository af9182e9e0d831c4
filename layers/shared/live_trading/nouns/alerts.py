"""What an alert may be about, whom it concerns, how bad it is, how it stands, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AlertType(StrEnum):
    """One alert of a type and subject is open at a time."""

    HEALTH = "health"
    LOCK = "lock"
    GAS = "gas"
    REDEMPTION = "redemption"
    RESOLUTION = "resolution"
    UNEXPLAINED_INCOME = "unexplained_income"
    OWN_PAYMENTS = "own_payments"
    PART_FAILURE = "part_failure"
    BREAK = "break"
    LATE_FILL = "late_fill"
    OUTSIDE_TRADE = "outside_trade"
    FILL_UNSETTLED = "fill_unsettled"
    UNREADABLE_ROW = "unreadable_row"
    ORDER_UNDECIDED = "order_undecided"
    EXIT_NOT_DONE = "exit_not_done"
    WALLET_UNCOMPARED = "wallet_uncompared"
    WALLET_UNVERIFIED = "wallet_unverified"
    SOURCE_TRADE = "source_trade"
    KEPT_SUMS = "kept_sums"


class Severity(StrEnum):
    """CRITICAL is what may cost money if nobody looks."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class AlertState(StrEnum):
    """ACKNOWLEDGED: somebody has seen it and looks after it. RESOLVED: over, by itself or because somebody says so."""

    ACTIVE = "ACTIVE"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


class AlertScope(StrEnum):
    """Who sees an alert: one owner, everybody, or who operates the system."""

    OWNER = "OWNER"
    EVERYBODY = "EVERYBODY"
    OPERATOR = "OPERATOR"


class MessageKind(StrEnum):
    """Why something is told.

    AGED: nobody has acknowledged it for so long that it counts as critical. REPEATED: it is critical and still not
    acknowledged. HAPPENED is no alert: a fill, an exit or a redemption.
    """

    BEGAN = "BEGAN"
    WORSE = "WORSE"
    AGED = "AGED"
    REPEATED = "REPEATED"
    ENDED = "ENDED"
    HAPPENED = "HAPPENED"


class ChannelName(StrEnum):
    """Where messages go."""

    SNS = "sns"
    TELEGRAM = "telegram"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """How a message stands with one channel. GIVEN_UP: refused for days, or the channel is configured no more."""

    WAITING = "WAITING"
    SENT = "SENT"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Whom an alert concerns: an owner, also by a trading wallet or a strategy of his, everybody, or the operator.

    It is the operator's where nothing is named. An alert that names things of an owner is never everybody's.
    """

    owner_id: str | None = None
    trading_wallet_id: UUID | None = None
    lt_strategy_id: UUID | None = None
    is_for_everybody: bool = False


OPERATOR = Concern()
EVERYBODY = Concern(is_for_everybody=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOf:
    """One thing that a message tells of; an alert's number, type and subject where it is one."""

    kind: MessageKind
    severity: Severity
    title: str
    at: datetime
    lt_alert_id: int | None = None
    alert_type: AlertType | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message as a channel takes it; `reference` is the same whenever the same is sent again.

    `is_digest` where it tells of many at once; `told` are then the worst of them, and `count` is how many there are.
    """

    reference: str
    severity: Severity
    title: str
    text: str
    told: tuple[ToldOf, ...]
    count: int
    is_digest: bool = False

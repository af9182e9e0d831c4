"""What an alert may be about, and how bad it is."""

from __future__ import annotations

from enum import StrEnum


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

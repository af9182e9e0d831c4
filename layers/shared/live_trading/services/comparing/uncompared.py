"""How long a wallet goes without a comparison that leaves nothing out, and who is told once that is too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.alerts import AlertType, Concern, Severity
from live_trading.nouns.clock import Clock
from live_trading.nouns.wallets import TradingWallet
from live_trading.store.books import wallet_payments
from live_trading.store.books.undecided import OnItsWay
from live_trading.store.database import cursors, leases
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.database.leases import Lease
from live_trading.store.watch import alerts

# Trades settle within seconds and redemptions within minutes; half an hour is neither.
LONGEST = timedelta(minutes=30)
# A wallet at rest writes no more often than this.
REMEMBER_EVERY = timedelta(minutes=5)


class ComparisonAge:
    """Keeps when each wallet was last compared as a whole."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def compared_at(self, transaction: Transaction, trading_wallet_id: UUID) -> datetime | None:
        """When all of the wallet was last compared, to within a few minutes; None where it never was."""
        name = _cursor(trading_wallet_id)
        return cursors.times(transaction, [name]).get(name)

    def note(
        self, lease: Lease, wallet: TradingWallet, compared_at: datetime | None, on_its_way: Sequence[OnItsWay]
    ) -> None:
        """After a comparison that left out what is `on_its_way`; remembers it where that is nothing."""
        now = self._clock.now()
        if on_its_way:
            self.tell(lease, wallet, compared_at, on_its_way)
            return
        if compared_at is not None and now - compared_at < REMEMBER_EVERY:
            return
        with self._database.transaction() as transaction:
            leases.assert_held(transaction, lease)
            cursors.advance_times(transaction, {_cursor(wallet.trading_wallet_id): now}, now)
            subject = str(wallet.trading_wallet_id)
            alerts.resolve_alert(transaction, alert_type=AlertType.WALLET_UNCOMPARED, subject=subject, at=now)

    def tell(
        self, lease: Lease, wallet: TradingWallet, compared_at: datetime | None, on_its_way: Sequence[OnItsWay]
    ) -> None:
        """Raises the alert where the last whole comparison is too old."""
        now, wallet_id = self._clock.now(), wallet.trading_wallet_id
        with self._database.transaction() as transaction:
            since = compared_at or wallet_payments.registered_at(transaction, wallet_id)
            if now - since <= LONGEST:
                return
            leases.assert_held(transaction, lease)
            alerts.raise_alert(
                transaction,
                alert_type=AlertType.WALLET_UNCOMPARED,
                severity=Severity.CRITICAL,
                subject=str(wallet_id),
                title=f"wallet {wallet.address} has not been compared as a whole for {_minutes(now - since)}",
                message=_message(wallet, compared_at, on_its_way, now),
                at=now,
                concern=Concern(trading_wallet_id=wallet_id),
            )


def _message(wallet: TradingWallet, compared_at: datetime | None, on_its_way: Sequence[OnItsWay], now: datetime) -> str:
    last = "never" if compared_at is None else f"{compared_at:%Y-%m-%d %H:%M:%S} UTC"
    oldest = min(on_its_way, key=lambda each: each.since, default=None)
    reason = (
        "Its passes end before the comparison: see the failures of lt-execute for the part that fails"
        if oldest is None
        else f"The oldest thing on its way is {oldest.what}, since {oldest.since:%Y-%m-%d %H:%M:%S} UTC "
        f"({_minutes(now - oldest.since)}), of {len(on_its_way)}"
    )
    return (
        f"Trading wallet {wallet.trading_wallet_id} ({wallet.address}) was last compared as a whole: {last}. {reason}. "
        "Its own dollars and tokens are left out of the comparison until it ends; all else is compared. What to do: "
        "look at the venue and on the chain what became of it, and book nothing for it by hand: it ends by itself once "
        "venue and chain say how"
    )


def _minutes(age: timedelta) -> str:
    return f"{int(age.total_seconds()) // 60} minutes"


def _cursor(trading_wallet_id: UUID) -> str:
    return f"compared:{trading_wallet_id}"

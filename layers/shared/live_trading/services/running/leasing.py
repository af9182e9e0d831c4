"""Runs a job under its lease: taken before the first step, given back after the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import LeaseLost, RetryLater
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease

# So long a killed run keeps a wallet from the next one; who works longer renews between its steps. A step that takes
# longer only lets others take over: nothing of it can be committed then.
WALLET_LEASE_SECONDS = 30


@contextmanager
def held(database: Database, clock: Clock, *, name: str, holder: str, seconds: int) -> Iterator[Lease | None]:
    """The lease for the length of the block, or None where another invocation holds it."""
    now = clock.now()
    with database.transaction() as transaction:
        lease = leases.acquire(transaction, name, holder, now, seconds)
    if lease is None:
        yield None
        return
    try:
        yield lease
    finally:
        now = clock.now()
        with database.transaction() as transaction:
            leases.release(transaction, lease, now)


class WalletBusy(RetryLater):
    """Another invocation acts on this trading wallet right now."""


@contextmanager
def held_wallet(database: Database, clock: Clock, trading_wallet_id: UUID, holder: str) -> Iterator[Lease]:
    """The lease of a trading wallet: whoever places or follows its orders holds it. Raises WalletBusy."""
    with held(
        database, clock, name=f"wallet:{trading_wallet_id}", holder=holder, seconds=WALLET_LEASE_SECONDS
    ) as lease:
        if lease is None:
            raise WalletBusy(f"trading wallet {trading_wallet_id} is in use by another run", retry_after_seconds=5)
        yield lease


@contextmanager
def below(database: Database, lease: Lease) -> Iterator[None]:
    """For a part of a run that works under a lease of its own: losing that one ends the part, and not the run.

    Raises LeaseLost where the run's own `lease` was lost, else RetryLater in its place.
    """
    try:
        yield
    except LeaseLost as error:
        with database.transaction() as transaction:
            leases.assert_held(transaction, lease)
        raise RetryLater(str(error)) from error


@contextmanager
def apart() -> Iterator[None]:
    """For a part that works under a lease of its own while the run has none: losing it ends the part alone."""
    try:
        yield
    except LeaseLost as error:
        raise RetryLater(str(error)) from error


class LeaseKeeper:
    """Renews a lease between the steps of the work that is done under it."""

    def __init__(self, *, database: Database, clock: Clock, lease: Lease, seconds: int = WALLET_LEASE_SECONDS) -> None:
        self.lease = lease
        self._database = database
        self._clock = clock
        self._seconds = seconds

    def keep(self) -> datetime:
        """Renews where a third of the time is gone, and tells the time.

        Raises LeaseLost where another holder has taken over.
        """
        now = self._clock.now()
        if self.lease.expires_at - now <= timedelta(seconds=self._seconds * 2 / 3):
            with self._database.transaction() as transaction:
                self.lease = leases.renew(transaction, self.lease, now, self._seconds)
        return now

"""Runs a job under its lease: taken before the first step, given back after the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from live_trading.nouns.clock import Clock
from live_trading.nouns.errors import RetryLater
from live_trading.store.database import leases
from live_trading.store.database.connection import Database
from live_trading.store.database.leases import Lease

WALLET_LEASE_SECONDS = 110


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

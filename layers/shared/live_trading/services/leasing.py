"""Runs a job under its lease: taken before the first step, given back after the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from live_trading.nouns.clock import Clock
from live_trading.store import leases
from live_trading.store.database import Database
from live_trading.store.leases import Lease


@contextmanager
def held(database: Database, clock: Clock, *, name: str, holder: str, seconds: int) -> Iterator[Lease | None]:
    """The lease for the length of the block, or None where another invocation holds it."""
    with database.transaction() as transaction:
        lease = leases.acquire(transaction, name, holder, clock.now(), seconds)
    if lease is None:
        yield None
        return
    try:
        yield lease
    finally:
        with database.transaction() as transaction:
            leases.release(transaction, lease, clock.now())

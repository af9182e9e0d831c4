"""Leases: one holder a name, and a fencing token that only ever grows.

A run acquires its lease in a transaction of its own and calls `assert_held` first in every transaction that
writes: whoever was overtaken can then no longer commit anything. What decides is the token, not the clock; an
expiry only tells others from when on they may take over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from live_trading.nouns.errors import LeaseLost
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write under `name` for as long as nobody holds a newer token."""

    name: str
    holder: str
    fencing_token: int
    expires_at: datetime


def acquire(transaction: Transaction, name: str, holder: str, now: datetime, seconds: int) -> Lease | None:
    """Takes a free or expired lease for `seconds`; None where somebody holds it.

    It is not re-entrant: a `holder` that asks twice is refused, because a retried event runs under the same
    name as the run that it repeats.
    """
    expires_at = now + timedelta(seconds=seconds)
    # The plain read comes first: the upsert alone would wait for the holder's open transaction only to be told no.
    row = transaction.row(
        """
        INSERT INTO leases (lease_name, holder, fencing_token, acquired_at, expires_at)
        SELECT :name, :holder, 1, :now, :expires_at
        WHERE NOT EXISTS (SELECT 1 FROM leases WHERE lease_name = :name AND expires_at > :now)
        ON CONFLICT (lease_name) DO UPDATE SET
            holder = excluded.holder,
            fencing_token = leases.fencing_token + 1,
            acquired_at = excluded.acquired_at,
            expires_at = excluded.expires_at
        WHERE leases.expires_at <= excluded.acquired_at
        RETURNING fencing_token
        """,
        name=name,
        holder=holder,
        now=now,
        expires_at=expires_at,
    )
    if row is None:
        return None
    return Lease(name=name, holder=holder, fencing_token=row["fencing_token"], expires_at=expires_at)


def renew(transaction: Transaction, lease: Lease, now: datetime, seconds: int) -> Lease:
    """The same lease, held until `seconds` from now. Raises LeaseLost where somebody took it over."""
    expires_at = now + timedelta(seconds=seconds)
    renewed = transaction.execute(
        """
        UPDATE leases SET expires_at = :expires_at
        WHERE lease_name = :name AND fencing_token = :fencing_token
        """,
        expires_at=expires_at,
        name=lease.name,
        fencing_token=lease.fencing_token,
    )
    if renewed == 0:
        raise _lost(lease)
    return replace(lease, expires_at=expires_at)


def release(transaction: Transaction, lease: Lease, now: datetime) -> None:
    """Frees the lease at once; no effect where somebody took it over. The row stays, so that the token grows."""
    transaction.later(
        """
        UPDATE leases SET expires_at = least(expires_at, :now)
        WHERE lease_name = :name AND fencing_token = :fencing_token
        """,
        now=now,
        name=lease.name,
        fencing_token=lease.fencing_token,
    )


def assert_held(transaction: Transaction, lease: Lease) -> None:
    """Locks the lease's row until the transaction ends, so that nobody takes over before it commits.

    It travels with the next statement, or before COMMIT where there is none: there LeaseLost is raised where somebody
    has a newer token, and nothing of the transaction is kept.
    """

    def check(rows: list[Row]) -> None:
        if not rows or rows[0]["fencing_token"] != lease.fencing_token:
            raise _lost(lease)

    transaction.later(
        "SELECT fencing_token FROM leases WHERE lease_name = :name FOR SHARE", check=check, name=lease.name
    )


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"lease {lease.name} with token {lease.fencing_token} of {lease.holder} was taken over")

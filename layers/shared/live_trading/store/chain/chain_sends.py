"""Transactions of trading wallets: written with their signed bytes before they are sent, followed until they are final.

One row a nonce; each signed form of it (the first, and those that outbid it) is a version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from live_trading.nouns.errors import StopEverything
from live_trading.settlement.machine import RedemptionState
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedVersion:
    """One signed form; the newest is the one to send."""

    transaction_hash: str
    signed: str
    max_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSend:
    """A transaction as it stands. `versions` are oldest first, and empty for the relayer's."""

    chain_send_id: UUID
    trading_wallet_id: UUID
    channel: str
    state: RedemptionState
    payer: str
    nonce: int
    wallet_nonce: int | None
    relayer_payload: Mapping[str, Any] | None
    relayer_transaction_id: str | None
    transaction_hash: str | None
    prepared_at: datetime
    signed_at: datetime
    versions: tuple[SignedVersion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """In which block a transaction is, and what it burnt."""

    transaction_hash: str
    block_number: int
    gas_used: int
    gas_price_wei: int


def insert(transaction: Transaction, send: ChainSend) -> None:
    """Writes a transaction that nobody has seen yet.

    What comes next, or the end, raises AlreadyExists where its nonce is taken by a living one.
    """
    transaction.later(
        """
        INSERT INTO chain_sends (
            chain_send_id, trading_wallet_id, channel, state, payer, nonce, wallet_nonce, relayer_payload,
            transaction_hash, prepared_at, signed_at
        ) VALUES (
            :chain_send_id, :trading_wallet_id, :channel, :state, :payer, :nonce, :wallet_nonce, :payload::jsonb,
            :transaction_hash, :prepared_at, :signed_at
        )
        """,
        chain_send_id=send.chain_send_id,
        trading_wallet_id=send.trading_wallet_id,
        channel=send.channel,
        state=send.state,
        payer=send.payer,
        nonce=send.nonce,
        wallet_nonce=send.wallet_nonce,
        payload=None if send.relayer_payload is None else dict(send.relayer_payload),
        transaction_hash=send.transaction_hash,
        prepared_at=send.prepared_at,
        signed_at=send.signed_at,
    )
    for number, version in enumerate(send.versions, start=1):
        _insert_version(transaction, send.chain_send_id, number, version, send.signed_at)


def add_version(transaction: Transaction, send: ChainSend, version: SignedVersion, now: datetime) -> None:
    """Writes a signed form that outbids the others, before it is sent."""
    _insert_version(transaction, send.chain_send_id, len(send.versions) + 1, version, now)
    transaction.later(
        """
        UPDATE chain_sends SET transaction_hash = :transaction_hash, signed_at = :now
        WHERE chain_send_id = :chain_send_id
        """,
        transaction_hash=version.transaction_hash,
        now=now,
        chain_send_id=send.chain_send_id,
    )


def _insert_version(
    transaction: Transaction, chain_send_id: UUID, number: int, version: SignedVersion, now: datetime
) -> None:
    transaction.later(
        """
        INSERT INTO chain_send_versions (
            transaction_hash, chain_send_id, version, signed_transaction, max_fee_wei, priority_fee_wei, signed_at
        ) VALUES (:transaction_hash, :chain_send_id, :number, :signed, :max_fee, :priority_fee, :now)
        """,
        transaction_hash=version.transaction_hash,
        chain_send_id=chain_send_id,
        number=number,
        signed=version.signed,
        max_fee=Decimal(version.max_fee),
        priority_fee=Decimal(version.priority_fee),
        now=now,
    )


def unfinished(transaction: Transaction, trading_wallet_id: UUID) -> list[ChainSend]:
    """Transactions of a wallet that are not final, in the order of their nonces."""
    rows = transaction.rows(
        """
        SELECT * FROM chain_sends WHERE trading_wallet_id = :trading_wallet_id AND finished_at IS NULL
        ORDER BY nonce, prepared_at
        """,
        trading_wallet_id=trading_wallet_id,
    )
    return _sends(transaction, rows)


def get(transaction: Transaction, chain_send_id: UUID) -> ChainSend:
    """One transaction as it stands. Raises LookupError."""
    row = transaction.only("SELECT * FROM chain_sends WHERE chain_send_id = :id", id=chain_send_id)
    (found,) = _sends(transaction, [row])
    return found


def living_nonces(transaction: Transaction, payer: str, *, of_relayer: bool) -> set[int]:
    """Nonces of this payer for which we have signed something that may still be mined."""
    rows = transaction.rows(
        """
        SELECT nonce FROM chain_sends
        WHERE payer = :payer AND (channel = 'RELAYER') = :of_relayer AND finished_at IS NULL
        """,
        payer=payer,
        of_relayer=of_relayer,
    )
    return {row["nonce"] for row in rows}


def move(transaction: Transaction, send: ChainSend, to: RedemptionState) -> None:
    """Changes the state, which must still be the one of `send`.

    It travels with what comes next: there StopEverything is raised where the row has moved on meanwhile.
    """

    def check(rows: list[Row]) -> None:
        if not rows:
            raise StopEverything(f"send {send.chain_send_id} moved under its lease")

    transaction.later(
        """
        UPDATE chain_sends SET state = :to_state WHERE chain_send_id = :id AND state = :expected
        RETURNING chain_send_id
        """,
        check=check,
        to_state=to,
        id=send.chain_send_id,
        expected=send.state,
    )


def note_inclusion(transaction: Transaction, send: ChainSend, inclusion: Inclusion) -> None:
    """Records which version is in which block."""
    transaction.later(
        """
        UPDATE chain_sends SET
            transaction_hash = :transaction_hash, block_number = :block_number, gas_used = :gas_used,
            gas_price_wei = :gas_price
        WHERE chain_send_id = :id
        """,
        transaction_hash=inclusion.transaction_hash,
        block_number=inclusion.block_number,
        gas_used=inclusion.gas_used,
        gas_price=Decimal(inclusion.gas_price_wei),
        id=send.chain_send_id,
    )


def note_relayer(
    transaction: Transaction, send: ChainSend, *, relayer_transaction_id: str, transaction_hash: str | None
) -> None:
    """Records under which id the relayer has it, and the hash once the relayer knows it."""
    transaction.later(
        """
        UPDATE chain_sends SET
            relayer_transaction_id = :relayer_transaction_id,
            transaction_hash = coalesce(:transaction_hash, transaction_hash)
        WHERE chain_send_id = :id
        """,
        relayer_transaction_id=relayer_transaction_id,
        transaction_hash=transaction_hash,
        id=send.chain_send_id,
    )


def finish(transaction: Transaction, chain_send_id: UUID, now: datetime, error: str | None = None) -> None:
    """Marks a transaction as final: nothing more will come of it."""
    transaction.execute(
        "UPDATE chain_sends SET finished_at = :now, last_error = :error WHERE chain_send_id = :id",
        now=now,
        error=error,
        id=chain_send_id,
    )


def reopen(transaction: Transaction, chain_send_id: UUID) -> None:
    """Makes a final transaction one that is on its way again.

    Raises AlreadyExists where its nonce has been signed anew.
    """
    transaction.execute(
        """
        UPDATE chain_sends SET state = 'BROADCAST', finished_at = NULL
        WHERE chain_send_id = :id AND state = 'CONFIRMED'
        """,
        id=chain_send_id,
    )


def _sends(transaction: Transaction, rows: list[Row]) -> list[ChainSend]:
    """The rows with their signed forms, which come in one statement."""
    if not rows:
        return []
    versions: dict[UUID, list[SignedVersion]] = {row["chain_send_id"]: [] for row in rows}
    for version in transaction.rows(
        "SELECT * FROM chain_send_versions WHERE chain_send_id = ANY(:ids::uuid[]) ORDER BY chain_send_id, version",
        ids=list(versions),
    ):
        versions[version["chain_send_id"]].append(
            SignedVersion(
                transaction_hash=version["transaction_hash"],
                signed=version["signed_transaction"],
                max_fee=int(version["max_fee_wei"]),
                priority_fee=int(version["priority_fee_wei"]),
            )
        )
    return [_send(row, tuple(versions[row["chain_send_id"]])) for row in rows]


def _send(row: Row, versions: tuple[SignedVersion, ...]) -> ChainSend:
    return ChainSend(
        chain_send_id=row["chain_send_id"],
        trading_wallet_id=row["trading_wallet_id"],
        channel=row["channel"],
        state=RedemptionState(row["state"]),
        payer=row["payer"],
        nonce=row["nonce"],
        wallet_nonce=row["wallet_nonce"],
        relayer_payload=row["relayer_payload"],
        relayer_transaction_id=row["relayer_transaction_id"],
        transaction_hash=row["transaction_hash"],
        prepared_at=row["prepared_at"],
        signed_at=row["signed_at"],
        versions=versions,
    )

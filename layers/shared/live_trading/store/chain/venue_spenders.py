"""The contracts that the venue checks for a wallet, as it listed them or named them in a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.wallets import AssetType
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSpender:
    """One contract that the venue checks; the moments say when it last listed it, and last refused an order over it.

    `venue_allowance` is what the venue believes that it may take, in base units, None where it never listed it.
    """

    asset_type: AssetType
    spender: str
    venue_allowance: int | None
    listed_at: datetime | None
    refused_at: datetime | None


def _spender(row: Row) -> VenueSpender:
    return VenueSpender(
        asset_type=AssetType(row["asset_type"]),
        spender=row["spender"],
        venue_allowance=None if row["venue_allowance"] is None else int(row["venue_allowance"]),
        listed_at=row["listed_at"],
        refused_at=row["refused_at"],
    )


def of_wallet(transaction: Transaction, trading_wallet_id: UUID) -> list[VenueSpender]:
    """Every contract that the venue is known to check for a wallet."""
    rows = transaction.rows(
        "SELECT * FROM venue_spenders WHERE trading_wallet_id = :id ORDER BY asset_type, spender", id=trading_wallet_id
    )
    return [_spender(row) for row in rows]


def note_listed(
    transaction: Transaction,
    trading_wallet_id: UUID,
    asset_type: AssetType,
    allowances: Mapping[str, int],
    now: datetime,
) -> None:
    """Keeps the venue's list for one kind of asset; what it lists no more goes, unless a refusal named it."""
    transaction.execute(
        """
        DELETE FROM venue_spenders
        WHERE
            trading_wallet_id = :id AND asset_type = :asset_type AND refused_at IS NULL
            AND spender <> ALL(:spenders::text[])
        """,
        id=trading_wallet_id,
        asset_type=asset_type,
        spenders=list(allowances),
    )
    for spender, allowance in allowances.items():
        transaction.execute(
            """
            INSERT INTO venue_spenders (trading_wallet_id, asset_type, spender, venue_allowance, listed_at)
            VALUES (:id, :asset_type, :spender, :allowance, :now)
            ON CONFLICT (trading_wallet_id, asset_type, spender)
            DO UPDATE SET venue_allowance = excluded.venue_allowance, listed_at = excluded.listed_at
            """,
            id=trading_wallet_id,
            asset_type=asset_type,
            spender=spender,
            allowance=allowance,
            now=now,
        )


def note_refused(
    transaction: Transaction, trading_wallet_id: UUID, asset_type: AssetType, spender: str, now: datetime
) -> None:
    """Keeps that the venue refused an order because this contract may take too little."""
    transaction.execute(
        """
        INSERT INTO venue_spenders (trading_wallet_id, asset_type, spender, refused_at)
        VALUES (:id, :asset_type, :spender, :now)
        ON CONFLICT (trading_wallet_id, asset_type, spender) DO UPDATE SET refused_at = excluded.refused_at
        """,
        id=trading_wallet_id,
        asset_type=asset_type,
        spender=spender,
        now=now,
    )

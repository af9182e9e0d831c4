"""FT wallets and the versions of their configuration; a version never changes once it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction

NAME_TAKEN = "ft_wallets_owner_id_name_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class FtWalletRow:
    """A paper wallet with the configuration that is in force; `made_number` tells in which order wallets were made."""

    ft_wallet_id: UUID
    made_number: int
    owner_id: str
    name: str
    is_active: bool
    starting_balance: Usd
    current_version: int
    config: dict[str, Any]
    config_hash: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FtWalletVersionRow:
    """One version of a wallet's configuration."""

    version: int
    config: dict[str, Any]
    config_hash: str
    created_by: str
    created_at: datetime


_WALLETS = """
SELECT wallet.*, version.config, version.config_hash
FROM ft_wallets AS wallet
INNER JOIN ft_wallet_versions AS version
    ON version.ft_wallet_id = wallet.ft_wallet_id AND version.version = wallet.current_version
"""


def _wallet(row: Row) -> FtWalletRow:
    return FtWalletRow(
        ft_wallet_id=row["ft_wallet_id"],
        made_number=row["made_number"],
        owner_id=row["owner_id"],
        name=row["name"],
        is_active=row["is_active"],
        starting_balance=Usd(row["starting_balance_usd"]),
        current_version=row["current_version"],
        config=row["config"],
        config_hash=row["config_hash"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def add(
    transaction: Transaction,
    *,
    ft_wallet_id: UUID,
    owner_id: str,
    name: str,
    is_active: bool,
    starting_balance: Usd,
    config: Mapping[str, object],
    config_hash: str,
    now: datetime,
) -> None:
    """Writes a wallet and its version 1. Raises AlreadyExists (NAME_TAKEN) where the owner has one of that name."""
    transaction.execute(
        """
        INSERT INTO ft_wallets (
            ft_wallet_id, owner_id, name, is_active, starting_balance_usd, current_version, created_at, updated_at
        ) VALUES (:ft_wallet_id, :owner_id, :name, :is_active, :starting_balance, 1, :now, :now)
        """,
        ft_wallet_id=ft_wallet_id,
        owner_id=owner_id,
        name=name,
        is_active=is_active,
        starting_balance=starting_balance,
        now=now,
    )
    add_version(
        transaction,
        ft_wallet_id=ft_wallet_id,
        version=1,
        config=config,
        config_hash=config_hash,
        created_by=owner_id,
        now=now,
    )


def add_version(
    transaction: Transaction,
    *,
    ft_wallet_id: UUID,
    version: int,
    config: Mapping[str, object],
    config_hash: str,
    created_by: str,
    now: datetime,
) -> None:
    """Writes one version; it is in force once `change` names it."""
    transaction.execute(
        """
        INSERT INTO ft_wallet_versions (ft_wallet_id, version, config, config_hash, created_by, created_at)
        VALUES (:ft_wallet_id, :version, :config::jsonb, :config_hash, :created_by, :now)
        """,
        ft_wallet_id=ft_wallet_id,
        version=version,
        config=dict(config),
        config_hash=config_hash,
        created_by=created_by,
        now=now,
    )


def change(
    transaction: Transaction, *, ft_wallet_id: UUID, name: str, is_active: bool, current_version: int, now: datetime
) -> None:
    """Rewrites what may change of a wallet. Raises AlreadyExists (NAME_TAKEN)."""
    transaction.execute(
        """
        UPDATE ft_wallets
        SET name = :name, is_active = :is_active, current_version = :current_version, updated_at = :now
        WHERE ft_wallet_id = :ft_wallet_id
        """,
        ft_wallet_id=ft_wallet_id,
        name=name,
        is_active=is_active,
        current_version=current_version,
        now=now,
    )


def of_owner(transaction: Transaction, owner_id: str, page: PageAsked) -> list[FtWalletRow]:
    """A page of the owner's wallets, newest first."""
    rows = transaction.rows(
        _WALLETS
        + """
        WHERE wallet.owner_id = :owner_id AND wallet.made_number < :after_number
        ORDER BY wallet.made_number DESC LIMIT :rows_to_read
        """,
        owner_id=owner_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )
    return [_wallet(row) for row in rows]


def find(transaction: Transaction, ft_wallet_id: UUID, owner_id: str) -> FtWalletRow | None:
    """The owner's wallet of that id."""
    row = transaction.row(
        _WALLETS + "WHERE wallet.ft_wallet_id = :ft_wallet_id AND wallet.owner_id = :owner_id",
        ft_wallet_id=ft_wallet_id,
        owner_id=owner_id,
    )
    return None if row is None else _wallet(row)


def find_for_change(transaction: Transaction, ft_wallet_id: UUID, owner_id: str) -> FtWalletRow | None:
    """The same with its row locked against other changes.

    Rows that refer to the wallet may still be written: a run that holds a trading wallet's lock must not wait here.
    It is read once the lock is there: a statement that waits sees no version that was written meanwhile.
    """
    transaction.rows(
        """
        SELECT ft_wallet_id FROM ft_wallets
        WHERE ft_wallet_id = :ft_wallet_id AND owner_id = :owner_id FOR NO KEY UPDATE
        """,
        ft_wallet_id=ft_wallet_id,
        owner_id=owner_id,
    )
    return find(transaction, ft_wallet_id, owner_id)


def id_by_name(transaction: Transaction, owner_id: str, name: str) -> UUID | None:
    """Which of the owner's wallets has that name."""
    row = transaction.row(
        "SELECT ft_wallet_id FROM ft_wallets WHERE owner_id = :owner_id AND name = :name", owner_id=owner_id, name=name
    )
    return None if row is None else row["ft_wallet_id"]


def versions(transaction: Transaction, ft_wallet_id: UUID, *, most: int) -> list[FtWalletVersionRow]:
    """The newest versions, newest first."""
    rows = transaction.rows(
        """
        SELECT version, config, config_hash, created_by, created_at FROM ft_wallet_versions
        WHERE ft_wallet_id = :ft_wallet_id ORDER BY version DESC LIMIT :most
        """,
        ft_wallet_id=ft_wallet_id,
        most=most,
    )
    return [
        FtWalletVersionRow(
            version=row["version"],
            config=row["config"],
            config_hash=row["config_hash"],
            created_by=row["created_by"],
            created_at=row["created_at"],
        )
        for row in rows
    ]

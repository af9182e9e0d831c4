"""The name of this installation: made with the first migration, and the same for as long as the database lives."""

from __future__ import annotations

from uuid import UUID

from live_trading.store.database.connection import Transaction


def installation_id(transaction: Transaction) -> UUID:
    """Whose orders this database's are; a copy of the database has the same."""
    found: UUID = transaction.only("SELECT installation_id FROM installation")["installation_id"]
    return found

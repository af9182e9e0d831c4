"""Which trading wallets wait for the proof of their key, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.wallets import SignatureType, TradingWallet, WalletVerification
from live_trading.store.database.connection import Transaction

ADDRESS_PROVED = "trading_wallets_one_verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """A wallet whose key is not proved; `has_strategies` says that somebody waits for it."""

    wallet: TradingWallet
    name: str
    registered_at: datetime
    has_strategies: bool


def waiting(transaction: Transaction, limit: int) -> list[Unverified]:
    """Wallets without a proof, those first that were tried longest ago or never."""
    rows = transaction.rows(
        """
        SELECT wallet.*, EXISTS (
            SELECT 1 FROM lt_strategies
            WHERE lt_strategies.trading_wallet_id = wallet.trading_wallet_id AND is_active
        ) AS has_strategies
        FROM trading_wallets AS wallet
        WHERE verification = 'PENDING'
        ORDER BY verification_tried_at NULLS FIRST, created_at, made_number
        LIMIT :limit
        """,
        limit=limit,
    )
    return [
        Unverified(
            wallet=TradingWallet(
                trading_wallet_id=row["trading_wallet_id"],
                owner_id=row["owner_id"],
                address=row["address"],
                signature_type=SignatureType(row["signature_type"]),
                secret_name=row["secret_name"],
                verification=WalletVerification(row["verification"]),
            ),
            name=row["name"],
            registered_at=row["created_at"],
            has_strategies=row["has_strategies"],
        )
        for row in rows
    ]


def verified(transaction: Transaction, trading_wallet_id: UUID, signature: str, now: datetime) -> None:
    """Lets a wallet trade. Raises AlreadyExists (ADDRESS_PROVED) where another one has proved its address."""
    transaction.execute(
        """
        UPDATE trading_wallets SET
            verification = 'VERIFIED', verified_at = :now, verification_signature = :signature,
            verification_error = NULL, verification_tried_at = :now
        WHERE trading_wallet_id = :id AND verification = 'PENDING'
        """,
        now=now,
        signature=signature,
        id=trading_wallet_id,
    )


def not_verified(transaction: Transaction, trading_wallet_id: UUID, error: str | None, now: datetime) -> None:
    """Writes down why there is no proof yet; None where nobody could say."""
    transaction.execute(
        """
        UPDATE trading_wallets SET
            verification_error = coalesce(:error, verification_error), verification_tried_at = :now
        WHERE trading_wallet_id = :id AND verification = 'PENDING'
        """,
        error=error,
        now=now,
        id=trading_wallet_id,
    )

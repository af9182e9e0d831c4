"""Trading wallets as their owners register and see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.wallets import SignatureType, TradingWallet, WalletVerification
from live_trading.store.database.connection import Row, Transaction

NAME_TAKEN = "trading_wallets_owner_id_name_key"
ADDRESS_TAKEN = "trading_wallets_address_of_owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingWalletRow:
    """A registered wallet; `unallocated` is the collateral that no strategy has been given.

    `verification_error` is why its key is not proved yet, where that is known. `made_number` tells in which order
    wallets were registered.
    """

    trading_wallet_id: UUID
    made_number: int
    owner_id: str
    name: str
    address: str
    signature_type: SignatureType
    secret_name: str
    opening_balance: Usd
    unallocated: Usd
    created_at: datetime
    verification: WalletVerification
    verification_error: str | None
    verified_at: datetime | None

    def as_wallet(self) -> TradingWallet:
        """What trades from it see of it."""
        return TradingWallet(
            trading_wallet_id=self.trading_wallet_id,
            owner_id=self.owner_id,
            address=self.address,
            signature_type=self.signature_type,
            secret_name=self.secret_name,
            verification=self.verification,
        )


_WALLETS = """
SELECT wallet.*, (
    SELECT coalesce(sum(amount_usd), 0) FROM ledger_balances
    WHERE ledger_balances.trading_wallet_id = wallet.trading_wallet_id AND account = 'UNALLOCATED'
) AS unallocated_usd
FROM trading_wallets AS wallet
"""


def _wallet(row: Row) -> TradingWalletRow:
    return TradingWalletRow(
        trading_wallet_id=row["trading_wallet_id"],
        made_number=row["made_number"],
        owner_id=row["owner_id"],
        name=row["name"],
        address=row["address"],
        signature_type=SignatureType(row["signature_type"]),
        secret_name=row["secret_name"],
        opening_balance=Usd(row["opening_balance_usd"]),
        unallocated=Usd(row["unallocated_usd"]),
        created_at=row["created_at"],
        verification=WalletVerification(row["verification"]),
        verification_error=row["verification_error"],
        verified_at=row["verified_at"],
    )


def add(
    transaction: Transaction,
    *,
    trading_wallet_id: UUID,
    owner_id: str,
    name: str,
    address: str,
    signature_type: SignatureType,
    secret_name: str,
    opening_balance: Usd,
    now: datetime,
) -> None:
    """Writes a wallet whose key is still to be proved. Raises AlreadyExists (NAME_TAKEN, ADDRESS_TAKEN).

    An owner registers an address once. Others may have registered it too; it will be one wallet's, whose key is proved.
    """
    transaction.execute(
        """
        INSERT INTO trading_wallets (
            trading_wallet_id, owner_id, name, address, signature_type, secret_name, opening_balance_usd, created_at
        ) VALUES (
            :trading_wallet_id, :owner_id, :name, :address, :signature_type, :secret_name, :opening_balance, :now
        )
        """,
        trading_wallet_id=trading_wallet_id,
        owner_id=owner_id,
        name=name,
        address=address,
        signature_type=int(signature_type),
        secret_name=secret_name,
        opening_balance=opening_balance,
        now=now,
    )


def of_owner(transaction: Transaction, owner_id: str) -> list[TradingWalletRow]:
    """All of the owner's wallets, oldest first."""
    rows = transaction.rows(
        _WALLETS + "WHERE wallet.owner_id = :owner_id ORDER BY wallet.created_at, wallet.made_number",
        owner_id=owner_id,
    )
    return [_wallet(row) for row in rows]


def page_of_owner(transaction: Transaction, owner_id: str, page: PageAsked) -> list[TradingWalletRow]:
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


def find(transaction: Transaction, trading_wallet_id: UUID, owner_id: str) -> TradingWalletRow | None:
    """The owner's wallet of that id."""
    row = transaction.row(
        _WALLETS + "WHERE wallet.trading_wallet_id = :trading_wallet_id AND wallet.owner_id = :owner_id",
        trading_wallet_id=trading_wallet_id,
        owner_id=owner_id,
    )
    return None if row is None else _wallet(row)


def lock(transaction: Transaction, trading_wallet_id: UUID, owner_id: str) -> bool:
    """Locks the row against every other allocation and entry; False where it is not the owner's."""
    row = transaction.row(
        """
        SELECT trading_wallet_id FROM trading_wallets
        WHERE trading_wallet_id = :trading_wallet_id AND owner_id = :owner_id
        FOR NO KEY UPDATE
        """,
        trading_wallet_id=trading_wallet_id,
        owner_id=owner_id,
    )
    return row is not None


def id_by_name(transaction: Transaction, owner_id: str, name: str) -> UUID | None:
    """Which of the owner's wallets has that name."""
    row = transaction.row(
        "SELECT trading_wallet_id FROM trading_wallets WHERE owner_id = :owner_id AND name = :name",
        owner_id=owner_id,
        name=name,
    )
    return None if row is None else row["trading_wallet_id"]


def id_by_address(transaction: Transaction, owner_id: str, address: str) -> UUID | None:
    """Which of the owner's wallets has that address; None where it is somebody else's."""
    row = transaction.row(
        "SELECT trading_wallet_id FROM trading_wallets WHERE owner_id = :owner_id AND address = :address",
        owner_id=owner_id,
        address=address,
    )
    return None if row is None else row["trading_wallet_id"]

"""How the API shows paper wallets, their versions, and why a configuration will never bet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import IdAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.signals.hopeless import Doubt, DoubtCode
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import subjects
from live_trading.store.paper import ft_wallets
from live_trading.store.paper.ft_wallets import FtWalletRow, FtWalletVersionRow

VERSIONS_SHOWN = 20

# One that was accepted when there were fewer keys stays as it was.
ConfigKept = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "description": "as it was accepted: keys of WalletConfig, numbers as text"}),
]
ConfigHash = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]


class FtWalletVersionView(TypedDict):
    """One version of a configuration; it never changes."""

    version: int
    config: ConfigKept
    config_hash: ConfigHash
    created_by: str
    created_at: MomentAnswer


class FtWalletView(TypedDict):
    """A paper wallet with the configuration that is in force."""

    ft_wallet_id: IdAnswer
    name: str
    is_active: bool
    starting_balance_usd: UsdText
    version: int
    config: ConfigKept
    config_hash: ConfigHash
    created_at: MomentAnswer
    updated_at: MomentAnswer


class FtWalletsView(TypedDict):
    """A page of paper wallets, the newest first."""

    ft_wallets: list[FtWalletView]
    next_cursor: NextCursor


class FtWalletDetailView(FtWalletView):
    """A paper wallet with what it has to bet with, and the newest versions of its configuration, the newest first."""

    bankroll_usd: UsdText
    versions: list[FtWalletVersionView]


class WarningView(TypedDict):
    """Why the configuration, which is accepted, can never bet."""

    code: DoubtCode
    field: str
    message: str


class FtWalletSavedView(FtWalletDetailView):
    """The same, with every reason that is known for which it can never bet."""

    warnings: list[WarningView]


def ft_wallet_view(wallet: FtWalletRow) -> FtWalletView:
    """A paper wallet without earlier versions."""
    return FtWalletView(
        ft_wallet_id=str(wallet.ft_wallet_id),
        name=wallet.name,
        is_active=wallet.is_active,
        starting_balance_usd=str(wallet.starting_balance),
        version=wallet.current_version,
        config=wallet.config,
        config_hash=wallet.config_hash,
        created_at=wallet.created_at.isoformat(),
        updated_at=wallet.updated_at.isoformat(),
    )


def ft_wallet_detail(transaction: Transaction, wallet: FtWalletRow) -> FtWalletDetailView:
    """A paper wallet with its bankroll and its newest versions."""
    newest = ft_wallets.versions(transaction, wallet.ft_wallet_id, most=VERSIONS_SHOWN)
    return {
        **ft_wallet_view(wallet),
        "bankroll_usd": str(subjects.paper_bankroll(transaction, wallet.ft_wallet_id)),
        "versions": [version_view(row) for row in newest],
    }


def version_view(row: FtWalletVersionRow) -> FtWalletVersionView:
    """One version."""
    return FtWalletVersionView(
        version=row.version,
        config=row.config,
        config_hash=row.config_hash,
        created_by=row.created_by,
        created_at=row.created_at.isoformat(),
    )


def warning_views(found: Iterable[Doubt]) -> list[WarningView]:
    """Each by the field of the body that it is about."""
    return [WarningView(code=each.code, field=f"config.{each.field}", message=each.message) for each in found]

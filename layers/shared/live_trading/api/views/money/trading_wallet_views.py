"""How the API shows a trading wallet."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from live_trading.api.shapes import AddressAnswer, IdAnswer, MomentAnswer, NextCursor, UsdText
from live_trading.api.views.plain import moment
from live_trading.nouns.wallets import SignatureType, WalletVerification, challenge_of
from live_trading.store.accounts.trading_wallets import TradingWalletRow

SignatureNumber = Annotated[
    int,
    WithJsonSchema(
        {
            "type": "integer",
            "enum": [each.value for each in SignatureType],
            "description": ", ".join(f"{each.value} {each.name}" for each in SignatureType),
        }
    ),
]


class TradingWalletView(TypedDict):
    """A registered wallet; `unallocated_usd` is the collateral that no strategy has been given.

    While it is PENDING nothing is traded or sent for it; `verification_error` is why its key is not proved yet, and
    `challenge` what that key has to sign.
    """

    trading_wallet_id: IdAnswer
    name: str
    address: AddressAnswer
    signature_type: SignatureNumber
    secret_name: str
    opening_balance_usd: UsdText
    unallocated_usd: UsdText
    created_at: MomentAnswer
    verification: WalletVerification
    verification_error: str | None
    verified_at: MomentAnswer | None
    challenge: str


class TradingWalletsView(TypedDict):
    """A page of trading wallets, the newest first."""

    trading_wallets: list[TradingWalletView]
    next_cursor: NextCursor


def trading_wallet_view(wallet: TradingWalletRow) -> TradingWalletView:
    """One trading wallet."""
    return TradingWalletView(
        trading_wallet_id=str(wallet.trading_wallet_id),
        name=wallet.name,
        address=wallet.address,
        signature_type=int(wallet.signature_type),
        secret_name=wallet.secret_name,
        opening_balance_usd=str(wallet.opening_balance),
        unallocated_usd=str(wallet.unallocated),
        created_at=wallet.created_at.isoformat(),
        verification=wallet.verification,
        verification_error=wallet.verification_error,
        verified_at=moment(wallet.verified_at),
        challenge=challenge_of(wallet.as_wallet()),
    )

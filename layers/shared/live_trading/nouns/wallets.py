"""Trading wallets and strategies: who trades, with what, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from uuid import UUID

from live_trading.nouns.markets import is_position_id


class SignatureType(IntEnum):
    """How the venue checks an order's signature (its `signatureType`)."""

    EOA = 0
    PROXY = 1
    SAFE = 2
    DEPOSIT_WALLET = 3


class AssetType(StrEnum):
    """What the venue keeps balance and allowances of: the collateral, and the outcome tokens of each protocol."""

    COLLATERAL = "COLLATERAL"
    CONDITIONAL = "CONDITIONAL"
    CONDITIONAL_V2 = "CONDITIONAL-V2"

    @classmethod
    def of_token(cls, token_id: str) -> AssetType:
        """The kind of an outcome token, by the form of its id."""
        return cls.CONDITIONAL_V2 if is_position_id(token_id) else cls.CONDITIONAL


class WalletVerification(StrEnum):
    """Whether a wallet's key is proved; nothing is traded or sent for one that is PENDING."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"


class StrategyStatus(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    ENDED = "ENDED"


class Outcome(StrEnum):
    """How a position ended; OPEN until it has, NOT_FILLED where an order came to no position."""

    OPEN = "OPEN"
    NOT_FILLED = "NOT_FILLED"
    WON = "WON"
    LOST = "LOST"
    SPLIT = "SPLIT"
    SOLD = "SOLD"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingWallet:
    """The venue account that signs and holds funds; its key is in the named secret, never here."""

    trading_wallet_id: UUID
    owner_id: str
    address: str
    signature_type: SignatureType
    secret_name: str
    verification: WalletVerification = WalletVerification.PENDING


def challenge_of(wallet: TradingWallet) -> str:
    """What the key of a registered wallet has to sign: a text for this wallet, this owner and this registration."""
    return (
        "live trading: this key is that of the trading wallet\n"
        f"address: {wallet.address}\nowner: {wallet.owner_id}\nregistration: {wallet.trading_wallet_id}"
    )

"""The words of the venue's orders, as its documents spell them."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """GTC and GTD rest on the book, FOK and FAK never do."""

    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    FAK = "FAK"


class SignatureType(IntEnum):
    """Which kind of wallet an order moves funds of."""

    EOA = 0
    PROXY = 1
    SAFE = 2
    DEPOSIT_WALLET = 3

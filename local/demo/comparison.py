"""Ledger, venue and chain side by side for one trading wallet: three answers to what it owns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from live_trading.chain.reading.reader import ChainReader
from live_trading.store.books import ledger
from live_trading.store.database.connection import Database

TOLERANCE = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that all three should agree on: collateral in USD, or the shares of one token."""

    subject: str
    ledger: Decimal
    venue: Decimal
    chain: Decimal

    @property
    def agrees(self) -> bool:
        values = (self.ledger, self.venue, self.chain)
        return max(values) - min(values) <= TOLERANCE


def compare(
    *, database: Database, chain: ChainReader, venue_account: dict[str, Any], trading_wallet_id: UUID, address: str
) -> list[Line]:
    """Collateral first, then every token that any of the three knows of."""
    with database.transaction() as transaction:
        expected = ledger.expected_of_wallet(transaction, trading_wallet_id, venue_account["positions"])
    booked = expected.tokens
    at_venue = {token: Decimal(shares) for token, shares in venue_account["positions"].items()}
    tokens = sorted(booked.keys() | at_venue.keys())
    on_chain = chain.token_balances(address, tokens) if tokens else {}
    return [
        Line(
            subject="collateral (USD)",
            ledger=expected.collateral.value,
            venue=Decimal(venue_account["collateral_usd"]),
            chain=chain.collateral_balance(address).value,
        ),
        *(
            Line(
                subject=f"shares of {token[:8]}…{token[-4:]}",
                ledger=booked[token].value if token in booked else Decimal(0),
                venue=at_venue.get(token, Decimal(0)),
                chain=on_chain[token].value,
            )
            for token in tokens
        ),
    ]

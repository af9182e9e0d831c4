"""Fills and redemptions that were booked since a moment, as somebody may want to be told of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.trades import Side
from live_trading.store.database.connection import Transaction

MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedFill:
    """A fill that is confirmed. `reference` is the signal's price of an entry, the middle of the book of an exit."""

    fill_id: int
    strategy: str
    market: str
    outcome: str
    side: Side
    shares: Shares
    price: Price
    usd: Usd
    fee: Usd
    reference: Price | None
    exit_reason: str | None
    confirmed_at: datetime


def fills(transaction: Transaction, since: datetime, sides: Collection[Side]) -> list[BookedFill]:
    """Those of these sides that were confirmed at `since` or later and are in no message, the oldest first."""
    rows = transaction.rows(
        """
        SELECT
            fill.fill_id, strategy.name AS strategy, market.slug AS market,
            coalesce(market.outcomes[fill.outcome_index + 1], fill.token_id) AS outcome, fill.side, fill.shares,
            fill.price, fill.cost_usd AS usd, fill.fee_usd AS fee, fill.confirmed_at, placed.exit_reason,
            CASE fill.side WHEN 'BUY' THEN placed.signal_price ELSE placed.midpoint END AS reference
        FROM fills AS fill
        INNER JOIN lt_orders AS placed USING (lt_order_id)
        INNER JOIN lt_strategies AS strategy ON strategy.lt_strategy_id = fill.lt_strategy_id
        INNER JOIN markets AS market ON market.condition_id = fill.condition_id
        WHERE
            fill.confirmed_at >= :since AND fill.status = 'CONFIRMED' AND fill.side = ANY(:sides::text[])
            AND NOT EXISTS (SELECT 1 FROM alert_messages WHERE event_key = 'fill:' || fill.fill_id)
        ORDER BY fill.confirmed_at LIMIT :most
        """,
        since=since,
        sides=sorted(sides),
        most=MOST,
    )
    return [
        BookedFill(
            **row
            | {
                "side": Side(row["side"]),
                "shares": Shares(row["shares"]),
                "price": Price(row["price"]),
                "usd": Usd(row["usd"]),
                "fee": Usd(row["fee"]),
                "reference": None if row["reference"] is None else Price(row["reference"]),
            }
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedRedemption:
    """A redemption that was paid: what was expected and what came."""

    lt_redemption_id: UUID
    wallet: str
    market: str
    expected: Usd
    paid: Usd
    redeemed_at: datetime


def redemptions(transaction: Transaction, since: datetime) -> list[BookedRedemption]:
    """Those that were paid at `since` or later and are in no message, the oldest first."""
    rows = transaction.rows(
        """
        SELECT
            redemption.lt_redemption_id, wallet.name AS wallet, market.slug AS market,
            redemption.expected_usd AS expected, redemption.redemption_amount_usd AS paid, redemption.redeemed_at
        FROM lt_redemptions AS redemption
        INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
        INNER JOIN markets AS market ON market.condition_id = redemption.condition_id
        WHERE
            redemption.redeemed_at >= :since AND redemption.state IN ('BOOKED', 'NOTHING_TO_DO')
            AND redemption.redemption_amount_usd > 0
            AND NOT EXISTS (SELECT 1 FROM alert_messages WHERE event_key = 'redemption:' || lt_redemption_id)
        ORDER BY redemption.redeemed_at LIMIT :most
        """,
        since=since,
        most=MOST,
    )
    return [BookedRedemption(**row | {"expected": Usd(row["expected"]), "paid": Usd(row["paid"])}) for row in rows]

"""What the order book says of the fees of markets, beside what the catalogue says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.markets import FeeSchedule
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFees:
    """Both words on the fees of a market that takes orders.

    `by_book` is None where the book does not have the market, or was not asked: then `asked_at` is None too.
    """

    condition_id: str
    by_catalogue: FeeSchedule
    by_book: FeeSchedule | None
    asked_at: datetime | None


def stated(transaction: Transaction, condition_ids: Collection[str]) -> list[StatedFees]:
    """What is stored of the fees of those of these markets that take orders."""
    rows = transaction.rows(
        """
        SELECT
            market.condition_id, market.fee_rate, market.fee_exponent, book.asked_at,
            book.fee_rate AS book_rate, book.fee_exponent AS book_exponent
        FROM markets AS market LEFT JOIN market_book_fees AS book USING (condition_id)
        WHERE market.condition_id = ANY(:condition_ids::text[]) AND market.accepting_orders
        ORDER BY market.condition_id
        """,
        condition_ids=sorted(condition_ids),
    )
    return [
        StatedFees(
            condition_id=row["condition_id"],
            by_catalogue=FeeSchedule(rate=row["fee_rate"], exponent=row["fee_exponent"]),
            by_book=None
            if row["book_rate"] is None
            else FeeSchedule(rate=row["book_rate"], exponent=row["book_exponent"]),
            asked_at=row["asked_at"],
        )
        for row in rows
    ]


def save_by_book(transaction: Transaction, condition_id: str, fees: FeeSchedule | None, now: datetime) -> None:
    """Keeps the book's word, None where it does not have the market."""
    transaction.execute(
        """
        INSERT INTO market_book_fees (condition_id, fee_rate, fee_exponent, asked_at)
        VALUES (:condition_id, :rate::numeric, :exponent::numeric, :now)
        ON CONFLICT (condition_id) DO UPDATE SET
            fee_rate = excluded.fee_rate, fee_exponent = excluded.fee_exponent, asked_at = excluded.asked_at
        """,
        condition_id=condition_id,
        rate=None if fees is None else str(fees.rate),
        exponent=None if fees is None else str(fees.exponent),
        now=now,
    )

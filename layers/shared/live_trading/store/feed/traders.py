"""Who is followed, and since when: a trader's trades count from the moment on which they were followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedTrader:
    trader: str
    followed_since: datetime


def follow(transaction: Transaction, traders: Sequence[str], now: datetime) -> int:
    """Follows these addresses from `now` on and returns how many were not followed before.

    Someone followed already keeps the earlier moment; someone unfollowed comes back with a new one, so that
    nothing is copied from the time between.
    """
    return transaction.execute(
        """
        INSERT INTO traders (trader_address, is_followed, created_at)
        SELECT DISTINCT lower(trader), TRUE, :now::timestamptz FROM unnest(:traders::text[]) AS asked (trader)
        ON CONFLICT (trader_address) DO UPDATE SET is_followed = TRUE, created_at = excluded.created_at
        WHERE NOT traders.is_followed
        """,
        traders=list(traders),
        now=now,
    )


def followed(transaction: Transaction) -> list[FollowedTrader]:
    """Every followed trader, in the order in which they were followed."""
    rows = transaction.rows(
        """
        SELECT trader_address, created_at FROM traders
        WHERE is_followed ORDER BY created_at, trader_address
        """
    )
    return [FollowedTrader(trader=row["trader_address"], followed_since=row["created_at"]) for row in rows]


def page_of_followed(transaction: Transaction, page: PageAsked) -> list[FollowedTrader]:
    """A page of the followed traders, who was followed last first."""
    rows = transaction.rows(
        """
        SELECT trader_address, created_at FROM traders
        WHERE
            is_followed
            AND (created_at, trader_address) < (coalesce(:after_at, 'infinity'::timestamptz), :after_trader::text)
        ORDER BY created_at DESC, trader_address DESC LIMIT :rows_to_read
        """,
        after_at=page.after_at,
        after_trader=page.after_text or "",
        rows_to_read=page.rows_to_read,
    )
    return [FollowedTrader(trader=row["trader_address"], followed_since=row["created_at"]) for row in rows]


def followed_one(transaction: Transaction, trader: str) -> FollowedTrader:
    """One followed trader. Raises LookupError where nobody follows that address."""
    row = transaction.only(
        "SELECT trader_address, created_at FROM traders WHERE trader_address = :trader AND is_followed", trader=trader
    )
    return FollowedTrader(trader=row["trader_address"], followed_since=row["created_at"])

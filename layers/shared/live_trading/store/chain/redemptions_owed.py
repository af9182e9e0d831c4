"""What wallets are owed of resolved conditions: added to the redemption that is under way, or in one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What one wallet is owed more of one condition."""

    trading_wallet_id: UUID
    condition_id: str
    more: Usd


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRedemption:
    """A redemption to be opened."""

    lt_redemption_id: UUID
    kind: str
    owed: Owed


def add_expected(transaction: Transaction, owed: Sequence[Owed]) -> list[tuple[Owed, int]]:
    """Raises what redemptions under way are to pay; those of which none is, with how many each has had before."""
    if not owed:
        return []
    rows = transaction.rows(
        """
        WITH asked AS (
            SELECT * FROM unnest(:wallets::uuid[], :conditions::text[], :amounts::numeric[])
                WITH ORDINALITY AS asked (trading_wallet_id, condition_id, more, place)
        ), raised AS (
            UPDATE lt_redemptions SET expected_usd = expected_usd + asked.more
            FROM asked
            WHERE
                lt_redemptions.trading_wallet_id = asked.trading_wallet_id
                AND lt_redemptions.condition_id = asked.condition_id AND lt_redemptions.action = 'REDEEM'
                AND lt_redemptions.state NOT IN ('BOOKED', 'NOTHING_TO_DO')
            RETURNING asked.place
        )
        SELECT
            asked.place,
            (
                SELECT count(*) FROM lt_redemptions AS before
                WHERE
                    before.trading_wallet_id = asked.trading_wallet_id AND before.condition_id = asked.condition_id
                    AND before.action = 'REDEEM'
            ) AS before
        FROM asked WHERE asked.place NOT IN (SELECT place FROM raised)
        ORDER BY asked.place
        """,
        wallets=[each.trading_wallet_id for each in owed],
        conditions=[each.condition_id for each in owed],
        amounts=[each.more for each in owed],
    )
    return [(owed[row["place"] - 1], row["before"]) for row in rows]


def open_all(transaction: Transaction, due: Sequence[NewRedemption], now: datetime) -> None:
    """Opens redemptions of conditions that resolved now; what a wallet and condition have already stays as it is."""
    if not due:
        return
    transaction.execute(
        """
        INSERT INTO lt_redemptions (
            lt_redemption_id, trading_wallet_id, condition_id, action, kind, state, expected_usd, market_resolved_at,
            created_at
        )
        SELECT id, wallet, condition, 'REDEEM', kind, 'DUE', expected, :now::timestamptz, :now::timestamptz
        FROM unnest(:ids::uuid[], :wallets::uuid[], :conditions::text[], :kinds::text[], :expected::numeric[])
            AS due (id, wallet, condition, kind, expected)
        ON CONFLICT DO NOTHING
        """,
        now=now,
        ids=[each.lt_redemption_id for each in due],
        wallets=[each.owed.trading_wallet_id for each in due],
        conditions=[each.owed.condition_id for each in due],
        kinds=[each.kind for each in due],
        expected=[each.owed.more for each in due],
    )

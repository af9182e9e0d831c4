"""Redemptions as their owners see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.nouns.wallets import SignatureType, TradingWallet, WalletVerification
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRecord:
    """One redemption with its market's name and the way that its transaction went."""

    lt_redemption_id: UUID
    trading_wallet_id: UUID
    created_at: datetime
    condition_id: str
    slug: str
    action: str
    kind: str
    state: str
    expected: Usd
    owed: Usd | None
    amount: Usd | None
    settled_by: str | None
    channel: str | None
    transaction_hash: str | None
    attempts: int
    failure_code: str | None
    last_error: str | None
    remark: str | None
    next_attempt_at: datetime | None
    market_resolved_at: datetime
    redeemed_at: datetime | None


_SELECT = """
SELECT redemption.*, market.slug, send.channel
FROM lt_redemptions AS redemption
INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
INNER JOIN markets AS market ON market.condition_id = redemption.condition_id
LEFT JOIN chain_sends AS send ON send.chain_send_id = redemption.chain_send_id
WHERE wallet.owner_id = :owner_id
"""


_PAGE = """
SELECT redemption.*, market.slug, send.channel FROM (
    SELECT newest.* FROM trading_wallets AS wallet
    CROSS JOIN LATERAL (
        SELECT * FROM lt_redemptions
        WHERE
            trading_wallet_id = wallet.trading_wallet_id {in_state}
            AND (created_at, lt_redemption_id) < (coalesce(:after_at, 'infinity'::timestamptz), :after_id::uuid)
        ORDER BY created_at DESC, lt_redemption_id DESC LIMIT :rows_to_read
    ) AS newest
    WHERE wallet.owner_id = :owner_id
    ORDER BY newest.created_at DESC, newest.lt_redemption_id DESC LIMIT :rows_to_read
) AS redemption
CROSS JOIN LATERAL (SELECT slug FROM markets WHERE condition_id = redemption.condition_id LIMIT 1) AS market
LEFT JOIN LATERAL (
    SELECT channel FROM chain_sends WHERE chain_send_id = redemption.chain_send_id LIMIT 1
) AS send ON TRUE
ORDER BY redemption.created_at DESC, redemption.lt_redemption_id DESC
"""


def of_owner(
    transaction: Transaction, owner_id: str, page: PageAsked, *, state: str | None = None
) -> list[RedemptionRecord]:
    """A page of the redemptions of the owner's wallets, newest first, those in `state` where it is named."""
    named = {} if state is None else {"state": state}
    rows = transaction.rows(
        _PAGE.format(in_state="" if state is None else "AND state = :state"),
        owner_id=owner_id,
        after_at=page.after_at,
        after_id=page.after_id,
        rows_to_read=page.rows_to_read,
        **named,
    )
    return [_record(row) for row in rows]


def find(transaction: Transaction, owner_id: str, lt_redemption_id: UUID) -> RedemptionRecord | None:
    """The owner's redemption of that id."""
    row = transaction.row(_SELECT + "AND redemption.lt_redemption_id = :id", owner_id=owner_id, id=lt_redemption_id)
    return None if row is None else _record(row)


def lock(transaction: Transaction, owner_id: str, lt_redemption_id: UUID) -> TradingWallet | None:
    """Locks the owner's redemption until the transaction ends; its wallet, None where it is not the owner's."""
    row = transaction.row(
        """
        SELECT wallet.* FROM lt_redemptions AS redemption
        INNER JOIN trading_wallets AS wallet USING (trading_wallet_id)
        WHERE redemption.lt_redemption_id = :id AND wallet.owner_id = :owner_id
        FOR UPDATE OF redemption
        """,
        id=lt_redemption_id,
        owner_id=owner_id,
    )
    if row is None:
        return None
    return TradingWallet(
        trading_wallet_id=row["trading_wallet_id"],
        owner_id=row["owner_id"],
        address=row["address"],
        signature_type=SignatureType(row["signature_type"]),
        secret_name=row["secret_name"],
        verification=WalletVerification(row["verification"]),
    )


def _record(row: Row) -> RedemptionRecord:
    return RedemptionRecord(
        lt_redemption_id=row["lt_redemption_id"],
        trading_wallet_id=row["trading_wallet_id"],
        created_at=row["created_at"],
        condition_id=row["condition_id"],
        slug=row["slug"],
        action=row["action"],
        kind=row["kind"],
        state=row["state"],
        expected=Usd(row["expected_usd"]),
        owed=None if row["owed_usd"] is None else Usd(row["owed_usd"]),
        amount=None if row["redemption_amount_usd"] is None else Usd(row["redemption_amount_usd"]),
        settled_by=row["settled_by"],
        channel=row["channel"],
        transaction_hash=row["transaction_hash"],
        attempts=row["redemption_attempts"],
        failure_code=row["failure_code"],
        last_error=row["last_error"],
        remark=row["remark"],
        next_attempt_at=row["next_attempt_at"],
        market_resolved_at=row["market_resolved_at"],
        redeemed_at=row["redeemed_at"],
    )

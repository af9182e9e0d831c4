"""Redemptions: one row a (trading wallet, condition), each step committed before it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.store.database import Row, Transaction


class RedemptionState(StrEnum):
    DUE = "DUE"
    PREPARED = "PREPARED"
    BROADCAST = "BROADCAST"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    BOOKED = "BOOKED"
    NOTHING_TO_DO = "NOTHING_TO_DO"
    REPLACED = "REPLACED"
    FAILED = "FAILED"
    NEEDS_OPERATOR = "NEEDS_OPERATOR"


FINISHED = frozenset({RedemptionState.BOOKED, RedemptionState.NOTHING_TO_DO})


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """One redemption as it stands; `kind` is STANDARD or NEG_RISK."""

    lt_redemption_id: UUID
    trading_wallet_id: UUID
    condition_id: str
    kind: str
    state: RedemptionState
    expected: Usd
    balance_before: Usd | None
    nonce: int | None
    signed_transaction: str | None
    transaction_hash: str | None
    attempts: int
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    token_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The signed transaction, written down before it is broadcast."""

    target: str
    calldata: str
    sender: str
    nonce: int
    signed_transaction: str
    transaction_hash: str
    balance_before: Usd


def _redemption(row: Row) -> Redemption:
    before = row["balance_before_usd"]
    return Redemption(
        lt_redemption_id=row["lt_redemption_id"],
        trading_wallet_id=row["trading_wallet_id"],
        condition_id=row["condition_id"],
        kind=row["kind"],
        state=RedemptionState(row["state"]),
        expected=Usd(row["expected_usd"]),
        balance_before=None if before is None else Usd(before),
        nonce=row["nonce"],
        signed_transaction=row["signed_transaction"],
        transaction_hash=row["transaction_hash"],
        attempts=row["redemption_attempts"],
        last_attempt_at=row["last_attempt_at"],
        next_attempt_at=row["next_attempt_at"],
        token_ids=tuple(row["token_ids"]),
    )


def create_due(
    transaction: Transaction,
    *,
    lt_redemption_id: UUID,
    trading_wallet_id: UUID,
    condition_id: str,
    kind: str,
    state: RedemptionState,
    expected: Usd,
    resolved_at: datetime,
    now: datetime,
) -> bool:
    """Opens a redemption; False where this wallet and condition have one."""
    return (
        transaction.execute(
            """
            INSERT INTO lt_redemptions (
                lt_redemption_id, trading_wallet_id, condition_id, kind, state, expected_usd, market_resolved_at,
                created_at, redemption_amount_usd, redeemed_at
            ) VALUES (
                :lt_redemption_id, :trading_wallet_id, :condition_id, :kind, :state, :expected, :resolved_at, :now,
                CASE WHEN :state = 'NOTHING_TO_DO' THEN 0 END,
                CASE WHEN :state = 'NOTHING_TO_DO' THEN :now::timestamptz END
            )
            ON CONFLICT (trading_wallet_id, condition_id) DO NOTHING
            """,
            lt_redemption_id=lt_redemption_id,
            trading_wallet_id=trading_wallet_id,
            condition_id=condition_id,
            kind=kind,
            state=state,
            expected=expected,
            resolved_at=resolved_at,
            now=now,
        )
        == 1
    )


def unfinished(transaction: Transaction, trading_wallet_id: UUID, now: datetime) -> list[Redemption]:
    """Redemptions with a step to take now, those already signed first, in nonce order."""
    rows = transaction.rows(
        """
        SELECT redemption.*, market.token_ids
        FROM lt_redemptions AS redemption INNER JOIN markets AS market USING (condition_id)
        WHERE
            redemption.trading_wallet_id = :trading_wallet_id
            AND redemption.state NOT IN ('BOOKED', 'NOTHING_TO_DO', 'NEEDS_OPERATOR')
            AND (redemption.next_attempt_at IS NULL OR redemption.next_attempt_at <= :now)
        ORDER BY redemption.nonce ASC NULLS LAST, redemption.created_at, redemption.lt_redemption_id
        """,
        trading_wallet_id=trading_wallet_id,
        now=now,
    )
    return [_redemption(row) for row in rows]


def get(transaction: Transaction, lt_redemption_id: UUID) -> Redemption:
    """One redemption as it stands. Raises LookupError."""
    return _redemption(
        transaction.only(
            """
            SELECT redemption.*, market.token_ids
            FROM lt_redemptions AS redemption INNER JOIN markets AS market USING (condition_id)
            WHERE redemption.lt_redemption_id = :lt_redemption_id
            """,
            lt_redemption_id=lt_redemption_id,
        )
    )


def prepare(transaction: Transaction, redemption: Redemption, prepared: Prepared, now: datetime) -> bool:
    """DUE or FAILED to PREPARED with the signed bytes; False where the row has moved on."""
    return (
        transaction.execute(
            """
            UPDATE lt_redemptions SET
                state = 'PREPARED', target = :target, calldata = :calldata, sender = :sender, nonce = :nonce,
                signed_transaction = :signed_transaction, transaction_hash = :transaction_hash,
                balance_before_usd = :balance_before, redemption_attempts = redemption_attempts + 1,
                last_attempt_at = :now, last_error = NULL, next_attempt_at = NULL
            WHERE lt_redemption_id = :lt_redemption_id AND state = :expected
            """,
            target=prepared.target,
            calldata=prepared.calldata,
            sender=prepared.sender,
            nonce=prepared.nonce,
            signed_transaction=prepared.signed_transaction,
            transaction_hash=prepared.transaction_hash,
            balance_before=prepared.balance_before,
            now=now,
            lt_redemption_id=redemption.lt_redemption_id,
            expected=redemption.state,
        )
        == 1
    )


def move(transaction: Transaction, *, lt_redemption_id: UUID, expected: RedemptionState, to: RedemptionState) -> bool:
    """Changes the state only where it is still `expected`."""
    return (
        transaction.execute(
            """
            UPDATE lt_redemptions SET state = :to_state
            WHERE lt_redemption_id = :lt_redemption_id AND state = :expected
            """,
            to_state=to,
            lt_redemption_id=lt_redemption_id,
            expected=expected,
        )
        == 1
    )


def note_receipt(
    transaction: Transaction,
    *,
    lt_redemption_id: UUID,
    expected: RedemptionState,
    to: RedemptionState,
    block_number: int,
    gas_used: int,
    gas_price_wei: int,
) -> bool:
    """Records in which block the transaction is and what it burnt."""
    return (
        transaction.execute(
            """
            UPDATE lt_redemptions SET
                state = :to_state, block_number = :block_number, gas_used = :gas_used, gas_price_wei = :gas_price_wei
            WHERE lt_redemption_id = :lt_redemption_id AND state = :expected
            """,
            to_state=to,
            block_number=block_number,
            gas_used=gas_used,
            gas_price_wei=Decimal(gas_price_wei),
            lt_redemption_id=lt_redemption_id,
            expected=expected,
        )
        == 1
    )


def book(transaction: Transaction, *, lt_redemption_id: UUID, amount: Usd, now: datetime) -> bool:
    """CONFIRMED to BOOKED with the collateral that really arrived."""
    return (
        transaction.execute(
            """
            UPDATE lt_redemptions SET state = 'BOOKED', redemption_amount_usd = :amount, redeemed_at = :now
            WHERE lt_redemption_id = :lt_redemption_id AND state = 'CONFIRMED'
            """,
            amount=amount,
            now=now,
            lt_redemption_id=lt_redemption_id,
        )
        == 1
    )


def fail(
    transaction: Transaction,
    *,
    lt_redemption_id: UUID,
    to: RedemptionState,
    error: str,
    next_attempt_at: datetime | None,
    now: datetime,
) -> None:
    """FAILED with a next attempt, or NEEDS_OPERATOR; the signed bytes stay for the record."""
    transaction.execute(
        """
        UPDATE lt_redemptions SET
            state = :to_state, last_error = :error, next_attempt_at = :next_attempt_at, last_attempt_at = :now
        WHERE lt_redemption_id = :lt_redemption_id AND state NOT IN ('BOOKED', 'NOTHING_TO_DO')
        """,
        to_state=to,
        error=error,
        next_attempt_at=next_attempt_at,
        now=now,
        lt_redemption_id=lt_redemption_id,
    )


def any_in_flight(transaction: Transaction, trading_wallet_id: UUID) -> bool:
    """True while a transaction of this wallet may already be on the chain but is not booked."""
    return bool(
        transaction.only(
            """
            SELECT EXISTS (
                SELECT 1 FROM lt_redemptions
                WHERE
                    trading_wallet_id = :trading_wallet_id
                    AND state IN ('PREPARED', 'BROADCAST', 'MINED', 'CONFIRMED')
            ) AS in_flight
            """,
            trading_wallet_id=trading_wallet_id,
        )["in_flight"]
    )

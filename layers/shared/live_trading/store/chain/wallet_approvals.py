"""Approvals that owners asked for. Nothing is approved on the chain without a row here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction

OPEN_ONE_EXISTS = "wallet_approvals_one_at_a_time"


class ApprovalKind(StrEnum):
    """An allowance of collateral, or an operator of every outcome token, which knows no amount."""

    ALLOWANCE = "ALLOWANCE"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletApproval:
    """One approval as it stands; `amount` is None for an operator and for an unlimited allowance."""

    wallet_approval_id: UUID
    trading_wallet_id: UUID
    token: str
    spender: str
    kind: ApprovalKind
    amount: Usd | None
    state: str
    reason: str
    last_error: str | None
    asked_at: datetime


def _approval(row: Row) -> WalletApproval:
    return WalletApproval(
        wallet_approval_id=row["wallet_approval_id"],
        trading_wallet_id=row["trading_wallet_id"],
        token=row["token"],
        spender=row["spender"],
        kind=ApprovalKind(row["kind"]),
        amount=None if row["amount_usd"] is None else Usd(row["amount_usd"]),
        state=row["state"],
        reason=row["reason"],
        last_error=row["last_error"],
        asked_at=row["asked_at"],
    )


def ask(transaction: Transaction, approval: WalletApproval, *, asked_by: str) -> None:
    """Writes a request. Raises AlreadyExists (OPEN_ONE_EXISTS) where the same is under way."""
    transaction.execute(
        """
        INSERT INTO wallet_approvals (
            wallet_approval_id, trading_wallet_id, token, spender, kind, amount_usd, is_unlimited, state, reason,
            asked_by, asked_at
        ) VALUES (
            :id, :trading_wallet_id, :token, :spender, :kind, :amount, :is_unlimited, 'DUE', :reason, :asked_by, :now
        )
        """,
        id=approval.wallet_approval_id,
        trading_wallet_id=approval.trading_wallet_id,
        token=approval.token,
        spender=approval.spender,
        kind=approval.kind,
        amount=approval.amount,
        is_unlimited=approval.amount is None,
        reason=approval.reason,
        asked_by=asked_by,
        now=approval.asked_at,
    )


def of_wallet(transaction: Transaction, trading_wallet_id: UUID, page: PageAsked) -> list[WalletApproval]:
    """A page of the requests for a wallet, newest first."""
    rows = transaction.rows(
        """
        SELECT * FROM wallet_approvals
        WHERE
            trading_wallet_id = :id
            AND (asked_at, wallet_approval_id) < (coalesce(:after_at, 'infinity'::timestamptz), :after_id::uuid)
        ORDER BY asked_at DESC, wallet_approval_id DESC LIMIT :rows_to_read
        """,
        id=trading_wallet_id,
        after_at=page.after_at,
        after_id=page.after_id,
        rows_to_read=page.rows_to_read,
    )
    return [_approval(row) for row in rows]


def due(transaction: Transaction, trading_wallet_id: UUID) -> list[WalletApproval]:
    """Requests that are not signed, oldest first."""
    rows = transaction.rows(
        """
        SELECT * FROM wallet_approvals WHERE trading_wallet_id = :id AND state = 'DUE'
        ORDER BY asked_at, wallet_approval_id
        """,
        id=trading_wallet_id,
    )
    return [_approval(row) for row in rows]


def attach(transaction: Transaction, wallet_approval_id: UUID, chain_send_id: UUID) -> bool:
    """Ties a request to the transaction that is signed for it; False where it is not DUE any more."""
    return (
        transaction.execute(
            """
            UPDATE wallet_approvals SET state = 'PREPARED', chain_send_id = :send
            WHERE wallet_approval_id = :id AND state = 'DUE'
            """,
            send=chain_send_id,
            id=wallet_approval_id,
        )
        == 1
    )


def mirror(transaction: Transaction, chain_send_id: UUID, now: datetime) -> None:
    """Brings requests to where their transaction stands."""
    transaction.later(
        """
        UPDATE wallet_approvals SET
            state = send.state, finished_at = CASE WHEN send.state = 'FAILED' THEN :now::timestamptz END
        FROM chain_sends AS send
        WHERE
            send.chain_send_id = wallet_approvals.chain_send_id
            AND send.chain_send_id = :send
            AND wallet_approvals.finished_at IS NULL
        """,
        now=now,
        send=chain_send_id,
    )


def finish(transaction: Transaction, chain_send_id: UUID, *, error: str | None, now: datetime) -> None:
    """Ends the requests of a confirmed transaction: BOOKED, or FAILED with its error."""
    transaction.execute(
        """
        UPDATE wallet_approvals SET
            state = CASE WHEN :error::text IS NULL THEN 'BOOKED' ELSE 'FAILED' END, last_error = :error,
            finished_at = :now
        WHERE chain_send_id = :send AND finished_at IS NULL
        """,
        error=error,
        now=now,
        send=chain_send_id,
    )


def end_unsigned(
    transaction: Transaction, wallet_approval_id: UUID, *, state: str, error: str | None, now: datetime
) -> None:
    """Ends a request for which nothing was signed: NOTHING_TO_DO where it holds already, or FAILED."""
    transaction.execute(
        """
        UPDATE wallet_approvals SET state = :state, last_error = :error, finished_at = :now
        WHERE wallet_approval_id = :id AND state = 'DUE'
        """,
        state=state,
        error=error,
        now=now,
        id=wallet_approval_id,
    )

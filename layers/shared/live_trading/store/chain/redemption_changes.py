"""What happens to redemptions, written down.

Every change of state names the state that it expects, so a writer that was overtaken changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from live_trading.nouns.errors import StopEverything
from live_trading.nouns.money import Usd
from live_trading.settlement.machine import RedemptionState
from live_trading.settlement.preflight import FailureCode
from live_trading.store.chain.redemptions import Redemption, SettledBy
from live_trading.store.database.connection import Row, Transaction


def move(transaction: Transaction, redemption: Redemption, to: RedemptionState) -> None:
    """Changes the state, which must still be the one of `redemption`; leaving a failure forgets its code.

    It travels with what comes next: there StopEverything is raised where the row has moved on meanwhile.
    """

    def check(rows: list[Row]) -> None:
        if not rows:
            raise StopEverything(f"redemption {redemption.lt_redemption_id} moved under its lease")

    transaction.later(
        """
        UPDATE lt_redemptions SET
            state = :to_state,
            failure_code = CASE WHEN :to_state IN ('FAILED', 'NEEDS_OPERATOR') THEN failure_code END
        WHERE lt_redemption_id = :id AND state = :expected
        RETURNING lt_redemption_id
        """,
        check=check,
        to_state=to,
        id=redemption.lt_redemption_id,
        expected=redemption.state,
    )


def note_signed(
    transaction: Transaction,
    redemption: Redemption,
    *,
    chain_send_id: UUID,
    kind: str,
    owed: Usd,
    balance_before: Usd,
    target: str,
    calldata: str,
    sender: str,
    now: datetime,
) -> None:
    """Records what is signed for it; the transaction itself is in `chain_sends`, and `copy_send` brings it here."""
    transaction.later(
        """
        UPDATE lt_redemptions SET
            chain_send_id = :chain_send_id, kind = :kind, owed_usd = :owed, balance_before_usd = :balance_before,
            target = :target, calldata = :calldata, sender = :sender, redemption_attempts = redemption_attempts + 1,
            last_attempt_at = :now, last_error = NULL, next_attempt_at = NULL
        WHERE lt_redemption_id = :id
        """,
        chain_send_id=chain_send_id,
        kind=kind,
        owed=owed,
        balance_before=balance_before,
        target=target,
        calldata=calldata,
        sender=sender,
        now=now,
        id=redemption.lt_redemption_id,
    )


def copy_send(transaction: Transaction, chain_send_id: UUID) -> None:
    """Brings nonce, hash, signed bytes and gas of a transaction into the rows of the redemptions that it carries."""
    transaction.later(
        """
        UPDATE lt_redemptions SET
            nonce = send.nonce, transaction_hash = send.transaction_hash, block_number = send.block_number,
            gas_used = send.gas_used, gas_price_wei = send.gas_price_wei, signed_transaction = (
                SELECT signed_transaction FROM chain_send_versions AS version
                WHERE version.chain_send_id = send.chain_send_id ORDER BY version DESC LIMIT 1
            )
        FROM chain_sends AS send
        WHERE send.chain_send_id = lt_redemptions.chain_send_id AND send.chain_send_id = :chain_send_id
        """,
        chain_send_id=chain_send_id,
    )


def note_balance(transaction: Transaction, redemption: Redemption, balance: Usd) -> None:
    """Records what the wallet held when nothing had to be done."""
    transaction.execute(
        "UPDATE lt_redemptions SET balance_before_usd = :balance WHERE lt_redemption_id = :id",
        balance=balance,
        id=redemption.lt_redemption_id,
    )


def note_settled(
    transaction: Transaction,
    redemption: Redemption,
    *,
    amount: Usd,
    settled_by: SettledBy,
    transaction_hash: str | None,
    remark: str | None,
    now: datetime,
) -> None:
    """Records what arrived, by whose doing, and in which transaction."""
    transaction.execute(
        """
        UPDATE lt_redemptions SET
            redemption_amount_usd = :amount, redeemed_at = :now, settled_by = :settled_by,
            transaction_hash = coalesce(:transaction_hash, transaction_hash), remark = coalesce(:remark, remark),
            last_error = NULL, next_attempt_at = NULL, waiting_since = NULL
        WHERE lt_redemption_id = :id
        """,
        amount=amount,
        now=now,
        settled_by=settled_by,
        transaction_hash=transaction_hash,
        remark=remark,
        id=redemption.lt_redemption_id,
    )


def note_taken_back(transaction: Transaction, redemption: Redemption) -> None:
    """Forgets the payment of a redemption whose transaction is on the chain no more; call it after the move."""
    transaction.execute(
        """
        UPDATE lt_redemptions SET
            redemption_amount_usd = NULL, redeemed_at = NULL, settled_by = NULL, next_attempt_at = NULL,
            transaction_hash = CASE WHEN state = 'DUE' THEN NULL ELSE transaction_hash END
        WHERE lt_redemption_id = :id
        """,
        id=redemption.lt_redemption_id,
    )


def note_failure(
    transaction: Transaction,
    redemption: Redemption,
    *,
    code: FailureCode,
    error: str,
    next_attempt_at: datetime | None,
    now: datetime,
) -> None:
    """Records why it failed and when it is tried again; call it after the move to FAILED or NEEDS_OPERATOR."""
    transaction.execute(
        """
        UPDATE lt_redemptions SET
            failure_code = :code, last_error = :error, next_attempt_at = :next_attempt_at, last_attempt_at = :now,
            waiting_since = NULL
        WHERE lt_redemption_id = :id AND state IN ('FAILED', 'NEEDS_OPERATOR')
        """,
        code=code,
        error=error,
        next_attempt_at=next_attempt_at,
        now=now,
        id=redemption.lt_redemption_id,
    )


def note_waiting(
    transaction: Transaction, redemption: Redemption, *, error: str, next_attempt_at: datetime, now: datetime
) -> datetime:
    """Records why it is not sent yet and when it is tried again; since when it has waited, signed in between or not."""
    since: datetime = transaction.only(
        """
        UPDATE lt_redemptions SET
            last_error = :error, next_attempt_at = :next_attempt_at, last_attempt_at = :now,
            waiting_since = coalesce(waiting_since, :now)
        WHERE lt_redemption_id = :id
        RETURNING waiting_since
        """,
        error=error,
        next_attempt_at=next_attempt_at,
        now=now,
        id=redemption.lt_redemption_id,
    )["waiting_since"]
    return since


def uncount_attempt(transaction: Transaction, redemption: Redemption) -> None:
    """Takes back a try that was signed and that nobody took."""
    transaction.execute(
        "UPDATE lt_redemptions SET redemption_attempts = greatest(redemption_attempts - 1, 0) "
        "WHERE lt_redemption_id = :id",
        id=redemption.lt_redemption_id,
    )


def count_attempt(transaction: Transaction, redemption: Redemption) -> None:
    """Counts a try that came to nothing before anything was signed."""
    transaction.execute(
        "UPDATE lt_redemptions SET redemption_attempts = redemption_attempts + 1 WHERE lt_redemption_id = :id",
        id=redemption.lt_redemption_id,
    )


def reopen(transaction: Transaction, redemption: Redemption, *, kind: str | None, remark: str) -> None:
    """Clears what an operator's retry starts anew: the attempts, the wait and, where given, the kind."""
    transaction.execute(
        """
        UPDATE lt_redemptions SET
            redemption_attempts = 0, next_attempt_at = NULL, kind = coalesce(:kind, kind), remark = :remark
        WHERE lt_redemption_id = :id
        """,
        kind=kind,
        remark=remark,
        id=redemption.lt_redemption_id,
    )

"""What changes of an order after its intent: its state, only from the one that the writer expects, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares
from live_trading.nouns.orders import OrderState, PostAnswer, RejectionCode
from live_trading.store.database.connection import Transaction


def move(
    transaction: Transaction,
    *,
    lt_order_id: UUID,
    expected: OrderState,
    to: OrderState,
    now: datetime,
    finished: bool,
    rejection_code: RejectionCode | None = None,
    rejection_text: str | None = None,
) -> bool:
    """Changes the state only where it is still `expected`; False where it is not.

    What is sent now is absent only for looks that come a while later: the count begins with the sending.
    """
    touched = transaction.execute(
        """
        UPDATE lt_orders SET
            state = :to_state,
            sent_at = CASE WHEN :to_state = 'SENT' AND sent_at IS NULL THEN :now ELSE sent_at END,
            sends = sends + CASE WHEN :to_state = 'SENT' THEN 1 ELSE 0 END,
            absence_proofs = CASE WHEN :to_state = 'SENT' THEN 0 ELSE absence_proofs END,
            last_looked_up_at = CASE WHEN :to_state = 'SENT' THEN :now ELSE last_looked_up_at END,
            answered_at = CASE
                WHEN state IN ('SENT', 'UNKNOWN') AND :to_state NOT IN ('SENT', 'UNKNOWN', 'INTENT')
                    THEN coalesce(answered_at, :now)
                ELSE answered_at
            END,
            finished_at = CASE WHEN :finished::boolean THEN coalesce(finished_at, :now) END,
            rejection_code = :rejection_code,
            rejection_text = :rejection_text
        WHERE lt_order_id = :lt_order_id AND state = :expected
        """,
        to_state=to,
        now=now,
        finished=finished,
        rejection_code=rejection_code,
        rejection_text=rejection_text,
        lt_order_id=lt_order_id,
        expected=expected,
    )
    return touched == 1


def note_refusal_for_now(
    transaction: Transaction, *, lt_order_id: UUID, code: RejectionCode, text: str, not_before: datetime
) -> None:
    """Why an intent is not at the venue, and from when on it may be sent again."""
    transaction.execute(
        """
        UPDATE lt_orders SET last_refusal_code = :code, last_refusal_text = :text, not_before = :not_before
        WHERE lt_order_id = :lt_order_id
        """,
        code=code,
        text=text,
        not_before=not_before,
        lt_order_id=lt_order_id,
    )


def note_sent_again(transaction: Transaction, lt_order_ids: Sequence[UUID], now: datetime) -> None:
    """Counts one more sending of bytes that may be at the venue already; earlier absences prove nothing about it."""
    transaction.execute(
        """
        UPDATE lt_orders SET sends = sends + 1, absence_proofs = 0, last_looked_up_at = :now
        WHERE lt_order_id = ANY(:ids::uuid[]) AND state = 'UNKNOWN'
        """,
        ids=list(lt_order_ids),
        now=now,
    )


def note_answer(transaction: Transaction, lt_order_id: UUID, answer: PostAnswer) -> None:
    """Keeps what the venue answered to the POST that it took; one that tells of less does not replace it."""
    transaction.execute(
        """
        UPDATE lt_orders SET
            answer_status = :status, answer_usd = :usd, answer_shares = :shares, answer_trade_ids = :trade_ids::text[],
            answer_transaction_hashes = :transaction_hashes::text[]
        WHERE lt_order_id = :lt_order_id AND (answer_shares IS NULL OR answer_shares <= :shares)
        """,
        status=answer.status,
        usd=answer.usd,
        shares=answer.shares,
        trade_ids=list(answer.trade_ids),
        transaction_hashes=list(answer.transaction_hashes),
        lt_order_id=lt_order_id,
    )


def note_last_look(transaction: Transaction, lt_order_id: UUID, now: datetime) -> None:
    """A finished order was looked up once more and stands as it ended: it needs no watching from now on."""
    transaction.execute(
        "UPDATE lt_orders SET last_look_at = :now WHERE lt_order_id = :lt_order_id AND finished_at IS NOT NULL",
        now=now,
        lt_order_id=lt_order_id,
    )


def note_filled_after_all(transaction: Transaction, lt_order_id: UUID) -> None:
    """An order that had ended without a fill has a position, or a sale, that is to be counted."""
    transaction.execute(
        "UPDATE lt_orders SET outcome = 'OPEN' WHERE lt_order_id = :lt_order_id AND outcome = 'NOT_FILLED'",
        lt_order_id=lt_order_id,
    )


def note_lookup(transaction: Transaction, *, lt_order_id: UUID, absent: bool, now: datetime) -> None:
    """Remembers a look-up by hash; one that finds the order, or news of it, sets the count of absences back to zero."""
    transaction.execute(
        """
        UPDATE lt_orders SET
            last_looked_up_at = :now,
            absence_proofs = CASE WHEN :absent::boolean THEN absence_proofs + 1 ELSE 0 END
        WHERE lt_order_id = :lt_order_id
        """,
        now=now,
        absent=absent,
        lt_order_id=lt_order_id,
    )


def note_cancel_asked(transaction: Transaction, lt_order_id: UUID, now: datetime) -> None:
    """When the first cancel of an order was asked for."""
    transaction.execute(
        "UPDATE lt_orders SET cancel_asked_at = coalesce(cancel_asked_at, :now) WHERE lt_order_id = :lt_order_id",
        now=now,
        lt_order_id=lt_order_id,
    )


def note_venue_status(
    transaction: Transaction, *, order_hash: str, venue_status: str, matched: Shares, now: datetime
) -> None:
    """What the venue last said of the order, in its own words."""
    transaction.execute(
        """
        UPDATE orders SET venue_status = :venue_status, matched_shares = :matched, last_seen_at = :now
        WHERE order_hash = :order_hash
        """,
        venue_status=venue_status,
        matched=matched,
        now=now,
        order_hash=order_hash,
    )

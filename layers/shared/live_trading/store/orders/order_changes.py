"""What changes of an order after its intent: its state, only from the one that the writer expects, and notes.

Nobody waits for a note: it travels with the transaction's next statement, or with COMMIT.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.money import Shares
from live_trading.nouns.orders import OrderState, PostAnswer, RejectionCode
from live_trading.store.database.connection import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of an order's state, made only where it is still `expected`."""

    lt_order_id: UUID
    expected: OrderState
    to: OrderState
    finished: bool
    rejection_code: RejectionCode | None = None
    rejection_text: str | None = None


def move_all(transaction: Transaction, moves: Sequence[Move], now: datetime) -> set[UUID]:
    """Changes the states of different orders; those of which it was changed.

    What is sent now is absent only for looks that come a while after it: their count begins anew with the sending.
    """
    if not moves:
        return set()
    rows = transaction.rows(
        """
        UPDATE lt_orders AS intent SET
            state = made.to_state,
            sent_at = CASE WHEN made.to_state = 'SENT' AND sent_at IS NULL THEN :now ELSE sent_at END,
            sends = sends + CASE WHEN made.to_state = 'SENT' THEN 1 ELSE 0 END,
            absence_proofs = CASE WHEN made.to_state = 'SENT' THEN 0 ELSE absence_proofs END,
            last_looked_up_at = CASE WHEN made.to_state = 'SENT' THEN :now ELSE last_looked_up_at END,
            answered_at = CASE
                WHEN state IN ('SENT', 'UNKNOWN') AND made.to_state NOT IN ('SENT', 'UNKNOWN', 'INTENT')
                    THEN coalesce(answered_at, :now)
                ELSE answered_at
            END,
            finished_at = CASE WHEN made.finished THEN coalesce(finished_at, :now) END,
            rejection_code = made.code,
            rejection_text = made.explanation
        FROM unnest(
            :ids::uuid[], :expected::text[], :states::text[], :finished::boolean[], :codes::text[],
            :explanations::text[]
        ) AS made (id, expected, to_state, finished, code, explanation)
        WHERE intent.lt_order_id = made.id AND intent.state = made.expected
        RETURNING intent.lt_order_id
        """,
        now=now,
        ids=[each.lt_order_id for each in moves],
        expected=[each.expected for each in moves],
        states=[each.to for each in moves],
        finished=[each.finished for each in moves],
        codes=[each.rejection_code for each in moves],
        explanations=[each.rejection_text for each in moves],
    )
    return {row["lt_order_id"] for row in rows}


def note_refusal_for_now(
    transaction: Transaction, *, lt_order_id: UUID, code: RejectionCode, text: str, not_before: datetime
) -> None:
    """Why an intent is not at the venue, and from when on it may be sent again."""
    transaction.later(
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
    transaction.later(
        """
        UPDATE lt_orders SET sends = sends + 1, absence_proofs = 0, last_looked_up_at = :now
        WHERE lt_order_id = ANY(:ids::uuid[]) AND state = 'UNKNOWN'
        """,
        ids=list(lt_order_ids),
        now=now,
    )


def note_not_before(transaction: Transaction, lt_order_id: UUID, not_before: datetime) -> None:
    """From when on the bytes may go out again."""
    transaction.later(
        "UPDATE lt_orders SET not_before = :not_before WHERE lt_order_id = :lt_order_id",
        not_before=not_before,
        lt_order_id=lt_order_id,
    )


def note_answers(transaction: Transaction, answers: Mapping[UUID, PostAnswer]) -> None:
    """Keeps what the venue answered to the POSTs that it took; an answer that tells of less replaces none."""
    if not answers:
        return
    transaction.later(
        """
        UPDATE lt_orders AS intent SET
            answer_status = told.status, answer_usd = told.usd, answer_shares = told.shares,
            answer_trade_ids = told.trade_ids, answer_transaction_hashes = told.transaction_hashes
        FROM jsonb_to_recordset(:answers::jsonb) AS told (
            id uuid, status text, usd numeric, shares numeric, trade_ids text[], transaction_hashes text[]
        )
        WHERE intent.lt_order_id = told.id AND (intent.answer_shares IS NULL OR intent.answer_shares <= told.shares)
        """,
        answers=json.dumps([_as_json(lt_order_id, answer) for lt_order_id, answer in answers.items()]),
    )


def _as_json(lt_order_id: UUID, answer: PostAnswer) -> dict[str, object]:
    return {
        "id": str(lt_order_id),
        "status": answer.status,
        "usd": str(answer.usd.value),
        "shares": str(answer.shares.value),
        "trade_ids": list(answer.trade_ids),
        "transaction_hashes": list(answer.transaction_hashes),
    }


def note_last_look(transaction: Transaction, lt_order_id: UUID, now: datetime) -> None:
    """A finished order was looked up once more and stands as it ended: it needs no watching from now on."""
    transaction.later(
        "UPDATE lt_orders SET last_look_at = :now WHERE lt_order_id = :lt_order_id AND finished_at IS NOT NULL",
        now=now,
        lt_order_id=lt_order_id,
    )


def note_not_filled(transaction: Transaction, lt_order_ids: Sequence[UUID]) -> None:
    """Those of these orders that ended without any lasting fill have no position to resolve."""
    transaction.later(
        """
        UPDATE lt_orders SET outcome = 'NOT_FILLED'
        WHERE
            lt_order_id = ANY(:ids::uuid[]) AND outcome = 'OPEN'
            AND state IN ('FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED')
            AND NOT EXISTS (
                SELECT 1 FROM fills WHERE fills.lt_order_id = lt_orders.lt_order_id AND fills.status <> 'FAILED'
            )
        """,
        ids=list(lt_order_ids),
    )


def note_filled_after_all(transaction: Transaction, lt_order_id: UUID) -> None:
    """An order that had ended without a fill has a position, or a sale, that is to be counted."""
    transaction.later(
        "UPDATE lt_orders SET outcome = 'OPEN' WHERE lt_order_id = :lt_order_id AND outcome = 'NOT_FILLED'",
        lt_order_id=lt_order_id,
    )


def note_lookup(transaction: Transaction, *, lt_order_id: UUID, absent: bool, now: datetime) -> None:
    """Remembers a look-up by hash; one that finds the order, or news of it, sets the count of absences back to zero."""
    transaction.later(
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
    transaction.later(
        "UPDATE lt_orders SET cancel_asked_at = coalesce(cancel_asked_at, :now) WHERE lt_order_id = :lt_order_id",
        now=now,
        lt_order_id=lt_order_id,
    )


def note_venue_status(
    transaction: Transaction, *, order_hash: str, venue_status: str, matched: Shares, now: datetime
) -> None:
    """What the venue last said of the order, in its own words."""
    transaction.later(
        """
        UPDATE orders SET venue_status = :venue_status, matched_shares = :matched, last_seen_at = :now
        WHERE order_hash = :order_hash
        """,
        venue_status=venue_status,
        matched=matched,
        now=now,
        order_hash=order_hash,
    )

"""What is remembered of positions between two looks, and when each was last looked at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.nouns.exits import NEEDS_SOMEBODY, ExitDecision, ExitReason, ExitWatch, HoldReason
from live_trading.nouns.money import Price
from live_trading.store.database.connection import Row, Transaction


@dataclass(frozen=True, slots=True)
class WatchedSubject:
    """Whose positions: an FT wallet's or an LT strategy's. Exactly one is given."""

    ft_wallet_id: UUID | None = None
    lt_strategy_id: UUID | None = None

    @property
    def id(self) -> UUID:
        found = self.ft_wallet_id or self.lt_strategy_id
        assert found is not None
        return found


WatchKey = tuple[UUID, str]
"""The id of a subject, and a token of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLook:
    """A look to be remembered: `watch` is the decision's own, or what follows from an exit that was placed for it."""

    subject: WatchedSubject
    token_id: str
    decision: ExitDecision
    watch: ExitWatch


def of_subjects(transaction: Transaction, subject_ids: Collection[UUID]) -> dict[WatchKey, ExitWatch]:
    """What is remembered of these FT wallets' or strategies' positions, in one statement."""
    rows = transaction.rows(
        "SELECT * FROM exit_watches WHERE subject_id = ANY(:subjects::uuid[])", subjects=list(subject_ids)
    )
    return {(row["subject_id"], row["token_id"]): _watch(row) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWatch:
    """A position's last look: what is remembered, why it is kept, and since when a rule waits for the book."""

    watch: ExitWatch
    hold: HoldReason | None
    executable: Price | None
    waiting_since: datetime | None
    looked_at: datetime


def shown(transaction: Transaction, subject: WatchedSubject, token_id: str) -> ShownWatch | None:
    """The last look at one position; None where there was none."""
    row = transaction.row(
        "SELECT * FROM exit_watches WHERE subject_id = :subject AND token_id = :token_id",
        subject=subject.id,
        token_id=token_id,
    )
    if row is None:
        return None
    return ShownWatch(
        watch=_watch(row),
        hold=None if row["hold_reason"] is None else HoldReason(row["hold_reason"]),
        executable=_price(row["executable_price"]),
        waiting_since=row["waiting_since"],
        looked_at=row["looked_at"],
    )


def save(transaction: Transaction, looks: Sequence[KeptLook], now: datetime) -> None:
    """Remembers looks, in one statement.

    `waiting_since` is since when a rule has fired and the book lets nothing be sold.
    """
    if not looks:
        return
    in_order = sorted(looks, key=lambda each: (each.subject.id, each.token_id))
    transaction.execute(
        """
        INSERT INTO exit_watches AS known (
            ft_wallet_id, lt_strategy_id, token_id, best_price, trigger_reason, trigger_since, observations,
            first_seen_price, placed_for, placed_from, attempts, hold_reason, executable_price, waiting_since, looked_at
        )
        SELECT look.*, :now::timestamptz FROM unnest(
            :wallets::uuid[], :strategies::uuid[], :tokens::text[], :best::numeric[], :triggers::text[],
            :since::timestamptz[], :observations::integer[], :first_seen::numeric[], :placed_for::text[],
            :placed_from::numeric[], :attempts::integer[], :holds::text[], :executable::numeric[],
            :waiting_since::timestamptz[]
        ) AS look
        ON CONFLICT (subject_id, token_id) DO UPDATE SET
            best_price = excluded.best_price, trigger_reason = excluded.trigger_reason,
            trigger_since = excluded.trigger_since, observations = excluded.observations,
            first_seen_price = excluded.first_seen_price, placed_for = excluded.placed_for,
            placed_from = excluded.placed_from, attempts = excluded.attempts, hold_reason = excluded.hold_reason,
            executable_price = excluded.executable_price, looked_at = excluded.looked_at,
            waiting_since = CASE
                WHEN excluded.waiting_since IS NOT NULL THEN coalesce(known.waiting_since, excluded.waiting_since)
            END
        """,
        wallets=[each.subject.ft_wallet_id for each in in_order],
        strategies=[each.subject.lt_strategy_id for each in in_order],
        tokens=[each.token_id for each in in_order],
        best=[each.watch.best for each in in_order],
        triggers=[each.watch.trigger for each in in_order],
        since=[each.watch.since for each in in_order],
        observations=[each.watch.observations for each in in_order],
        first_seen=[each.watch.first_seen_at for each in in_order],
        placed_for=[each.watch.placed_for for each in in_order],
        placed_from=[each.watch.placed_from for each in in_order],
        attempts=[each.watch.attempts for each in in_order],
        holds=[each.decision.hold for each in in_order],
        executable=[each.decision.executable for each in in_order],
        waiting_since=[now if each.decision.hold in NEEDS_SOMEBODY else None for each in in_order],
        now=now,
    )


def forget(transaction: Transaction, gone: Collection[WatchKey]) -> None:
    """Forgets tokens that are not held any more: the next entry into one starts anew."""
    if not gone:
        return
    transaction.execute(
        """
        DELETE FROM exit_watches USING unnest(:subjects::uuid[], :tokens::text[]) AS gone (subject_id, token_id)
        WHERE exit_watches.subject_id = gone.subject_id AND exit_watches.token_id = gone.token_id
        """,
        subjects=[subject for subject, _ in gone],
        tokens=[token_id for _, token_id in gone],
    )


def _watch(row: Row) -> ExitWatch:
    return ExitWatch(
        best=_price(row["best_price"]),
        trigger=_reason(row["trigger_reason"]),
        since=row["trigger_since"],
        observations=row["observations"],
        first_seen_at=_price(row["first_seen_price"]),
        placed_for=_reason(row["placed_for"]),
        placed_from=_price(row["placed_from"]),
        attempts=row["attempts"],
    )


def _price(value: object) -> Price | None:
    return None if value is None else Price(str(value))


def _reason(value: str | None) -> ExitReason | None:
    return None if value is None else ExitReason(value)

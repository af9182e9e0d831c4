"""What is remembered of positions between two looks, and when each was last looked at."""

from __future__ import annotations

from collections.abc import Collection
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


def of_subject(transaction: Transaction, subject: WatchedSubject) -> dict[str, ExitWatch]:
    """What is remembered, by token."""
    rows = transaction.rows("SELECT * FROM exit_watches WHERE subject_id = :subject", subject=subject.id)
    return {row["token_id"]: _watch(row) for row in rows}


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


def save(
    transaction: Transaction,
    subject: WatchedSubject,
    token_id: str,
    decision: ExitDecision,
    watch: ExitWatch,
    now: datetime,
) -> None:
    """Remembers a look: `watch` is the decision's own, or what follows from an exit that was placed for it.

    `waiting_since` is since when a rule has fired and the book lets nothing be sold.
    """
    transaction.execute(
        """
        INSERT INTO exit_watches AS known (
            ft_wallet_id, lt_strategy_id, token_id, best_price, trigger_reason, trigger_since, observations,
            first_seen_price, placed_for, placed_from, attempts, hold_reason, executable_price, waiting_since, looked_at
        ) VALUES (
            :ft_wallet_id, :lt_strategy_id, :token_id, :best, :trigger, :since, :observations, :first_seen_at,
            :placed_for, :placed_from, :attempts, :hold, :executable, :waiting_since, :now
        )
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
        ft_wallet_id=subject.ft_wallet_id,
        lt_strategy_id=subject.lt_strategy_id,
        token_id=token_id,
        best=watch.best,
        trigger=watch.trigger,
        since=watch.since,
        observations=watch.observations,
        first_seen_at=watch.first_seen_at,
        placed_for=watch.placed_for,
        placed_from=watch.placed_from,
        attempts=watch.attempts,
        hold=decision.hold,
        executable=decision.executable,
        waiting_since=now if decision.hold in NEEDS_SOMEBODY else None,
        now=now,
    )


def forget_others(transaction: Transaction, subject: WatchedSubject, held: Collection[str]) -> None:
    """Forgets the tokens that are not held any more: the next entry into one starts anew."""
    transaction.execute(
        "DELETE FROM exit_watches WHERE subject_id = :subject AND token_id <> ALL(:held::text[])",
        subject=subject.id,
        held=sorted(held),
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

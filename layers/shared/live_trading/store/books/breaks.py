"""Breaks: differences between ledger, venue and chain, open until a later comparison agrees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from live_trading.nouns.locks import LockReason, LockScope
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction

COLLATERAL = "collateral"
"""The subject of what concerns a wallet's dollars, beside token ids."""


EXPLAINED = "explained"
"""Who closed a break that an entry explained as it was found."""


class BreakKind(StrEnum):
    """COLLATERAL and TOKEN_BALANCE: the chain holds another amount than the ledger. UNKNOWN_TRADE: a trade that this
    system did not make. UNKNOWN_ORDER: an order that it did not make rests at the venue. ALLOWANCE: the exchange may
    take less than the wallet has. UNREADABLE_ANSWER: something about our orders cannot be read.
    """

    COLLATERAL = "COLLATERAL"
    TOKEN_BALANCE = "TOKEN_BALANCE"  # noqa: S105 - an outcome token, no secret
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    UNKNOWN_TRADE = "UNKNOWN_TRADE"
    ALLOWANCE = "ALLOWANCE"
    UNREADABLE_ANSWER = "UNREADABLE_ANSWER"


HALTING = frozenset(
    {BreakKind.COLLATERAL, BreakKind.TOKEN_BALANCE, BreakKind.UNKNOWN_TRADE, BreakKind.UNREADABLE_ANSWER}
)
"""Kinds that stop the wallet's entries: with them nobody knows what the wallet has."""
BALANCES = (BreakKind.COLLATERAL, BreakKind.TOKEN_BALANCE, BreakKind.UNKNOWN_TRADE)
"""Kinds about what a wallet holds, and so about nothing while that is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """`subject` is a token id, an order hash or a trade id; amounts are USD or shares by kind."""

    kind: BreakKind
    subject: str
    expected: Decimal
    observed: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBreak:
    """A break as it is kept; `correction_reference` names the ledger entry that explained it.

    `transfers` are transactions on the chain that took away what is missing, as they were found when it opened.
    """

    break_id: int
    trading_wallet_id: UUID
    found: Break
    found_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    correction_reference: str | None
    transfers: tuple[str, ...] = ()

    @property
    def is_shortage(self) -> bool:
        """Whether tokens are missing that the ledger has."""
        return self.found.kind in _OF_TOKENS and self.found.observed < self.found.expected

    @property
    def is_halting(self) -> bool:
        """Whether it stops entries: two comparisons saw it, as one alone may be a matter of moments."""
        return self.closed_at is None and self.found.kind in HALTING and self.found_at < self.last_seen_at


_OF_TOKENS = (BreakKind.TOKEN_BALANCE, BreakKind.UNKNOWN_TRADE)


def replace_open(
    transaction: Transaction,
    trading_wallet_id: UUID,
    found: Sequence[Break],
    now: datetime,
    *,
    untold: Collection[str] = (),
) -> list[int]:
    """Opens what is new, refreshes what persists, and closes what is gone; the ids of those that it closes.

    Of the subjects that are `untold` this pass says nothing: their breaks stay as they are.
    """
    for each in found:
        transaction.execute(
            """
            INSERT INTO breaks (trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at)
            VALUES (:trading_wallet_id, :kind, :subject, :expected, :observed, :now, :now)
            ON CONFLICT (trading_wallet_id, kind, subject) WHERE closed_at IS NULL
            DO UPDATE SET
                expected = excluded.expected, observed = excluded.observed, last_seen_at = excluded.last_seen_at
            """,
            trading_wallet_id=trading_wallet_id,
            kind=each.kind,
            subject=each.subject,
            expected=each.expected,
            observed=each.observed,
            now=now,
        )
    rows = transaction.rows(
        """
        UPDATE breaks SET closed_at = :now, closed_by = 'no longer there'
        WHERE
            trading_wallet_id = :trading_wallet_id AND closed_at IS NULL
            AND NOT (kind || ':' || subject) = ANY(:found::text[])
            AND NOT (kind = ANY(:balances::text[]) AND subject = ANY(:untold::text[]))
        RETURNING break_id
        """,
        trading_wallet_id=trading_wallet_id,
        found=[f"{each.kind}:{each.subject}" for each in found],
        balances=list(BALANCES),
        untold=list(untold),
        now=now,
    )
    return [row["break_id"] for row in rows]


def note_transfers(transaction: Transaction, break_id: int, transfers: Sequence[str]) -> None:
    """Keeps which transactions on the chain may have taken away what is missing."""
    transaction.execute(
        "UPDATE breaks SET transfers = :transfers::text[] WHERE break_id = :break_id",
        transfers=list(transfers),
        break_id=break_id,
    )


def record_explained(
    transaction: Transaction, trading_wallet_id: UUID, found: Break, *, correction_reference: str, now: datetime
) -> None:
    """A difference that an entry of the ledger explains at once: kept as closed, with that entry."""
    transaction.execute(
        """
        INSERT INTO breaks (
            trading_wallet_id, kind, subject, expected, observed, found_at, last_seen_at, closed_at, closed_by,
            correction_reference
        ) VALUES (
            :trading_wallet_id, :kind, :subject, :expected, :observed, :now, :now, :now, :explained,
            :correction_reference
        )
        """,
        explained=EXPLAINED,
        trading_wallet_id=trading_wallet_id,
        kind=found.kind,
        subject=found.subject,
        expected=found.expected,
        observed=found.observed,
        now=now,
        correction_reference=correction_reference,
    )


def close(
    transaction: Transaction, break_id: int, *, closed_by: str, correction_reference: str | None, now: datetime
) -> bool:
    """Ends an open break by the entry that explains it, if it takes one; False where it is closed already."""
    touched = transaction.execute(
        """
        UPDATE breaks SET closed_at = :now, closed_by = :closed_by, correction_reference = :correction_reference
        WHERE break_id = :break_id AND closed_at IS NULL
        """,
        now=now,
        closed_by=closed_by,
        correction_reference=correction_reference,
        break_id=break_id,
    )
    return touched == 1


def of_wallet(
    transaction: Transaction, trading_wallet_id: UUID, page: PageAsked, *, only_open: bool
) -> list[StoredBreak]:
    """A page of the wallet's breaks, newest first."""
    rows = transaction.rows(
        f"""
        SELECT * FROM breaks
        WHERE
            trading_wallet_id = :trading_wallet_id AND break_id < :after_number
            {"AND closed_at IS NULL" if only_open else ""}
        ORDER BY break_id DESC LIMIT :rows_to_read
        """,  # noqa: S608 - the condition is a constant
        trading_wallet_id=trading_wallet_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )
    return [_stored(row) for row in rows]


def locked(transaction: Transaction, trading_wallet_id: UUID, break_id: int) -> StoredBreak | None:
    """One break of a wallet with its row locked; None where the wallet has no such break."""
    row = transaction.row(
        "SELECT * FROM breaks WHERE break_id = :break_id AND trading_wallet_id = :trading_wallet_id FOR UPDATE",
        break_id=break_id,
        trading_wallet_id=trading_wallet_id,
    )
    return None if row is None else _stored(row)


def any_standing(transaction: Transaction, trading_wallet_id: UUID) -> bool:
    """True while a break of the wallet is open, or its entries are locked because of one."""
    return bool(
        transaction.only(
            """
            SELECT EXISTS (
                SELECT 1 FROM breaks WHERE trading_wallet_id = :trading_wallet_id AND closed_at IS NULL
            ) OR EXISTS (
                SELECT 1 FROM locks
                WHERE
                    scope = :scope AND scope_id = :scope_id AND reason = :reason AND released_at IS NULL
            ) AS standing
            """,
            trading_wallet_id=trading_wallet_id,
            scope=LockScope.TRADING_WALLET,
            scope_id=str(trading_wallet_id),
            reason=LockReason.BREAK_FOUND,
        )["standing"]
    )


def standing(transaction: Transaction, trading_wallet_id: UUID) -> list[StoredBreak]:
    """Every open break of the wallet, the oldest first."""
    rows = transaction.rows(
        "SELECT * FROM breaks WHERE trading_wallet_id = :trading_wallet_id AND closed_at IS NULL ORDER BY break_id",
        trading_wallet_id=trading_wallet_id,
    )
    return [_stored(row) for row in rows]


def adopt_from(transaction: Transaction, break_id: int, *, closed_by: str, correction_reference: str) -> None:
    """Names the entry that gave the tokens of a break, which had been nobody's, to a strategy."""
    transaction.execute(
        "UPDATE breaks SET closed_by = :closed_by, correction_reference = :correction_reference "
        "WHERE break_id = :break_id",
        closed_by=closed_by,
        correction_reference=correction_reference,
        break_id=break_id,
    )


def _stored(row: Row) -> StoredBreak:
    return StoredBreak(
        break_id=row["break_id"],
        trading_wallet_id=row["trading_wallet_id"],
        found=Break(
            kind=BreakKind(row["kind"]), subject=row["subject"], expected=row["expected"], observed=row["observed"]
        ),
        found_at=row["found_at"],
        last_seen_at=row["last_seen_at"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        correction_reference=row["correction_reference"],
        transfers=tuple(row["transfers"]),
    )

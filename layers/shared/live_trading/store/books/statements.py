"""What a book's transactions were, page by page, and what its accounts stood at before any of them.

A period begins with the first transaction that anybody booked at or after its time. Balances come from the sums that
posting keeps by blocks of numbers (`ledger_blocks`), and from the entries of one block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.statement import BookedTransaction
from live_trading.ledger.transactions import LedgerEntry
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction

BEHIND_ALL = 2**63 - 1
"""A number that no transaction reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBook:
    """A strategy's entries or, with `is_wallet`, all that were posted in a trading wallet."""

    book_id: UUID
    is_wallet: bool = False

    @property
    def column(self) -> str:
        return "trading_wallet_id" if self.is_wallet else "lt_strategy_id"


_PAGE = """
WITH newest AS MATERIALIZED (
    SELECT DISTINCT entry.ledger_transaction_id FROM ledger_entries AS entry
    WHERE entry.{column} = :book_id AND entry.ledger_transaction_id < :after_number{within}
    ORDER BY entry.ledger_transaction_id DESC LIMIT :rows_to_read
)
SELECT
    booked.ledger_transaction_id, booked.source_reference, booked.kind, booked.occurred_at, booked.recorded_at,
    line.trading_wallet_id, line.lt_strategy_id, line.account, line.token_id, line.amount_usd, line.shares
FROM newest
CROSS JOIN LATERAL (
    SELECT * FROM ledger_transactions
    WHERE ledger_transactions.ledger_transaction_id = newest.ledger_transaction_id LIMIT 1
) AS booked
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entries
    WHERE
        ledger_entries.ledger_transaction_id = newest.ledger_transaction_id
        AND ledger_entries.{column} = :book_id
    OFFSET 0
) AS line
ORDER BY booked.ledger_transaction_id DESC, line.ledger_entry_id
"""
_EDGE = """coalesce((
        SELECT edge.ledger_transaction_id FROM ledger_transactions AS edge WHERE edge.recorded_at >= :{moment}
        ORDER BY edge.recorded_at, edge.ledger_transaction_id LIMIT 1
    ), 9223372036854775807)"""


def page_of(
    transaction: Transaction, book: LedgerBook, *, since: datetime | None, until: datetime | None, page: PageAsked
) -> list[BookedTransaction]:
    """The book's transactions of a period, newest first, each with what it posted there."""
    cut = within(since, until)
    rows = transaction.rows(
        _PAGE.format(column=book.column, within=cut.sql),
        book_id=book.book_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
        **cut.values,
    )
    return booked_of(rows)


_OF_OWNER = """
WITH newest AS MATERIALIZED (
    SELECT one.ledger_transaction_id
    FROM (SELECT trading_wallet_id FROM trading_wallets WHERE owner_id = :owner_id) AS whose
    CROSS JOIN LATERAL (
        SELECT DISTINCT entry.ledger_transaction_id FROM ledger_entries AS entry
        WHERE
            entry.trading_wallet_id = whose.trading_wallet_id
            AND entry.ledger_transaction_id < :after_number{within}
        ORDER BY entry.ledger_transaction_id DESC LIMIT :rows_to_read
    ) AS one
    ORDER BY one.ledger_transaction_id DESC LIMIT :rows_to_read
)
SELECT
    booked.ledger_transaction_id, booked.source_reference, booked.kind, booked.occurred_at, booked.recorded_at,
    line.trading_wallet_id, line.lt_strategy_id, line.account, line.token_id, line.amount_usd, line.shares
FROM newest
CROSS JOIN LATERAL (
    SELECT * FROM ledger_transactions
    WHERE ledger_transactions.ledger_transaction_id = newest.ledger_transaction_id LIMIT 1
) AS booked
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entries WHERE ledger_entries.ledger_transaction_id = newest.ledger_transaction_id OFFSET 0
) AS line
ORDER BY booked.ledger_transaction_id DESC, line.ledger_entry_id
"""


def of_owner(
    transaction: Transaction, owner_id: str, *, since: datetime | None, until: datetime | None, page: PageAsked
) -> list[BookedTransaction]:
    """What was posted in all wallets of an owner in a period, newest first; a transaction is of one wallet."""
    cut = within(since, until)
    rows = transaction.rows(
        _OF_OWNER.format(within=cut.sql),
        owner_id=owner_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
        **cut.values,
    )
    return booked_of(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The condition that an `entry` lies in a period, and its parameters."""

    sql: str
    values: dict[str, datetime]


def within(since: datetime | None, until: datetime | None) -> Within:
    """The period from one moment up to another, of when things were booked; None leaves that end open."""
    first = "" if since is None else f"\n    AND entry.ledger_transaction_id >= {_EDGE.format(moment='since')}"
    last = "" if until is None else f"\n    AND entry.ledger_transaction_id < {_EDGE.format(moment='until')}"
    moments = (("since", since), ("until", until))
    return Within(sql=first + last, values={name: moment for name, moment in moments if moment is not None})


def booked_of(rows: Sequence[Row]) -> list[BookedTransaction]:
    """Transactions in the order in which their first rows come, of rows that have a transaction's and an entry's."""
    lines: dict[int, list[LedgerEntry]] = {}
    heads: dict[int, Row] = {}
    for row in rows:
        number = row["ledger_transaction_id"]
        heads.setdefault(number, row)
        lines.setdefault(number, []).append(
            LedgerEntry(
                account=Account(row["account"]),
                trading_wallet_id=row["trading_wallet_id"],
                lt_strategy_id=row["lt_strategy_id"],
                token_id=row["token_id"],
                amount=Usd(row["amount_usd"]),
                shares=Shares(row["shares"]),
            )
        )
    return [
        BookedTransaction(
            ledger_transaction_id=number,
            source_reference=head["source_reference"],
            kind=TransactionKind(head["kind"]),
            occurred_at=head["occurred_at"],
            recorded_at=head["recorded_at"],
            entries=tuple(lines[number]),
        )
        for number, head in heads.items()
    ]


def edge(transaction: Transaction, moment: datetime | None) -> int:
    """The number that a period which ends at this moment stops before; without one, that no transaction reaches."""
    if moment is None:
        return BEHIND_ALL
    return int(transaction.only(f"SELECT {_EDGE.format(moment='moment')} AS number", moment=moment)["number"])


def balances_before(transaction: Transaction, book: LedgerBook, ledger_transaction_id: int) -> dict[Account, Usd]:
    """What each account of the book came to before a transaction: the sum of all entries with lower numbers."""
    rows = transaction.rows(
        f"""
        SELECT account, sum(amount_usd) AS amount_usd FROM (
            SELECT account, amount_usd FROM ledger_blocks
            WHERE book_id = :book_id AND size = 100000 AND block < :number::bigint / 100000
            UNION ALL
            SELECT account, amount_usd FROM ledger_blocks
            WHERE
                book_id = :book_id AND size = 1000 AND block >= :number::bigint / 100000 * 100
                AND block < :number::bigint / 1000
            UNION ALL
            SELECT account, amount_usd FROM ledger_entries
            WHERE
                {book.column} = :book_id AND ledger_transaction_id >= :number::bigint / 1000 * 1000
                AND ledger_transaction_id < :number::bigint
        ) AS part
        GROUP BY account ORDER BY account
        """,  # noqa: S608 (a column of two)
        book_id=book.book_id,
        number=ledger_transaction_id,
    )
    return {Account(row["account"]): Usd(row["amount_usd"]) for row in rows}

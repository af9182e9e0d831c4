"""What an owner's strategies gained and lost, page by page: bookings with a result, and positions that have ended.

The bookings of a position are read as a whole: which shares left is told by all that came before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from live_trading.ledger.statement import BookedTransaction
from live_trading.nouns.errors import DoesNotFit
from live_trading.nouns.pages import PageAsked
from live_trading.store.books.statements import booked_of, within
from live_trading.store.database.connection import Row, Transaction

Position = tuple[UUID, str]
"""A strategy and a token."""

# A booking may be of several strategies; it is one row of the list.
_RESULTS = """
WITH newest AS MATERIALIZED (
    SELECT DISTINCT one.ledger_transaction_id
    FROM (
        SELECT lt_strategy_id FROM lt_strategies
        WHERE owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR lt_strategy_id = :lt_strategy_id)
    ) AS whose
    CROSS JOIN LATERAL (
        SELECT DISTINCT entry.ledger_transaction_id FROM ledger_entries AS entry
        WHERE
            entry.lt_strategy_id = whose.lt_strategy_id AND entry.ledger_transaction_id < :after_number
            AND (entry.account IN ('REALISED_PNL', 'FEES') OR (entry.account = 'POSITION_COST' AND entry.shares < 0))
            {within}
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
INNER JOIN lt_strategies AS strategy
    ON strategy.lt_strategy_id = line.lt_strategy_id AND strategy.owner_id = :owner_id
    AND (:lt_strategy_id::uuid IS NULL OR strategy.lt_strategy_id = :lt_strategy_id)
ORDER BY booked.ledger_transaction_id DESC, line.ledger_entry_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedResult:
    """A booking with what it posted for each strategy of the owner that has a part in it."""

    ledger_transaction_id: int
    by_strategy: dict[UUID, BookedTransaction]


def results(
    transaction: Transaction,
    owner_id: str,
    *,
    lt_strategy_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
    page: PageAsked,
) -> list[BookedResult]:
    """Bookings that have a profit, a loss or a fee, or take shares out of a position; newest first."""
    cut = within(since, until)
    rows = transaction.rows(
        _RESULTS.format(within=cut.sql),
        owner_id=owner_id,
        lt_strategy_id=lt_strategy_id,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
        **cut.values,
    )
    numbers = list(dict.fromkeys(row["ledger_transaction_id"] for row in rows))
    by_strategy = {
        strategy: {each.ledger_transaction_id: each for each in booked} for strategy, booked in _grouped(rows).items()
    }
    return [
        BookedResult(
            ledger_transaction_id=number,
            by_strategy={strategy: found[number] for strategy, found in by_strategy.items() if number in found},
        )
        for number in numbers
    ]


_BOOKINGS = """
SELECT
    booked.ledger_transaction_id, booked.source_reference, booked.kind, booked.occurred_at, booked.recorded_at,
    line.trading_wallet_id, line.lt_strategy_id, line.account, line.token_id, line.amount_usd, line.shares
FROM (
    SELECT DISTINCT asked.lt_strategy_id, entry.ledger_transaction_id
    FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
    CROSS JOIN LATERAL (
        SELECT * FROM ledger_entries
        WHERE
            ledger_entries.lt_strategy_id = asked.lt_strategy_id AND ledger_entries.token_id = asked.token_id
            AND ledger_entries.account = 'POSITION_COST'
        OFFSET 0
    ) AS entry
) AS touched
CROSS JOIN LATERAL (
    SELECT * FROM ledger_transactions
    WHERE ledger_transactions.ledger_transaction_id = touched.ledger_transaction_id LIMIT 1
) AS booked
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entries
    WHERE
        ledger_entries.ledger_transaction_id = touched.ledger_transaction_id
        AND ledger_entries.lt_strategy_id = touched.lt_strategy_id
    OFFSET 0
) AS line
ORDER BY booked.ledger_transaction_id, line.ledger_entry_id
"""


def bookings_of(transaction: Transaction, positions: Iterable[Position]) -> dict[UUID, list[BookedTransaction]]:
    """By strategy, every booking that moved one of these positions, the oldest first."""
    asked = sorted(set(positions))
    rows = transaction.rows(
        _BOOKINGS, strategies=[strategy for strategy, _ in asked], tokens=[token for _, token in asked]
    )
    return _grouped(rows)


def _grouped(rows: Iterable[Row]) -> dict[UUID, list[BookedTransaction]]:
    by_strategy: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        by_strategy[row["lt_strategy_id"]].append(row)
    return {strategy: booked_of(found) for strategy, found in by_strategy.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedPosition:
    """A position all of whose entries have an outcome; `traders` are those whose trades it followed."""

    lt_strategy_id: UUID
    token_id: str
    ended_at: datetime
    orders: int
    traders: tuple[str, ...]

    @property
    def row(self) -> str:
        """What tells it apart from others that ended at the same moment."""
        return f"{self.token_id}/{self.lt_strategy_id}"


_ROW = re.compile(r"([0-9]{1,78})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_ENDED = """
SELECT newest.lt_strategy_id, newest.token_id, newest.ended_at, entered.orders, entered.traders
FROM (
    SELECT one.* FROM (
        SELECT lt_strategy_id FROM lt_strategies
        WHERE owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR lt_strategy_id = :lt_strategy_id)
    ) AS whose
    CROSS JOIN LATERAL (
        SELECT ended.* FROM ended_positions AS ended
        WHERE
            ended.lt_strategy_id = whose.lt_strategy_id
            AND ended.ended_at >= coalesce(:since, '-infinity'::timestamptz)
            AND ended.ended_at < coalesce(:until, 'infinity'::timestamptz)
            AND ended.ended_at <= coalesce(:after_at, 'infinity'::timestamptz)
            AND (
                ended.ended_at < coalesce(:after_at, 'infinity'::timestamptz)
                OR (ended.token_id, ended.lt_strategy_id::text) > (:after_token, :after_strategy)
            )
        ORDER BY ended.ended_at DESC, ended.token_id LIMIT :rows_to_read
    ) AS one
    ORDER BY one.ended_at DESC, one.token_id, one.lt_strategy_id::text LIMIT :rows_to_read
) AS newest
CROSS JOIN LATERAL (
    SELECT
        count(*) AS orders,
        array_agg(DISTINCT trade.trader_address) FILTER (WHERE trade.trader_address IS NOT NULL) AS traders
    FROM (
        SELECT source_trade_id FROM lt_orders
        WHERE lt_orders.lt_strategy_id = newest.lt_strategy_id AND lt_orders.token_id = newest.token_id OFFSET 0
    ) AS intent
    LEFT JOIN LATERAL (
        SELECT trader_address FROM source_trades WHERE source_trade_id = intent.source_trade_id LIMIT 1
    ) AS trade ON TRUE
) AS entered
ORDER BY newest.ended_at DESC, newest.token_id, newest.lt_strategy_id::text
"""


def ended(
    transaction: Transaction,
    owner_id: str,
    *,
    lt_strategy_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
    page: PageAsked,
) -> list[EndedPosition]:
    """The owner's positions that ended in a period, the last one first. Raises DoesNotFit for a row of no such list."""
    token, strategy = _after(page)
    rows = transaction.rows(
        _ENDED,
        owner_id=owner_id,
        lt_strategy_id=lt_strategy_id,
        since=since,
        until=until,
        after_at=page.after_at,
        after_token=token,
        after_strategy=strategy,
        rows_to_read=page.rows_to_read,
    )
    return [
        EndedPosition(
            lt_strategy_id=row["lt_strategy_id"],
            token_id=row["token_id"],
            ended_at=row["ended_at"],
            orders=row["orders"],
            traders=tuple(row["traders"] or ()),
        )
        for row in rows
    ]


def _after(page: PageAsked) -> tuple[str, str]:
    if page.after is None:
        return "", ""
    found = _ROW.fullmatch(page.after.row)
    if found is None:
        raise DoesNotFit("cursor", "is no cursor of this list", allowed="the next_cursor of a page of this list")
    return found.group(1), found.group(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """What people call an outcome token: its market and its outcome."""

    condition_id: str
    slug: str
    outcome: str | None


def names_of(transaction: Transaction, positions: Iterable[Position]) -> dict[str, Traded]:
    """What the tokens of these positions are, by what the strategies ordered or were given."""
    asked = sorted(set(positions))
    rows = transaction.rows(
        """
        SELECT asked.token_id, market.condition_id, market.slug, market.outcome
        FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
        CROSS JOIN LATERAL (
            SELECT condition_id FROM (
                (
                    SELECT intent.condition_id FROM lt_orders AS intent
                    WHERE intent.lt_strategy_id = asked.lt_strategy_id AND intent.token_id = asked.token_id LIMIT 1
                )
                UNION ALL
                (
                    SELECT given.condition_id FROM position_corrections AS given
                    WHERE given.lt_strategy_id = asked.lt_strategy_id AND given.token_id = asked.token_id LIMIT 1
                )
            ) AS known LIMIT 1
        ) AS placed
        CROSS JOIN LATERAL (
            SELECT condition_id, slug, outcomes[array_position(token_ids, asked.token_id)] AS outcome FROM markets
            WHERE markets.condition_id = placed.condition_id LIMIT 1
        ) AS market
        """,
        strategies=[strategy for strategy, _ in asked],
        tokens=[token for _, token in asked],
    )
    return {
        row["token_id"]: Traded(condition_id=row["condition_id"], slug=row["slug"], outcome=row["outcome"])
        for row in rows
    }


def tokens_of_corrections(transaction: Transaction, references: Sequence[str]) -> dict[str, str]:
    """The token of the fill that each of these source references corrects, where it is one of a correction."""
    parsed = {each: part for each in references if (part := _CORRECTION.fullmatch(each)) is not None}
    rows = transaction.rows(
        """
        SELECT fill.token_id, asked.reference
        FROM unnest(:references::text[], :trades::text[], :hashes::text[]) AS asked (reference, trade, hash)
        INNER JOIN fills AS fill ON fill.venue_trade_id = asked.trade AND fill.order_hash = asked.hash
        """,
        references=list(parsed),
        trades=[part.group(1) for part in parsed.values()],
        hashes=[part.group(2) for part in parsed.values()],
    )
    return {row["reference"]: row["token_id"] for row in rows}


_CORRECTION = re.compile(r"fill_correction:(.+):(0x[0-9a-f]{64}):[0-9]+")

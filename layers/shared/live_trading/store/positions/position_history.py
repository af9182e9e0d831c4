"""Positions as their owner sees them: what each is, what moved it, and the last that its shares would have fetched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from live_trading.ledger.accounts import TransactionKind
from live_trading.ledger.lots import PositionBook, PositionMove, position_book
from live_trading.nouns.money import Price, Shares, Usd
from live_trading.nouns.pages import PageAsked
from live_trading.store.database.connection import Row, Transaction


class PositionState(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionMark:
    """What a share of all that the wallet holds of the token would have fetched at a time."""

    price: Price
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionHistory:
    """One strategy's position in one token, with every booking of it summed up in `book`.

    `position_number` tells in which order positions began.
    """

    position_number: int
    lt_strategy_id: UUID
    token_id: str
    condition_id: str
    slug: str
    event_id: str | None
    outcome: str | None
    outcome_index: int
    book: PositionBook
    pending: Shares
    mark: PositionMark | None
    first_bought_at: datetime
    last_moved_at: datetime
    source_trade_ids: tuple[int, ...]

    @property
    def state(self) -> PositionState:
        return PositionState.OPEN if self.book.shares.is_positive else PositionState.CLOSED


# Which positions a page may have: the one that is asked for, those that are held, or all that began.
_ONE = """
SELECT begun.* FROM lt_positions AS begun
WHERE begun.owner_id = :owner_id AND begun.lt_strategy_id = :lt_strategy_id AND begun.token_id = :token_id
"""
_HELD = """
SELECT begun.* FROM lt_strategies AS strategy
CROSS JOIN LATERAL (
    SELECT kept.lt_strategy_id, kept.token_id FROM ledger_holdings AS kept
    WHERE kept.lt_strategy_id = strategy.lt_strategy_id AND kept.account = 'POSITION_COST' AND kept.shares > 0
) AS held
CROSS JOIN LATERAL (
    SELECT * FROM lt_positions AS one
    WHERE one.lt_strategy_id = held.lt_strategy_id AND one.token_id = held.token_id LIMIT 1
) AS begun
WHERE
    strategy.owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR strategy.lt_strategy_id = :lt_strategy_id)
    AND begun.position_number < :after_number
ORDER BY begun.position_number DESC LIMIT :rows_to_read
"""
_BEGUN_OF_OWNER = """
SELECT begun.* FROM lt_positions AS begun
WHERE begun.owner_id = :owner_id AND begun.position_number < :after_number
"""
_BEGUN_OF_STRATEGY = """
SELECT begun.* FROM lt_positions AS begun
WHERE
    begun.owner_id = :owner_id AND begun.lt_strategy_id = :lt_strategy_id AND begun.position_number < :after_number
"""

# The market of a position; none where every trade of it came to nothing.
PLACED = """
SELECT condition_id FROM (
    (
        SELECT fill.condition_id FROM fills AS fill
        WHERE
            fill.lt_strategy_id = begun.lt_strategy_id AND fill.token_id = begun.token_id AND fill.status <> 'FAILED'
        LIMIT 1
    )
    UNION ALL
    (
        SELECT given.condition_id FROM position_corrections AS given
        WHERE given.lt_strategy_id = begun.lt_strategy_id AND given.token_id = begun.token_id LIMIT 1
    )
) AS known LIMIT 1
"""
_POSITIONS = f"""
SELECT
    begun.position_number, begun.lt_strategy_id, begun.token_id, market.condition_id, market.slug, market.event_id,
    array_position(market.token_ids, begun.token_id) - 1 AS outcome_index,
    market.outcomes[array_position(market.token_ids, begun.token_id)] AS outcome,
    coalesce(moved.first_at, begun.begun_at) AS first_bought_at,
    coalesce(moved.last_at, begun.begun_at) AS last_moved_at, moved.pending, moved.source_trade_ids,
    mark.bid_price, mark.taken_at
FROM candidate AS begun
CROSS JOIN LATERAL ({PLACED}) AS placed
CROSS JOIN LATERAL (SELECT * FROM markets WHERE markets.condition_id = placed.condition_id LIMIT 1) AS market
CROSS JOIN LATERAL (
    SELECT
        min(fill.match_time) AS first_at, max(fill.match_time) AS last_at,
        coalesce(sum(fill.shares) FILTER (WHERE fill.side = 'BUY' AND fill.status <> 'CONFIRMED'), 0) AS pending,
        array_agg(DISTINCT intent.source_trade_id)
            FILTER (WHERE intent.source_trade_id IS NOT NULL) AS source_trade_ids
    FROM fills AS fill
    CROSS JOIN LATERAL (SELECT source_trade_id FROM lt_orders WHERE lt_order_id = fill.lt_order_id LIMIT 1) AS intent
    WHERE fill.lt_strategy_id = begun.lt_strategy_id AND fill.token_id = begun.token_id AND fill.status <> 'FAILED'
) AS moved
LEFT JOIN LATERAL (
    SELECT bid_price, taken_at FROM position_marks
    WHERE trading_wallet_id = begun.trading_wallet_id AND token_id = begun.token_id LIMIT 1
) AS mark ON TRUE
CROSS JOIN LATERAL (
    SELECT coalesce(sum(kept.shares), 0) > 0 AS is_held FROM ledger_holdings AS kept
    WHERE
        kept.trading_wallet_id = begun.trading_wallet_id AND kept.lt_strategy_id = begun.lt_strategy_id
        AND kept.account = 'POSITION_COST' AND kept.token_id = begun.token_id
) AS holding
WHERE :state::text IS NULL OR (:state = 'OPEN') = holding.is_held
ORDER BY begun.position_number DESC
LIMIT :rows_to_read
"""  # noqa: S608 - a constant

_MOVES = """
SELECT
    booked.kind, booked.occurred_at, entry.lt_strategy_id, entry.token_id, sum(entry.shares) AS shares,
    sum(entry.amount_usd) AS cost, min(beside.realised) AS realised, min(beside.fee) AS fee
FROM unnest(:strategies::uuid[], :tokens::text[]) AS asked (lt_strategy_id, token_id)
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entries
    WHERE
        ledger_entries.lt_strategy_id = asked.lt_strategy_id AND ledger_entries.token_id = asked.token_id
        AND ledger_entries.account = 'POSITION_COST'
    OFFSET 0
) AS entry
CROSS JOIN LATERAL (
    SELECT * FROM ledger_transactions
    WHERE ledger_transactions.ledger_transaction_id = entry.ledger_transaction_id LIMIT 1
) AS booked
CROSS JOIN LATERAL (
    SELECT
        coalesce(-sum(other.amount_usd) FILTER (WHERE other.account = 'REALISED_PNL'), 0) AS realised,
        coalesce(sum(other.amount_usd) FILTER (WHERE other.account = 'FEES'), 0) AS fee
    FROM ledger_entries AS other
    WHERE
        other.ledger_transaction_id = booked.ledger_transaction_id
        AND other.lt_strategy_id = entry.lt_strategy_id
        AND (other.token_id IS NULL OR other.token_id = entry.token_id)
) AS beside
GROUP BY booked.ledger_transaction_id, booked.kind, booked.occurred_at, entry.lt_strategy_id, entry.token_id
ORDER BY booked.ledger_transaction_id
"""


def of_owner(
    transaction: Transaction,
    owner_id: str,
    page: PageAsked,
    *,
    lt_strategy_id: UUID | None = None,
    state: PositionState | None = None,
) -> list[PositionHistory]:
    """A page of the owner's positions, what was begun last first; None does not narrow.

    One whose every trade came to nothing is none.
    """
    if state is PositionState.OPEN:
        candidates = _HELD
    else:
        candidates = _BEGUN_OF_OWNER if lt_strategy_id is None else _BEGUN_OF_STRATEGY
    return _shown(
        transaction,
        candidates,
        owner_id=owner_id,
        lt_strategy_id=lt_strategy_id,
        state=state,
        after_number=page.after_number,
        rows_to_read=page.rows_to_read,
    )


def find(transaction: Transaction, owner_id: str, lt_strategy_id: UUID, token_id: str) -> PositionHistory | None:
    """The owner's position of a strategy in a token; None where there was never one."""
    found = _shown(
        transaction,
        _ONE,
        owner_id=owner_id,
        lt_strategy_id=lt_strategy_id,
        token_id=token_id,
        state=None,
        rows_to_read=1,
    )
    return found[0] if found else None


def _shown(transaction: Transaction, candidates: str, **asked: object) -> list[PositionHistory]:
    names = {name: value for name, value in asked.items() if f":{name}" in candidates + _POSITIONS}
    rows = transaction.rows(f"WITH candidate AS NOT MATERIALIZED ({candidates}) {_POSITIONS}", **names)
    moves = moves_of(transaction, [(row["lt_strategy_id"], row["token_id"]) for row in rows])
    return [_position(row, moves[(row["lt_strategy_id"], row["token_id"])]) for row in rows]


def moves_of(
    transaction: Transaction, positions: Iterable[tuple[UUID, str]]
) -> dict[tuple[UUID, str], list[PositionMove]]:
    """What the ledger has of each (strategy, token), in the order of booking."""
    asked = list(positions)
    found: dict[tuple[UUID, str], list[PositionMove]] = defaultdict(list)
    for row in transaction.rows(
        _MOVES, strategies=[strategy for strategy, _ in asked], tokens=[token_id for _, token_id in asked]
    ):
        found[(row["lt_strategy_id"], row["token_id"])].append(
            PositionMove(
                at=row["occurred_at"],
                shares=Shares(row["shares"]),
                cost=Usd(row["cost"]),
                realised=Usd(row["realised"]),
                fee=Usd(row["fee"]),
                takes_back=row["kind"] == TransactionKind.REVERSAL,
            )
        )
    return found


def _position(row: Row, moves: list[PositionMove]) -> PositionHistory:
    price = row["bid_price"]
    return PositionHistory(
        position_number=row["position_number"],
        lt_strategy_id=row["lt_strategy_id"],
        token_id=row["token_id"],
        condition_id=row["condition_id"],
        slug=row["slug"],
        event_id=row["event_id"],
        outcome=row["outcome"],
        outcome_index=row["outcome_index"],
        book=position_book(moves),
        pending=Shares(row["pending"]),
        mark=None if price is None else PositionMark(price=Price(price), taken_at=row["taken_at"]),
        first_bought_at=row["first_bought_at"],
        last_moved_at=row["last_moved_at"],
        source_trade_ids=tuple(row["source_trade_ids"] or ()),
    )

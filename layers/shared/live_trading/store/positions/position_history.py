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
    """One strategy's position in one token, with every booking of it summed up in `book`."""

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


# Which positions a page may have: the one that is asked for, those that are held, or those that moved last.
_NAMED = """
SELECT strategy.lt_strategy_id, :token_id::text AS token_id FROM lt_strategies AS strategy
WHERE
    strategy.owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR strategy.lt_strategy_id = :lt_strategy_id)
    AND :looked > 0
"""
_HELD = """
SELECT kept.lt_strategy_id, kept.token_id FROM lt_strategies AS strategy
INNER JOIN ledger_holdings AS kept USING (lt_strategy_id)
WHERE
    strategy.owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR strategy.lt_strategy_id = :lt_strategy_id)
    AND kept.account = 'POSITION_COST' AND kept.shares > 0 AND :token_id::text IS NULL AND :looked > 0
"""
_MOVED = """
SELECT newest.lt_strategy_id, newest.token_id FROM {owner}
CROSS JOIN LATERAL (
    SELECT fill.lt_strategy_id, fill.token_id, fill.match_time FROM fills AS fill
    WHERE fill.{whose} = whose.{whose} AND fill.status <> 'FAILED'
    ORDER BY fill.match_time DESC LIMIT :looked
) AS newest
WHERE
    whose.owner_id = :owner_id AND (:lt_strategy_id::uuid IS NULL OR newest.lt_strategy_id = :lt_strategy_id)
    AND :token_id::text IS NULL
GROUP BY newest.lt_strategy_id, newest.token_id
ORDER BY max(newest.match_time) DESC, newest.token_id
"""
_MOVED_OF_STRATEGY = _MOVED.format(
    owner="(SELECT * FROM lt_strategies WHERE lt_strategy_id = :lt_strategy_id) AS whose", whose="lt_strategy_id"
)
_MOVED_OF_OWNER = _MOVED.format(owner="trading_wallets AS whose", whose="trading_wallet_id")
# So many of the newest fills are looked at for each position of a page.
_FILLS_A_POSITION = 2

_POSITIONS = """
SELECT
    moved.lt_strategy_id, moved.token_id, moved.condition_id, moved.outcome_index, market.slug, market.event_id,
    market.outcomes[moved.outcome_index + 1] AS outcome, moved.first_bought_at, moved.last_moved_at, moved.pending,
    moved.source_trade_ids, mark.bid_price, mark.taken_at
FROM candidate
CROSS JOIN LATERAL (
    SELECT
        fill.lt_strategy_id, fill.trading_wallet_id, fill.token_id, min(fill.condition_id) AS condition_id,
        min(fill.outcome_index) AS outcome_index, min(fill.match_time) AS first_bought_at,
        max(fill.match_time) AS last_moved_at,
        coalesce(sum(fill.shares) FILTER (WHERE fill.side = 'BUY' AND fill.status <> 'CONFIRMED'), 0) AS pending,
        array_agg(DISTINCT intent.source_trade_id)
            FILTER (WHERE intent.source_trade_id IS NOT NULL) AS source_trade_ids
    FROM fills AS fill
    CROSS JOIN LATERAL (SELECT source_trade_id FROM lt_orders WHERE lt_order_id = fill.lt_order_id LIMIT 1) AS intent
    WHERE
        fill.lt_strategy_id = candidate.lt_strategy_id AND fill.token_id = candidate.token_id
        AND fill.status <> 'FAILED'
    GROUP BY fill.lt_strategy_id, fill.trading_wallet_id, fill.token_id
) AS moved
CROSS JOIN LATERAL (SELECT * FROM markets WHERE condition_id = moved.condition_id LIMIT 1) AS market
LEFT JOIN LATERAL (
    SELECT bid_price, taken_at FROM position_marks
    WHERE trading_wallet_id = moved.trading_wallet_id AND token_id = moved.token_id LIMIT 1
) AS mark ON TRUE
CROSS JOIN LATERAL (
    SELECT coalesce(sum(kept.shares), 0) > 0 AS is_held FROM ledger_holdings AS kept
    WHERE
        kept.trading_wallet_id = moved.trading_wallet_id AND kept.lt_strategy_id = moved.lt_strategy_id
        AND kept.account = 'POSITION_COST' AND kept.token_id = moved.token_id
) AS holding
WHERE :state::text IS NULL OR (:state = 'OPEN') = holding.is_held
ORDER BY moved.last_moved_at DESC, moved.token_id
LIMIT :most
"""

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
    *,
    lt_strategy_id: UUID | None = None,
    token_id: str | None = None,
    state: PositionState | None = None,
    most: int,
) -> list[PositionHistory]:
    """The owner's positions, those that moved last first; None does not narrow.

    Closed ones are looked for among what the newest fills of each wallet moved, or of the strategy.
    """
    rows = transaction.rows(
        f"WITH candidate AS MATERIALIZED ({_candidates(lt_strategy_id, token_id, state)}) {_POSITIONS}",
        owner_id=owner_id,
        lt_strategy_id=lt_strategy_id,
        token_id=token_id,
        state=state,
        looked=_FILLS_A_POSITION * most,
        most=most,
    )
    moves = moves_of(transaction, [(row["lt_strategy_id"], row["token_id"]) for row in rows])
    return [_position(row, moves[(row["lt_strategy_id"], row["token_id"])]) for row in rows]


def _candidates(lt_strategy_id: UUID | None, token_id: str | None, state: PositionState | None) -> str:
    if token_id is not None:
        return _NAMED
    if state is PositionState.OPEN:
        return _HELD
    return _MOVED_OF_OWNER if lt_strategy_id is None else _MOVED_OF_STRATEGY


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

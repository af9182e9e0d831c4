"""Rows of exports: round trips, lots as they left, and entries of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from live_trading.ledger.disposals import BookedMove, Disposal, disposed
from live_trading.ledger.position_moves import beside_positions, moves_by_token
from live_trading.ledger.statement import BookedTransaction
from live_trading.nouns.money import total_shares, total_usd
from live_trading.store.books.result_pages import BookedResult, EndedPosition, Position, Traded

Row = Sequence[object]
Names = Mapping[str, Traded]
Moves = Mapping[Position, Sequence[BookedMove]]
"""What every booking did to a position, the oldest first."""
Left = Mapping[tuple[UUID, int], Sequence[tuple[str, Disposal]]]
"""By strategy and booking, the tokens of which lots left with it, and these."""

TRADE_COLUMNS = (
    "lt_strategy_id", "condition_id", "slug", "token_id", "outcome_label", "opened_at", "ended_at", "seconds_held",
    "orders", "traders", "bought_shares", "cost_usd", "proceeds_usd", "fees_usd", "gain_usd", "ended_by",
)  # fmt: skip
LOT_COLUMNS = (
    "lt_strategy_id", "condition_id", "slug", "token_id", "outcome_label", "acquired_at", "disposed_at", "kind",
    "shares", "cost_usd", "proceeds_usd", "fees_usd", "gain_usd", "ledger_transaction_id",
)  # fmt: skip
LEDGER_COLUMNS = (
    "ledger_transaction_id", "recorded_at", "occurred_at", "kind", "source_reference", "trading_wallet_id",
    "lt_strategy_id", "account", "token_id", "amount_usd", "shares",
)  # fmt: skip


def moves_of(bookings: Mapping[UUID, Sequence[BookedTransaction]]) -> Moves:
    """The moves of bookings by strategy."""
    return {
        (strategy, token_id): moves
        for strategy, booked in bookings.items()
        for token_id, moves in moves_by_token(booked).items()
    }


def left_with(moves: Moves) -> Left:
    """The lots that left with each booking."""
    found: dict[tuple[UUID, int], list[tuple[str, Disposal]]] = defaultdict(list)
    for (strategy, token_id), booked in moves.items():
        for each in disposed(booked).disposals:
            found[(strategy, each.ledger_transaction_id)].append((token_id, each))
    return found


def trade_rows(position: EndedPosition, moves: Moves, names: Names) -> Iterator[Row]:
    """A round trip in a row, by all that the ledger has of it; `gain_usd` is after fees."""
    booked = moves.get((position.lt_strategy_id, position.token_id), ())
    if not booked:
        return
    its = [each.move for each in booked]
    left = disposed(booked).disposals
    bought = [move.shares for move in its if move.shares.is_positive and not move.takes_back]
    realised, fees = total_usd([move.realised for move in its]), total_usd([move.fee for move in its])
    yield (
        position.lt_strategy_id, *_name(names.get(position.token_id), position.token_id), its[0].at,
        position.ended_at, int((position.ended_at - its[0].at).total_seconds()), position.orders,
        " ".join(position.traders), total_shares(bought), total_usd([each.cost for each in left]),
        total_usd([each.proceeds for each in left]), fees, realised - fees,
        " ".join(sorted({each.kind for each in left})),
    )  # fmt: skip


def lot_rows(result: BookedResult, left: Left, names: Names, corrected: Mapping[str, str]) -> Iterator[Row]:
    """The lots that left with a booking, and what it gained or lost beside them; `gain_usd` is after fees.

    `corrected` is the token of each correction whose entries name none.
    """
    for lt_strategy_id, booked in result.by_strategy.items():
        for token_id, each in left.get((lt_strategy_id, result.ledger_transaction_id), ()):
            yield _lot_row(lt_strategy_id, token_id, each, names)
        for token, each in beside_positions(booked):
            yield _lot_row(lt_strategy_id, token or corrected.get(booked.source_reference), each, names)


def ledger_rows(booked: BookedTransaction) -> Iterator[Row]:
    """A row an entry."""
    for entry in booked.entries:
        yield (
            booked.ledger_transaction_id, booked.recorded_at, booked.occurred_at, booked.kind,
            booked.source_reference, entry.trading_wallet_id, entry.lt_strategy_id, entry.account, entry.token_id,
            entry.amount, entry.shares,
        )  # fmt: skip


def _lot_row(lt_strategy_id: UUID, token_id: str | None, left: Disposal, names: Names) -> Row:
    traded = None if token_id is None else names.get(token_id)
    return (
        lt_strategy_id, *_name(traded, token_id), left.acquired_at, left.disposed_at, left.kind, left.shares,
        left.cost, left.proceeds, left.fees, left.gain, left.ledger_transaction_id,
    )  # fmt: skip


def _name(traded: Traded | None, token_id: str | None) -> Row:
    if traded is None:
        return None, None, token_id, None
    return traded.condition_id, traded.slug, token_id, traded.outcome

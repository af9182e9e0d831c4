"""Which token of a strategy each entry of a transaction belongs to, and what the transaction did to that position.

An entry without a token belongs to the last one before it that has one: so profits and fees are booked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from live_trading.ledger.accounts import Account, TransactionKind
from live_trading.ledger.disposals import BookedMove, Disposal, DisposalKind, nothing_left
from live_trading.ledger.lots import PositionMove
from live_trading.ledger.statement import BookedTransaction
from live_trading.nouns.money import Shares, Usd


@dataclass(slots=True, kw_only=True)
class TokenPart:
    """What a transaction booked for one token; `token_id` is None where its entries name none.

    `touches_position` tells that shares or cost of the open position moved; `claimed` are shares of a market that has
    resolved already, and `owed` their payout.
    """

    token_id: str | None
    touches_position: bool = False
    shares: Shares = field(default_factory=Shares.zero)
    cost: Usd = field(default_factory=Usd.zero)
    claimed: Shares = field(default_factory=Shares.zero)
    owed: Usd = field(default_factory=Usd.zero)
    realised: Usd = field(default_factory=Usd.zero)
    fees: Usd = field(default_factory=Usd.zero)


def parts_of(booked: BookedTransaction) -> dict[str | None, TokenPart]:
    """The parts of a transaction of one strategy by token."""
    parts: dict[str | None, TokenPart] = {}
    current: str | None = None
    for entry in booked.entries:
        current = entry.token_id or current
        part = parts.setdefault(current, TokenPart(token_id=current))
        if entry.account is Account.POSITION_COST:
            part.touches_position = True
            part.shares, part.cost = part.shares + entry.shares, part.cost + entry.amount
        elif entry.account is Account.PENDING_REDEMPTION:
            part.claimed, part.owed = part.claimed + entry.shares, part.owed + entry.amount
        elif entry.account is Account.REALISED_PNL:
            part.realised -= entry.amount
        elif entry.account is Account.FEES:
            part.fees += entry.amount
    return parts


def moves_by_token(booked: Iterable[BookedTransaction]) -> dict[str, list[BookedMove]]:
    """What transactions of one strategy, given oldest first, did to its position in each token."""
    moves: dict[str, list[BookedMove]] = defaultdict(list)
    for each in booked:
        for token_id, part in parts_of(each).items():
            if token_id is not None and part.touches_position:
                moves[token_id].append(_move(each, part))
    return moves


def beside_positions(booked: BookedTransaction) -> list[tuple[str | None, Disposal]]:
    """(token, gain or loss) of a transaction of one strategy that no open position moved with.

    Shares that were taken over after their market had resolved came and went at once; all else has no shares.
    """
    return [
        (part.token_id, _beside(booked, part))
        for part in parts_of(booked).values()
        if not part.touches_position and (part.realised or part.fees)
    ]


def _move(booked: BookedTransaction, part: TokenPart) -> BookedMove:
    return BookedMove(
        ledger_transaction_id=booked.ledger_transaction_id,
        kind=booked.kind,
        move=PositionMove(
            at=booked.occurred_at,
            shares=part.shares,
            cost=part.cost,
            realised=part.realised,
            fee=part.fees,
            takes_back=booked.kind is TransactionKind.REVERSAL,
        ),
    )


def _beside(booked: BookedTransaction, part: TokenPart) -> Disposal:
    if not part.claimed.is_positive:
        return nothing_left(_move(booked, part), proceeds=part.realised, fees=part.fees)
    return Disposal(
        ledger_transaction_id=booked.ledger_transaction_id,
        acquired_at=booked.occurred_at,
        disposed_at=booked.occurred_at,
        kind=DisposalKind.REDEEMED if part.owed.is_positive else DisposalKind.LOST,
        shares=part.claimed,
        cost=part.owed - part.realised,
        proceeds=part.owed,
        fees=part.fees,
    )

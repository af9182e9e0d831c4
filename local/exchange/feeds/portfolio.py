"""Positions of an account, folded from the tape: pure, average cost, fees counted as cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from local.exchange.tape.tape import TapeEvent, TapePayment, TapeRedemption, TapeTrade
from local.exchange.terms import Side
from local.exchange.units import Shares


class PositionStatus(StrEnum):
    """What a position reports of itself; lost and mergeable are only ways to ask."""

    OPEN = "OPEN"
    REDEEMABLE = "REDEEMABLE"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One account's dealings in one token.

    `entry_cost` and `entry_fees` belong to the shares still held, or, once nothing is held, to all that were
    bought. `realized_pnl` and `unrealized_pnl` are after fees. Prices are dollars per share.
    """

    account: str
    token_id: str
    condition_id: str
    outcome: str
    outcome_index: int
    bought: Decimal
    held: Decimal
    average_price: Decimal
    entry_cost: Decimal
    entry_fees: Decimal
    current_price: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    status: PositionStatus
    first_entry_ms: int
    last_event_ms: int

    @property
    def current_value(self) -> Decimal:
        return self.held * self.current_price

    @property
    def total_cost(self) -> Decimal:
        return self.entry_cost + self.entry_fees

    @property
    def total_pnl(self) -> Decimal:
        return self.realized_pnl + self.unrealized_pnl

    @property
    def is_lost(self) -> bool:
        return self.status is PositionStatus.REDEEMABLE and self.current_price == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a share is worth now, and since when for good (None while its market is not resolved)."""

    price: Decimal
    resolved_ms: int | None


@dataclass(slots=True)
class _Running:
    first: TapeTrade | TapeRedemption
    bought: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    cost_held: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)
    last_event_ms: int = 0

    def apply(self, event: TapeTrade | TapeRedemption) -> None:
        self.last_event_ms = max(self.last_event_ms, event.block_ms)
        if isinstance(event, TapeTrade) and event.side is Side.BUY:
            self.bought += event.shares.value
            self.spent += event.usd.value
            self.fees += event.fee.value
            self.held += event.shares.value
            self.cost_held += event.usd.value + event.fee.value
            return
        fee = event.fee.value if isinstance(event, TapeTrade) else Decimal(0)
        self._give_up(event.shares.value, event.usd.value - fee)

    def _give_up(self, shares: Decimal, proceeds: Decimal) -> None:
        # more than was bought here came from elsewhere and cost nothing that the tape knows
        known = min(shares, self.held)
        cost = self.cost_held * known / self.held if self.held else Decimal(0)
        self.realized += proceeds - cost
        self.cost_held -= cost
        self.held -= known

    def redeem_all(self, mark: Mark) -> None:
        self._give_up(self.held, self.held * mark.price)


def positions(
    events: Iterable[TapeEvent],
    mark_of: Callable[[str, str], Mark],
    balance_of: Callable[[str], Shares] | None = None,
) -> list[Position]:
    """One position a token, in the order of first entry, from one account's events, oldest first.

    `mark_of(condition_id, token_id)` prices a share. With `balance_of`, resolved tokens that are no longer
    on the chain count as redeemed, for accounts whose redemptions are not on the tape.
    """
    running: dict[str, _Running] = {}
    for event in events:
        if isinstance(event, TapePayment):
            continue
        running.setdefault(event.token_id, _Running(first=event)).apply(event)
    return [_position(token_id, state, mark_of, balance_of) for token_id, state in running.items()]


def _position(
    token_id: str,
    state: _Running,
    mark_of: Callable[[str, str], Mark],
    balance_of: Callable[[str], Shares] | None,
) -> Position:
    mark = mark_of(state.first.condition_id, token_id)
    if mark.resolved_ms is not None and state.held and balance_of is not None and not balance_of(token_id):
        state.redeem_all(mark)
    average_price = state.spent / state.bought if state.bought else Decimal(0)
    share_left = (state.held or state.bought) / state.bought if state.bought else Decimal(0)
    last_event_ms = state.last_event_ms
    if state.held and mark.resolved_ms is not None:
        last_event_ms = max(last_event_ms, mark.resolved_ms)
    return Position(
        account=state.first.account,
        token_id=token_id,
        condition_id=state.first.condition_id,
        outcome=state.first.outcome,
        outcome_index=state.first.outcome_index,
        bought=state.bought,
        held=state.held,
        average_price=average_price,
        entry_cost=state.spent * share_left,
        entry_fees=state.fees * share_left,
        current_price=mark.price,
        realized_pnl=state.realized,
        unrealized_pnl=state.held * mark.price - state.cost_held,
        status=_status(state, mark),
        first_entry_ms=state.first.block_ms,
        last_event_ms=last_event_ms,
    )


def _status(state: _Running, mark: Mark) -> PositionStatus:
    if not state.held:
        return PositionStatus.CLOSED
    return PositionStatus.OPEN if mark.resolved_ms is None else PositionStatus.REDEEMABLE

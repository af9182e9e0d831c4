"""Capital of a strategy behind the API: given to it, taken back from it, and all of it back when it ends.

Dollars move between the strategy's cash and what its trading wallet holds for nobody; what open orders have reserved
and what is in positions stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.api.once import Answer, Caller
from live_trading.api.problems import FieldProblem, Problem, ProblemCode
from live_trading.api.resources.strategy_bodies import EndStrategy, MoveCapital
from live_trading.api.resources.strategy_changes import changed
from live_trading.ledger import capital_entries
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Usd
from live_trading.store.accounts import strategies
from live_trading.store.accounts.strategies import StrategyRow
from live_trading.store.books import ledger, strategy_ends
from live_trading.store.books.strategy_ends import Unfinished
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.risk import risk_state

STILL_WATCHED = timedelta(minutes=15)
"""How long after its end an order may yet turn out to have traded."""


class StrategyCapital:
    """Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    def allocate(self, caller: Caller, lt_strategy_id: UUID, body: MoveCapital) -> Answer:
        """Gives the strategy dollars that its wallet holds for nobody."""
        move, amount = self._new_id(), Usd(body.amount_usd)

        def change(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
            free = ledger.unallocated(transaction, strategy.trading_wallet_id)
            if amount > free:
                raise insufficient(
                    "amount_usd", "the trading wallet has not so much left to allocate", "unallocated_usd", free
                )
            moved = capital_entries.allocation(
                trading_wallet_id=strategy.trading_wallet_id,
                lt_strategy_id=strategy.lt_strategy_id,
                amount=amount,
                occurred_at=now,
                move=move,
            )
            ledger.post(transaction, moved, now)
            risk_state.project(transaction, strategy.as_live(), now)

        return self._moved(caller, lt_strategy_id, "capital_allocated", body.reason, change)

    def deallocate(self, caller: Caller, lt_strategy_id: UUID, body: MoveCapital) -> Answer:
        """Takes dollars back from the strategy's cash; what is reserved or in positions is not free."""
        move, amount = self._new_id(), Usd(body.amount_usd)

        def change(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
            free = ledger.balances_of_strategy(transaction, strategy.lt_strategy_id).available
            if amount > free:
                raise insufficient("amount_usd", "the strategy has not so much that is free", "available_usd", free)
            _take_back(transaction, strategy, amount, f"{move}", now)
            risk_state.project(transaction, strategy.as_live(), now)

        return self._moved(caller, lt_strategy_id, "capital_deallocated", body.reason, change)

    def end(self, caller: Caller, lt_strategy_id: UUID, body: EndStrategy) -> Answer:
        """Ends the strategy for good: its capital goes back, and its FT wallet is free for another one.

        Refused while it holds or is owed anything, has an open order, or had one a moment ago.
        """

        def change(transaction: Transaction, strategy: StrategyRow, now: datetime) -> None:
            left = strategy_ends.unfinished(transaction, strategy.lt_strategy_id, ended_after=now - STILL_WATCHED)
            cash = ledger.balances_of_strategy(transaction, strategy.lt_strategy_id).available
            if not left.is_nothing or cash < Usd.zero():
                raise _not_yet(left, cash)
            if cash:
                _take_back(transaction, strategy, cash, "end", now)
            strategies.end(transaction, strategy.lt_strategy_id, now)
            risk_state.project(transaction, strategy.as_live(), now)

        return self._moved(caller, lt_strategy_id, "strategy_ended", body.reason, change)

    def _moved(
        self,
        caller: Caller,
        lt_strategy_id: UUID,
        action: str,
        reason: str,
        change: Callable[[Transaction, StrategyRow, datetime], None],
    ) -> Answer:
        return changed(
            self._database,
            self._clock,
            caller,
            lt_strategy_id,
            action=action,
            cause=reason or "api",
            change=change,
            moves_money=True,
        )


def insufficient(field: str, message: str, fact: str, free: Usd) -> Problem:
    """More money than there is, with what there is."""
    return Problem(
        ProblemCode.INSUFFICIENT_FUNDS,
        message,
        fields=[FieldProblem(field=field, reason="is more than what is free", allowed=f"up to {free}")],
        facts={fact: str(free)},
    )


def _take_back(transaction: Transaction, strategy: StrategyRow, amount: Usd, move: str, now: datetime) -> None:
    moved = capital_entries.deallocation(
        trading_wallet_id=strategy.trading_wallet_id,
        lt_strategy_id=strategy.lt_strategy_id,
        amount=amount,
        occurred_at=now,
        move=move,
    )
    ledger.post(transaction, moved, now)


def _not_yet(left: Unfinished, cash: Usd) -> Problem:
    return Problem(
        ProblemCode.WRONG_STATE,
        "the strategy has not come to its end: pause it with the mode FLATTEN, and wait for what is left to settle",
        facts={
            "current_state": "unfinished",
            "available_usd": str(cash),
            "positions": left.positions,
            "owed_usd": str(left.owed),
            "open_orders": left.open_orders,
            "unsettled_fills": left.unsettled_fills,
            "orders_ended_a_moment_ago": left.just_ended,
        },
    )

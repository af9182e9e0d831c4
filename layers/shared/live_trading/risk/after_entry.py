"""The state that an entry is judged on after another one has been let in, without asking again. Pure.

An entry that is let in moves its reservation from cash to what is reserved, and adds an order and perhaps a position:
equity, profit and how the strategy stands are what they were. Where it would change more than that, because it takes up
a position that had ended, the state has to be read anew (`is_known_after`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from live_trading.nouns.money import Usd
from live_trading.nouns.risk_rules import RiskRules
from live_trading.risk.snapshot import RiskSnapshot

# Stakes that the median is taken of; fewer say nothing.
MEDIAN_OF, FEWEST_STAKES = 20, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPlace:
    """Whose entry it is, what it buys, and after whom; `trader` and `event_id` None where there is none."""

    lt_strategy_id: UUID
    token_id: str
    condition_id: str
    event_id: str | None
    trader: str | None
    trade_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LetIn:
    """An entry that was let in; `opens_position` where its strategy held nothing of its token before."""

    place: EntryPlace
    reserved: Usd
    opens_position: bool


def after_entry(state: RiskSnapshot, place: EntryPlace, let_in: LetIn, *, same_trade_window: timedelta) -> RiskSnapshot:
    """The state of an entry at `place` after another one of the same trading wallet; without the median of stakes."""
    there, taken = let_in.place, let_in.reserved
    in_market = there.condition_id == place.condition_id
    state = replace(
        state,
        wallet_exposure=state.wallet_exposure + taken,
        wallet_market_exposure=state.wallet_market_exposure + (taken if in_market else Usd.zero()),
        wallet_orders_last_minute=state.wallet_orders_last_minute + 1,
    )
    if there.lt_strategy_id != place.lt_strategy_id:
        return state
    is_position = there.token_id == place.token_id
    in_event = in_market if place.event_id is None else there.event_id == place.event_id
    of_trader = place.trader is not None and there.trader == place.trader
    return replace(
        state,
        available=state.available - taken,
        spent_today=state.spent_today + taken,
        spent_this_week=state.spent_this_week + taken,
        spent_this_month=state.spent_this_month + taken,
        exposure=state.exposure + taken,
        position_usd=state.position_usd + (taken if is_position else Usd.zero()),
        market_exposure=state.market_exposure + (taken if in_market else Usd.zero()),
        event_exposure=state.event_exposure + (taken if in_event else Usd.zero()),
        trader_exposure=state.trader_exposure + (taken if of_trader else Usd.zero()),
        holds_this_position=state.holds_this_position or is_position,
        open_positions=state.open_positions + let_in.opens_position,
        positions_in_market=state.positions_in_market + (let_in.opens_position and in_market),
        orders_last_minute=state.orders_last_minute + 1,
        is_same_trade=state.is_same_trade or _is_same_trade(place, there, same_trade_window),
    )


def _is_same_trade(place: EntryPlace, there: EntryPlace, window: timedelta) -> bool:
    """Whether another trader made the same trade, as near in time as the strategy's rule asks."""
    if place.trader is None or there.trader is None or there.token_id != place.token_id:
        return False
    return there.trader != place.trader and abs(there.trade_time - place.trade_time) <= window


def median_after(median: Usd | None, own: Sequence[Usd], let_in: Sequence[Usd]) -> Usd | None:
    """The median stake after entries with these stakes, oldest first.

    `median` is the one before, `own` are the strategy's last stakes before, newest first: while they are too few the
    median is its paper twin's, which entries do not change.
    """
    stakes = [*reversed(let_in), *own][:MEDIAN_OF]
    if not let_in or len(stakes) < FEWEST_STAKES:
        return median
    return sorted(stakes)[(len(stakes) + 1) // 2 - 1]


def is_known_after(rules: RiskRules, *, had_ended: bool) -> bool:
    """Whether the state after an entry follows from the one before.

    Not where it takes up a position that had ended: that one does not count among the losses in a row any more.
    """
    return not (had_ended and rules.max_consecutive_losses is not None)

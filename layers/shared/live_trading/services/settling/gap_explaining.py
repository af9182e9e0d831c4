"""Puts the paper side of each trade beside its live one, and explains every dollar between the two and the leader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from live_trading.gap.whole import row_of
from live_trading.nouns.money import Usd, total_shares, total_usd
from live_trading.nouns.wallets import Outcome
from live_trading.settlement.outcomes import ended
from live_trading.store.books import resolutions
from live_trading.store.books.resolutions import OpenPosition
from live_trading.store.database.connection import Transaction
from live_trading.store.gap import gap_facts, gap_rows, twins
from live_trading.store.gap.gap_facts import HeldToken, StandingTrade
from live_trading.store.gap.gap_rows import ToldTrade

# Trades that have not ended are told anew in each pass, so many at once: those first that were told the longest ago.
MOST_OPEN = 2000


def explain(transaction: Transaction, now: datetime) -> int:
    """Links what has changed since the last pass and tells what it comes to, open trades too; how many rows changed.

    What is open is worth the best bid that was last seen, or its cost where none was.
    """
    changes = twins.changed(transaction)
    if changes:
        twins.link_paper_twins(transaction, changes)
    marks = gap_facts.held(transaction)
    trades = gap_facts.standing_trades(transaction, changes, marks, most_open=MOST_OPEN)
    told = [_told(each) for each in _with_open_positions(transaction, trades, marks)]
    changed = gap_rows.save(transaction, told, now)
    twins.forget(transaction, changes)
    return changed + gap_rows.keep_the_rest(transaction, now)


def _told(trade: StandingTrade) -> ToldTrade:
    return ToldTrade(
        lt_strategy_id=trade.lt_strategy_id,
        source_trade_id=trade.source_trade_id,
        condition_id=trade.condition_id,
        row=row_of(trade.sides),
        is_final=trade.is_final,
        reason=trade.why_one_sided,
    )


def _with_open_positions(
    transaction: Transaction, trades: Sequence[StandingTrade], marks: Mapping[tuple[UUID, str], HeldToken]
) -> list[StandingTrade]:
    """The same, live's profit with what its open orders have brought and are worth."""
    conditions = {each.condition_id for each in trades if each.open_entries}
    if not conditions:
        return list(trades)
    positions = resolutions.open_positions(transaction, sorted(conditions))
    profits = _profits(positions.values(), marks)
    return [_with_profit(each, profits) for each in trades]


def _profits(
    positions: Iterable[Sequence[OpenPosition]], marks: Mapping[tuple[UUID, str], HeldToken]
) -> dict[UUID, Usd]:
    """What each open order would come to if what is left of its position were sold at its mark."""
    found: dict[UUID, Usd] = defaultdict(Usd.zero)
    for each in (position for some in positions for position in some):
        bought = total_shares([entry.shares for entry in each.entries])
        left = bought - min(bought, each.left.shares)
        mark = marks.get((each.lt_strategy_id, each.token_id))
        worth = Usd.zero() if mark is None else mark.worth(left)
        for order in ended(each.entries, each.left, worth, Outcome.SOLD):
            found[order.lt_order_id] = order.pnl
    return found


def _with_profit(trade: StandingTrade, profits: Mapping[UUID, Usd]) -> StandingTrade:
    live = trade.sides.live
    if live is None or not trade.open_entries:
        return trade
    worth = total_usd([profits.get(each, Usd.zero()) for each in trade.open_entries])
    return replace(trade, sides=replace(trade.sides, live=replace(live, pnl=live.pnl + worth)))

"""How a trade's trader, token and market stand for a subject, where its configuration looks at that.

Asked a subject at a time, and only of those that have such rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from live_trading.exits.token_entries import position_standing
from live_trading.nouns.money import Shares
from live_trading.nouns.trades import Side
from live_trading.services.following.subject import Subject
from live_trading.signals.inputs import PositionStanding, TraderStanding
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import trader_moves
from live_trading.store.feed.source_trades import StoredTrade
from live_trading.store.paper import ft_exits, paper_entries
from live_trading.store.positions import held_positions, live_entries


def trader_standings(
    transaction: Transaction, subject: Subject, trades: Sequence[StoredTrade]
) -> dict[int, TraderStanding]:
    """By trade how its trader and token stand, where traders are followed out of what they bought."""
    if subject.config.exits is None or not subject.config.exits.follow_trader:
        return {}
    if subject.lt_strategy_id is None:
        held = ft_exits.held_after_traders(transaction, subject.ft_wallet_id)
    else:
        held = held_positions.held_after_traders(transaction, subject.lt_strategy_id)
    known = trader_moves.held_in_conditions(
        transaction, {(each.trade.trader, each.trade.condition_id) for each in trades}
    )
    return {
        each.source_trade_id: _standing(each, known[(each.trade.trader, each.trade.condition_id)], held)
        for each in trades
    }


def _standing(
    stored: StoredTrade, theirs: Mapping[str, Shares], held: Mapping[tuple[str, str], datetime | None]
) -> TraderStanding:
    """What was sold since the trade was seen was held when it was: the look that sells comes before the decision."""
    trade = stored.trade
    left_at = held.get((trade.trader, trade.token_id), stored.seen_at - timedelta(seconds=1))
    return TraderStanding(
        is_held=left_at is None or left_at >= stored.seen_at,
        has_left=not theirs.get(trade.token_id, Shares.zero()).is_positive,
        is_hedged=any(shares.is_positive for token_id, shares in theirs.items() if token_id != trade.token_id),
    )


def token_standings(
    transaction: Transaction, subject: Subject, trades: Sequence[StoredTrade]
) -> dict[int, PositionStanding]:
    """By trade that would be an entry how far its token is entered already, where that limits entries."""
    entries = [each for each in trades if each.trade.side is Side.BUY]
    if subject.config.positions is None or not entries:
        return {}
    tokens, conditions = ({each.trade.token_id for each in entries}, {each.trade.condition_id for each in entries})
    if subject.lt_strategy_id is None:
        moves = paper_entries.moves_of(transaction, subject.ft_wallet_id, tokens)
        stops = paper_entries.last_stops(transaction, subject.ft_wallet_id, conditions)
    else:
        moves = live_entries.moves_of(transaction, subject.lt_strategy_id, tokens)
        stops = live_entries.last_stops(transaction, subject.lt_strategy_id, conditions)
    return {
        each.source_trade_id: position_standing(moves.get(each.trade.token_id, ()), stops.get(each.trade.condition_id))
        for each in entries
    }

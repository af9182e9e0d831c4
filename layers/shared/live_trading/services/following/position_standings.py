"""How a trade's trader, token and market stand for a subject, where its configuration looks at that.

Asked once for all subjects of a run, and only of those that have such rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from live_trading.exits.token_entries import TokenMove, position_standing
from live_trading.nouns.money import Shares
from live_trading.nouns.trades import Side
from live_trading.services.following.subject import Subject
from live_trading.signals.inputs import PositionStanding, TraderStanding
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import trader_moves
from live_trading.store.feed.source_trades import StoredTrade
from live_trading.store.feed.subjects import SubjectKey
from live_trading.store.paper import ft_exits, paper_entries
from live_trading.store.positions import held_positions, live_entries

Work = Sequence[tuple[Subject, Sequence[StoredTrade]]]
_Held = Mapping[tuple[str, str], datetime | None]


def trader_standings(transaction: Transaction, work: Work) -> dict[SubjectKey, dict[int, TraderStanding]]:
    """By subject and trade how its trader and token stand, where traders are followed out of what they bought."""
    following = [
        (subject, trades)
        for subject, trades in work
        if subject.config.exits is not None and subject.config.exits.follow_trader
    ]
    if not following:
        return {}
    held = _held(transaction, following)
    known = trader_moves.held_in_conditions(
        transaction, {(each.trade.trader, each.trade.condition_id) for _, trades in following for each in trades}
    )
    return {
        subject.key: {
            each.source_trade_id: _standing(
                each, known[(each.trade.trader, each.trade.condition_id)], held[subject.key]
            )
            for each in trades
        }
        for subject, trades in following
    }


def _held(transaction: Transaction, work: Work) -> dict[SubjectKey, _Held]:
    wallets = [subject.ft_wallet_id for subject, _ in work if subject.lt_strategy_id is None]
    strategies = [subject.lt_strategy_id for subject, _ in work if subject.lt_strategy_id is not None]
    found: dict[SubjectKey, _Held] = {}
    if wallets:
        seen = [each.seen_at for subject, trades in work if subject.lt_strategy_id is None for each in trades]
        since = min(seen, default=datetime.max.replace(tzinfo=UTC))
        on_paper = ft_exits.held_after_traders(transaction, wallets, sold_since=since)
        found |= {(each, None): on_paper[each] for each in wallets}
    if strategies:
        live = held_positions.held_after_traders(transaction, strategies)
        found |= {
            subject.key: live[subject.lt_strategy_id] for subject, _ in work if subject.lt_strategy_id is not None
        }
    return found


def _standing(stored: StoredTrade, theirs: Mapping[str, Shares], held: _Held) -> TraderStanding:
    """What was sold since the trade was seen was held when it was: the look that sells comes before the decision."""
    trade = stored.trade
    left_at = held.get((trade.trader, trade.token_id), stored.seen_at - timedelta(seconds=1))
    return TraderStanding(
        is_held=left_at is None or left_at >= stored.seen_at,
        has_left=not theirs.get(trade.token_id, Shares.zero()).is_positive,
        is_hedged=any(shares.is_positive for token_id, shares in theirs.items() if token_id != trade.token_id),
    )


def token_standings(transaction: Transaction, work: Work) -> dict[SubjectKey, dict[int, PositionStanding]]:
    """By subject and trade that would be an entry how far its token is entered already, where that limits entries."""
    limited = [
        (subject, [each for each in trades if each.trade.side is Side.BUY])
        for subject, trades in work
        if subject.config.positions is not None
    ]
    on_paper = [(subject, trades) for subject, trades in limited if subject.lt_strategy_id is None and trades]
    live = [(subject, trades) for subject, trades in limited if subject.lt_strategy_id is not None and trades]
    found: dict[SubjectKey, dict[int, PositionStanding]] = {}
    if on_paper:
        moves = paper_entries.moves_of(transaction, _tokens(on_paper))
        found |= _positions(on_paper, moves, paper_entries.last_stops(transaction, _conditions(on_paper)))
    if live:
        moves = live_entries.moves_of(transaction, _tokens(live))
        found |= _positions(live, moves, live_entries.last_stops(transaction, _conditions(live)))
    return found


def _positions(
    work: Work, moves: Mapping[tuple[UUID, str], Sequence[TokenMove]], stops: Mapping[tuple[UUID, str], datetime]
) -> dict[SubjectKey, dict[int, PositionStanding]]:
    return {
        subject.key: {
            each.source_trade_id: position_standing(
                moves.get((_id(subject), each.trade.token_id), ()), stops.get((_id(subject), each.trade.condition_id))
            )
            for each in trades
        }
        for subject, trades in work
    }


def _tokens(work: Work) -> set[tuple[UUID, str]]:
    return {(_id(subject), each.trade.token_id) for subject, trades in work for each in trades}


def _conditions(work: Work) -> set[tuple[UUID, str]]:
    return {(_id(subject), each.trade.condition_id) for subject, trades in work for each in trades}


def _id(subject: Subject) -> UUID:
    return subject.lt_strategy_id or subject.ft_wallet_id

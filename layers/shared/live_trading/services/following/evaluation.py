"""Evaluation runs: which trades a subject has not decided, and the inputs that the shared evaluation judges them by.

A subject is an FT wallet, or an LT strategy with its FT wallet's current configuration. Everything is read set by set;
a trade costs no query of its own. What is too old is decided first, in one statement. The rest the caller judges in
the order given and lowers the bankroll as bets are taken, then stores the decisions and calls `settle` in the same
transaction. On paper that order is the trades' own. Live it is the newest first: an order takes its time, and a signal
is worth less with every second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from live_trading.exits.token_entries import position_standing
from live_trading.nouns.money import Shares, Usd
from live_trading.nouns.trades import Side
from live_trading.services.following.trader_statistics import snapshot_hour
from live_trading.services.running.failures import PartFailure, contained
from live_trading.signals.config import WalletConfig, is_running, parse_config
from live_trading.signals.inputs import EvaluationInputs, PositionStanding, TraderStanding
from live_trading.signals.trader_record import prior_mean
from live_trading.store.database import cursors
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import markets, pending, source_trades, subjects, trader_moves, trader_stats
from live_trading.store.feed.pending import Pending
from live_trading.store.feed.source_trades import StoredTrade
from live_trading.store.feed.subjects import SubjectRow
from live_trading.store.paper import ft_exits, paper_entries
from live_trading.store.positions import held_positions, live_entries

# Ingest stores under its lease, so numbers become visible in order; looking back covers rows stored by hand.
OVERLAP = 1_000
BATCH = 2_000
# So many that are too old are decided at once: more would take longer than a statement may.
BULK = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who decides, by which rules, and about trades from when on."""

    ft_wallet_id: UUID
    lt_strategy_id: UUID | None
    name: str
    config: WalletConfig
    config_version: int
    is_active: bool
    starts_at: datetime

    @property
    def cursor_name(self) -> str:
        if self.lt_strategy_id is None:
            return f"decided:ft:{self.ft_wallet_id}"
        return f"decided:lt:{self.lt_strategy_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTrade:
    """An undecided trade with the inputs to judge it by."""

    source_trade_id: int
    seen_at: datetime
    inputs: EvaluationInputs


def subject_of(row: SubjectRow) -> Subject:
    """A stored subject with its configuration read. Raises InvalidConfig."""
    return Subject(
        ft_wallet_id=row.ft_wallet_id,
        lt_strategy_id=row.lt_strategy_id,
        name=row.name,
        config=parse_config(row.config),
        config_version=row.config_version,
        is_active=row.is_active,
        starts_at=row.starts_at,
    )


def strategy_subject(transaction: Transaction, lt_strategy_id: UUID) -> Subject:
    """An LT strategy as a subject. Raises LookupError or InvalidConfig."""
    return subject_of(subjects.strategy(transaction, lt_strategy_id))


def strategy_subjects(transaction: Transaction, lt_strategy_ids: Sequence[UUID]) -> list[Subject | PartFailure]:
    """LT strategies as subjects, in one statement; one whose configuration cannot be read is a failure of its own."""
    found: list[Subject | PartFailure] = []
    for row in subjects.strategies(transaction, lt_strategy_ids):
        failures: list[PartFailure] = []
        with contained(f"strategy {row.lt_strategy_id}", failures):
            found.append(subject_of(row))
        found += failures
    return found


def undecided_for_wallet(transaction: Transaction, subject: Subject) -> list[StoredTrade]:
    """Up to BATCH trades that an FT wallet has not decided: the newest there are, in the order of their time."""
    found = source_trades.undecided_by_wallet(
        transaction, subject.ft_wallet_id, after=_after(transaction, subject), since=subject.starts_at, limit=BATCH
    )
    return sorted(found, key=_in_time)


def undecided_for_strategy(transaction: Transaction, subject: Subject) -> list[StoredTrade]:
    """Up to BATCH trades that an LT strategy has not decided: the newest there are, newest trade first."""
    if subject.lt_strategy_id is None:
        raise ValueError(f"{subject.name} is an FT wallet, not a strategy")
    found = source_trades.undecided_by_strategy(
        transaction, subject.lt_strategy_id, after=_after(transaction, subject), since=subject.starts_at, limit=BATCH
    )
    return sorted(found, key=_in_time, reverse=True)


def decide_too_old(
    transaction: Transaction, subject: Subject, *, max_signal_age_seconds: int, now: datetime
) -> dict[str, int]:
    """Decides what the subject need not look at any more because of its age: how many trades by reason.

    The limit is the tighter of the caller's and the configuration's own, as in the evaluation. A trader's sale that is
    followed is never too old: what was bought after them is left, however late.
    """
    own = subject.config.max_signal_age_seconds
    limit = max_signal_age_seconds if own is None else min(own, max_signal_age_seconds)
    return pending.decide_too_old(
        transaction,
        _pending(transaction, subject),
        config_version=subject.config_version,
        is_running=subject.is_active and is_running(subject.config, now),
        max_age_seconds=limit,
        keeps_sales=subject.config.exits is not None and subject.config.exits.follow_trader,
        too_old_before=now - timedelta(seconds=limit),
        now=now,
        most=BULK,
    )


def inputs_for(
    transaction: Transaction,
    subject: Subject,
    trades: Sequence[StoredTrade],
    *,
    bankroll: Usd,
    now: datetime,
    max_signal_age_seconds: int | None,
) -> list[PreparedTrade]:
    """The inputs of each trade, in the order given, all with the same bankroll; what is not stored stays None."""
    known_markets = markets.by_condition(transaction, {each.trade.condition_id for each in trades})
    hours = {snapshot_hour(each.trade.trade_time) for each in trades}
    stats = trader_stats.find(
        transaction, {(each.trade.trader, snapshot_hour(each.trade.trade_time)) for each in trades}
    )
    priors = _priors(transaction, hours)
    standings = _standings(transaction, subject, trades)
    positions = _positions(transaction, subject, trades)
    return [
        PreparedTrade(
            source_trade_id=each.source_trade_id,
            seen_at=each.seen_at,
            inputs=EvaluationInputs(
                trade=each.trade,
                stats=stats.get((each.trade.trader, snapshot_hour(each.trade.trade_time))),
                prior_mean=priors.get(snapshot_hour(each.trade.trade_time)),
                market=known_markets.get(each.trade.condition_id),
                config=subject.config,
                config_version=subject.config_version,
                is_active=subject.is_active,
                bankroll=bankroll,
                now=now,
                max_signal_age_seconds=max_signal_age_seconds,
                model_probability=None,
                model_name=None,
                standing=standings.get(each.source_trade_id),
                position=positions.get(each.source_trade_id),
            ),
        )
        for each in trades
    ]


def _standings(transaction: Transaction, subject: Subject, trades: Sequence[StoredTrade]) -> dict[int, TraderStanding]:
    """By trade how its trader and token stand, where traders are followed out of what they bought."""
    if subject.config.exits is None or not subject.config.exits.follow_trader:
        return {}
    if subject.lt_strategy_id is None:
        since = min((each.seen_at for each in trades), default=datetime.max.replace(tzinfo=UTC))
        held = ft_exits.held_after_traders(transaction, [subject.ft_wallet_id], sold_since=since)[subject.ft_wallet_id]
    else:
        held = held_positions.held_after_traders(transaction, [subject.lt_strategy_id])[subject.lt_strategy_id]
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


def _positions(
    transaction: Transaction, subject: Subject, trades: Sequence[StoredTrade]
) -> dict[int, PositionStanding]:
    """By trade that would be an entry how far its token is entered already, where that limits entries."""
    entries = [each for each in trades if each.trade.side is Side.BUY]
    if subject.config.positions is None or not entries:
        return {}
    who = subject.lt_strategy_id or subject.ft_wallet_id
    tokens = {(who, each.trade.token_id) for each in entries}
    conditions = {(who, each.trade.condition_id) for each in entries}
    if subject.lt_strategy_id is None:
        moves = paper_entries.moves_of(transaction, tokens)
        stops = paper_entries.last_stops(transaction, conditions)
    else:
        moves = live_entries.moves_of(transaction, tokens)
        stops = live_entries.last_stops(transaction, conditions)
    return {
        each.source_trade_id: position_standing(
            moves.get((who, each.trade.token_id), ()), stops.get((who, each.trade.condition_id))
        )
        for each in entries
    }


def settle(transaction: Transaction, subject: Subject, now: datetime) -> None:
    """Moves the subject's cursor to just before its first undecided trade, or past all there are."""
    newest = source_trades.newest_number(transaction)
    first = pending.first_number(transaction, _pending(transaction, subject))
    settled = newest if first is None else first - 1
    cursors.advance_number(transaction, subject.cursor_name, settled, now)


def _after(transaction: Transaction, subject: Subject) -> int:
    return max(0, cursors.number(transaction, subject.cursor_name) - OVERLAP)


def _pending(transaction: Transaction, subject: Subject) -> Pending:
    return Pending(
        ft_wallet_id=subject.ft_wallet_id,
        lt_strategy_id=subject.lt_strategy_id,
        after=_after(transaction, subject),
        since=subject.starts_at,
    )


def _priors(transaction: Transaction, hours: set[datetime]) -> dict[datetime, Decimal | None]:
    population = trader_stats.population(transaction, hours)
    return {hour: prior_mean(population.get(hour, [])) for hour in hours}


def _in_time(each: StoredTrade) -> tuple[datetime, int]:
    return each.trade.trade_time, each.source_trade_id

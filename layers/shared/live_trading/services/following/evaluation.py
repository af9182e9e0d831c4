"""Evaluation runs: which trades subjects have not decided, and the inputs that the shared evaluation judges them by.

Everything is read for all subjects of a run at once: neither a subject nor a trade costs a question of its own. A
subject is paired with the trades of those whom its configuration follows; what it excludes as a whole is counted when
its mark passes it, and has no row. What is too old is decided first, in bulk. The rest the caller judges in the order
given and lowers the bankroll as bets are taken, stores the decisions and calls `settle`. On paper that order is the
trades' own. Live it is the newest first: an order takes its time, and a signal is worth less with every second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.analytics.fitted_model import FittedModel, with_model
from live_trading.nouns.decisions import Reason
from live_trading.nouns.markets import Market
from live_trading.nouns.money import Usd
from live_trading.nouns.trades import TraderStats
from live_trading.services.following import subject_looks
from live_trading.services.following.position_standings import token_standings, trader_standings
from live_trading.services.following.subject import (
    Subject,
    strategy_subject,
    strategy_subjects,
    subject_of,
    wallet_subjects,
)
from live_trading.services.following.subject_looks import Looks, SubjectLook
from live_trading.services.following.trader_statistics import snapshot_hour
from live_trading.signals.config import is_running
from live_trading.signals.inputs import EvaluationInputs, PositionStanding, TraderStanding
from live_trading.signals.trader_record import prior_mean
from live_trading.store.database.connection import Transaction
from live_trading.store.feed import decision_counts, late_decisions, markets, marks, source_trades, trader_stats
from live_trading.store.feed.brief_trades import BriefTrade
from live_trading.store.feed.late_decisions import TooOld
from live_trading.store.feed.source_trades import StoredTrade
from live_trading.store.feed.subjects import SubjectKey
from live_trading.store.paper import models

__all__ = [
    "PreparedTrade",
    "Subject",
    "SubjectKey",
    "decide_too_old",
    "inputs_for",
    "look",
    "settle",
    "strategy_subject",
    "strategy_subjects",
    "subject_of",
    "undecided",
    "wallet_subjects",
]

# So many trades of one subject are judged at once, and so many of all together where they are fewer for each.
BATCH = 2_000
MOST_PAIRS = 200_000
LEAST_EACH = 20
# So many that are too old are decided in one call.
BULK = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTrade:
    """An undecided trade with the inputs to judge it by."""

    source_trade_id: int
    seen_at: datetime
    inputs: EvaluationInputs


def undecided(
    transaction: Transaction, subjects: Sequence[Subject], *, newest_first: bool
) -> dict[SubjectKey, list[StoredTrade]]:
    """The trades of traders that a subject follows and that it has not decided, in the order of their time.

    Of one with very many, those with the newest numbers. Subjects with none are missing.
    """
    looks = subject_looks.look(transaction, subjects)
    found = {each.subject.key: each.undecided for each in looks.of_subjects if each.undecided}
    if not found:
        return {}
    most = min(BATCH, max(LEAST_EACH, MOST_PAIRS // len(found)))
    taken = {key: trades[-most:] for key, trades in found.items()}
    numbers = {trade.source_trade_id for trades in taken.values() for trade in trades}
    stored = source_trades.by_numbers(transaction, sorted(numbers))
    return {
        key: [stored[each.source_trade_id] for each in sorted(trades, key=_in_time, reverse=newest_first)]
        for key, trades in taken.items()
    }


def look(transaction: Transaction, subjects: Sequence[Subject], now: datetime) -> Looks:
    """What these subjects have before them. With no subject in it there is nothing to decide and no mark to move."""
    return subject_looks.look(transaction, subjects, keep_marks_at=now)


def decide_too_old(
    transaction: Transaction, subjects: Sequence[tuple[Subject, int]], now: datetime, looks: Looks | None = None
) -> dict[SubjectKey, Counter[str]]:
    """Decides what subjects need not look at any more because of its age: how many trades by reason.

    Each comes with the caller's limit in seconds; the tighter of that and the configuration's own holds, as in the
    evaluation. A trader's sale that is followed is never too old: what was bought after them is left, however late.
    `looks` are those of this transaction at these subjects, where there are any already.
    """
    limits = {subject.key: _limit(subject, seconds) for subject, seconds in subjects}
    if looks is None:
        looks = look(transaction, [subject for subject, _ in subjects], now)
    old = [too_old for each in looks.of_subjects for too_old in _too_old(each, limits[each.subject.key], now)]
    made = late_decisions.record(transaction, old[:BULK], now)
    counts: dict[SubjectKey, Counter[str]] = {}
    for each in old[:BULK]:
        if (each.key, each.source_trade_id) in made:
            counts.setdefault(each.key, Counter())[each.reason.value] += 1
    return counts


def inputs_for(
    transaction: Transaction,
    work: Sequence[tuple[Subject, Sequence[StoredTrade]]],
    *,
    bankrolls: Mapping[SubjectKey, Usd],
    now: datetime,
    max_signal_age_seconds: Mapping[SubjectKey, int | None],
) -> dict[SubjectKey, list[PreparedTrade]]:
    """The inputs of each subject's trades, in the order given, all with its bankroll; what is not stored stays None."""
    trades = {each.source_trade_id: each for _, theirs in work for each in theirs}
    known = _known_of(transaction, list(trades.values()))
    standings = trader_standings(transaction, work)
    positions = token_standings(transaction, work)
    model = models.active(transaction) if any(subject.config.needs_model for subject, _ in work) else None
    return {
        subject.key: _inputs_of(
            subject,
            theirs,
            known,
            standings=standings.get(subject.key, {}),
            positions=positions.get(subject.key, {}),
            bankroll=bankrolls[subject.key],
            now=now,
            max_signal_age_seconds=max_signal_age_seconds[subject.key],
            model=model,
        )
        for subject, theirs in work
    }


def settle(transaction: Transaction, subjects: Sequence[Subject], now: datetime) -> dict[SubjectKey, Counter[str]]:
    """Moves each subject's mark past what is decided.

    Returns what was passed over because none of it is the subject's business: how many trades by reason, which is
    counted in the store too.
    """
    looks = subject_looks.look(transaction, subjects)
    settled = {each.subject.key: each.settled() for each in looks.of_subjects}
    moved = [each for each in looks.of_subjects if settled[each.subject.key] != each.mark]
    marks.move(transaction, {each.subject.cursor_name: settled[each.subject.key] for each in moved}, now)
    found = {each.subject.key: looks.passed_over(each, settled[each.subject.key].position) for each in moved}
    passed = {key: counts for key, counts in found.items() if counts}
    decision_counts.add_passed_over(transaction, {key[1] or key[0]: each for key, each in passed.items()}, now)
    return passed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What judging a trade needs of the store, whoever judges it."""

    stats: TraderStats | None
    prior_mean: Decimal | None
    market: Market | None


def _known_of(transaction: Transaction, trades: Sequence[StoredTrade]) -> dict[int, _Known]:
    if not trades:
        return {}
    known_markets = markets.by_condition(transaction, {each.trade.condition_id for each in trades})
    hours = {each.source_trade_id: snapshot_hour(each.trade.trade_time) for each in trades}
    stats = trader_stats.find(transaction, {(each.trade.trader, hours[each.source_trade_id]) for each in trades})
    priors = _priors(transaction, set(hours.values()))
    return {
        each.source_trade_id: _Known(
            stats=stats.get((each.trade.trader, hours[each.source_trade_id])),
            prior_mean=priors.get(hours[each.source_trade_id]),
            market=known_markets.get(each.trade.condition_id),
        )
        for each in trades
    }


def _inputs_of(
    subject: Subject,
    trades: Sequence[StoredTrade],
    known: Mapping[int, _Known],
    *,
    standings: Mapping[int, TraderStanding],
    positions: Mapping[int, PositionStanding],
    bankroll: Usd,
    now: datetime,
    max_signal_age_seconds: int | None,
    model: FittedModel | None,
) -> list[PreparedTrade]:
    return [
        PreparedTrade(
            source_trade_id=each.source_trade_id,
            seen_at=each.seen_at,
            inputs=with_model(
                EvaluationInputs(
                    trade=each.trade,
                    stats=known[each.source_trade_id].stats,
                    prior_mean=known[each.source_trade_id].prior_mean,
                    market=known[each.source_trade_id].market,
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
                model,
            ),
        )
        for each in trades
    ]


def _limit(subject: Subject, seconds: int) -> int:
    own = subject.config.max_signal_age_seconds
    return seconds if own is None else min(own, seconds)


def _too_old(look: SubjectLook, limit: int, now: datetime) -> list[TooOld]:
    subject = look.subject
    runs = subject.is_active and is_running(subject.config, now)
    before = now - timedelta(seconds=limit)
    return [
        TooOld(
            key=subject.key,
            config_version=subject.config_version,
            source_trade_id=each.source_trade_id,
            reason=Reason.SIGNAL_TOO_OLD if runs else Reason.WALLET_NOT_RUNNING,
            limit_seconds=limit,
        )
        for each in look.undecided
        if each.is_buy and each.trade_time < before
    ]


def _priors(transaction: Transaction, hours: set[datetime]) -> dict[datetime, Decimal | None]:
    known = trader_stats.population(transaction, hours)
    return {hour: prior_mean(each.won_count, each.resolved_count) for hour, each in known.items()}


def _in_time(each: BriefTrade) -> tuple[datetime, int]:
    return each.trade_time, each.source_trade_id

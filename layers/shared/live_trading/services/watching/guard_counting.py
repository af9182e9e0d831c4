"""Counts, for a few strategies a look, how often their guards had data, and how their orders went: kept for every look.

A guard that is switched on and left no trace in decisions that it should have had its say in had no data in any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from live_trading.risk.results import switched_on as rules_on
from live_trading.services.following.subject import parsed
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.signals.checks.switched_on import switched_on as checks_on
from live_trading.signals.config import InvalidConfig
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import execution_figures, guard_figures
from live_trading.store.watch.health.guard_figures import GuardCount, GuardCounts, Guarded, GuardKind


def count(transaction: Transaction, limits: HealthThresholds, now: datetime) -> int:
    """Takes the strategies that were counted least recently; how many they were."""
    due = guard_figures.due(transaction, limits.strategies_a_look)
    if not due:
        return 0
    ids = [each.lt_strategy_id for each in due]
    asked = guard_figures.ask_counts(transaction, due, decisions=limits.guard_decisions)
    execution_figures.count(
        transaction, ids, recent=limits.execution_recent_orders, usual=limits.execution_usual_orders, now=now
    )
    transaction.flush()
    guard_figures.keep(transaction, ids, list(_of_guards(due, asked.told)), now)
    return len(due)


def _of_guards(due: Sequence[Guarded], told: GuardCounts) -> Iterator[GuardCount]:
    """The count of each guard that is switched on; what is kept of one that is not any more says nothing of now."""
    known = {(each.lt_strategy_id, each.kind, each.guard): each for each in told.counts}
    for each in due:
        accepted, judged = told.accepted.get(each.lt_strategy_id, 0), told.judged.get(each.lt_strategy_id, 0)
        sets = (
            (GuardKind.RISK_RULE, judged, frozenset(rule.value for rule in rules_on(each.rules))),
            (GuardKind.CHECK, accepted, _checks_of(each)),
        )
        for kind, decisions, guards in sets:
            for guard in sorted(guards):
                silent = GuardCount(
                    lt_strategy_id=each.lt_strategy_id,
                    kind=kind,
                    guard=guard,
                    decisions=decisions,
                    with_data=0,
                    bit=0,
                )
                yield known.get((each.lt_strategy_id, kind, guard), silent)


def _checks_of(guarded: Guarded) -> frozenset[str]:
    """None of a configuration that cannot be read: nothing is decided by it, which other checks tell."""
    try:
        return checks_on(parsed(guarded.config))
    except InvalidConfig:
        return frozenset()

"""What the system's own state says of its health: a finding for each thing that somebody may have to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from live_trading.nouns.money import Usd
from live_trading.nouns.orders import OrderState
from live_trading.store.books import overdrafts
from live_trading.store.books.overdrafts import Overdraft
from live_trading.store.database.connection import Transaction
from live_trading.store.watch import alert_due, exit_liveness, job_runs, own_state, stuck_orders
from live_trading.store.watch.alert_due import Untold
from live_trading.store.watch.exit_liveness import StuckExit
from live_trading.store.watch.job_runs import FailingPart, JobRun
from live_trading.store.watch.own_state import SetAside
from live_trading.store.watch.stuck_orders import UnbookedCondition, UndecidedOrder


class HealthStatus(StrEnum):
    HEALTHY = "HEALTHY"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


# A pass comes every two minutes: an order without an answer for longer than two of them is not just under way.
UNANSWERED_AGE = timedelta(minutes=4)
CRITICAL_ORDER_AGE = timedelta(minutes=10)
# The venue's longest delay of a marketable order is some seconds, and its lists lag by some more.
MARKETABLE_AGE = timedelta(minutes=5)
UNBOOKED_AGE = timedelta(minutes=30)
# Five passes.
UNSEEN_POSITION_AGE = timedelta(minutes=10)
STUCK_EXIT_AGE = timedelta(minutes=30)
UNTOLD_AGE = timedelta(minutes=15)
# What was given up after days stays in the report this long.
TOLD_OF_REFUSALS_FOR = timedelta(days=1)
# A row that was set aside stays in the report this long after it was last seen.
SET_ASIDE_FOR = timedelta(days=1)
# A receipt lies deep enough within half a minute of the confirmation; passes come every minute.
UNREAD_RECEIPT_AGE = timedelta(minutes=5)
DEAD_RUNS = 3
# Three missed periods of each job's schedule.
JOB_SILENCE = {
    "ft-sync": timedelta(minutes=3),
    "lt-execute": timedelta(minutes=6),
    "lt-resolve": timedelta(minutes=30),
    "lt-redemptions": timedelta(minutes=30),
    "ft-resolve": timedelta(minutes=30),
    "retention": timedelta(hours=3),
}
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: its name, how it stands, and what it saw.

    `alerts` is False where each thing that it counts has an alert of its own.
    """

    check: str
    status: HealthStatus
    detail: str
    alerts: bool = True


def of_state(transaction: Transaction, now: datetime) -> list[Finding]:
    """Every finding of the database's own content."""
    counts = own_state.counts(transaction, now)
    findings = [
        _counted("breaks", counts["open_breaks"], HealthStatus.CRITICAL),
        _counted("redemptions_for_operator", counts["redemptions_for_operator"], HealthStatus.WARNING),
        _counted("locks_in_force", counts["locks_in_force"], HealthStatus.WARNING),
        *_orders(transaction, now),
        _overdrafts(overdrafts.standing(transaction)),
        _overdrawn(overdrafts.wallets(transaction)),
        *_conditions(transaction, now),
        *_exits(transaction, now),
        _failing_parts(job_runs.failing(transaction)),
        *_set_aside(transaction, now),
        _aged("unread_receipts", own_state.oldest_unread_receipt(transaction), now, UNREAD_RECEIPT_AGE),
        # An alert about alerts that are not told would be one more of them.
        _untold(alert_due.untold(transaction, now - TOLD_OF_REFUSALS_FOR), now),
    ]
    since = own_state.trading_since(transaction)
    if since is not None:
        findings += _jobs(job_runs.of_jobs(transaction), since, now)
    return findings


def _counted(check: str, count: int, bad: HealthStatus) -> Finding:
    return Finding(check=check, status=bad if count else HealthStatus.HEALTHY, detail=str(count), alerts=False)


def _orders(transaction: Transaction, now: datetime) -> Sequence[Finding]:
    found = stuck_orders.orders(
        transaction, unanswered_before=now - UNANSWERED_AGE, marketable_before=now - MARKETABLE_AGE
    )
    if not found:
        return [Finding(check="orders", status=HealthStatus.HEALTHY, detail="each has an answer")]
    return [_order(each, now) for each in found]


def _overdrafts(found: Sequence[Overdraft]) -> Finding:
    """Cash or a reservation below zero."""
    if not found:
        return Finding(check="overdrafts", status=HealthStatus.HEALTHY, detail="none")
    told = [
        f"{each.account} of strategy {each.lt_strategy_id} in wallet {each.trading_wallet_id} is ${each.amount}"
        for each in found
    ]
    return Finding(check="overdrafts", status=HealthStatus.CRITICAL, detail="; ".join(told))


def _overdrawn(wallets: Sequence[tuple[str, Usd]]) -> Finding:
    """More is given to strategies than the wallet holds, after a withdrawal for instance: none of them enters."""
    if not wallets:
        return Finding(check="unallocated", status=HealthStatus.HEALTHY, detail="no wallet is short of money")
    told = "; ".join(f"wallet {name} holds {amount} USD for nobody" for name, amount in wallets)
    return Finding(
        check="unallocated",
        status=HealthStatus.WARNING,
        detail=f"{told}: its strategies enter nothing until it is made up, by a deposit or by deallocating capital",
    )


def _order(order: UndecidedOrder, now: datetime) -> Finding:
    is_critical = order.state in (OrderState.SENT, OrderState.UNKNOWN) or now - order.since > CRITICAL_ORDER_AGE
    return Finding(
        check=f"order {order.lt_order_id}",
        status=HealthStatus.CRITICAL if is_critical else HealthStatus.WARNING,
        detail=(
            f"{order.side} of {order.usd} USD in {order.market} from wallet {order.wallet} is {order.state} since "
            f"{_at(order.since)}; its reservation stays, and each run asks for it again: look whether the venue and "
            "the wallet's key answer, and place nothing in its stead"
        ),
    )


def _conditions(transaction: Transaction, now: datetime) -> Sequence[Finding]:
    found = stuck_orders.conditions(transaction, resolved_before=now - UNBOOKED_AGE)
    if not found:
        return [Finding(check="resolved_markets", status=HealthStatus.HEALTHY, detail="each is booked")]
    return [_condition(each) for each in found]


def _condition(condition: UnbookedCondition) -> Finding:
    return Finding(
        check=f"condition {condition.condition_id} of {condition.wallet}",
        status=HealthStatus.WARNING,
        detail=(
            f"{condition.market} is resolved since {_at(condition.resolved_at)}, and wallet {condition.wallet} is not "
            "paid: an order or a trade of it there is not final; it is booked by itself once that is"
        ),
    )


def _exits(transaction: Transaction, now: datetime) -> Sequence[Finding]:
    """Rules of leaving protect only where somebody looks, and only where what they want is sold."""
    unseen = exit_liveness.not_looked_at(transaction, now - UNSEEN_POSITION_AGE)
    stuck = exit_liveness.fired_and_held(transaction, now - STUCK_EXIT_AGE)
    if not unseen and not stuck:
        return [Finding(check="exits", status=HealthStatus.HEALTHY, detail="every position is looked at")]
    return [
        *(_unseen(each) for each in unseen),
        *(_stuck(each) for each in stuck),
    ]


def _unseen(position: StuckExit) -> Finding:
    return Finding(
        check=f"position {position.lt_strategy_id}/{position.token_id} unseen",
        status=HealthStatus.CRITICAL,
        detail=(
            f"{position.strategy} holds {position.market} and nobody has looked at its rules of leaving since "
            f"{_at(position.since)}: look whether lt-execute runs and whether its wallet fails; close it by hand if it "
            "must not wait"
        ),
    )


def _stuck(position: StuckExit) -> Finding:
    return Finding(
        check=f"position {position.lt_strategy_id}/{position.token_id} not left",
        status=HealthStatus.CRITICAL,
        detail=(
            f"a rule of {position.strategy} wants {position.market} sold since {_at(position.since)}, and it is still "
            f"held ({position.why}): look at the book; close it by hand with a bound of your own if it must not wait"
        ),
    )


def _failing_parts(failing: Sequence[FailingPart]) -> Finding:
    status = HealthStatus.WARNING if failing else HealthStatus.HEALTHY
    named = "; ".join(f"{each.job}: {each.part} since {_at(each.failing_since)}" for each in failing[:5])
    return Finding(
        check="failing_parts",
        status=status,
        detail=f"{len(failing)} fail: {named}" if failing else "none",
        alerts=False,
    )


def _set_aside(transaction: Transaction, now: datetime) -> Sequence[Finding]:
    """Rows that could not be read, by source; and by followed trader, whose trade or record is then missing."""
    since = now - SET_ASIDE_FOR
    of_sources = own_state.rows_set_aside(transaction, since)
    of_traders = own_state.rows_of_traders_set_aside(transaction, since)
    return [
        *(_counted_rows(f"rows of {each.subject}", each) for each in of_sources),
        *(_counted_rows(f"trader {each.subject}", each) for each in of_traders),
    ]


def _counted_rows(check: str, rows: SetAside) -> Finding:
    status = HealthStatus.WARNING if rows.recent else HealthStatus.HEALTHY
    detail = f"{rows.recent} set aside, the newest for: {rows.newest_reason[:_LONGEST_REASON]}"
    return Finding(check=check, status=status, detail=detail if rows.recent else "none set aside")


def _aged(check: str, oldest: datetime | None, now: datetime, limit: timedelta) -> Finding:
    if oldest is None:
        return Finding(check=check, status=HealthStatus.HEALTHY, detail="none")
    status = HealthStatus.WARNING if now - oldest > limit else HealthStatus.HEALTHY
    return Finding(check=check, status=status, detail=f"oldest is {(now - oldest).total_seconds():.0f} s old")


def _untold(found: Untold | None, now: datetime) -> Finding:
    """What should have been told and was not; what waits for the end of quiet hours is none of it."""
    if found is None:
        return Finding(check="alerts_not_told", status=HealthStatus.HEALTHY, detail="none", alerts=False)
    age = now - found.since
    why = "nobody sends it" if found.channel is None else f"{found.channel} does not take it: {found.error}"
    status = HealthStatus.WARNING if age > UNTOLD_AGE else HealthStatus.HEALTHY
    detail = f"oldest is {age.total_seconds():.0f} s old, {why}"
    return Finding(check="alerts_not_told", status=status, detail=detail, alerts=False)


def _jobs(runs: Mapping[str, JobRun], since: datetime, now: datetime) -> Sequence[Finding]:
    """A job is silent when none of its runs has come to its end for too long, counted from the first launch."""
    return [_job(job, runs.get(job), since, now, silence) for job, silence in JOB_SILENCE.items()]


def _job(job: str, run: JobRun | None, since: datetime, now: datetime, silence: timedelta) -> Finding:
    completed = None if run is None else run.last_completed_at
    if run is not None and run.failing_since is not None and run.failed_runs >= DEAD_RUNS:
        return Finding(
            check=f"job {job}",
            status=HealthStatus.CRITICAL,
            detail=f"its last {run.failed_runs} runs died, since {_at(run.failing_since)}: {run.last_error}",
        )
    is_silent = now - (completed or since) > silence
    said = (
        "never completed a run"
        if completed is None
        else f"last completed {(now - completed).total_seconds():.0f} s ago"
    )
    status = HealthStatus.WARNING if is_silent else HealthStatus.HEALTHY
    return Finding(check=f"job {job}", status=status, detail=said)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

"""How a stack stands, as a person reads it: what is wrong first, then jobs, wallets, risk, alerts and addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from live_trading.services.watching.checks.job_checks import JobStanding
from live_trading.services.watching.findings import CheckName, HealthStatus
from local.console.progress import spoken
from local.console.standing import Alert, Standing, Strategy, Wallet

_LONGEST_DETAIL = 160
_MOST_ALERTS = 20
_MOST_HELD = 10
# Checks whose detail tells how far something is behind.
_LAGS = (
    CheckName.FEED_LAG,
    CheckName.FOLLOWED_TRADES,
    CheckName.CHAIN_HEAD,
    CheckName.CHAIN_WATCH,
    CheckName.VENUE_CLOCK,
)


def text(standing: Standing, addresses: Mapping[str, str], *, holder: int | None) -> str:
    """The whole page. `holder` is the process that keeps the stack up."""
    return "\n".join(_page(standing, addresses, holder))


def _page(standing: Standing, addresses: Mapping[str, str], holder: int | None) -> Iterator[str]:
    state = "well" if standing.is_well else "not well"
    clock = "" if standing.now is None else f"; the replay's clock says {_at(standing.now)}"
    yield f"A stack is up (process {holder or 'unknown'}) and {state}{clock}."
    for trouble in standing.troubles:
        yield f"  ! {trouble}"
    yield from _section("Jobs", [_job(job, standing.now) for job in standing.jobs] if standing.now else [])
    yield from _health(standing)
    yield from _section("Trading wallets", [_wallet(each) for each in standing.wallets])
    yield from _section("Strategies", [line for each in standing.strategies for line in _strategy(each)])
    yield from _section(
        "Stopped by", [f"{each.scope} {each.scope_id or ''} {each.reason}: {each.detail}" for each in standing.in_force]
    )
    yield from _section("Open alerts", [_alert(each) for each in standing.alerts[:_MOST_ALERTS]])
    if len(standing.alerts) > _MOST_ALERTS:
        yield f"  and {len(standing.alerts) - _MOST_ALERTS} more"
    yield from _section("Where", [f"{name:<14} {value}" for name, value in addresses.items()])
    yield "\nmake stop ends it."


def _section(title: str, lines: list[str]) -> Iterator[str]:
    yield f"\n{title}" if lines else f"\n{title}: none"
    for line in lines:
        yield f"  {line}"


def _job(job: JobStanding, now: datetime) -> str:
    run = job.run
    completed = None if run is None else run.last_completed_at
    ended = "never came to its end" if completed is None else f"ended {_span(now - completed)} ago"
    took = "" if job.took is None else f", took {job.took.total_seconds():.1f} s"
    late = f", {job.missed_runs} missed" if job.missed_runs > 1 else ""
    failed = 0 if run is None else run.failed_runs
    died = f", last {failed} died: {(run.last_error or '')[:_LONGEST_DETAIL]}" if run is not None and failed else ""
    return f"{job.job:<15} every {spoken(job.period_seconds):<7} {ended}{took}{late}{died}"


def _health(standing: Standing) -> Iterator[str]:
    if standing.checked_at is None:
        yield "\nHealth: it has not looked yet"
        return
    bad = [each for each in standing.checks if each.status != HealthStatus.HEALTHY]
    ago = "" if standing.now is None else f", {_span(standing.now - standing.checked_at)} ago"
    yield f"\nHealth: {len(standing.checks)} checks, those of the parts outside{ago}; {len(bad)} not healthy"
    for each in bad:
        yield f"  {each.status:<8} {each.name}: {each.detail[:_LONGEST_DETAIL]}"
    for each in standing.checks:
        if each.name in _LAGS and each.status == HealthStatus.HEALTHY:
            yield f"  {each.name:<15} {each.detail}"


def _wallet(wallet: Wallet) -> str:
    dollars = "balance unknown" if wallet.collateral is None else f"${_money(wallet.collateral.value)}"
    gas = "" if wallet.gas is None else f", {wallet.gas:.3f} POL for gas"
    proof = "" if wallet.verification == "VERIFIED" else f" ({wallet.verification.lower()})"
    return f"{wallet.name:<16} {wallet.address} {dollars}{gas}{proof}"


def _strategy(strategy: Strategy) -> Iterator[str]:
    ended = "" if strategy.is_active else " (not active)"
    yield (
        f"{strategy.name}{ended}: worth ${_money(strategy.equity)}, ${_money(strategy.reserved)} reserved, "
        f"drawdown {strategy.drawdown:.1%}"
    )
    yield (
        f"    at risk ${_money(strategy.exposure)}{_of(strategy.max_exposure)}, "
        f"{strategy.open_positions} positions{_of_count(strategy.max_positions)}, "
        f"spent today ${_money(strategy.spent_today)}{_of(strategy.daily_budget)}"
    )
    for held in strategy.held[:_MOST_HELD]:
        yield f"    holds {held.shares:,.2f} {held.outcome} of {held.market}, bought for ${_money(held.cost)}"
    if len(strategy.held) > _MOST_HELD:
        yield f"    and {len(strategy.held) - _MOST_HELD} positions more"


def _of(limit: Decimal | None) -> str:
    return "" if limit is None else f" of ${_money(limit)}"


def _of_count(limit: int | None) -> str:
    return "" if limit is None else f" of {limit}"


def _alert(alert: Alert) -> str:
    known = " (acknowledged)" if alert.status == "ACKNOWLEDGED" else ""
    return f"{alert.severity:<8} {alert.title}, since {_at(alert.created_at)}{known}"


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _span(span: timedelta) -> str:
    return spoken(max(span.total_seconds(), 0))


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

"""How orders go, against the strategy's own history: by medians and their distances, so that one order moves little."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import CheckName, Figure, Finding, HealthStatus, Unit, count_of, healthy
from live_trading.services.watching.thresholds import HealthThresholds
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import execution_figures
from live_trading.store.watch.health.execution_figures import ExecutionFigures, Measure

_UNITS = {
    Measure.SLIPPAGE: Unit.BASIS_POINTS,
    Measure.FILL_RATE: Unit.FRACTION,
    Measure.LATENCY: Unit.MILLISECONDS,
}
_NAMES = {
    Measure.SLIPPAGE: "slippage",
    Measure.FILL_RATE: "filled part",
    Measure.LATENCY: "time to the answer",
}


def execution(transaction: Transaction, look: Look) -> Judge:
    """Slippage, filled part and latency of each strategy's newest orders."""
    limits = look.limits
    asked = execution_figures.ask_figures(
        transaction, recent=limits.execution_least_recent, usual=limits.execution_least_usual
    )

    def judge() -> Sequence[Finding]:
        worse = [found for each in asked.told if (found := _worse(each, limits)) is not None]
        return worse or [healthy(CheckName.EXECUTION, _known(len(asked.told)), count_of(0))]

    return judge


def _known(measures: int) -> str:
    return "as it usually is" if measures else "not known: no strategy has enough orders"


def bound_of(figures: ExecutionFigures, limits: HealthThresholds) -> Decimal | None:
    """From when on the recent value is worse than usual: above it, of the filled part below it; None where unknown.

    A distance has to be large in itself and among the usual ones, as a few quiet orders lie close together.
    """
    if figures.usual is None or figures.recent is None or figures.usual_deviation is None:
        return None
    match figures.measure:
        case Measure.FILL_RATE:
            return figures.usual - limits.fill_rate_drop_fraction
        case Measure.SLIPPAGE:
            apart = figures.usual_deviation * limits.slippage_deviations_multiple
            return figures.usual + max(apart, Decimal(limits.slippage_worse_basis_points))
        case Measure.LATENCY:
            return max(figures.usual * limits.latency_multiple, figures.usual + limits.latency_worse_milliseconds)


def _worse(figures: ExecutionFigures, limits: HealthThresholds) -> Finding | None:
    bound = bound_of(figures, limits)
    if bound is None or figures.recent is None:
        return None
    is_worse = figures.recent < bound if figures.measure is Measure.FILL_RATE else figures.recent > bound
    if not is_worse:
        return None
    unit, name = _UNITS[figures.measure], _NAMES[figures.measure]
    return Finding(
        name=CheckName.EXECUTION,
        subject=f"{figures.lt_strategy_id} {figures.measure.value.lower()}",
        owner_id=figures.owner_id,
        status=HealthStatus.WARNING,
        detail=(
            f"{name} of the last {figures.recent_orders} orders of {figures.strategy} is {figures.recent:f} {unit}, "
            f"and of the {figures.usual_orders} before them it was {figures.usual:f}"
        ),
        figures=(Figure(name=figures.measure.value.lower(), observed=figures.recent, limit=bound, unit=unit),),
        advice="look at GET /api/lt/strategies/{id}/execution; pausing the strategy stops its entries and nothing else",
    )

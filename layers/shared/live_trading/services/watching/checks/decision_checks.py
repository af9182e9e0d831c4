"""Nothing happened: trades that nobody decides, and strategies that decide and place nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from live_trading.services.watching.checks.check_look import Judge, Look
from live_trading.services.watching.findings import (
    CheckName,
    Figure,
    Finding,
    HealthStatus,
    Unit,
    at,
    count_of,
    healthy,
    in_seconds,
)
from live_trading.store.database.connection import Transaction
from live_trading.store.watch.health import feed_state, quiet_state
from live_trading.store.watch.health.feed_state import Behind
from live_trading.store.watch.health.quiet_state import QuietStrategy

_PLACES = Decimal("0.1")


def undecided(transaction: Transaction, look: Look) -> Judge:
    """Strategies, and FT wallets, whose mark stands before trades that have been there for too long."""
    asked = feed_state.ask_behind(transaction, look.since("undecided"))

    def judge() -> Sequence[Finding]:
        live = [each for each in asked.told if each.lt_strategy_id is not None]
        paper = [each for each in asked.told if each.lt_strategy_id is None]
        nothing = in_seconds(timedelta(), look.limits.span("undecided"))
        return [
            *(
                [_behind(each, look) for each in live]
                or [healthy(CheckName.UNDECIDED_SIGNALS, "every strategy has decided what is there", nothing)]
            ),
            *(
                [_behind(each, look) for each in paper]
                or [healthy(CheckName.UNDECIDED_PAPER, "every FT wallet has decided what is there", nothing)]
            ),
        ]

    return judge


def _behind(each: Behind, look: Look) -> Finding:
    is_live = each.lt_strategy_id is not None
    job = "lt-execute" if is_live else "ft-sync"
    return Finding(
        name=CheckName.UNDECIDED_SIGNALS if is_live else CheckName.UNDECIDED_PAPER,
        subject=str(each.lt_strategy_id or each.ft_wallet_id),
        owner_id=each.owner_id,
        status=HealthStatus.CRITICAL if is_live else HealthStatus.WARNING,
        detail=f"{each.name} has not decided on a trade that has been there since {at(each.since)}",
        figures=(in_seconds(look.now - each.since, look.limits.span("undecided")),),
        advice=(
            f"look whether {job} runs and what its reports name in `left` and `failures`; what is too old when it is "
            "decided is recorded as missed, and never entered"
        ),
    )


def no_orders(transaction: Transaction, look: Look) -> Judge:
    """Strategies that decide and place nothing for far longer than their own orders were apart."""
    asked = quiet_state.ask_quiet(transaction, look.since("no_orders"))

    def judge() -> Sequence[Finding]:
        quiet = [found for each in asked.told if (found := _quiet(each, look)) is not None]
        return quiet or [healthy(CheckName.NO_ORDERS, "who decides places what they usually place", count_of(0))]

    return judge


def _quiet(each: QuietStrategy, look: Look) -> Finding | None:
    """By the rate of its usual orders so many were due since; None where that is too few to tell."""
    spanned = (each.last_order_at - each.first_order_at).total_seconds()
    silent = (look.now - each.last_order_at).total_seconds()
    if each.orders < 2 or spanned < 1 or each.decisions < look.limits.no_orders_decisions:
        return None
    expected = (Decimal(each.orders - 1) * int(silent) / int(spanned)).quantize(_PLACES)
    if expected < look.limits.no_orders_expected:
        return None
    return Finding(
        name=CheckName.NO_ORDERS,
        subject=str(each.lt_strategy_id),
        owner_id=each.owner_id,
        status=HealthStatus.WARNING,
        detail=(
            f"{each.name} has placed nothing since {at(each.last_order_at)} and decided {each.decisions} trades since, "
            f"where {expected} orders would be usual"
        ),
        figures=(
            Figure(
                name="expected_orders",
                observed=expected,
                limit=Decimal(look.limits.no_orders_expected),
                unit=Unit.COUNT,
            ),
            in_seconds(look.now - each.last_order_at, look.limits.span("no_orders"), "silent"),
            count_of(each.decisions, "decisions", look.limits.no_orders_decisions),
        ),
        advice="look at the reasons of its decisions: a limit that is reached, a lock, or data that is missing",
    )

"""lt-resolve: every ten minutes, or now by the API. Books what the chain says of markets with live positions."""

from __future__ import annotations

from typing import Any

from live_trading.services.running.budget import Budget
from live_trading.store.watch.job_requests import AskedJob
from live_trading.wiring.asked import ask, carry_on, is_asked, pass_of
from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import budget_of
from live_trading.wiring.jobs import answer, is_http

parts = Parts()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One pass of the resolver; see `services/settling/resolve.py`."""

    def run(budget: Budget) -> object:
        return parts.resolver(context.aws_request_id).run(budget)

    if is_http(event):
        return ask(event, context, AskedJob.RESOLVE, run, parts)
    if is_asked(event):
        runs = {AskedJob.RESOLVE: pass_of(AskedJob.RESOLVE, lambda: run(budget_of(context)), parts)}
        return carry_on(event, context, runs, parts)
    return answer(context, AskedJob.RESOLVE, lambda: run(budget_of(context)), parts)

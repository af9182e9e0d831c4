"""lt-redemptions: every ten minutes, or now by the API. Turns resolved tokens into collateral."""

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
    """One run of the redeemer; see `services/redeeming/redeem.py`."""

    def run(budget: Budget) -> object:
        return parts.redeemer(context.aws_request_id).run(budget)

    if is_http(event):
        return ask(event, context, AskedJob.REDEMPTIONS, run, parts)
    if is_asked(event):
        runs = {AskedJob.REDEMPTIONS: pass_of(AskedJob.REDEMPTIONS, lambda: run(budget_of(context)), parts)}
        return carry_on(event, context, runs, parts)
    return answer(context, AskedJob.REDEMPTIONS, lambda: run(budget_of(context)), parts)

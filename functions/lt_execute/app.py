"""lt-execute: every two minutes and until the next, or now by the API. Trades; sells, cancels and stops by hand."""

from __future__ import annotations

from typing import Any

from live_trading.api.reporting import JOBS
from live_trading.api.serving import http_app
from live_trading.api.table import lt_execute
from live_trading.services.running.budget import Budget
from live_trading.store.watch.job_requests import AskedJob
from live_trading.wiring.asked import ask, carry_on, is_asked, pass_of
from live_trading.wiring.composition import Parts
from live_trading.wiring.deadline import budget_of
from live_trading.wiring.jobs import answer, is_http

parts = Parts()
app = http_app(lt_execute(), lambda: parts)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The passes of one tick, one pass where that is what is asked for, or one request of the HTTP API.

    See `services/copying/copy_run.py` and `services/entering/execute.py`.
    """
    holder = context.aws_request_id

    def run(budget: Budget) -> object:
        return parts.pass_once(holder, budget)

    if is_http(event):
        if event["rawPath"] != JOBS[AskedJob.EXECUTE].path:
            return app.resolve(event, context)
        return ask(event, context, AskedJob.EXECUTE, run, parts)
    budget = budget_of(context)
    if is_asked(event):
        runs = {
            AskedJob.EXECUTE: pass_of(AskedJob.EXECUTE, lambda: run(budget), parts),
            AskedJob.KILL_SWITCH: parts.kill_switch(holder).carry_on,
        }
        return carry_on(event, context, runs, parts)
    if parts.stays(event):
        return answer(context, AskedJob.EXECUTE, lambda: parts.stay(holder, budget), parts)
    return answer(context, AskedJob.EXECUTE, lambda: run(budget), parts)

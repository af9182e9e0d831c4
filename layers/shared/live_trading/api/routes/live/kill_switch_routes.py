"""The kill switch behind the API: what was stopped, cancelled and sold, and what could not be."""

from __future__ import annotations

from typing import Any

from live_trading.api.body import Body
from live_trading.api.fields import Reasoned, Switch
from live_trading.api.once import Answer, Caller
from live_trading.api.routing import Once, Request, Routes
from live_trading.services.guarding.kill_switch import KillSwitch, StopReport


class PullKillSwitch(Body):
    """Why everything stops, and whether what is held is sold too.

    What stops is all that the token may stop: everybody's with the scope `admin`, unless `only_mine` is set; else the
    caller's own.
    """

    reason: Reasoned
    flatten: Switch = False
    only_mine: Switch = False


class KillSwitchApi:
    """Pulls the switch. Errors of parts are in the answer, with status 207, and never raised."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch

    def pull(self, caller: Caller, body: PullKillSwitch) -> Answer:
        """Stops everything; pulling twice does everything again and puts no second lock."""
        everybody = caller.is_admin and not body.only_mine
        report = self._switch.pull(caller.owner_id, reason=body.reason, flatten=body.flatten, everybody=everybody)
        return Answer(status=_status(report), body=_view(report, everybody=everybody))


def _status(report: StopReport) -> int:
    """207 where something could not be done, 202 where a run that holds a wallet does the rest."""
    if report.not_done:
        return 207
    return 202 if report.exit_wish_ids else 200


def _view(report: StopReport, *, everybody: bool) -> dict[str, Any]:
    return {
        "entries_stopped": bool(report.lock_ids),
        "stopped_for": "everybody" if everybody else "the caller",
        "lock_ids": report.lock_ids,
        "wallets": report.wallets,
        "withdrawn": report.withdrawn,
        "cancelled": sorted(report.cancelled),
        "refused": {order: why for order, why in report.refused.items() if order not in report.cancelled},
        "sales": report.sales,
        "not_done": report.not_done,
        "exit_wish_ids": [str(each) for each in report.exit_wish_ids],
    }


ROUTES = Routes[KillSwitchApi]("kill_switch", is_by_invocation=True)


@ROUTES.post("/api/lt/kill-switch", body=PullKillSwitch, needs_key=True, once=Once.CLAIMED_IF_POSSIBLE)
def _pull(switch: KillSwitchApi, request: Request) -> Answer:
    return switch.pull(request.caller, request.body(PullKillSwitch))

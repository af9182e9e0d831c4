"""The kill switch behind the API: what was stopped, cancelled and sold, and what could not be."""

from __future__ import annotations

from typing import Any

from live_trading.api.body import Body
from live_trading.api.fields import Reasoned, Switch
from live_trading.api.once import Answer, Caller
from live_trading.api.routing import Request, Routes
from live_trading.services.guarding.kill_switch import KillSwitch, StopReport


class PullKillSwitch(Body):
    """Why everything stops, and whether what is held is sold too."""

    reason: Reasoned
    flatten: Switch = False


class KillSwitchApi:
    """Pulls the switch. Errors of parts are in the answer, with status 207, and never raised."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch

    def pull(self, caller: Caller, body: PullKillSwitch) -> Answer:
        """Stops everything; pulling twice does everything again and puts no second lock."""
        report = self._switch.pull(caller.owner_id, reason=body.reason, flatten=body.flatten)
        return Answer(status=207 if report.not_done else 200, body=_view(report))


def _view(report: StopReport) -> dict[str, Any]:
    return {
        "entries_stopped": report.lock_id is not None,
        "lock_id": report.lock_id,
        "wallets": report.wallets,
        "withdrawn": report.withdrawn,
        "cancelled": sorted(report.cancelled),
        "refused": {order: why for order, why in report.refused.items() if order not in report.cancelled},
        "sales": report.sales,
        "not_done": report.not_done,
    }


ROUTES = Routes[KillSwitchApi]("kill_switch", is_by_invocation=True)


@ROUTES.post("/api/lt/kill-switch")
def _pull(switch: KillSwitchApi, request: Request) -> Answer:
    return switch.pull(request.caller, request.body(PullKillSwitch))

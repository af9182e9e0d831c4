"""The kill switch behind the API: what was stopped, cancelled and sold, and what could not be."""

from __future__ import annotations

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.fields import Reasoned, Switch
from live_trading.api.once import Answer, Caller
from live_trading.api.routing import Once, Request, Routes
from live_trading.api.views.live.action_views import StopView, stop_view
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
        return Answer(status=_status(report), body=stop_view(report, everybody=everybody))


def _status(report: StopReport) -> int:
    """207 where something could not be done, 202 where a run that holds a wallet does the rest."""
    if report.not_done:
        return 207
    return 202 if report.exit_wish_ids else 200


ROUTES = Routes[KillSwitchApi]("kill_switch", is_by_invocation=True)


@ROUTES.post(
    "/api/lt/kill-switch",
    body=PullKillSwitch,
    needs_key=True,
    once=Once.CLAIMED_IF_POSSIBLE,
    answers=StopView,
    statuses=(200, 202, 207),
    example=Example(body={"reason": "a drill", "only_mine": True}),
)
def _pull(switch: KillSwitchApi, request: Request) -> Answer:
    """Stops entries, cancels what rests, and with `flatten` sells what is held.

    Everybody's with the scope `admin`, unless `only_mine` is set; else your own. It works although the database is
    away. 207 where something could not be done, 202 where runs that hold trading wallets do the rest at their next
    step.
    """
    return switch.pull(request.caller, request.body(PullKillSwitch))

"""The kill switch as it stands, and what pulling it would do; reads only, and needs no key."""

from __future__ import annotations

from live_trading.api.once import Answer
from live_trading.api.routing import Request, Routes
from live_trading.api.views.live.stop_views import KillSwitchView, kill_switch_view
from live_trading.nouns.clock import Clock
from live_trading.store.database.connection import Database
from live_trading.store.risk import stop_facts


class StopState:
    """The switch for one owner. The store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, owner_id: str, *, is_admin: bool) -> Answer:
        """Whether it is pulled, what is left to do, and what pulling would do; everybody's as counts for an admin."""
        now = self._clock.now()
        with self._database.transaction() as transaction:
            body = kill_switch_view(
                stop_facts.pulled(transaction, owner_id, now),
                stop_facts.wallets(transaction, owner_id),
                stop_facts.open_orders(transaction, owner_id),
                stop_facts.held(transaction, owner_id),
                stop_facts.totals(transaction) if is_admin else None,
            )
        return Answer(status=200, body=body)


ROUTES = Routes[StopState]("stop_state")


@ROUTES.get("/api/lt/kill-switch", answers=KillSwitchView)
def _read(state: StopState, request: Request) -> Answer:
    """Shows whether the kill switch is pulled, by whom, since when and for whom, and what is left to do of it.

    With a preview of what pulling it would cancel and sell of your own, by the last marks; with the scope `admin` the
    counts over everybody too.
    """
    return state.read(request.owner, is_admin=request.caller.is_admin)

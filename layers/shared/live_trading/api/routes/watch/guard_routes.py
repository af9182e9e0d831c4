"""How often the guards of a strategy had anything to look at, and stood in the way; reads only."""

from __future__ import annotations

from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.fields import Id
from live_trading.api.once import Answer
from live_trading.api.paging import Paging
from live_trading.api.query import PageQuery
from live_trading.api.resources.required import own_strategy
from live_trading.api.routing import Request, Routes
from live_trading.api.views.health_views import GuardsView, guard_view
from live_trading.nouns.pages import Place
from live_trading.store.database.connection import Database
from live_trading.store.watch.health import guard_figures
from live_trading.store.watch.health.guard_figures import GuardFigures, GuardPlace


class GuardsAsked(PageQuery):
    """The guards of one strategy, or of all."""

    lt_strategy_id: Id | None = None


class GuardsRead:
    """One owner's guards. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def read(self, owner_id: str, paging: Paging, *, lt_strategy_id: UUID | None) -> Answer:
        """A page of what health counted last, by strategy, kind and name."""
        asked = paging.asked
        after = None if asked.after is None else GuardPlace.of_text(asked.after.row)
        with self._database.reading() as transaction:
            if lt_strategy_id is not None:
                own_strategy(transaction, lt_strategy_id, owner_id)
            found = guard_figures.of_owner(
                transaction, owner_id, lt_strategy_id=lt_strategy_id, after=after, limit=asked.rows_to_read
            )
        page = paging.cut(found, _place)
        body: GuardsView = {"guards": [guard_view(each) for each in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)


def _place(figures: GuardFigures) -> Place:
    return Place(at=None, row=GuardPlace.of(figures.count).text)


ROUTES = Routes[GuardsRead]("guards_read")


@ROUTES.get("/api/lt/health/guards", query=GuardsAsked, answers=GuardsView, example=Example(query={"limit": "50"}))
def _read(guards: GuardsRead, request: Request) -> Answer:
    """The checks and risk rules of your strategies: how often each had data, and how often it refused.

    Counted by health over the newest decisions of each strategy. A guard that is switched on and never had any data
    guards against nothing, and has an alert.
    """
    asked = request.asked(GuardsAsked)
    return guards.read(request.owner, request.paging(asked), lt_strategy_id=asked.lt_strategy_id)

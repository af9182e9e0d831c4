"""Why live differs from paper, and paper from the leader: in all by cause, and trade by trade. Reads only."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Annotated
from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.examples import LT_STRATEGY_ID
from live_trading.api.fields import Id, named
from live_trading.api.once import Answer
from live_trading.api.paging import Paging
from live_trading.api.problems import FieldProblem, ProblemCode, invalid
from live_trading.api.query import DayText, PageQuery, Query
from live_trading.api.resources.required import own_strategy, require_own
from live_trading.api.routing import Request, Routes
from live_trading.api.views.live.gap_views import GapsView, WaterfallView, gap_view, waterfall_view
from live_trading.gap.waterfall import spreads
from live_trading.gap.whole import GapTerm, LeaderTerm
from live_trading.nouns.pages import PageAsked, Place
from live_trading.store.database.connection import Database
from live_trading.store.gap import gap_pages, gap_rows

# What intervals are drawn from.
NEWEST_TRADES = 2000
_SEED = 7

AnyTerm = Annotated[GapTerm | LeaderTerm, *named(*GapTerm, *LeaderTerm)]


class GapsAsked(PageQuery):
    """Of one strategy, or of all; with `term` those trades that it took something of."""

    lt_strategy_id: Id | None = None
    term: AnyTerm | None = None


class GapsOfStrategyAsked(PageQuery):
    """With `term` those trades that it took something of."""

    term: AnyTerm | None = None


class WaterfallAsked(Query):
    """What changed on the days since `since` and before `until`, in the strategy's zone; everything without either."""

    since: DayText | None = None
    until: DayText | None = None


class Gaps:
    """One owner's gaps. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def list(
        self, owner_id: str, lt_strategy_id: UUID | None, paging: Paging, term: GapTerm | LeaderTerm | None
    ) -> Answer:
        """A page of trades with their terms."""
        with self._database.transaction() as transaction:
            require_own(transaction, owner_id, lt_strategy_id=lt_strategy_id)
            found = gap_pages.of_owner(
                transaction, owner_id, lt_strategy_id=lt_strategy_id, page=paging.asked, term=term
            )
        page = paging.cut(found, lambda gap: Place(at=None, row=gap.row))
        body: GapsView = {"gaps": [gap_view(each) for each in page.rows], "next_cursor": page.next_cursor}
        return Answer(status=200, body=body)

    def waterfall(self, owner_id: str, lt_strategy_id: UUID, since: date | None, until: date | None) -> Answer:
        """The bars and the terms between them."""
        if since is not None and until is not None and until <= since:
            raise invalid(FieldProblem(field="until", reason="is not after since", allowed="a later day"))
        with self._database.transaction() as transaction:
            own_strategy(transaction, lt_strategy_id, owner_id)
            sums = gap_rows.sums(transaction, lt_strategy_id, since=since, until=until)
            newest = gap_pages.of_owner(
                transaction, owner_id, lt_strategy_id=lt_strategy_id, page=PageAsked(size=NEWEST_TRADES)
            )
        trades = [(each.condition_id, {**each.leader_terms, **each.terms}) for each in newest]
        body = waterfall_view(
            sums,
            spreads(trades, Random(_SEED)),  # noqa: S311 (draws of a bootstrap, no secret)
            since=None if since is None else since.isoformat(),
            until=None if until is None else until.isoformat(),
            trades=len(trades),
            markets=len({condition_id for condition_id, _ in trades}),
        )
        return Answer(status=200, body=body)


ROUTES = Routes[Gaps]("gaps")


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/gap",
    query=WaterfallAsked,
    answers=WaterfallView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"since": "2026-11-01"}),
)
def _waterfall(gaps: Gaps, request: Request) -> Answer:
    """Shows from the leader's profit over paper's to live's what each cause took, to the cent.

    Open trades count at what they are worth: the best bid that was last seen, or their cost. What a limit cost or saved
    stands under `missed` by its reason; what the ledger has of no trade under `rest`.
    """
    asked = request.asked(WaterfallAsked)
    return gaps.waterfall(request.owner, request.id("lt_strategy_id", "strategy"), asked.since, asked.until)


@ROUTES.get(
    "/api/lt/gaps",
    query=GapsAsked,
    answers=GapsView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"lt_strategy_id": LT_STRATEGY_ID, "term": "missed"}),
)
def _list(gaps: Gaps, request: Request) -> Answer:
    """Lists source trades with what the leader, paper and live made of them, and the terms between."""
    asked = request.asked(GapsAsked)
    return gaps.list(request.owner, asked.lt_strategy_id, request.paging(asked), asked.term)


@ROUTES.get(
    "/api/lt/strategies/<lt_strategy_id>/gaps",
    query=GapsOfStrategyAsked,
    answers=GapsView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"limit": "100"}),
)
def _of_strategy(gaps: Gaps, request: Request) -> Answer:
    """The same of one strategy: the trades behind a bar."""
    asked = request.asked(GapsOfStrategyAsked)
    return gaps.list(request.owner, request.id("lt_strategy_id", "strategy"), request.paging(asked), asked.term)

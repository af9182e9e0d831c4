"""What became of an FT wallet behind the API: its versions, what it holds, and its results by day."""

from __future__ import annotations

from uuid import UUID

from live_trading.api.described import Example
from live_trading.api.once import Answer
from live_trading.api.paging import Paging
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.query import PageQuery
from live_trading.api.resources.days import DaysAsked, days_of
from live_trading.api.resources.required import own_ft_wallet
from live_trading.api.routing import Request, Routes
from live_trading.api.views.paper.paper_result_views import (
    FtVersionsView,
    FtVersionView,
    PaperPositionsView,
    PaperResultsView,
    paper_position_view,
    paper_results_view,
    version_view,
)
from live_trading.nouns.clock import Clock
from live_trading.nouns.pages import Place
from live_trading.store.database.connection import Database
from live_trading.store.feed import subjects
from live_trading.store.shown import paper_wallets


class FtResults:
    """What became of one owner's FT wallets. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def versions(self, owner_id: str, ft_wallet_id: UUID, paging: Paging) -> Answer:
        """A page of configurations."""
        with self._database.transaction() as transaction:
            own_ft_wallet(transaction, ft_wallet_id, owner_id)
            found = paper_wallets.versions_of(transaction, owner_id, ft_wallet_id, page=paging.asked)
        page = paging.cut(found, lambda row: Place(at=None, row=str(row.version)))
        views = [version_view(each) for each in page.rows]
        return Answer(status=200, body=FtVersionsView(versions=views, next_cursor=page.next_cursor))

    def version(self, owner_id: str, ft_wallet_id: UUID, version: int) -> Answer:
        """One configuration."""
        with self._database.transaction() as transaction:
            found = paper_wallets.version_of(transaction, owner_id, ft_wallet_id, version)
        if found is None:
            raise not_found("version of the FT wallet")
        return Answer(status=200, body=version_view(found))

    def positions(self, owner_id: str, ft_wallet_id: UUID, paging: Paging) -> Answer:
        """A page of what the wallet holds."""
        after = paging.asked.after
        with self._database.transaction() as transaction:
            own_ft_wallet(transaction, ft_wallet_id, owner_id)
            found = paper_wallets.positions_of(
                transaction,
                owner_id,
                ft_wallet_id,
                after_token="" if after is None else after.row,
                rows_to_read=paging.asked.rows_to_read,
            )
        page = paging.cut(found, lambda held: Place(at=None, row=held.token_id))
        views = [paper_position_view(each) for each in page.rows]
        return Answer(status=200, body=PaperPositionsView(positions=views, next_cursor=page.next_cursor))

    def results(self, owner_id: str, ft_wallet_id: UUID, asked: DaysAsked) -> Answer:
        """The wallet's money, and how its orders ended by day and in all."""
        since, until = days_of(asked, self._clock.now())
        with self._database.transaction() as transaction:
            wallet = own_ft_wallet(transaction, ft_wallet_id, owner_id)
            view = paper_results_view(
                wallet,
                bankroll=subjects.paper_bankroll(transaction, ft_wallet_id),
                open_=paper_wallets.open_sum(transaction, ft_wallet_id),
                in_all=paper_wallets.ended_in_all(transaction, ft_wallet_id),
                by_day=paper_wallets.ended_by_day(transaction, ft_wallet_id, since=since, until=until),
                since=since,
                until=until,
            )
        return Answer(status=200, body=view)


ROUTES = Routes[FtResults]("ft_results")


@ROUTES.get(
    "/api/ft/wallets/<ft_wallet_id>/versions",
    query=PageQuery,
    answers=FtVersionsView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"limit": "50"}),
)
def _versions(results: FtResults, request: Request) -> Answer:
    """The configurations of an FT wallet, newest first."""
    wallet = request.id("ft_wallet_id", "FT wallet")
    return results.versions(request.owner, wallet, request.paging(request.asked(PageQuery)))


@ROUTES.get(
    "/api/ft/wallets/<ft_wallet_id>/versions/<version>", answers=FtVersionView, refuses=(ProblemCode.NOT_FOUND,)
)
def _version(results: FtResults, request: Request) -> Answer:
    """One configuration of an FT wallet, as its decisions name it by `config_version`."""
    wallet = request.id("ft_wallet_id", "FT wallet")
    return results.version(request.owner, wallet, request.number("version", "version of the FT wallet"))


@ROUTES.get(
    "/api/ft/wallets/<ft_wallet_id>/positions",
    query=PageQuery,
    answers=PaperPositionsView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"limit": "50"}),
)
def _positions(results: FtResults, request: Request) -> Answer:
    """What an FT wallet holds, by token id: its open orders of each token together, and what they would fetch."""
    wallet = request.id("ft_wallet_id", "FT wallet")
    return results.positions(request.owner, wallet, request.paging(request.asked(PageQuery)))


@ROUTES.get(
    "/api/ft/wallets/<ft_wallet_id>/results",
    query=DaysAsked,
    answers=PaperResultsView,
    refuses=(ProblemCode.NOT_FOUND,),
    example=Example(query={"since": "2026-11-01T00:00:00Z", "until": "2026-11-27T00:00:00Z"}),
)
def _results(results: FtResults, request: Request) -> Answer:
    """What an FT wallet has made of its money: bankroll, equity, and how its orders ended, by day and in all.

    At most 366 days at once.
    """
    wallet = request.id("ft_wallet_id", "FT wallet")
    return results.results(request.owner, wallet, request.asked(DaysAsked))

"""One trader behind the API: the record that trades are judged by, and who of the caller follows."""

from __future__ import annotations

from live_trading.api.once import Answer
from live_trading.api.problems import ProblemCode, not_found
from live_trading.api.routing import Request, Routes
from live_trading.api.views.feed.trader_profile_views import TraderProfileView, trader_profile_view
from live_trading.signals.trader_record import prior_mean
from live_trading.store.database.connection import Database
from live_trading.store.feed import trader_histories, trader_stats
from live_trading.store.shown import trader_profiles


class TraderProfiles:
    """Traders as they are known. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def get(self, owner_id: str, trader: str) -> Answer:
        """One trader, with what is the owner's own."""
        with self._database.transaction() as transaction:
            known = trader_profiles.find(transaction, trader)
            if known is None:
                raise not_found("trader")
            record = trader_profiles.newest_record(transaction, trader)
            mean = None
            if record is not None:
                population = trader_stats.population(transaction, [record.as_of]).get(record.as_of)
                mean = None if population is None else prior_mean(population.won_count, population.resolved_count)
            view = trader_profile_view(
                known,
                record=record,
                population_mean=mean,
                reading=trader_histories.progress_of(transaction, [trader]).get(trader),
                categories=trader_profiles.categories(transaction, trader),
                followers=trader_profiles.followers(transaction, owner_id, trader),
            )
        return Answer(status=200, body=view)


ROUTES = Routes[TraderProfiles]("trader_profiles")


@ROUTES.get("/api/traders/<trader_address>", answers=TraderProfileView, refuses=(ProblemCode.NOT_FOUND,))
def _get(profiles: TraderProfiles, request: Request) -> Answer:
    """One trader: the newest record with its certainty, what is traded, when last, and who of the caller follows.

    Traders are common to all owners: whoever is followed, or once was, is shown to every reader. The strategies and FT
    wallets are the caller's own.
    """
    return profiles.get(request.owner, request.address("trader_address"))
